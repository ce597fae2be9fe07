"""Attacks on the SMB endpoint, [MS-SMB2] 2.2 and 3.3.5. Each is a function of a Target and a Case."""
import contextlib
import struct

from fixtures import bad_messages
from fixtures.bad_messages import WITH_BODY, At, bodies, negotiate_body
from lab import frames, raw_smb, spnego
from lab.raw_smb import (ANY_FILE, CANCEL, ECHO, IOCTL, LOGOFF, NEGOTIATE, READ, RELATED, SESSION_SETUP, TREE_CONNECT, WRITE, RawSmb,
                         header)

from .rpc import NTLM_NEGOTIATE, Calls, recorded

REQUESTS = recorded("impacket-*-request*.hex", "rpcclient-*-request*.hex")
LOG_ONS = recorded("signing-*-logon.hex", "sealing-*-logon.hex", "spnego-*.hex")
# A GSS token of Kerberos with an AP-REQ: RFC 4121 4.1, RFC 4120 5.5.1. Its ticket is of nobody.
AP_REQ = spnego.element(0x60, spnego.element(6, spnego.KERBEROS) + b"\x01\x00" + spnego.element(0x6E, spnego.element(
    0x30, spnego.element(0xA0, b"\x02\x01\x05") + spnego.element(0xA1, b"\x02\x01\x0e")
    + spnego.element(0xA2, b"\x03\x05\x00\x20\x00\x00\x00") + spnego.element(0xA3, spnego.element(0x61, spnego.element(
        0x30, spnego.element(0xA0, b"\x02\x01\x05") + spnego.element(0xA1, b"\x1b\x0bLAB.EXAMPLE")
        + spnego.element(0xA2, spnego.element(0x30, spnego.element(0xA0, b"\x02\x01\x02") + spnego.element(
            0xA1, spnego.element(0x30, b"\x1b\x04cifs\x1b\x03fs1"))))
        + spnego.element(0xA3, spnego.element(0x30, b"\xa0\x03\x02\x01\x12" + spnego.element(0xA2, spnego.element(4, bytes(64)))))))))))


class Closed(Exception):
    """The server has closed the connection: the case is over."""


def frames_of(data):
    """The messages of frames that follow each other."""
    while len(data) >= 4:
        length = struct.unpack_from(">I", data)[0]
        yield data[4:4 + length]
        data = data[4 + length:]


CLIENTS = [message for data in REQUESTS + LOG_ONS for message in frames_of(data) if len(message) > 20 and not message[16] & 1]


def tokens(chance):
    """A token that begins a log-on."""
    mechanisms = [chance.choice((spnego.NTLM, spnego.KERBEROS, spnego.WINDOWS_KERBEROS, spnego.NEGOEX, b"\x2a\x03"))
                  for _ in range(chance.choice((1, 2, 5, 200)))]
    return chance.choice((spnego.init(mechanisms, chance.choice((NTLM_NEGOTIATE, AP_REQ, b"", None))), NTLM_NEGOTIATE, AP_REQ,
                          spnego.init([spnego.KERBEROS], AP_REQ), spnego.init([spnego.NTLM], NTLM_NEGOTIATE),
                          spnego.response(1, spnego.NTLM, NTLM_NEGOTIATE, bytes(16))))


def negotiations(case):
    chance, mutate = case.chance, case.mutate
    contexts = [bad_messages.PREAUTH, bad_messages.CIPHERS, bad_messages.SIGNING, (3, struct.pack("<HHIH", 1, 0, 0, 1)),
                (5, "server".encode("utf-16-le")), (chance.randrange(20), chance.randbytes(chance.randrange(40)))]
    contexts = [(kind, mutate.maybe(data, 0.3)[:60000]) for kind, data in chance.choices(contexts, k=chance.randrange(8))]
    offered = chance.sample((*frames.DIALECTS, 0x02FF, 0, 0xFFFF), chance.randrange(1, 8))
    return chance.choice((header(NEGOTIATE) + negotiate_body(offered, contexts), frames.smb2_negotiate(*frames.DIALECTS),
                          bad_messages.smb1(chance.choice((b"\x02SMB 2.???\0", b"\x02SMB 2.002\0", b"\x02NT LM 0.12\0")))))


def before_log_on(target, case):
    """What is recorded of clients and what is made here, mutated, in one piece or many."""
    chance, mutate = case.chance, case.mutate
    messages = [negotiations(case)]
    for number in range(1, chance.randint(2, 12)):
        what = chance.randrange(6)
        if what < 2:
            messages.append(header(SESSION_SETUP, number) + raw_smb.session_setup(mutate.maybe(tokens(chance), 0.6)[:60000]))
        elif what < 4:
            messages.append(chance.choice(CLIENTS))
        elif what == 4:
            messages.append(header(chance.randrange(20), number, mutate.number() & (1 << 64) - 1 if mutate.happens(0.3) else 0)
                            + chance.choice((raw_smb.empty(), raw_smb.tree_connect(), raw_smb.create(), chance.randbytes(40))))
        else:
            messages.append(chance.choice((raw_smb.TRANSFORM, b"\xfcSMB")) + bytes(32)
                            + struct.pack("<IHHQ", 100, 0, 1, 1) + chance.randbytes(100))
    messages = [mutate.maybe(message, 0.4) for message in mutate.order(messages, 0.3)]
    framed = [frames.framed(message) if mutate.happens(0.97) else struct.pack(">I", mutate.number(len(message)) & 0xFFFFFFFF) + message
              for message in messages]
    if mutate.happens(0.1):
        framed.insert(0, frames.session_request())
    case.messages += len(framed)
    with case.over_tcp(target.host, target.port, target.source(case)) as connection:
        if mutate.happens(0.5):
            for piece in mutate.pieces(b"".join(framed)):
                connection.sendall(piece)
            connection.drain()
        else:
            for message in framed:
                connection.sendall(message)
                if connection.drain() is None:
                    break
        if mutate.happens(0.3):
            connection.reset()


def _compounded(message):
    """Where the requests of a message begin."""
    at = 0
    while at + 64 <= len(message) and message[at:at + 4] == frames.SMB2_MAGIC:
        yield at
        following = struct.unpack_from("<I", message, at + 20)[0]
        if following == 0:
            return
        at += following


class Spoiled(RawSmb):
    """A connection of RawSmb's, recorded; spoil, if set, makes another message of each that is sent."""

    def __init__(self, target, case):
        super().__init__(target, source=target.source(case))
        self.socket, self.spoil, self._case = case.keep(self.socket), None, case

    def say(self, *messages):
        self._case.messages += sum(max(1, sum(1 for _ in _compounded(message))) for message in messages)
        super().say(*(map(self.spoil, messages) if self.spoil else messages))

    def drain(self):
        if self.socket.drain() is None:
            raise Closed


def in_log_on(target, case):
    """A log-on whose tokens are mutated: the challenge is the server's own, and the password is right."""
    mutate = case.mutate

    def spoil(message):
        token = mutate.maybe(message[88:], 0.7, 2)[:60000]
        return message[:64] + raw_smb.session_setup(token) if struct.unpack_from("<H", message, 12)[0] == SESSION_SETUP else message

    with Spoiled(target, case) as smb, closing_ends_it():
        smb.negotiate(case.chance.choice(frames.DIALECTS))
        for _ in range(case.chance.randint(1, 4)):
            smb.spoil = spoil if mutate.happens(0.4) else None
            begun = smb.begin_log_on()
            smb.spoil = spoil if mutate.happens(0.8) else None
            smb.finish_log_on(begun, target.guessed(case), None if mutate.happens(0.8) else "wrong")


def after_log_on(target, case):
    """Requests of users who have logged on: mutated, then signed or encrypted as is right."""
    with Spoiled(target, case) as smb, closing_ends_it():
        smb.negotiate(case.chance.choice(frames.DIALECTS))
        attack = _LoggedOn(target, case, smb)
        for _ in range(case.chance.randint(10, 120)):
            attack.act()
        if case.mutate.happens(0.3):
            smb.socket.reset()


@contextlib.contextmanager
def closing_ends_it():
    """Ends where a mutated exchange ends: the connection is closed, or an answer is none that RawSmb can go on with."""
    with contextlib.suppress(Closed, OSError, AssertionError, TypeError, struct.error, KeyError, ValueError, IndexError):
        yield


class _LoggedOn:
    """A connection with sessions and pipes of a user's, and what an attacker does with them."""

    def __init__(self, target, case, smb):
        self.case, self.chance, self.mutate, self.smb = case, case.chance, case.mutate, smb
        self.user = self.chance.choice(target.attackers)
        self.calls = Calls(self.mutate, self.user)
        self.places = [self._log_on() for _ in range(self.chance.randint(1, 3))]
        self.acts = ((50, self._request), (12, self._compound), (8, self._cancel), (25, self._rpc), (4, self._log_on_again),
                     (2, self._forge), (1, lambda: self.places.append(self._log_on())))

    def act(self):
        [act] = self.chance.choices([act for _, act in self.acts], [weight for weight, _ in self.acts])
        act()
        self.smb.drain()

    def _log_on(self):
        session = self.smb.log_on(self.user)
        tree = self.smb.connect_tree(session)
        return At(self.smb, session, tree, self.smb.open_pipe(session, tree))

    def _protected(self, at, message):
        """Signed, encrypted, or neither."""
        if self.smb.dialect >= 0x0300 and self.mutate.happens(0.3):
            return at.session.seal(message)
        return at.session.sign(message) if self.mutate.happens(0.98) else message

    def _body(self, at, command):
        made = bodies(at)
        body = made[command] if command in made else self.chance.randbytes(self.chance.randrange(60))
        if command == TREE_CONNECT and self.mutate.happens(0.3):
            body = raw_smb.tree_connect("\\\\server\\" + self.chance.choice(("IPC$", "ipc$", "C$", "", "IPC$\\x", "\u0130PC$")))
        return self.mutate.maybe(body, 0.6)[:66000]

    def _fields(self, at):
        """Of the header; those by which the connection would end are mutated less often."""
        fields = {"session_id": at.session.id, "tree_id": at.tree}
        if self.mutate.happens(0.2):
            name, bits = self.chance.choice((("credits", 16), ("charge", 16), ("tree_id", 32), ("flags", 32), ("session_id", 64)))
            fields[name] = self.mutate.field(fields.get(name, 0), bits)
            if name == "charge":
                fields[name] = self.chance.randrange(9)
        if self.mutate.happens(0.1):
            fields["session_id"] = self.chance.choice(self.places).session.id
        if self.mutate.happens(0.01):
            name, bits = self.chance.choice((("message_id", 64), ("next_command", 32), ("size", 16), ("async_id", 64)))
            fields[name] = self.mutate.field(0, bits)
        return fields

    def _message(self, at, command, body, **more):
        return self.smb.make(command, body, None, **self._fields(at) | more)

    def _command(self):
        return self.chance.choice((*WITH_BODY, *WITH_BODY, ECHO, READ)) if self.mutate.happens(0.97) else self.chance.randrange(24)

    def _request(self):
        at = self.chance.choice(self.places)
        command = self._command()
        if command == LOGOFF and self.mutate.happens(0.8):
            command = READ
        messages = [self._protected(at, self._message(at, command, self._body(at, command))) for _ in range(self.chance.choice((1, 1, 3)))]
        self.smb.say(*messages)

    def _compound(self):
        at, messages = self.chance.choice(self.places), []
        count = self.chance.choice((2, 3, 4, 8, 30))
        sealed = self.smb.dialect >= 0x0300 and self.mutate.happens(0.3)
        for number in range(count):
            command = self._command()
            body = self._body(At(self.smb, at.session, at.tree, ANY_FILE) if self.mutate.happens(0.5) else at, command)
            body += bytes(-len(body) % 8)
            following = 0 if number == count - 1 else 64 + len(body)
            message = self._message(at, command, body, flags=RELATED if number and self.mutate.happens(0.7) else 0,
                                    next_command=following if self.mutate.happens(0.99) else self.mutate.field(following, 32))
            messages.append(message if sealed else at.session.sign(message))
        self.smb.say(at.session.seal(b"".join(messages)) if sealed else b"".join(messages))

    def _cancel(self):
        at = self.chance.choice(self.places)
        place = {"message_id": self.smb.next_id - 1} if self.mutate.happens(0.4) else \
            {"async_id": self.chance.randrange(40), "flags": 2} if self.mutate.happens(0.7) else \
            {"message_id": self.mutate.number() & (1 << 64) - 1}
        self.smb.say(at.make(READ, raw_smb.read(at.file)), at.make(CANCEL, raw_smb.empty(), **place))

    def _rpc(self):
        """PDUs over a pipe, whose answers are read or not."""
        at = self.chance.choice(self.places)
        pdus = ([self.calls.binds()] if self.mutate.happens(0.4) else []) + self.calls.any()
        for data in self.mutate.pieces(b"".join(pdus)[:200000], 3):
            data = data[:65536]
            body = raw_smb.transceive(at.file, data, 65536) if self.mutate.happens(0.4) else raw_smb.write(at.file, data)
            command = IOCTL if struct.unpack_from("<H", body)[0] == 57 else WRITE
            self.smb.say(self._protected(at, self._message(at, command, body, session_id=at.session.id, tree_id=at.tree)))
        if self.mutate.happens(0.7):
            self.smb.say(self._protected(at, self._message(at, READ, raw_smb.read(at.file, self.chance.choice((1, 16, 1024, 65536))))))

    def _log_on_again(self):
        """A log-on within a session, or one that is to replace it."""
        at = self.chance.choice(self.places)
        body = raw_smb.session_setup(self.mutate.maybe(tokens(self.chance), 0.5)[:60000], at.session.id if self.mutate.happens(0.2) else 0,
                                     self.chance.choice((0, 0, 1)))
        self.smb.say(self._protected(at, self._message(at, SESSION_SETUP, body)))

    def _forge(self):
        """Changed behind the signature."""
        at = self.chance.choice(self.places)
        message = self._protected(at, self._message(at, ECHO, raw_smb.empty()))
        self.smb.say(self.mutate.spoil(message, 1))
