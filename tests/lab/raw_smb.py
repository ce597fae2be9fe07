"""An SMB2 client that says what it is told to, right or wrong. [MS-SMB2] 2.2 has the fields.

    with RawSmb(server) as smb:                    # connected
        smb.negotiate(0x0210)
        session = smb.log_on("alice")
        tree = smb.connect_tree(session)
        file = smb.open_pipe(session, tree)
        answer = smb.ask(READ, read(file), session, tree)
        status(answer)

A *message* is bytes from its header on. What is given as body is bytes, too: the functions at the end make them.
"""
import hashlib
import hmac
import socket
import struct

from Cryptodome.Cipher import AES
from Cryptodome.Hash import CMAC
from impacket import crypto, ntlm
from impacket.spnego import SPNEGO_NegTokenInit, SPNEGO_NegTokenResp, TypesMech

from . import frames
from .frames import (CLOSE, CREATE, IOCTL, LOGOFF, NEGOTIATE, READ, SESSION_SETUP, TREE_CONNECT, TREE_DISCONNECT, WRITE,
                     status)
from .wait_until import HANG_S

FLUSH, LOCK, CANCEL, ECHO, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK = 7, 10, *range(12, 19)
COMMANDS = range(19)

RESPONSE, ASYNC, RELATED, SIGNED = 1, 2, 4, 8  # flags

SUCCESS, PENDING, BUFFER_OVERFLOW = 0, 0x103, 0x80000005
INVALID_PARAMETER, MORE_PROCESSING_REQUIRED, ACCESS_DENIED = 0xC000000D, 0xC0000016, 0xC0000022
LOGON_FAILURE, INSUFFICIENT_RESOURCES, USER_SESSION_DELETED = 0xC000006D, 0xC000009A, 0xC0000203
FILE_CLOSED, INVALID_HANDLE, NAME_DELETED, NOT_SUPPORTED = 0xC0000128, 0xC0000008, 0xC00000C9, 0xC00000BB
NO_OVERLAP, NOT_ACCEPTED, NO_SUCH_PIPE, NO_SUCH_SHARE = 0xC05D0000, 0xC00000D0, 0xC0000034, 0xC00000CC
PIPE_BROKEN, INVALID_DEVICE_REQUEST, CANCELLED = 0xC000014B, 0xC0000010, 0xC0000120
INVALID_DEVICE_STATE, BAD_IMPERSONATION, INTERNAL_ERROR = 0xC0000184, 0xC00000A5, 0xC00000E5

HEADER_BYTES = 64
ANY_FILE = b"\xff" * 16
FSCTL_TRANSCEIVE = 0x0011C017
TRANSFORM = b"\xfdSMB"
CCM, GCM, CCM_256, GCM_256 = 1, 2, 3, 4  # ciphers, [MS-SMB2] 2.2.3.1.2
HMAC_SHA256, AES_CMAC, AES_GMAC = 0, 1, 2  # signing algorithms, 2.2.3.1.7


def header(command, message_id=0, session_id=0, tree_id=0, flags=0, credits=64, charge=1, next_command=0, size=64,
           async_id=None):
    """A header without a signature."""
    place = struct.pack("<II", 0, tree_id) if async_id is None else struct.pack("<Q", async_id)
    return (frames.SMB2_MAGIC + struct.pack("<HHIHHIIQ", size, charge, 0, command, credits, flags, next_command, message_id)
            + place + struct.pack("<Q16s", session_id, b""))


class Session:
    """One that has been logged on to: its id and keys, [MS-SMB2] 3.2.5.3.1.

    preauth    the preauthentication hash at the end of the log-on, for 3.1.1
    cipher     one of the ciphers
    algorithm  of signatures; None: as the dialect has it
    """

    def __init__(self, number, dialect, key, preauth=b"", cipher=CCM, algorithm=None):
        self.id, self._nonce, self._cipher = number, 0, cipher
        self._algorithm = (AES_CMAC if dialect >= 0x0300 else HMAC_SHA256) if algorithm is None else algorithm
        self._signing, self._to_server, self._to_client = key, None, None
        cipher_bits = 256 if cipher in (CCM_256, GCM_256) else 128
        if dialect >= 0x0300:
            labels = (((b"SMBSigningKey\0", preauth), (b"SMBC2SCipherKey\0", preauth), (b"SMBS2CCipherKey\0", preauth))
                      if dialect == 0x0311 else
                      ((b"SMB2AESCMAC\0", b"SmbSign\0"), (b"SMB2AESCCM\0", b"ServerIn \0"), (b"SMB2AESCCM\0", b"ServerOut\0")))
            self._signing, self._to_server, self._to_client = (
                crypto.KDF_CounterMode(key, label, context, bits) for (label, context), bits in
                zip(labels, (128, cipher_bits, cipher_bits)))

    def sign(self, message):
        """The message with its flag and signature."""
        flags = struct.unpack_from("<I", message, 16)[0] | SIGNED
        bare = message[:16] + struct.pack("<I", flags) + message[20:48] + bytes(16) + message[64:]
        return bare[:48] + self._mac(bare) + bare[64:]

    def is_signed(self, message):
        bare = message[:48] + bytes(16) + message[64:]
        return bool(struct.unpack_from("<I", message, 16)[0] & SIGNED) and self._mac(bare) == message[48:64]

    def seal(self, message, is_of_server=False, **fields):
        """The message encrypted. fields of the transform header may be others than the right ones."""
        self._nonce += 1
        said = {"size": len(message), "flags": 1, "session_id": self.id} | fields
        nonce = struct.pack("<Q8s", self._nonce + (1 << 63 if is_of_server else 0), b"")
        behind = nonce + struct.pack("<IHHQ", said["size"], 0, said["flags"], said["session_id"])
        cipher = self._cipher_of(self._to_client if is_of_server else self._to_server, nonce)
        cipher.update(behind)
        sealed, tag = cipher.encrypt_and_digest(message)
        return TRANSFORM + tag + behind + sealed

    def unseal(self, message):
        cipher = self._cipher_of(self._to_client, message[20:36])
        cipher.update(message[20:52])
        return cipher.decrypt_and_verify(message[52:], message[4:20])

    def _cipher_of(self, key, nonce):
        return (AES.new(key, AES.MODE_GCM, nonce[:12], mac_len=16) if self._cipher in (GCM, GCM_256)
                else AES.new(key, AES.MODE_CCM, nonce[:11], mac_len=16))

    def _mac(self, bare):
        if self._algorithm == HMAC_SHA256:
            return hmac.new(self._signing, bare, hashlib.sha256).digest()[:16]
        if self._algorithm == AES_GMAC:  # the nonce: 3.1.4.1
            [command], flags = struct.unpack_from("<H", bare, 12), bare[16]
            role = (flags & RESPONSE) | (2 if command == CANCEL else 0)
            gmac = AES.new(self._signing, AES.MODE_GCM, bare[24:32] + struct.pack("<I", role), mac_len=16)
            gmac.update(bare)
            return gmac.digest()
        return CMAC.new(self._signing, bare, AES).digest()


def preauth_hash(before, *messages):
    """[MS-SMB2] 3.2.5.2: over the messages, the first of them NEGOTIATE, if before is 64 zeros."""
    for message in messages:
        before = hashlib.sha512(before + message).digest()
    return before


class RawSmb:
    """A connection, and a context manager. The message ids count by themselves."""

    def __init__(self, server, timeout_s=HANG_S, source=None):
        """source: an address of this computer to connect from; None: the system's choice"""
        self.server = server
        self.socket = socket.create_connection((server.host, server.port), timeout=timeout_s,
                                               source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_id, self.dialect, self.sessions = 0, None, {}
        self._preauth, self._cipher = bytes(64), CCM

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def make(self, command, body, session=None, tree_id=0, **fields):
        """A message with the next id, signed where there is a session; fields: of the header."""
        fields.setdefault("message_id", self.next_id)
        fields.setdefault("session_id", session.id if session else 0)
        if command != CANCEL:
            self.next_id += max(1, fields.get("charge", 1))
        message = header(command, tree_id=tree_id, **fields) + body
        return session.sign(message) if session else message

    def compound(self, *requests, session=None):
        """One message of requests (command, body, tree_id, flags), each signed."""
        messages = []
        for number, (command, body, tree_id, flags) in enumerate(requests):
            body += bytes(-len(body) % 8)
            following = 0 if number == len(requests) - 1 else HEADER_BYTES + len(body)
            messages.append(self.make(command, body, session, tree_id, flags=flags, next_command=following))
        return b"".join(messages)

    def say(self, *messages):
        self.socket.sendall(b"".join(map(frames.framed, messages)))

    def hear(self):
        """The next message, decrypted and with its signature looked at; None: the server has closed."""
        try:
            message = frames.read_frame(self.socket)
        except ConnectionResetError:
            return None
        if message and message[:4] == TRANSFORM:
            message = self.sessions[struct.unpack_from("<Q", message, 44)[0]].unseal(message)
        elif message and len(message) >= HEADER_BYTES and struct.unpack_from("<I", message, 16)[0] & SIGNED:
            assert self.sessions[struct.unpack_from("<Q", message, 40)[0]].is_signed(
                message[:struct.unpack_from("<I", message, 20)[0] or None]), "a signature that does not hold"
        return message

    def ask(self, command, body, session=None, tree_id=0, **fields):
        """Sends a request and gives what comes back."""
        self.say(self.make(command, body, session, tree_id, **fields))
        return self.hear()

    def negotiate(self, dialect=0x0210):
        request = frames.smb2_negotiate(dialect)
        self.say(request)
        self.next_id, self.dialect = 1, dialect
        answer = self.hear()
        assert status(answer) == SUCCESS
        self._preauth = preauth_hash(bytes(64), request, answer)
        if dialect == 0x0311:
            _, contexts = frames.negotiated(answer)
            self._cipher = struct.unpack_from("<H", contexts[2], 2)[0]
        return answer

    def begin_log_on(self, session=None, previous_id=0):
        """The first step of a log-on, or of one anew. Gives the state that finish_log_on goes on with."""
        token = SPNEGO_NegTokenInit()
        token["MechTypes"] = [TypesMech["NTLMSSP - Microsoft NTLM Security Support Provider"]]
        first = ntlm.getNTLMSSPType1("", "", signingRequired=True)
        token["MechToken"] = first.getData()
        request = self.make(SESSION_SETUP, session_setup(token.getData(), previous_id), session)
        self.say(request)
        answer = self.hear()
        return first, previous_id, answer, preauth_hash(self._preauth, request, answer or b"")

    def finish_log_on(self, begun, user, password=None, session=None):
        """The last step. Gives the answer; the new session is in sessions."""
        first, previous_id, answer, preauth = begun
        number = struct.unpack_from("<Q", answer, 40)[0]
        challenge = response_token(setup_token(answer))
        third, key = ntlm.getNTLMSSPType3(first, challenge, user, password or self.server.password(user),
                                          self.server.domain)
        token = SPNEGO_NegTokenResp()
        token["ResponseToken"] = third.getData()
        request = self.make(SESSION_SETUP, session_setup(token.getData(), previous_id), session, session_id=number)
        if session is None:
            self.sessions[number] = Session(number, self.dialect, key, preauth_hash(preauth, request), self._cipher)
        self.say(request)
        return self.hear()

    def log_on(self, user, previous_id=0):
        """Gives the session."""
        begun = self.begin_log_on(previous_id=previous_id)
        answer = self.finish_log_on(begun, user)
        assert status(answer) == SUCCESS, hex(status(answer))
        return self.sessions[struct.unpack_from("<Q", answer, 40)[0]]

    def connect_tree(self, session):
        """Gives the id of the tree."""
        answer = self.ask(TREE_CONNECT, tree_connect(), session)
        assert status(answer) == SUCCESS, hex(status(answer))
        return struct.unpack_from("<I", answer, 36)[0]

    def open_pipe(self, session, tree_id):
        """Gives the file id of srvsvc."""
        answer = self.ask(CREATE, create(), session, tree_id)
        assert status(answer) == SUCCESS, hex(status(answer))
        return answer[HEADER_BYTES + 64:HEADER_BYTES + 80]


# Bodies.

def session_setup(token, previous_id=0, flags=0, **fields):
    said = {"size": 25, "offset": HEADER_BYTES + 24, "length": len(token)} | fields
    return struct.pack("<HBBIIHHQ", said["size"], flags, 2, 0, 0, said["offset"], said["length"], previous_id) + token


def setup_token(answer):
    at, length = struct.unpack_from("<HH", answer, HEADER_BYTES + 4)
    return answer[at:at + length]


def response_token(token):
    """Of SPNEGO's NegTokenResp. ValueError where it is none."""
    try:
        return SPNEGO_NegTokenResp(token)["ResponseToken"]
    except Exception as error:  # impacket raises no other kind
        raise ValueError(f"no NegTokenResp: {token.hex()}") from error


def tree_connect(path="\\\\server\\IPC$", **fields):
    name = path.encode("utf-16-le")
    said = {"size": 9, "offset": HEADER_BYTES + 8, "length": len(name)} | fields
    return struct.pack("<HHHH", said["size"], 0, said["offset"], said["length"]) + name


def create(name="srvsvc", **fields):
    name = name.encode("utf-16-le") if isinstance(name, str) else name
    said = {"size": 57, "impersonation": 2, "disposition": 1, "options": 0, "offset": HEADER_BYTES + 56,
            "length": len(name), "contexts_at": 0, "contexts_bytes": 0, "contexts": b""} | fields
    return (struct.pack("<HBBIQQIIIIIHHII", said["size"], 0, 0, said["impersonation"], 0, 0, 0x12019F, 0, 3,
                        said["disposition"], said["options"], said["offset"], said["length"], said["contexts_at"],
                        said["contexts_bytes"]) + name + bytes(-len(name) % 8) + said["contexts"])


def close(file, size=24, flags=0):
    return struct.pack("<HHI", size, flags, 0) + file


def read(file, length=4096, size=49, flags=0, channel=0):
    return struct.pack("<HBBIQ", size, 0, flags, length, 0) + file + struct.pack("<IIIHHB", 0, channel, 0, 0, 0, 0)


def write(file, data, **fields):
    said = {"size": 49, "offset": HEADER_BYTES + 48, "length": len(data), "channel": 0, "flags": 0} | fields
    return (struct.pack("<HHIQ", said["size"], said["offset"], said["length"], 0) + file
            + struct.pack("<IIHHI", said["channel"], 0, 0, 0, said["flags"]) + data)


def ioctl(code, file, data=b"", most=4096, **fields):
    said = {"size": 57, "offset": HEADER_BYTES + 56, "length": len(data), "flags": 1} | fields
    return (struct.pack("<HHI", said["size"], 0, code) + file
            + struct.pack("<IIIIIIII", said["offset"], said["length"], 0, 0, 0, most, said["flags"], 0) + data)


def transceive(file, data, most=4096):
    return ioctl(FSCTL_TRANSCEIVE, file, data, most)


def query_info(file, kind=1, info_class=5, most=1024, size=41):
    return struct.pack("<HBBIHHIII", size, kind, info_class, most, 0, 0, 0, 0, 0) + file + b"\0"


def set_info(file, data, info_class=23, **fields):
    said = {"size": 33, "offset": HEADER_BYTES + 32, "length": len(data)} | fields
    return struct.pack("<HBBIHHI", said["size"], 1, info_class, said["length"], said["offset"], 0, 0) + file + data


def of_file(file, size):
    """A body of that size with a file id where FLUSH and others have it."""
    return struct.pack("<H6s", size, b"") + file + bytes(max(0, size - 24))


def empty(size=4):
    """Of LOGOFF, TREE_DISCONNECT, ECHO, CANCEL."""
    return struct.pack("<HH", size, 0)
