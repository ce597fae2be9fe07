# SPDX-License-Identifier: MIT
"""Connections of the client: a log-on and an enumeration, as servers answer them."""
import struct

from seeds.recordings import LEVELS, recordings, stub
from seeds.smb2 import SMB1


SIGN, FORM, COMPOUND, YOUNGEST, INTERIM, PDU, EARLY, RAW_BYTES = (1 << n for n in range(8))


def answer(flags, body=b"", status=0, credits=16):
    return struct.pack("<BBBH", flags, status, credits, len(body)) + body


def text(words):
    units = (words + "\0").encode("utf-16-le")
    return struct.pack("<3I", len(units) // 2, 0, len(units) // 2) + units + bytes(-len(units) % 4)


def page_of_level_10(clients, status, resume):
    """An answer in which each client is root's."""
    entries = b"".join(struct.pack("<4I", 4, 8, 60, 5) for _ in clients)
    texts = b"".join(text(client) + text("root") for client in clients)
    return struct.pack("<6I", 10, 10, 4, len(clients), 4, len(clients)) + entries + texts + \
        struct.pack("<4I", 9, 4, resume, status)


def seeds_client_state():
    variant = 0
    for level, number in enumerate(LEVELS):
        stubs = recordings(f"*-session-enum-response-level{number}-stub") + \
            [stub(d) for d in recordings(f"samba-4.17-session-enum-response-level{number}-*")]
        for data in stubs:
            yield from conversations(level, variant, data[:3900])
            variant += 1
    signed = FORM | SIGN
    page = page_of_level_10(["127.0.0.1", "::1"], 0, 0)
    # The local service: an answer whole, in fragments and cut; a list of our own interface's.
    third = len(page) // 3 & ~7
    for options in (0, 2, 4, 0x20, 0x80):
        start = bytes([options, 8 | 3, 255]) + plain(PDU)
        yield start + plain(PDU, bytes(4)) + plain(PDU, page)
        yield start + plain(PDU, page[:third], status=8) + plain(PDU, page[third:], status=0x40) + \
            plain(PDU)
    names = ["alice", "@admins"]
    entries = b"".join(struct.pack("<4I", 4 * i + 4, 0, 7, i) for i in range(len(names)))
    listed = struct.pack("<4I", 0, len(names), 4, len(names)) + entries + \
        b"".join(text(name) for name in names)
    for answered in (listed, listed[:60], struct.pack("<3I", 5, 0, 0)):
        yield bytes([0x10, 8, 255]) + plain(PDU) + plain(PDU, answered)
    tree = struct.pack("<HBBIII", 16, 2, 0, 0x8000, 0, 0)
    # A cipher for each, asked for by the caller, or by the share when the rest is refused already.
    for dialect, limits in ((0x10, 8), (0x10, 16), (0x10, 24), (0x10, 32), (3, 4), (4, 4)):
        log_on = answer(FORM, bytes([dialect, limits])) + answer(FORM | SIGN, b"done")
        valid = answer(signed, status=0x80) if dialect < 16 else b""
        yield bytes([0x40, 3, 255]) + log_on + answer(FORM | COMPOUND, status=0x80) + \
            answer(FORM | COMPOUND) + answer(FORM | PDU) + valid + \
            answer(FORM | PDU, page, status=0x80)
        yield bytes([0, 3, 255]) + log_on + answer(SIGN | COMPOUND, tree) + \
            answer(SIGN | COMPOUND, status=5) + answer(SIGN, status=5) + \
            answer(FORM | COMPOUND, status=0x80) + answer(FORM | PDU) + valid + \
            answer(FORM | PDU, page, status=0x80)
    # Keep-alives in the place of an answer; and packets of a NetBIOS session, which are no answer either.
    yield bytes([0, 3, 255]) + struct.pack("<H", 128) + bytes([0x85, 0, 0, 0]) * 32
    yield bytes([0, 7, 255]) + struct.pack("<H", 128) + bytes([0x82, 0, 0, 0]) + bytes([0x85, 0, 0, 0]) * 31
    # A session that expires before it is there.
    yield bytes.fromhex("0000ff0aff01020000006220001e7a570100030001d33dcc00070000ea3a000000")
    # The answer first, what NEGOTIATE said only then; and a server that denies having said it.
    for first, second in ((answer(signed | PDU | YOUNGEST, page), answer(signed)),
                          (answer(signed), answer(signed | PDU, page)),
                          (answer(SIGN, status=5), b""),
                          (answer(signed, status=6), answer(signed | PDU, page))):
        yield bytes([0, 3, 255]) + answer(FORM, b"\x02\0") + answer(signed, b"done") + \
            answer(signed | COMPOUND) * 2 + answer(signed | PDU) + first + second
    # An encrypted session, or a guest's; credits one by one, and none; half a fragment taken.
    for flags, limits in ((4, 8), (1, 8), (4, 0)):
        yield bytes([0, 3, 255]) + answer(FORM, bytes([0x10, limits])) + \
            answer(SIGN, struct.pack("<4H", 9, flags, 72, 0)) + \
            answer(FORM | COMPOUND, status=0x80) + answer(FORM | COMPOUND) + answer(FORM | PDU) + \
            answer(FORM | PDU, page, status=0x80)
    for last in (1, 0):
        yield bytes([0, 3, 255]) + answer(FORM, b"\x02\0", credits=1) + \
            answer(signed, b"done", credits=1) + answer(signed, credits=1) * 2 + \
            answer(signed | PDU, credits=1) + answer(signed, credits=last) + \
            answer(signed | PDU, page[:64], status=0x08, credits=0)
    yield bytes([0x20, 3, 255]) + answer(FORM, b"\x10\0") + answer(signed, b"done") + \
        answer(signed | COMPOUND) * 2 + answer(signed | PDU, b"\1") + \
        answer(SIGN, struct.pack("<HHI8x", 17, 0, 9))
    for options in (2, 6, 14):
        for level in (3, 0, 0x43):
            start = bytes([options, level, 255]) + answer(FORM, b"\x10\0") + \
                answer(FORM | SIGN, b"done") + answer(signed | COMPOUND) * 2 + answer(signed | PDU)
            for clients in (["127.0.0.1", "::1"], ["::1"], []):
                yield start + answer(signed | PDU, page_of_level_10(clients, 234, 7)) + \
                    answer(signed | PDU, page_of_level_10(clients, 0, 0))
    # A call with the bind: answered, refused, refused with the bind, expired, put off for want of credits or for its
    # length, and not made because something is deleted before.
    early = answer(FORM, b"\x10\x80") + answer(FORM | SIGN, b"done")
    opened = answer(signed | COMPOUND) * 2 + answer(signed | PDU)
    refused, expired = answer(SIGN, status=6), answer(SIGN, status=7)
    for options in (0, 2, 0x20, 0x40, 0x80):
        start = bytes([options, 3, 255]) + early + opened
        yield start + answer(signed | PDU, page)
        yield start + answer(signed | PDU, page_of_level_10(["::1"], 234, 7)) + answer(signed | PDU, page)
        yield start + answer(signed | PDU, page[:third], status=8) + answer(signed | PDU, page[third:])
        yield start + refused + answer(signed | PDU, page)
        yield start + expired + answer(signed, b"done") + answer(signed | PDU, page)
    yield bytes([0, 3, 255]) + early + answer(signed) * 2 + refused * 2 + opened + answer(signed | PDU, page)
    yield bytes([0, 3, 255]) + early + expired * 4 + answer(signed, b"done") + opened + answer(signed | PDU, page)
    yield bytes([0, 3, 255]) + early + opened + answer(signed | PDU | YOUNGEST, page) * 2
    for last in (1, 2, 3):
        yield bytes([0, 3, 255]) + answer(FORM, b"\x10\x80", credits=1) + answer(FORM | SIGN, b"done", credits=last) + \
            answer(signed, credits=1) * 2 + answer(signed | PDU) + answer(signed | PDU, page)
    # No credit for the log-on; an answer compounded with a challenge, then bytes without end.
    yield bytes([0, 0, 255]) + answer(FORM, b"\x10\0", credits=0)
    yield bytes([0, 0x10, 255]) + answer(FORM, b"\x10\0") + \
        answer(FORM | COMPOUND, b"challenge", status=1) + answer(FORM, b"second") + \
        (bytes([RAW_BYTES | EARLY, 0x0F]) + bytes(0xFC0)) * 4
    yield bytes([0x10, 0, 255]) + answer(FORM)
    # A null session, where the caller asked for one, and where it wants encryption, too; a NetBIOS session first.
    null = answer(FORM, b"\x10\0") + answer(0, struct.pack("<4H", 9, 2, 72, 0) + bytes(4))
    for options in (0, 0x40):
        yield bytes([options, 6, 255]) + null + answer(FORM | COMPOUND) * 2 + answer(FORM | PDU) + answer(FORM | PDU, page)
    yield bytes([0, 6, 255]) + answer(FORM, b"\x10\0") + answer(0, struct.pack("<4H", 9, 1, 72, 0)) + answer(FORM)
    for packet in (b"\x82\0\0\0", b"\x83\0\0\1\x82", b"\x84\0\0\6\xc0\0\2\7\1\xbd", b"\x85\0\0\0\x82\0\0\0", b"\0\0\0\4abcd"):
        # The first flags are bytes without any form, and their length is in what follows them.
        yield bytes([0, 7, 255]) + bytes([0x80 | len(packet), 0x80]) + packet + log_on + answer(signed | COMPOUND) * 2 + \
            answer(signed | PDU) + answer(signed) + answer(signed | PDU, page)
    for nothing in (b"", bytes([0x80, 0x10]) + SMB1 + bytes(8)):
        yield bytes([0x10, 0, 255]) + nothing


def plain(flags, data=b"", status=0):
    return bytes([flags, status]) + struct.pack("<H", len(data)) + data


def conversations(level, variant, data):
    options = [0, 1, 2, 4, 8, 12, 0x20, 6][variant % 8]
    dialect = bytes([[0x10, 1, 2, 3, 4, 0x20, 0x00][variant % 7], 0])
    log_on = answer(FORM, dialect)
    if variant % 2:
        log_on += answer(FORM, b"challenge", status=1)
    log_on += answer(FORM | SIGN, b"done")
    head = bytes([options, level | (0x10 if variant % 2 else 0), [255, 1, 0][variant % 3]]) + log_on
    signed = FORM | SIGN
    opened = answer(signed | COMPOUND) + answer(signed | COMPOUND) + \
        answer(signed | PDU, b"\1" if options & 0x20 else b"")
    if dialect[0] & 15:
        opened += answer(signed)
    whole = answer(signed | PDU, data)
    if options & 0x20:
        whole = answer(signed) + whole
    yield head + opened + whole
    yield head + answer(signed | INTERIM) + answer(signed) + answer(signed | PDU) + whole
    # Rows before their page, after a deletion.
    streamed = bytes([head[0] | 0x80, head[1] | 0x80]) + head[2:] + opened
    yield streamed + answer(signed | PDU, bytes(4)) + whole
    # In pieces: an IOCTL with the first, READs with the rest, out of their order too.
    third = len(data) // 3 & ~7
    pieces = answer(signed | PDU, data[:third], status=0x08) + \
        answer(signed | PDU, data[third:2 * third], status=0x08) + \
        answer(signed | PDU, data[2 * third:])
    yield head + opened + pieces
    yield streamed + answer(signed | PDU, bytes(4)) + pieces
    yield head + opened + answer(signed | PDU, data[:third], status=0x28) + \
        answer(signed | PDU | YOUNGEST, data[third:2 * third], status=0x08) + \
        answer(signed | PDU, data[2 * third:])
    # All READs at once, the last one answered first and with nothing.
    yield head + opened + answer(signed | PDU, data[:third], status=0x38) + \
        answer(signed | YOUNGEST) * 7 + answer(signed | PDU, data[third:2 * third], status=0x08) + \
        answer(signed | PDU, data[2 * third:])
    yield head + opened + answer(signed | PDU, data, status=0x42) + answer(signed | PDU)
    # The session expires, and is authenticated again: before the pipe is open, in a call, between READs, and once too often.
    expired, again = answer(signed, status=7), answer(signed, b"done")
    yield head + expired * 3 + again + opened + whole
    yield head + opened + expired + again + whole
    yield head + opened + answer(signed | PDU, data[:third], status=0x38) + answer(signed | YOUNGEST, status=7) * 2 + \
        expired * 6 + again + answer(signed | PDU, data[third:])
    yield head + opened + (expired + again) * 4
    yield head + opened + expired + answer(signed, b"challenge", status=1) + again + whole
    # Few credits; refusals; a level that steps down; a second page.
    yield head.replace(struct.pack("<B", 16), b"\x01") + opened + whole
    yield head + opened + answer(signed, status=5)
    refused = struct.pack("<7I", LEVELS[level], LEVELS[level], 0, 0, 0, 0, 5)[:4 * 6]
    auto = bytes([head[0], 5 | (head[1] & 0xF0)]) + head[2:]
    yield auto + opened + answer(signed | PDU, struct.pack("<6I", 502, 502, 0, 0, 0, 124)) + whole
    more = data[:-4] + struct.pack("<I", 234)
    yield bytes([head[0] | 2]) + head[1:] + opened + answer(signed | PDU, more) + whole
    yield head + opened + answer(signed | PDU, refused)
