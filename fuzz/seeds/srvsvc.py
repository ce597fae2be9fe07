# SPDX-License-Identifier: MIT
"""NetrSessionEnum and NetrSessionDel: requests, answers, and a server of both."""
import struct

from seeds.recordings import CUTS, LEVELS, NO_CUTS, pdus, recordings, stub


def seeds_session_answer():
    for index, level in enumerate(LEVELS):
        stubs = recordings(f"*-session-enum-response-level{level}-stub")
        stubs += [stub(data)
                  for data in recordings(f"*-session-enum-response-level{level}-[1-9r]*")]
        for data in stubs:
            for cuts in (NO_CUTS, CUTS):
                yield bytes([index, 0]) + cuts + data[:4000]
            swapped = b"".join(data[i:i + 4][::-1] for i in range(0, len(data), 4))
            yield bytes([index, 1]) + NO_CUTS + swapped[:4000]


def seeds_session_request():
    for data in recordings("*session-enum-request*"):
        big = next(pdus(data))[4] & 0xF0 == 0
        yield bytes([4 * big]) + stub(data)
    for data in recordings("*session-del-request*"):
        yield bytes([1]) + stub(data)
    for kind in (0x02, 0x06, 0x0A, 0x12, 0x1A):
        yield bytes([kind]) + "häuser \U0001F600".encode("utf-16-le")
    # Half a surrogate pair: before a terminator, before a pair, and where a text is cut.
    for units in ((0x61, 0xD800, 0, 0x62), (0xD800, 0xD83D, 0xDE00)):
        yield bytes([0x12]) + struct.pack(f"<{len(units)}H", *units)
    for kind, most in ((0x02, 0), (0x0A, 3), (0x12, 16), (0x1A, 1023)):
        euros = "\u20AC".encode("utf-16-le")
        yield bytes([kind]) + euros * (most + 2)
        yield bytes([kind]) + euros * most + struct.pack("<2H", 0xD800, 0x20AC)


def seeds_srvsvc_server():
    comes, changes, goes, raw, enum, enum_all, delete, ages = range(8)
    full = b"".join(bytes([comes, which, which ^ 0x55]) for which in range(1, 64))
    some = full[:3 * 9]
    root, stranger, anonymous, text = 2, 0, 1, b"\4\0\0\0" + bytes(4) + b"\4\0\0\0" + b"f\0s\0\0\0"
    for setting in range(4):
        for level in range(5):
            for who in (root, stranger, anonymous, 0x80 | root):
                yield bytes([setting]) + some + bytes([enum, who, level, 0, 255, 4]) + \
                    bytes([goes, 3, enum, who, level | 0xC0, 0x0B, 9, 5])
            for preferred in (0, 10, 255):
                yield bytes([setting]) + full + bytes([enum_all, level, 0, preferred]) + \
                    bytes([enum_all, level | 0x80, 1, preferred, changes, 4, 0x0A, 7, ages, 99, 99])
        for which in range(0, 64, 5):
            for flags in (0x40, 0x80, 0xC0, 0):
                yield bytes([setting]) + full + bytes([delete, flags | root, which, enum_all, 4, 0, 255])
    for opnum, pattern in ((0, "*session-enum-request*"), (1, "*session-del-request*")):
        for data in recordings(pattern):
            big = next(pdus(data))[4] & 0xF0 == 0
            for who in (root, stranger):
                yield b"\0" + some + bytes([raw, who | 0x80 * big, opnum]) + \
                    struct.pack("<H", len(stub(data))) + stub(data)
    for level in (0, 1, 2, 101, 100, 503):
        shares = struct.pack("<I", 0) + struct.pack("<5I", level, level, 0x20000, 0, 0) + \
            struct.pack("<3I", 0xFFFFFFFF, 0x20004, level % 2)
        server = b"\1\0\2\0" + text.ljust(20, b"\0") + struct.pack("<I", level)
        for opnum, data in ((2, shares), (3, server), (3, bytes(4) + server[-4:])):
            for who in (root, anonymous):
                yield b"\1" + bytes([raw, who, opnum]) + struct.pack("<H", len(data)) + data
    yield b"\0" + bytes([raw, root, 0x80 + 9, 0, 0])


def seeds_interfaces():
    caller, counters, beside, enum, warnings = range(5)
    management = 8

    def call(opnum, data=b""):
        return bytes([opnum, len(data)]) + data

    plain = b"".join(map(call, (caller, counters, warnings, 5, 7)))
    stats = b"".join(call(management | n, data) for n in range(6) for data in
                     (b"", struct.pack("<I", 3), struct.pack("<2I", 10, 200), struct.pack("<2I", 51, 5000), struct.pack("<2I", 9, 0)))
    for setting in range(8):
        for label in (b"alice", b"", "h\u00e4user".encode()):
            head = bytes([setting]) + label + b"\0some sessions are missing\0"
            yield head + plain + stats
            for data in recordings("*session-del-request*"):
                yield head + call(beside | 0x80 * (next(pdus(data))[4] & 0xF0 == 0), stub(data)[:255])
            for client, user in ((b"", "alice"), (b"\\\\pc1", ""), (b"", "bob"), (b"", "")):
                def name(text):
                    units = (text + "\0").encode("utf-16-le")
                    return struct.pack("<4I", 0x20000, len(units) // 2, 0, len(units) // 2) + units + bytes(-len(units) % 4) \
                        if text else bytes(4)
                yield head + call(beside, bytes(4) + name(client.decode()) + name(user))
            for data in recordings("*session-enum-request*")[::6]:
                yield head + call(enum | 0x80 * (next(pdus(data))[4] & 0xF0 == 0), stub(data)[:255])
