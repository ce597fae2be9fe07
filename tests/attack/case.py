"""One attack. Its random numbers come from the seed, its kind and its number alone, so that it can be run again."""
import random
import select
import socket
import struct
import time

from lab.wait_until import HANG_S

from .mutation import Mutator

ANSWER_S = 0.008  # how long an answer is waited for that may never come


class Recorded(socket.socket):
    """A connected socket that keeps what goes over it."""

    def keep_in(self, case, name):
        self._case, self._name = case, name
        self.settimeout(HANG_S)
        return self

    def sendall(self, data, *flags):
        self._case.log.append((self._name, ">", bytes(data)))
        super().sendall(data, *flags)

    def recv(self, *arguments):
        data = super().recv(*arguments)
        self._case.log.append((self._name, "<", data))
        return data

    def drain(self, wait_s=ANSWER_S):
        """What has come, until nothing has for so long; None: the peer has closed."""
        found = b""
        while select.select([self], [], [], wait_s if not found else 0)[0]:
            data = self.recv(1 << 18)
            if not data:
                return None
            found += data
        return found

    def reset(self):
        """Closes at once: over TCP by RST."""
        if self.family != socket.AF_UNIX:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Case:
    """What an attack has to do with: chance and mutate decide, log is all bytes, an attack counts its
    messages.

    others  messages that mutations may take pieces from
    """

    def __init__(self, seed, kind, number, others=()):
        self.seed, self.number, self.name = seed, number, f"{kind}:{number}"
        self.chance = random.Random(f"{seed}/{kind}/{number}")
        self.mutate = Mutator(self.chance, others)
        self.log, self.messages, self.connections = [], 0, 0
        self.began_at = time.monotonic()

    def over_tcp(self, host, port, source=None):
        made = socket.create_connection((host, port), timeout=HANG_S, source_address=(source, 0) if source else None)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.keep(made)

    def over_unix(self, path):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(HANG_S)
        made.connect(str(path))
        return self.keep(made)

    def keep(self, connected):
        """The same connection, recorded."""
        self.connections += 1
        return Recorded(fileno=connected.detach()).keep_in(self, f"connection {self.connections}")

    def written(self):
        """All bytes, as text."""
        return "".join(f"{name} {direction} {data.hex()}\n" for name, direction, data in self.log)
