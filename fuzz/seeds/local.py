# SPDX-License-Identifier: MIT
"""Messages of publishers."""
import struct

from seeds.recordings import CUTS, NO_CUTS


def publish_frame(kind, body):
    return struct.pack("<HH", len(body), kind) + body


def publish_text(words):
    return struct.pack("<H", len(words)) + words + b"\0"


def seeds_publish():
    key = struct.pack("<Q", 7)
    texts = b"".join(map(publish_text, (b"fs1", "zo\u00eb".encode(), b"", rb"\Device\NetbiosSmb")))
    stream = publish_frame(1, struct.pack("<I", 0x4E534603) + publish_text(b"smbd")) + \
        publish_frame(2, struct.pack("<II", 0x4E534603, 9)) + publish_frame(3, struct.pack("<I", 5)) + \
        publish_frame(4, key + struct.pack("<5I", 3, 1, 60, 5, 0) + texts) + \
        publish_frame(5, key + struct.pack("<2I", 2, 0)) + publish_frame(6, key) + \
        publish_frame(7, struct.pack("<I", 90)) + publish_frame(8, key) + publish_frame(9, key + bytes(4)) + \
        publish_frame(12, struct.pack("<I", 1) + publish_text(b"why"))
    for cuts in (NO_CUTS, CUTS):
        yield b"\0" + cuts + stream
    yield b"\0" + NO_CUTS + publish_frame(1, struct.pack("<II", 0x4E534604, 1) + publish_text(b"smbd"))
    yield b"\0" + NO_CUTS + publish_frame(1, struct.pack("<I", 0x4E534699) + b"other")
    yield b"\0" + NO_CUTS + publish_frame(4, key + bytes(20) + 4 * publish_text(b"\x1b[2J"))
    puts = b"".join(bytes([4 * (n % 8), n]) for n in range(50))
    yield b"\1" + puts + bytes([3, 255, 3, 3]) + bytes([1, 4, 6, 9, 2, 5, 0, 5]) + puts
    yield b"\1" + bytes([8, 1, 3, 3, 1, 1, 8, 1, 3, 3, 2, 1, 2, 2, 3, 0])


def seeds_publisher():
    hello, put, touch, remove, state, refreshed, raw, close, list_, revoke, warn, leave = range(12)
    kinds = 12

    def add(key, choice):
        return bytes([key * kinds + put, choice])

    polls, some = bytes([hello, 4]), b"".join(add(n, 0x74 + n) for n in range(5))
    for setting in range(4):
        start = bytes([setting])
        for choice in range(16):
            yield start + bytes([hello, choice]) + some + bytes([remove, 2, touch, 3, state, choice, warn, 0])
        yield start + polls + some + bytes([list_, 0, warn, 0, refreshed, 0, close, 0, refreshed, 1])
        yield start + polls + bytes([state, 1, warn, 0, list_, 0, leave, 0, warn, 0]) + polls + some + bytes([leave, 0, leave, 0])
        yield start + polls + some + bytes([revoke, 1, warn, 0]) + polls + bytes([revoke, 0, leave, 0]) + polls
        yield start + polls + add(1, 0x75) + add(2, 0x71) + add(3, 0x76) + bytes([close, 0, list_, 0, list_, 0, touch, 1, leave, 0])
        yield start + polls + add(1, 1) + add(2, 0xF5) + add(2, 0x81) + bytes([close, 0, touch, 1]) + polls
        message = publish_frame(1, struct.pack("<II", 0x4E534604, 1) + publish_text(b"smbd"))
        for piece in (1, 7, len(message)):
            pieces = (message[at:at + piece] for at in range(0, len(message), piece))
            yield start + b"".join(bytes([raw, len(part)]) + part for part in pieces) + some
        yield start + bytes([raw, len(message) + 4]) + message + publish_frame(6, b"")
        for kind in range(14):
            yield start + polls + bytes([raw, 6]) + publish_frame(kind, b"xy") + some
            yield start + polls + bytes([raw, 12]) + publish_frame(kind, struct.pack("<Q", 3)) + some
