# SPDX-License-Identifier: MIT
"""What people type, and names on the wire."""
import struct

from seeds.recordings import recordings


def seeds_text_inputs():
    for name in (r"\\fs1", "fs1:4450", "[fe80::1%eth0]:445", "2001:db8::1", "10.0.0.1:1",
                 "fe80--1s4.ipv6-literal.net", "häuser.example", "a" * 256, "[::1]", "x:0"):
        yield b"\0" + name.encode()
    for name in (r"\\fs1\share", "//fs1:4450/a b", "fs1/", r"\\?\UNC\fs1\x", "smb://LAB;alice@fs1:445/x%20y?z#",
                 "CIFS://[fe80::1%25eth0]:/x", "file:////fs1/x", "smb://alice:secret@fs1", " fs1. ",
                 "smb://m%C3%BCller.example", r"\\fs1@SSL@443\x", "alice%secret@fs1", r"\fs1"):
        yield b"\6" + name.encode()
    for pair in ("::1\0[::1]", r"\\10.0.0.7" + "\0::ffff:10.0.0.7", "fe80::1%eth0\0fe80--1s4.ipv6-literal.net"):
        yield b"\3" + pair.encode()
    for text in ("häuser \U0001F600", "Straße\0STRASSE", r"\\PC1" + "\0pc1", "é\0É"):
        yield b"\1" + text.encode()
        yield b"\2" + text.encode("utf-16-le")
        yield b"\3" + text.encode()
        for level in range(7):
            yield bytes([4, level]) + text.encode()
    yield b"\4\0" + b"x" * 1030 + b"\0y"
    yield b"\5username = root\npassword =  secret \ndomain=WG\n"
    yield b"\5# c\r\nuser=WG\\root\r\npassword=x\r\n"
    yield b"\5username=\npassword=\n"
    yield b"\5password"


def seeds_nbns():
    for name in ("FILESRV", "fred", "a23456789012345", "a234567890123456", "a.b", "!@#$%^&()-_'{}~"):
        yield b"\1" + name.encode()
    for data in recordings("*-name-query*"):
        for kind in (0, 2, 4, 6):
            yield bytes([kind]) + data
        # A request for time, a refusal, a redirect; more addresses than are taken.
        for flags, counts in ((0xBC00, (1, 0)), (0x8582, (1, 0)), (0x8100, (0, 1))):
            head = struct.pack(">H4H", flags, 0, *counts, counts[1])
            yield b"\6" + data[:2] + head + data[12:46] + b"\0\2" + data[48:]
        yield b"\6" + data[:54] + struct.pack(">H", 6 * 20) + b"\x60\0\x0A\0\0\1" * 20
