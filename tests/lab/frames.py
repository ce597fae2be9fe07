"""The few SMB messages and header fields that the lab itself needs; [MS-SMB2] and [MS-CIFS] name them.

A *message* is SMB1 or SMB2 without transport header; a *frame* is a message behind the 4 bytes of direct TCP
([MS-SMB2] 2.1): a zero and the length, big-endian, 24 bits.
"""
import socket
import struct
import uuid

SMB1_MAGIC, SMB2_MAGIC = b"\xffSMB", b"\xfeSMB"
ENCRYPTED = b"\xfdSMB"  # what an encrypted message begins with

# SMB2 commands, [MS-SMB2] 2.2.1
NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE = range(7)
READ, WRITE, IOCTL = 8, 9, 11

DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)


KEEP_ALIVE = b"\x85\0\0\0"  # RFC 1002 4.3.6
POSITIVE_SESSION_RESPONSE = b"\x82\0\0\0"


def session_request(called="*SMBSERVER", calling="LAB"):
    """What precedes SMB at port 139, RFC 1002 4.3.2."""
    def encoded(name, suffix):
        padded = name.upper().ljust(15).encode() + bytes([suffix])
        return b" " + bytes(65 + half for byte in padded for half in divmod(byte, 16)) + b"\0"
    names = encoded(called, 0x20) + encoded(calling, 0)
    return struct.pack(">BBH", 0x81, 0, len(names)) + names


def framed(message):
    """The frame of a message."""
    return struct.pack(">I", len(message)) + message


def cut(data):
    """The messages of frames that stand one behind the other."""
    messages = []
    while data:
        end = 4 + struct.unpack_from(">I", data)[0]
        messages.append(data[4:end])
        data = data[end:]
    return messages


def read_frame(connection):
    """Reads one frame from a blocking socket. Returns its message, or None where the peer has closed."""
    header = _read_exactly(connection, 4)
    return header and _read_exactly(connection, struct.unpack(">I", header)[0] & 0xFFFFFF)


def _read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return data


def command(message):
    """The command of an SMB2 message (the first, if they are compounded), or None if it is not SMB2."""
    if len(message) < 64 or message[:4] != SMB2_MAGIC:
        return None
    return struct.unpack_from("<H", message, 12)[0]


def status(message):
    """The NTSTATUS in an SMB2 message."""
    return struct.unpack_from("<I", message, 8)[0]


def smb1_negotiate(*names):
    """An SMB1 NEGOTIATE request that lists the dialect names, e.g. 'NT LM 0.12', 'SMB 2.???'."""
    header = SMB1_MAGIC + bytes([0x72]) + struct.pack("<IBHH8sHHHHH", 0, 0x18, 0xC853, 0, b"", 0, 0xFFFF, 0xFEFF, 0, 0)
    names = b"".join(b"\x02" + name.encode() + b"\0" for name in names)
    return header + b"\0" + struct.pack("<H", len(names)) + names


def smb2_negotiate(*dialects, signing_algorithms=()):
    """An SMB2 NEGOTIATE request, [MS-SMB2] 2.2.3, with what 3.1.1 needs where that is among the dialects."""
    body = struct.pack("<HHHHI16s", 36, len(dialects), 1, 0, 0x40, uuid.uuid4().bytes)
    offered = struct.pack(f"<{len(dialects)}H", *dialects)
    if 0x0311 not in dialects:
        return _smb2_header(NEGOTIATE) + body + bytes(8) + offered
    padding = -(64 + 36 + len(offered)) % 8
    contexts = [(1, struct.pack("<HHH", 1, 32, 1) + bytes(32)),  # preauthentication integrity: SHA-512
                (2, struct.pack("<HHH", 2, 2, 1))]               # encryption: AES-128-GCM, AES-128-CCM
    if signing_algorithms:
        contexts.append((8, struct.pack(f"<{len(signing_algorithms) + 1}H", len(signing_algorithms),
                                        *signing_algorithms)))
    tail = b""
    for kind, data in contexts:
        tail += bytes(-len(tail) % 8) + struct.pack("<HHI", kind, len(data), 0) + data
    return (_smb2_header(NEGOTIATE) + body + struct.pack("<IHH", 64 + 36 + len(offered) + padding, len(contexts), 0)
            + offered + bytes(padding) + tail)


def smb2_negotiate_response(dialect, transact=65536, read=65536, write=65536, contexts=(), capabilities=0,
                            security_mode=1):
    """A response to it, [MS-SMB2] 2.2.4, without a token. contexts: (type, data), of 3.1.1."""
    listed = b""
    for kind, data in contexts:
        listed += bytes(-len(listed) % 8) + struct.pack("<HHI", kind, len(data), 0) + data
    header = bytearray(_smb2_header(NEGOTIATE))
    header[16] = 1  # SMB2_FLAGS_SERVER_TO_REDIR
    return bytes(header) + struct.pack("<HHHH16sIIIIQQHHI", 65, security_mode, dialect, len(contexts), bytes(16), capabilities, transact,
                                       read, write, 0, 0, 128, 0, 128) + listed


PREAUTH_SHA512 = (1, struct.pack("<HHH", 1, 32, 1) + bytes(32))


def _smb2_header(code):
    return SMB2_MAGIC + struct.pack("<HHIHHIIQIIQ16s", 64, 0, 0, code, 1, 0, 0, 0, 0, 0, 0, b"")


def negotiated(message):
    """(dialect, {context type: data}) of an SMB2 NEGOTIATE response, [MS-SMB2] 2.2.4."""
    dialect, count = struct.unpack_from("<HH", message, 64 + 4)
    contexts, offset = {}, struct.unpack_from("<I", message, 64 + 60)[0]
    for _ in range(count if dialect == 0x0311 else 0):
        kind, length = struct.unpack_from("<HH", message, offset)
        contexts[kind] = message[offset + 8:offset + 8 + length]
        offset += (8 + length + 7) // 8 * 8
    return dialect, contexts


def exchange(host, port, message, timeout_s=5):
    """Sends one message over a connection of its own. Returns the answer, or None where the peer just closed."""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(framed(message))
        return read_frame(connection)


def messages_in(message):
    """The messages of a compound, each as (command, flags)."""
    offset = 0
    while True:
        command, _, flags, following = struct.unpack_from("<HHII", message, offset + 12)
        yield command, flags
        if following == 0:
            return
        offset += following
