# SPDX-License-Identifier: MIT
"""Messages of SMB2, each alone and in conversations."""
import struct

from seeds.recordings import frames, recordings


def seeds_smb2_messages():
    patterns = ["*-negotiate-response*", "*-session-setup-response*", "*-tree-connect-response*",
                "*-create-response*", "*-ioctl-response*", "*-read-response*", "*-write-response*",
                "*-validate-negotiate-info*"]
    for which, pattern in enumerate(patterns, 1):
        for data in recordings(pattern):
            for message in frames(data):
                yield bytes([which]) + message[:1000]
                yield bytes([0]) + message[:64]
    names = (b" " + b"CK" * 16 + b"\0") * 2
    for body in (names, names + b"x", names[:40], names.replace(b"\0", b"\3abc\0"), names.replace(b"C", b"c"),
                 b"\x1f" + names[1:], names.replace(b"\0", b"\x40" + bytes(70))):
        yield bytes([9]) + body
    for body in (b"\x81", b"\x8f", b"\x42", b"", b"\xc0\0\2\7\1\xbd"):
        yield bytes([10]) + body


def seeds_smb2_requests():
    patterns = ["*-negotiate-request-[23]*", None, "*-negotiate-request-smb1",
                "*-session-setup-request*", "*-tree-connect-request", "*-create-request",
                "*-close-request", "*-flush-request", "*-read-request", "*-write-request",
                "*-ioctl-request-*", "*-query-info-request", "*-set-info-request",
                "*-echo-request", "sealing-*[!n]"]
    for which, pattern in enumerate(patterns):
        for data in recordings(pattern) if pattern else []:
            for message in frames(data):
                yield bytes([which]) + message[:1390]
    for data in recordings("*-request-validate-negotiate-info"):
        yield bytes([1]) + data[4 + 120:]
    # A CREATE with two contexts; each class that a QUERY_INFO may ask for, with room and without.
    for data in recordings("impacket-0.10-create-request"):
        message = data[4:]
        contexts = struct.pack("<IHHHHI8s", 24, 16, 4, 0, 0, 0, b"MxAc") + \
            struct.pack("<IHHHHI8s8x", 0, 16, 4, 0, 24, 8, b"QFid")
        at = (len(message) + 7) // 8 * 8
        yield bytes([5]) + message[:112] + struct.pack("<II", at, len(contexts)) + \
            message[120:].ljust(at - 120, b"\0") + contexts
    # Names that are as long as any, and longer ones, which no mutation of a short one reaches.
    for data in recordings("impacket-0.10-create-request"):
        for units in (340, 341, 600):
            yield bytes([5]) + data[4:4 + 110] + struct.pack("<H", 2 * units) + bytes(8) + b"x\0" * units
    for data in recordings("impacket-0.10-tree-connect-request"):
        for units in (340, 341, 600):
            yield bytes([4]) + data[4:4 + 70] + struct.pack("<H", 2 * units) + b"\\\0" * 2 + b"x\0" * (units - 2)
    for data in recordings("impacket-0.10-query-info-request"):
        for file_class in range(64):
            for room in (0, 65535):
                yield bytes([11]) + data[4:71] + struct.pack("<BI", file_class, room) + data[76:]


SMB1 = b"\0\0\0\x24\xffSMB" + bytes(32)
# RFC 1002 4.3: what may come between messages.
SESSION_PACKETS = [b"\x85\0\0\0" * 2, b"\x83\0\0\x01\x81", b"\x84\0\0\x06\xc0\0\x02\x07\x01\xbd", b"\x82\0\0\0",
                   b"\x81\0\0\x44" + (b" " + b"CK" * 16 + b"\0") * 2]


SEND, ANSWER, RAW, AUTHENTICATE, PROBE, ENCRYPT = range(6)


def connection_answer(flags, body, credits=8):
    return bytes([flags, len(body), credits]) + body


def seeds_smb2_connection():
    setup = bytes([SEND, 1 << 2, ANSWER]) + connection_answer(0x03, b"\x09\0" + bytes(7))
    rest = bytes([SEND, 2 << 2 | 2, ANSWER]) + connection_answer(0x07, b"x" * 20) + \
        connection_answer(0x07, b"y" * 9) + connection_answer(0x03, b"z") + \
        bytes([SEND, 4 << 2, SEND, 4 << 2, ANSWER]) + connection_answer(0x1A, b"") + \
        bytes([ANSWER]) + connection_answer(0x0B, b"r" * 90)
    for choice in (0x00, 0x41, 0x42, 0x52, 0x62):
        for piece in (0, 1, 255):
            for cipher in range(1, 5 if choice & 15 == 2 else 2 if choice & 15 == 1 else 1):
                start = bytes([choice] + [cipher] * (choice & 15 == 2) + [piece])
                yield start + setup + bytes([AUTHENTICATE, ENCRYPT]) + \
                    bytes([SEND, 2 << 2 | 2, ANSWER]) + connection_answer(0x46, b"x" * 20) + \
                    connection_answer(0x06, b"y" * 9) + connection_answer(0x02, b"z") + \
                    bytes([SEND, 3 << 2, ANSWER]) + connection_answer(0xC2, b"x" * 20)
            start = bytes([choice] + [0] * (choice & 15 == 2) + [piece])
            yield start + setup + bytes([AUTHENTICATE]) + rest
            yield start + setup + bytes([AUTHENTICATE]) + rest[:-93] + \
                connection_answer(0x22, b"\x09\0" + bytes(7))
    short = b"\0\0\0\x08\xfdSMB" + bytes(4)
    yield bytes([0x42, 2, 255]) + setup + bytes([AUTHENTICATE, RAW, len(short), 0]) + short
    for data in recordings("samba-4.17-*-response*")[:40]:
        if data[:1] == b"\0":
            yield bytes([0x42, 0, 255, SEND, 0, RAW]) + struct.pack("<H", len(data)) + data[:3000]
    yield bytes([0x42, 0, 255, PROBE, RAW]) + struct.pack("<H", 40) + SMB1
    for packet in SESSION_PACKETS:
        yield bytes([0x42, 0, 255, RAW]) + struct.pack("<H", len(packet)) + packet


(SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, SMB_CLOSE, FLUSH, READ, WRITE, LOCK,
 IOCTL, CANCEL, ECHO, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK) = range(1, 19)
SMB_MESSAGE, SMB_RAW, SMB_JUDGE, SMB_FILL, SMB_BREAK, SMB_END, SMB_EXPIRE = range(7)


def smb_request(flags, command, *rest, credits=32):
    return bytes([flags, command, credits, *rest])


def seeds_smb_server():
    """Conversations at every dialect: signed, encrypted, of nobody; every command, alone and compounded."""
    sign, form, more, related, seal, damage, odd_id, odd = (1 << n for n in range(8))
    fine = sign | form

    def ask(flags, command, *rest):
        return bytes([SMB_MESSAGE]) + smb_request(flags, command, *rest)

    def token(how):
        return ask(fine, SESSION_SETUP, 0, 3, *b"tok") + bytes([SMB_JUDGE, how])

    every = [(READ, (1,)), (WRITE, (0, 2, 1, 1)), (FLUSH, (0,)), (LOCK, (0,)), (QUERY_DIRECTORY, (0,)),
             (CHANGE_NOTIFY, (0,)), (OPLOCK_BREAK, (0,)), (QUERY_INFO, (5,)), (QUERY_INFO, (18,)),
             (SET_INFO, (3,)), (ECHO, (0,)), (SMB_CLOSE, (0,)), (TREE_DISCONNECT, (0,)), (LOGOFF, (0,))]
    every += [(IOCTL, (n, 2, 1, 0)) for n in range(6)]
    pipe = ask(fine, TREE_CONNECT, 0) + ask(fine, CREATE, 0)
    for dialect in range(6):
        for piece in (0, 255):
            start = bytes([0, piece]) + ask(form, 0, dialect)
            alice = start + token(1) + token(0)
            yield start + token(2) + ask(form, TREE_CONNECT, 0) + ask(form, CREATE, 0) + \
                ask(form, WRITE, 0, 1, 7) + ask(form, READ, 1)
            for command, rest in every:
                for flags in (fine, form | seal, form, fine | damage):
                    yield alice + pipe + ask(flags, command, *rest) + ask(fine, ECHO, 0)
            chain = smb_request(fine | more, TREE_CONNECT, 0) + \
                smb_request(fine | more | related, CREATE, 0) + \
                smb_request(fine | more | related, WRITE, 0, 1, 7) + smb_request(fine | related, READ, 1)
            for first in (0, seal, related):
                yield alice + bytes([SMB_MESSAGE, chain[0] | first]) + chain[1:]
            waits = alice + pipe + ask(fine, READ, 9) * 2
            yield waits + bytes([SMB_FILL, 0, 9, 0]) + ask(fine, ECHO, 0)
            yield waits + ask(fine, SMB_CLOSE, 0)
            for how in (1, 2):
                yield waits + bytes([SMB_BREAK, how]) + ask(fine, WRITE, 0, 1, 7)
            yield waits + bytes([SMB_END, 0]) + ask(fine, ECHO, 0)
            for command, rest in every:
                yield waits + bytes([SMB_EXPIRE, 0]) + ask(fine, command, *rest) + token(0) + ask(fine, command, *rest)
            for how in (0, 3):
                yield waits + token(how) + ask(fine, ECHO, 0)
            for wanted in range(3, 8):
                yield waits + ask(fine, CANCEL, wanted, 0)
            # As much to read as fits one response, several times in one message.
            yield alice + pipe + bytes([SMB_FILL, 0, 255, 255]) * 4 + bytes([SMB_MESSAGE]) + \
                smb_request(fine | more, READ, 255) * 3 + smb_request(fine, READ, 255)
            # A second session, a session that is odd, a command that there is none of.
            yield alice + ask(form | odd, SESSION_SETUP, 0, 0, 0, 0, 1, 7) + bytes([SMB_JUDGE, 0]) + pipe
            yield alice + pipe + ask(fine | odd, WRITE, 7, 7, 7, 7, 0, 1, 1) + ask(fine | odd_id, ECHO, 99, 0)
            yield alice + ask(0, 19, 3, 1, 2, 3)
    for encryption in (1, 2):
        for dialect in (0, 2, 4):
            yield bytes([encryption, 255]) + ask(form, 0, dialect) + token(1) + token(0) + pipe + \
                ask(form | seal, TREE_CONNECT, 0) + ask(form | seal, CREATE, 0)
    yield bytes([0, 255, SMB_RAW, 1, 1]) + ask(form, 0, 5) + token(1) + token(0) + pipe
    for packet in SESSION_PACKETS:
        yield bytes([0, 255, SMB_RAW, len(packet)]) + packet + ask(form, 0, 5) + token(0)
    for data in (SMB1, b"\0\0\0\x08\xfdSMB" + bytes(4), b"\0\0\0\x04\xfeSMB"):
        yield bytes([0, 255]) + ask(form, 0, 5) + token(0) + bytes([SMB_RAW, len(data)]) + data
    for data in recordings("*-request*"):
        if data[:1] == b"\0" and len(data) < 256:
            yield bytes([0, 255]) + ask(form, 0, 5) + token(0) + bytes([SMB_RAW, len(data)]) + data
