"""Tables of what may be wrong with an SMB2 message: which section of [MS-SMB2] says so, what is sent, at which state of a
connection, and what has to come of it. For test_bad_messages.py."""
import dataclasses
import struct
import typing

import asking  # noqa: F401  (makes lab importable)
from lab import raw_smb
from lab.raw_smb import (ACCESS_DENIED, ANY_FILE, BAD_IMPERSONATION, CANCEL, CHANGE_NOTIFY, CLOSE, CREATE, ECHO,
                         FILE_CLOSED, FLUSH, INTERNAL_ERROR, INVALID_DEVICE_REQUEST, INVALID_DEVICE_STATE,
                         INVALID_HANDLE, INVALID_PARAMETER, IOCTL, LOCK, LOGOFF, LOGON_FAILURE, NAME_DELETED, NEGOTIATE,
                         NOT_ACCEPTED, NOT_SUPPORTED, NO_OVERLAP, NO_SUCH_PIPE, NO_SUCH_SHARE, OPLOCK_BREAK, PENDING,
                         QUERY_DIRECTORY, QUERY_INFO, READ, RELATED, RESPONSE, RawSmb, SESSION_SETUP, SET_INFO, SIGNED,
                         SUCCESS, TREE_CONNECT, TREE_DISCONNECT, USER_SESSION_DELETED, WRITE, header)

CLOSED = "closed"
LAST_ID = 2**64 - 1


# ---- states of a connection ----

@dataclasses.dataclass
class At:
    """A connection, and what it has got."""
    smb: RawSmb
    session: typing.Any = None
    tree: int = 0
    file: bytes = ANY_FILE
    begun: typing.Any = None

    def make(self, command, body, **fields):
        """A request with all that belongs to it."""
        fields.setdefault("tree_id", self.tree)
        return self.smb.make(command, body, self.session, **fields)

    def bare(self, command, body, **fields):
        """The same without a signature."""
        fields.setdefault("session_id", self.session.id if self.session else 0)
        return self.smb.make(command, body, None, tree_id=self.tree, **fields)

    def compound(self, *requests):
        """One message of (command, body, flags)."""
        return self.smb.compound(*((command, body, self.tree, flags) for command, body, flags in requests),
                                 session=self.session)

    def seal(self, message, **fields):
        return self.session.seal(message, **fields)

    def sealed(self, command, body, seal=(), **fields):
        return self.seal(self.bare(command, body, **fields), **dict(seal))


def fresh(smb):
    return At(smb)


def negotiated(smb):
    smb.negotiate(0x0210)
    return At(smb)


def negotiated_302(smb):
    smb.negotiate(0x0302)
    return At(smb)


def half_logged_on(smb):
    smb.negotiate(0x0302)
    return At(smb, begun=smb.begin_log_on())


def logged_on(smb, dialect=0x0302):
    smb.negotiate(dialect)
    session = smb.log_on("alice")
    tree = smb.connect_tree(session)
    return At(smb, session, tree, smb.open_pipe(session, tree))


def logged_on_210(smb):
    return logged_on(smb, 0x0210)


class Raw(bytes):
    """Bytes without a frame around them."""


@dataclasses.dataclass
class Row:
    section: str
    what: str
    state: typing.Callable
    make: typing.Callable  # of At: a message, or a list of them
    expected: typing.Any   # CLOSED, or the statuses of the answers; CLOSED may be the last of them


# ---- what is said before and by NEGOTIATE ----

def negotiate_body(dialects, contexts=(), size=36, count=None, contexts_at=None, context_count=None):
    """[MS-SMB2] 2.2.3; contexts: (type, data), or bytes as they are."""
    offered = struct.pack(f"<{len(dialects)}H", *dialects)
    at = 64 + 36 + len(offered) + -(64 + 36 + len(offered)) % 8
    tail = b""
    for context in contexts:
        kind, data = context if isinstance(context, tuple) else (None, context)
        tail += bytes(-len(tail) % 8)
        tail += data if kind is None else struct.pack("<HHI", kind, len(data), 0) + data
    return (struct.pack("<HHHHI16s", size, len(dialects) if count is None else count, 1, 0, 0x40, b"g" * 16)
            + struct.pack("<IHH", at if contexts_at is None else contexts_at,
                          len(contexts) if context_count is None else context_count, 0)
            + offered + (bytes(at - 64 - 36 - len(offered)) + tail if tail else b""))


PREAUTH = (1, struct.pack("<HHH", 1, 32, 1) + bytes(32))
CIPHERS = (2, struct.pack("<HHH", 2, 2, 1))
SIGNING = (8, struct.pack("<HH", 1, 1))


def negotiate(*arguments, header_fields=None, **fields):
    message = header(NEGOTIATE, **(header_fields or {})) + negotiate_body(*arguments, **fields)
    return lambda at: message


def smb1(names=b"\x02NT LM 0.12\0", command=0x72, words=0, count=None):
    return (b"\xffSMB" + bytes([command]) + bytes(27) + bytes([words])
            + struct.pack("<H", len(names) if count is None else count) + names)


def before_negotiate():
    for what, data in (("an empty message", b""), ("three bytes", b"\xfeSM"), ("half a header", b"\xfeSMB" + bytes(28)),
                       ("a header that lacks a byte", header(NEGOTIATE)[:63]), ("nobody's ProtocolId", b"\xfaSMB" + bytes(96)),
                       ("a compressed message", b"\xfcSMB" + bytes(96)), ("an encrypted one", b"\xfdSMB" + bytes(96)),
                       ("zeros", bytes(4000)), ("ones", b"\xff" * 4000)):
        yield Row("3.3.5.2", what, fresh, lambda at, data=data: data, CLOSED)
    for what, data in (("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
                       ("a NetBIOS session request", b"\x81\0\0\x44" + bytes(68)), ("a NetBIOS keep-alive", b"\x85\0\0\0"),
                       ("a length of 16 MiB", b"\0\xff\xff\xff"), ("a length of a byte too many", b"\0\x02\0\x01")):
        yield Row("2.1", what, fresh, lambda at, data=data: Raw(data), CLOSED)
    for command in raw_smb.COMMANDS:
        if command != NEGOTIATE:
            yield Row("3.3.5.2.2", f"command {command} before NEGOTIATE", fresh,
                      lambda at, command=command: header(command) + raw_smb.empty(), CLOSED)
    for what, data in (("SMB1 alone", smb1()), ("another SMB1 command", smb1(b"\x02SMB 2.???\0", 0x73)),
                       ("SMB1 with parameters", smb1(b"\x02SMB 2.???\0", words=17)),
                       ("a dialect without an end", smb1(b"\x02SMB 2.???")),
                       ("a dialect of another format", smb1(b"\x03SMB 2.???\0")),
                       ("more dialects than there are", smb1(b"\x02SMB 2.???\0", count=0xFFFF)),
                       ("no dialect", smb1(b"")), ("SMB1 that is cut", smb1()[:33])):
        yield Row("3.3.5.3", what, fresh, lambda at, data=data: data, CLOSED)
    yield Row("3.3.5.3.1", "SMB1 twice", fresh, lambda at: [smb1(b"\x02SMB 2.???\0")] * 2, [SUCCESS, CLOSED])
    yield Row("3.3.5.3.1", "SMB1 after SMB2", negotiated, lambda at: smb1(b"\x02SMB 2.???\0"), CLOSED)
    yield Row("3.3.5.3.1", "a log-on after SMB1", fresh,
              lambda at: [smb1(b"\x02SMB 2.???\0"), header(SESSION_SETUP, 1) + raw_smb.session_setup(b"x")],
              [SUCCESS, CLOSED])


def in_negotiate():
    late = (0x0311,)
    rows = [
        ("no dialect", negotiate(()), INVALID_PARAMETER),
        ("unknown dialects", negotiate((0x0100, 0x0400, 0x02FF)), NOT_SUPPORTED),
        ("more dialects than there are", negotiate((0x0210,), count=0xFFFF), INVALID_PARAMETER),
        ("another StructureSize", negotiate((0x0210,), size=37), INVALID_PARAMETER),
        ("half a body", lambda at: header(NEGOTIATE) + negotiate_body((0x0210,))[:20], INVALID_PARAMETER),
        ("no contexts", negotiate(late), INVALID_PARAMETER),
        ("no preauthentication integrity", negotiate(late, [CIPHERS]), INVALID_PARAMETER),
        ("preauthentication integrity twice", negotiate(late, [PREAUTH, PREAUTH]), INVALID_PARAMETER),
        ("ciphers twice", negotiate(late, [PREAUTH, CIPHERS, CIPHERS]), INVALID_PARAMETER),
        ("signing algorithms twice", negotiate(late, [PREAUTH, SIGNING, SIGNING]), INVALID_PARAMETER),
        ("compression twice", negotiate(late, [PREAUTH, (3, bytes(10)), (3, bytes(10))]), INVALID_PARAMETER),
        ("an unknown hash", negotiate(late, [(1, struct.pack("<HHH", 1, 0, 2))]), NO_OVERLAP),
        ("hashes without end", negotiate(late, [(1, struct.pack("<HHH", 0xFFFF, 0, 1))]), INVALID_PARAMETER),
        ("a salt without end", negotiate(late, [(1, struct.pack("<HHH", 1, 0xFFFF, 1))]), INVALID_PARAMETER),
        ("no cipher", negotiate(late, [PREAUTH, (2, struct.pack("<H", 0))]), INVALID_PARAMETER),
        ("ciphers without end", negotiate(late, [PREAUTH, (2, struct.pack("<HH", 0xFFFF, 1))]), INVALID_PARAMETER),
        ("no signing algorithm", negotiate(late, [PREAUTH, (8, struct.pack("<H", 0))]), INVALID_PARAMETER),
        ("a context without end", negotiate(late, [struct.pack("<HHI", 1, 0xFFFF, 0)]), INVALID_PARAMETER),
        ("contexts outside", negotiate(late, [PREAUTH], contexts_at=0xFFFFFFF8), INVALID_PARAMETER),
        ("more contexts than there are", negotiate(late, [PREAUTH], context_count=0xFFFF), INVALID_PARAMETER),
        ("a signature", negotiate((0x0210,), header_fields={"flags": SIGNED}), INVALID_PARAMETER),
    ]
    for what, make, expected in rows:
        yield Row("3.3.5.4", f"NEGOTIATE with {what}", fresh, make, [expected])
    for what, fields in (("another message id", {"message_id": 1}), ("the last message id", {"message_id": LAST_ID})):
        yield Row("3.3.5.2.3", f"NEGOTIATE with {what}", fresh, negotiate((0x0210,), header_fields=fields), CLOSED)
    for what, fields in (("a length that is odd", {"next_command": 68}), ("itself behind it", {"next_command": 8}),
                         ("something outside behind it", {"next_command": 0xFFFFFFF8}), ("the flag of a response", {"flags": 1})):
        yield Row("3.3.5.2.7", f"NEGOTIATE with {what}", fresh, negotiate((0x0210,), header_fields=fields), CLOSED)
    yield Row("3.3.5.4", "a second NEGOTIATE", negotiated, negotiate((0x0210,), header_fields={"message_id": 1}), CLOSED)
    yield Row("3.3.5.4", "a refused NEGOTIATE and a good one", fresh,
              lambda at: [negotiate(())(at), negotiate((0x0210,), header_fields={"message_id": 1})(at)],
              [INVALID_PARAMETER, SUCCESS])


# ---- what is said by who has not logged on ----

def before_log_on():
    for command in raw_smb.COMMANDS:
        if command not in (NEGOTIATE, SESSION_SETUP, CANCEL, ECHO):
            yield Row("3.3.5.2.9", f"command {command} of no session", negotiated,
                      lambda at, command=command: at.make(command, raw_smb.empty()), [USER_SESSION_DELETED])
            yield Row("3.3.5.2.9", f"command {command} of a session of nobody's", negotiated,
                      lambda at, command=command: at.make(command, raw_smb.empty(), session_id=1 << 40),
                      [USER_SESSION_DELETED])
    yield Row("3.3.5.17", "ECHO of no session", negotiated, lambda at: at.make(ECHO, raw_smb.empty()), [SUCCESS])
    yield Row("3.3.5.17", "ECHO of a session of nobody's", negotiated,
     lambda at: at.make(ECHO, raw_smb.empty(), session_id=9),
              [USER_SESSION_DELETED])
    yield Row("3.3.5.2.4", "a signature of no session", negotiated,
              lambda at: at.make(SESSION_SETUP, raw_smb.session_setup(b"x"), flags=SIGNED), [USER_SESSION_DELETED])
    for number in (19, 0xFF, 0x8000, 0xFFFF):
        yield Row("3.3.5.2.6", f"command {number}", negotiated,
         lambda at, number=number: at.make(number, raw_smb.empty()), CLOSED)
    for what, fields in (("a used message id", {"message_id": 0}), ("a message id that was not granted", {"message_id": 1000}),
                         ("the last message id", {"message_id": LAST_ID}), ("a charge that was not granted", {"charge": 0xFFFF}),
                         ("the flag of a response", {"flags": RESPONSE}), ("another header", {"size": 65})):
        yield Row("3.3.5.2.3", f"a log-on with {what}", negotiated,
                  lambda at, fields=fields: at.make(SESSION_SETUP, raw_smb.session_setup(b"x"), **fields), CLOSED)
    setups = [
        ("another StructureSize", {"size": 24}, INVALID_PARAMETER),
        ("a token outside", {"offset": 0xFFF0}, INVALID_PARAMETER),
        ("a token without end", {"length": 0xFFFF}, INVALID_PARAMETER),
        ("no token", {"length": 0}, INVALID_PARAMETER),
        ("the binding to another connection", {"flags": 1}, NOT_ACCEPTED),
        ("a token of no mechanism", {}, NOT_SUPPORTED),
    ]
    for what, fields, expected in setups:
        yield Row("3.3.5.5", f"a log-on with {what}", negotiated,
                 
                   lambda at, fields=fields: at.make(SESSION_SETUP, raw_smb.session_setup(b"no token at all", **fields)), [expected])
    for what, token in (("all of a token's kinds of bytes", bytes(range(256))), ("SPNEGO of endless length", b"\x60\x84\xff\xff\xff\xff"),
                        ("a tag without a length", b"\x60"), ("bare NTLM that is cut", b"NTLMSSP\0\x01"),
                        ("an NTLM AUTHENTICATE out of turn", b"NTLMSSP\0\x03\0\0\0" + b"\xff" * 80),
                        ("nested SPNEGO", b"\x60\x80" * 5000), ("64 KiB", b"\x60" * 65000)):
        yield Row("3.3.5.5.3", f"a log-on with {what}", negotiated,
                 
                   lambda at, token=token: at.make(SESSION_SETUP, raw_smb.session_setup(token)), [(INVALID_PARAMETER, LOGON_FAILURE)])
    yield Row("3.3.5.5", "a log-on that goes on with nobody's", negotiated,
             
               lambda at: at.make(SESSION_SETUP, raw_smb.session_setup(b"x"), session_id=77 << 32), [USER_SESSION_DELETED])
    yield Row("3.3.5.2.1.1", "an encrypted message of nobody's", negotiated_302,
              lambda at: b"\xfdSMB" + bytes(32) + struct.pack("<IHHQ", 68, 0, 1, 1) + bytes(68), CLOSED)
    half = [
        ("a tree",
         lambda at: at.make(TREE_CONNECT, raw_smb.tree_connect(), session_id=in_progress(at)), [ACCESS_DENIED]),
        ("a signed tree",
         lambda at: at.make(TREE_CONNECT, raw_smb.tree_connect(), session_id=in_progress(at), flags=SIGNED),
         [NOT_SUPPORTED]),
        ("an encrypted tree",
         lambda at: b"\xfdSMB" + bytes(32) + struct.pack("<IHHQ", 68, 0, 1, in_progress(at)) + bytes(68), CLOSED),
        ("a pipe's data",
         lambda at: at.make(READ, raw_smb.read(ANY_FILE), session_id=in_progress(at)), [ACCESS_DENIED]),
        ("its end", lambda at: at.make(LOGOFF, raw_smb.empty(), session_id=in_progress(at)), [SUCCESS]),
        ("nonsense", lambda at: at.make(SESSION_SETUP, raw_smb.session_setup(b"nonsense"), session_id=in_progress(at)),
         [(INVALID_PARAMETER, LOGON_FAILURE)]),
    ]
    for what, make, expected in half:
        yield Row("3.3.5.2.9", f"in a half-made log-on, {what}", half_logged_on, make, expected)


def in_progress(at):
    return struct.unpack_from("<Q", at.begun[2], 40)[0]


# ---- what is said by who has logged on ----

def bodies(at):
    """{command: a good body}"""
    return {LOGOFF: raw_smb.empty(), TREE_CONNECT: raw_smb.tree_connect(), TREE_DISCONNECT: raw_smb.empty(),
            CREATE: raw_smb.create(), CLOSE: raw_smb.close(at.file), FLUSH: raw_smb.of_file(at.file, 24),
            READ: raw_smb.read(at.file), WRITE: raw_smb.write(at.file, b"data"), LOCK: raw_smb.of_file(at.file, 48),
            IOCTL: raw_smb.transceive(at.file, b"data"), ECHO: raw_smb.empty(),
            QUERY_DIRECTORY: raw_smb.of_file(at.file, 33), CHANGE_NOTIFY: raw_smb.of_file(at.file, 32),
            QUERY_INFO: raw_smb.query_info(at.file), SET_INFO: raw_smb.set_info(at.file, struct.pack("<II", 1, 0)),
            OPLOCK_BREAK: raw_smb.of_file(at.file, 24)}


WITH_BODY = sorted(bodies(At(None)))


def other_size(body):
    return struct.pack("<H", struct.unpack_from("<H", body)[0] ^ 1) + body[2:]


def flipped(message, at):
    return message[:at] + bytes([message[at] ^ 0x10]) + message[at + 1:]


def protection():
    for command in WITH_BODY:
        for state in (logged_on, logged_on_210):
            yield Row("3.3.5.2.4", f"command {command} without a signature", state,
                      lambda at, command=command: at.bare(command, bodies(at)[command]), [ACCESS_DENIED])
        yield Row("3.3.5.2.4", f"command {command} that was changed", logged_on,
                  lambda at, command=command: flipped(at.make(command, bodies(at)[command]), 66), [ACCESS_DENIED])
    for what, place in (("signature", 48), ("last byte of it", 63), ("credits", 14), ("tree", 36)):
        yield Row("3.3.5.2.4", f"a READ whose {what} was changed", logged_on,
                  lambda at, place=place: flipped(at.make(READ, raw_smb.read(at.file)), place), [ACCESS_DENIED])
    yield Row("3.3.5.2.4", "a log-on anew without a signature", logged_on,
              lambda at: at.bare(SESSION_SETUP, raw_smb.session_setup(b"x")), [ACCESS_DENIED])
    yield Row("3.3.5.2.9", "a signed request of nobody's session", logged_on,
             
               lambda at: at.session.sign(at.bare(READ, raw_smb.read(at.file), session_id=1 << 40)), [USER_SESSION_DELETED])
    sealed = [
        ("a tag that was changed", lambda at: flipped(at.sealed(ECHO, raw_smb.empty()), 4)),
        ("a nonce that was changed", lambda at: flipped(at.sealed(ECHO, raw_smb.empty()), 20)),
        ("a byte that was changed", lambda at: flipped(at.sealed(ECHO, raw_smb.empty()), -1)),
        ("another flag", lambda at: at.sealed(ECHO, raw_smb.empty(), {"flags": 0})),
        ("a longer size", lambda at: at.sealed(ECHO, raw_smb.empty(), {"size": 69})),
        ("a shorter size", lambda at: at.sealed(ECHO, raw_smb.empty(), {"size": 64})),
        ("an endless size", lambda at: at.sealed(ECHO, raw_smb.empty(), {"size": 0xFFFFFFFF})),
        ("nobody's session", lambda at: at.sealed(ECHO, raw_smb.empty(), {"session_id": 1 << 40})),
        ("no session", lambda at: at.sealed(ECHO, raw_smb.empty(), {"session_id": 0})),
        ("nothing in it", lambda at: at.seal(b"")),
        ("half a header in it", lambda at: at.seal(header(ECHO)[:40])),
        ("half of its own header", lambda at: at.sealed(ECHO, raw_smb.empty())[:30]),
        ("SMB1 in it", lambda at: at.seal(smb1(b"\x02SMB 2.???\0"))),
        ("a compressed message in it", lambda at: at.seal(b"\xfcSMB" + bytes(80))),
        ("an encrypted message in it", lambda at: at.seal(at.sealed(ECHO, raw_smb.empty()))),
        ("a request of nobody's session in it", lambda at: at.sealed(ECHO, raw_smb.empty(), session_id=1 << 40)),
        ("a request of no session in it", lambda at: at.sealed(ECHO, raw_smb.empty(), session_id=0)),
        ("a related request first", lambda at: at.sealed(ECHO, raw_smb.empty(), flags=RELATED)),
        ("NEGOTIATE in it", lambda at: at.seal(at.bare(NEGOTIATE, negotiate_body((0x0210,))))),
    ]
    for what, make in sealed:
        yield Row("3.3.5.2.1.1", f"an encrypted message with {what}", logged_on, make, CLOSED)
    yield Row("3.3.5.2.1.1", "an encrypted message at 2.1", logged_on_210, lambda at: b"\xfdSMB" + bytes(120), CLOSED)


def in_bodies():
    for command in WITH_BODY:
        yield Row("3.3.5.2.6", f"command {command} of another size", logged_on,
                  lambda at, command=command: at.make(command, other_size(bodies(at)[command])), [INVALID_PARAMETER])
        yield Row("3.3.5.2.6", f"command {command} with two bytes of it", logged_on,
                  lambda at, command=command: at.make(command, bodies(at)[command][:2]), [INVALID_PARAMETER])
        yield Row("3.3.5.2.6", f"command {command} without a body", logged_on,
                  lambda at, command=command: at.make(command, b""), [INVALID_PARAMETER])
    rows = [
        ("3.3.5.7", TREE_CONNECT, "a path outside", lambda at: raw_smb.tree_connect(offset=0xFFF0), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "a path without end",
         lambda at: raw_smb.tree_connect(length=0xFFFE), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "half a character", lambda at: raw_smb.tree_connect(length=7), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "no share", lambda at: raw_smb.tree_connect("\\\\server"), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "a folder of a share",
         lambda at: raw_smb.tree_connect("\\\\server\\IPC$\\x"), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "a NUL", lambda at: raw_smb.tree_connect("\\\\server\\IPC$\0"), INVALID_PARAMETER),
        ("3.3.5.7", TREE_CONNECT, "another share", lambda at: raw_smb.tree_connect("\\\\server\\C$"), NO_SUCH_SHARE),
        ("3.3.5.7", TREE_CONNECT, "a share of 30,000 characters",
         lambda at: raw_smb.tree_connect("\\\\s\\" + 30000 * "x"), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "a name outside", lambda at: raw_smb.create(offset=0xFFF0), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "a name within the fields", lambda at: raw_smb.create(offset=64), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "a name without end", lambda at: raw_smb.create(length=0xFFFE), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "half a character", lambda at: raw_smb.create(length=11), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "half a surrogate pair", lambda at: raw_smb.create(b"\0\xd8"), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "another pipe", lambda at: raw_smb.create("lsarpc"), NO_SUCH_PIPE),
        ("3.3.5.9", CREATE, "no name", lambda at: raw_smb.create(""), NO_SUCH_PIPE),
        ("3.3.5.9", CREATE, "a way out", lambda at: raw_smb.create("..\\..\\srvsvc"), NO_SUCH_PIPE),
        ("3.3.5.9", CREATE, "an impersonation too many", lambda at: raw_smb.create(impersonation=9), BAD_IMPERSONATION),
        ("3.3.5.9", CREATE, "a disposition too many", lambda at: raw_smb.create(disposition=6), INVALID_PARAMETER),
        ("3.3.5.9", CREATE, "a folder wanted", lambda at: raw_smb.create(options=1), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "contexts outside",
         lambda at: raw_smb.create(contexts_at=0xFFFFFFF8, contexts_bytes=64), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "contexts without end",
         lambda at: raw_smb.create(contexts_at=136, contexts_bytes=0xFFFFFFFF), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "a context that lies outside",
         lambda at: with_context(struct.pack("<IHHHHI", 0, 0xFFF0, 4, 0, 0, 0)), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "a context's data without end",
         lambda at: with_context(struct.pack("<IHHHHI", 0, 16, 4, 0, 24, 0xFFFFFFFF) + bytes(16)), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "a context behind the last one",
         lambda at: with_context(struct.pack("<IHHHHI", 0x7FFFFFF8, 16, 4, 0, 0, 0) + bytes(8)), INVALID_PARAMETER),
        ("2.2.13.2", CREATE, "a context at an odd place",
         lambda at: with_context(struct.pack("<IHHHHI", 20, 16, 4, 0, 0, 0) + bytes(64)), INVALID_PARAMETER),
        ("3.3.5.10", CLOSE, "nobody's pipe", lambda at: raw_smb.close(ANY_FILE), FILE_CLOSED),
        ("3.3.5.10", CLOSE, "half of a pipe's id", lambda at: raw_smb.close(at.file[:8] + bytes(8)), FILE_CLOSED),
        ("3.3.5.11", FLUSH, "nobody's pipe", lambda at: raw_smb.of_file(bytes(16), 24), FILE_CLOSED),
        ("3.3.5.12", READ, "nobody's pipe", lambda at: raw_smb.read(bytes(16)), FILE_CLOSED),
        ("3.3.5.12", READ, "4 GiB", lambda at: raw_smb.read(at.file, 0xFFFFFFFF), INVALID_PARAMETER),
        ("3.3.5.12", READ, "a byte more than may be", lambda at: raw_smb.read(at.file, 65537), INVALID_PARAMETER),
        ("3.3.5.12", READ, "RDMA", lambda at: raw_smb.read(at.file, channel=1), INVALID_PARAMETER),
        ("3.3.5.12", READ, "no buffer", lambda at: raw_smb.read(at.file, flags=1), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "data outside", lambda at: raw_smb.write(at.file, b"data", offset=0xF0), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "data too far behind",
         lambda at: raw_smb.write(at.file, bytes(300), offset=0x101, length=1), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "data without end",
         lambda at: raw_smb.write(at.file, b"data", length=0xFFFFFFFF), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "a byte more than may be",
         lambda at: raw_smb.write(at.file, bytes(65537)), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "RDMA", lambda at: raw_smb.write(at.file, b"", channel=2), INVALID_PARAMETER),
        ("3.3.5.13", WRITE, "no buffer", lambda at: raw_smb.write(at.file, b"data", flags=2), INVALID_PARAMETER),
        ("3.3.5.14", LOCK, "an open pipe", lambda at: raw_smb.of_file(at.file, 48), INVALID_DEVICE_REQUEST),
        ("3.3.5.15", IOCTL, "an unknown FSCTL", lambda at: raw_smb.ioctl(0x00090000, at.file), INVALID_DEVICE_REQUEST),
        ("3.3.5.15", IOCTL, "no FSCTL",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, flags=0), NOT_SUPPORTED),
        ("3.3.5.15", IOCTL, "input outside",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, b"data", offset=0xFFFFFFF8), INVALID_PARAMETER),
        ("3.3.5.15", IOCTL, "input within the fields",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, b"data", offset=64), INVALID_PARAMETER),
        ("3.3.5.15", IOCTL, "input at an odd place",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, bytes(9), offset=121, length=8), INVALID_PARAMETER),
        ("3.3.5.15", IOCTL, "input without end",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, b"data", length=0xFFFFFFFF), INVALID_PARAMETER),
        ("3.3.5.15", IOCTL, "a byte more than may be",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, bytes(65537)), INVALID_PARAMETER),
        ("3.3.5.15", IOCTL, "4 GiB",
         lambda at: raw_smb.ioctl(raw_smb.FSCTL_TRANSCEIVE, at.file, b"data", 0xFFFFFFFF), INVALID_PARAMETER),
        ("3.3.5.15.12", IOCTL, "a validation of a pipe",
         lambda at: raw_smb.ioctl(0x00140204, at.file, bytes(30)), INVALID_PARAMETER),
        ("3.3.5.18", QUERY_DIRECTORY, "a pipe", lambda at: raw_smb.of_file(at.file, 33), INVALID_PARAMETER),
        ("3.3.5.19", CHANGE_NOTIFY, "a pipe", lambda at: raw_smb.of_file(at.file, 32), INVALID_PARAMETER),
        ("3.3.5.20", QUERY_INFO, "4 GiB", lambda at: raw_smb.query_info(at.file, most=0xFFFFFFFF), INVALID_PARAMETER),
        ("3.3.5.20.3", QUERY_INFO, "whom it belongs to", lambda at: raw_smb.query_info(at.file, 3), NOT_SUPPORTED),
        ("3.3.5.21", SET_INFO, "input outside",
         lambda at: raw_smb.set_info(at.file, bytes(8), offset=0xFFF0), INVALID_PARAMETER),
        ("3.3.5.21", SET_INFO, "no input", lambda at: raw_smb.set_info(at.file, b""), INVALID_PARAMETER),
        ("3.3.5.21.1", SET_INFO, "a mode of no meaning",
         lambda at: raw_smb.set_info(at.file, struct.pack("<II", 7, 0)), INVALID_PARAMETER),
        ("3.3.5.22.1", OPLOCK_BREAK, "a pipe", lambda at: raw_smb.of_file(at.file, 24), INVALID_DEVICE_STATE),
    ]
    for section, command, what, body, expected in rows:
        yield Row(section, f"command {command}: {what}", logged_on,
                  lambda at, command=command, body=body: at.make(command, body(at)), [expected])
    for command in (TREE_DISCONNECT, CREATE, READ, IOCTL):
        yield Row("3.3.5.2.11", f"command {command} of nobody's tree", logged_on,
                  lambda at, command=command: at.make(command, bodies(at)[command], tree_id=0xFFFFFFFF), [NAME_DELETED])
    yield Row("3.3.5.15.12", "a validation that says otherwise", logged_on,
             
               lambda at: at.make(IOCTL, raw_smb.ioctl(0x00140204, ANY_FILE, bytes(22) + struct.pack("<HH", 1, 0x0202))), CLOSED)


def with_context(context):
    return raw_smb.create("srvsvc", contexts_at=64 + 56 + 16, contexts_bytes=len(context), contexts=context)


def in_compounds():
    for what, following in (("at an odd place", 100), ("within the header", 32), ("outside", 4096), ("far outside", 0xFFFFFFF8),
                            ("at the very end", 64 + 8)):
        yield Row("3.3.5.2.7", f"a request behind another {what}", logged_on,
                 
                   lambda at, following=following: at.make(ECHO, raw_smb.empty() + bytes(4), next_command=following), CLOSED)
    yield Row("3.3.5.2.7.2", "related requests from the first on", logged_on,
              lambda at: at.compound(*[(READ, raw_smb.read(ANY_FILE), RELATED)] * 3), [[INVALID_PARAMETER] * 3])
    yield Row("3.3.5.2.7.2", "a pipe that fails, and what is related to it", logged_on,
             
               lambda at: at.compound((CREATE, raw_smb.create("none"), 0), (WRITE, raw_smb.write(ANY_FILE, b"x"), RELATED),
                                     (READ, raw_smb.read(ANY_FILE), RELATED), (CLOSE, raw_smb.close(ANY_FILE), RELATED)),
              [[NO_SUCH_PIPE] * 4])
    yield Row("3.3.5.2.7.2", "what needs a pipe, related to what has none", logged_on,
             
               lambda at: at.compound((ECHO, raw_smb.empty(), 0), (READ, raw_smb.read(ANY_FILE), RELATED)), [[SUCCESS, INVALID_HANDLE]])
    yield Row("3.3.5.2.7", "a READ that would wait, and another request", logged_on,
             
               lambda at: at.compound((READ, raw_smb.read(at.file), 0), (ECHO, raw_smb.empty(), 0)), [[INTERNAL_ERROR, SUCCESS]])
    yield Row("3.3.5.6", "a LOGOFF, and what is related to it", logged_on,
              lambda at: at.compound((LOGOFF, raw_smb.empty(), 0), (CREATE, raw_smb.create(), RELATED)),
              [[SUCCESS, USER_SESSION_DELETED]])
    yield Row("3.3.5.5", "a log-on anew within a compound", logged_on,
              lambda at: at.compound((ECHO, raw_smb.empty(), 0), (SESSION_SETUP, raw_smb.session_setup(b"x"), 0)),
              [[SUCCESS, INVALID_PARAMETER]])
    yield Row("3.3.5.4", "NEGOTIATE within a compound", logged_on,
              lambda at: at.compound((ECHO, raw_smb.empty(), 0), (NEGOTIATE, negotiate_body((0x0210,)), 0)),
              [[SUCCESS, INVALID_PARAMETER]])
    yield Row("3.3.5.2.6", "an unknown command within a compound", logged_on,
              lambda at: at.compound((ECHO, raw_smb.empty(), 0), (77, raw_smb.empty(), 0)), CLOSED)
    yield Row("3.3.5.2.3", "a message id twice in a compound", logged_on,
              lambda at: at.make(ECHO, raw_smb.empty() + bytes(4), next_command=72)
              + at.make(ECHO, raw_smb.empty(), message_id=at.smb.next_id - 1), CLOSED)
    yield Row("3.3.5.16", "CANCEL of nothing, then ECHO", logged_on,
             
               lambda at: [at.make(CANCEL, raw_smb.empty(), message_id=3), at.make(CANCEL, raw_smb.empty(), async_id=99, flags=2),
                          at.make(ECHO, raw_smb.empty())], [SUCCESS])
    yield Row("3.3.5.16", "CANCEL of another's request", logged_on,
              lambda at: [at.make(READ, raw_smb.read(at.file)), header(CANCEL, at.smb.next_id - 1) + raw_smb.empty(),
                          at.bare(CANCEL, raw_smb.empty(), message_id=at.smb.next_id - 1), at.make(ECHO, raw_smb.empty())],
              [PENDING, SUCCESS])
