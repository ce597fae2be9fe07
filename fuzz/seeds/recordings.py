# SPDX-License-Identifier: MIT
"""The bytes of tests/wire, and what seeds of several targets are made of."""
import pathlib
import struct

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests"
WIRE = TESTS / "wire"


def recording(path):
    lines = path.read_text().splitlines()
    return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))


def recordings(pattern):
    return [recording(path) for path in sorted(WIRE.glob(pattern + ".hex"))]


def frames(data):
    """The messages of a recording, without their length prefixes."""
    while len(data) >= 4:
        length = int.from_bytes(data[1:4], "big")
        yield data[4:4 + length]
        data = data[4 + length:]


def pdus(data):
    while len(data) >= 16:
        big = data[4] & 0xF0 == 0
        length = int.from_bytes(data[8:10], "big" if big else "little")
        yield data[:length]
        if length < 16:
            return
        data = data[length:]


def stub(data):
    """The stub of a request's or a response's fragments."""
    return b"".join(pdu[24:] for pdu in pdus(data))


NO_CUTS = b"\0"
CUTS = b"\x03" + struct.pack("<3H", 13, 30, 71)
LEVELS = [0, 1, 2, 10, 502]
