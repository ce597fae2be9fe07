"""Attacks on netsessiond's Unix sockets, as root and as a user without rights. Each is a function of a Target and a Case."""
import contextlib
import ctypes
import platform
import struct
import sys

from fixtures.publisher import HELLO, PUT, REFRESHED, REMOVE, STATE, TOUCH, VERSION, VERSION_3, RawPublisher

from .rpc import Calls

NOBODY = 65534
# The number of setresuid(2).
SETRESUID = {"x86_64": 117, "aarch64": 147, "s390x": 208}.get(platform.machine(), 208) if sys.maxsize > 1 << 32 else 208
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def as_user(uid):
    """What this thread connects to meanwhile sees this user. By the bare system call: libc's function changes all threads."""
    def become(user):
        if _libc.syscall(SETRESUID, -1, user, -1) != 0:
            raise OSError(ctypes.get_errno(), "setresuid")
    become(uid)
    try:
        yield
    finally:
        become(0)


def connected(case, path):
    with as_user(case.chance.choice((0, 0, NOBODY))):
        return case.over_unix(path)


def local(target, case):
    """DCE/RPC at the local endpoint."""
    pdus = Calls(case.mutate, case.chance.choice(target.attackers)).stream()
    case.messages += len(pdus)
    with connected(case, target.server.socket) as connection:
        for piece in case.mutate.pieces(b"".join(pdus)):
            connection.sendall(piece)
            if case.mutate.happens(0.7) and connection.drain() is None:
                return
        if case.mutate.happens(0.6):
            connection.drain()


def publish(target, case):
    """A publisher of mutated messages. Its sessions have names by which no other is taken for one of them."""
    chance, mutate = case.chance, case.mutate

    def text(words):
        return mutate.maybe(RawPublisher.text(words), 0.05)

    def put():
        client = chance.choice(("\\\\attacker-1", "10.66.0.1", "fd66::1", "a" * 1024, ""))
        return struct.pack("<Q5I", chance.randrange(20), chance.choice((0, 0, 1, 2)), *(
            mutate.number() & 0xFFFFFFFF if mutate.happens(0.2) else 1 for _ in range(4))) + b"".join(
                map(text, (client, chance.choice(target.attackers), "Samba", "\\Device\\NetbiosSmb")))

    makers = {PUT: put, TOUCH: lambda: struct.pack("<QII", chance.randrange(20), 1, 1),
              REMOVE: lambda: struct.pack("<Q", chance.randrange(20)), REFRESHED: lambda: struct.pack("<I", chance.randrange(4)),
              STATE: lambda: struct.pack("<I", chance.randrange(3)) + text("files are missing")}
    hello = RawPublisher.frame(HELLO, struct.pack("<II", chance.choice((VERSION, VERSION, VERSION_3, mutate.number() & 0xFFFFFFFF)),
                                             chance.randrange(2)) + text("attacker"))
    messages = []
    for _ in range(chance.choice((1, 5, 30, 300))):
        kind = chance.choice((PUT, PUT, PUT, *makers)) if mutate.happens(0.97) else chance.randrange(STATE + 3)
        body = makers.get(kind, lambda: chance.randbytes(chance.randrange(20)))()
        messages.append(mutate.maybe(RawPublisher.frame(kind, body), 0.03))
    case.messages += 1 + len(messages)
    with connected(case, target.server.publish_socket) as connection:
        connection.sendall(mutate.maybe(hello, 0.1))
        if mutate.happens(0.95):
            connection.drain()
        for piece in mutate.pieces(b"".join(mutate.order(messages, 0.2))):
            connection.sendall(piece)
            if connection.drain() is None:
                return
