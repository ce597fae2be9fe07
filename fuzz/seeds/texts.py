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
    for pair in ("alice\0LAB\\alice", "LAB/alice\0alice@LAB.EXAMPLE", "LAB\\alice\0alice@lab.example", "10.0.0.7\0\\\\10.0.0.8",
                 "pc1\0::1", "pc1\0PC2", "\\alice\0@", "a@b.c.d\0D\\a", "alice@averylongdomainname.example\0AVERYLONGDOMAIN\\alice",
                 "a" * 20 + "\0\U0001F600\U0001F600", "10.0.0.7\0pc1"):
        yield b"\7" + pair.encode()
        for kind in range(4):
            yield bytes([8, kind]) + pair.encode("latin-1", "replace").split(b"\0")[0] + b"\xe4\x81\0"
        for answer in (0, 5, 7):
            for status in range(3):
                yield bytes([10, answer, status]) + pair.encode()
    for shown in ("=1+1", "@a;b,\"c\"", "'a", "\uff1dx", "\u202eabc\u2066", "\x1b[2J\x7f\x85\u2028", "\\x41\\u0041\\U0001F600\\x4",
                  "\ufeff\ufffe\U000E0041", "\u200d\ufe0f", "a" * 40 + "\u202e", "\t-1", "\r=1"):
        yield b"\x0b" + shown.encode()
    yield b"\x0b\xff\xc3\xe2\x80 \xf0\x9f\x98"
    yield b"\x0b\xf7\xaa\xaa\xaa!"
    for count in (0, 1, 59, 61, 3600, 90000, 1 << 40, (1 << 64) - 1, 116444736000000000, 133000000000000000):
        yield b"\x09" + struct.pack("<4H", *(count >> shift & 0xFFFF for shift in (48, 32, 16, 0)))


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


def seeds_configuration():
    files = [b"", b"a\nb\r\n\n", b"\xef\xbb\xbfa\n", b"\xff\xfea\0", b"a\0b", b"a\rb\n", b"\xc3\n", b"a\n\xef\xbb\xbfb\n",
             b"x" * 65536, b"\0a"]
    for text in files:
        yield b"\0" + text
    values = {"server": ["listen = 127.0.0.1:4450, [::1]:4450", "listen = :1", "listen = [::]:70000", "listen =", "socket = /a",
                         "socket = a", "netbios_name = FS-1", "comment = a, \"b\" # c", "max_sessions = 10", "max_sessions = 0",
                         "max_sessions = 99999999999", "max_sessions = 1x", "encryption = require", "encryption = x",
                         "min_dialect = 3.1.1", "hosts_allow = 10.0.0.0/8, 2001:db8::/32,10.0.0.7", "hosts_deny = 10.0.0.1/8",
                         "hosts_deny = ::/129, x", "hosts_deny = 10.0.0.0/8,\n 10.1.0.0/16", "log_level = debug",
                         "publish_socket = \"/a\"", "max_answer_mib = 16 # much", "idle_timeout_s=900 ; a comment", "nothing = 1",
                         "max_clients = 1", "listen = " + ", ".join(f"10.0.0.{n}:445" for n in range(17))],
              "auth": ["mechanisms = ntlm, kerberos", "mechanisms = x", "mechanisms =", "anonymous = yes", "anonymous = maybe",
                       "ntlm_users = /a", "keytab = FILE:/etc/krb5.keytab"],
              "access": ["policy = hardened", "administrators = alice,\n  bob, @admins\n\n carol", "administrators = 'a'",
                         "level_0 = authenticated", "delete = nobody", "publishers = uid:0"],
              "audit": ["file = /var/log/audit", "format = json"], "demo": ["sessions = 9"], "other": ["a = b"]}
    for section, lines in values.items():
        for line in lines:
            yield b"\1\0\0" + f"[{section}]\n{line}\n".encode()
            yield b"\1\0\0" + f"{line}\n[{section}]\n{line}\n{line}\n".encode()
        yield b"\1\0\0" + ("[" + section + "]\r\n" + "".join(line + "\r\n" for line in lines)).encode()
    for text in (b"# c\n; d\n\n[server]\n", b" a\n", b"[server\n", b"a = b\n", b"[server]\nlisten\n", b"[server]\ncomment = \x7f\n",
                 b"[access]\nadministrators = a\n\tb,c\n", b"[server]\ncomment = " + b"x" * 5000, b"[audit]\n[server]\n continued\n"):
        yield b"\1\0\0" + text
    for key in range(64):
        for value in (b"1", b"yes", b"/a", b"x y", b"127.0.0.1:1", b"\xff"):
            yield bytes([1, key]) + value + b"\0[server]\n"
    users = [b"LAB:alice:Hunter2\nLAB:bob:Hunter2:with:colons\n", b"# c\n\n\t\nLAB:alice:x\nlab:ALICE:Hunter2\n", b"LAB\\alice:Hunter2\n",
             b"LAB:alice:\n", b":alice:Hunter2\n", b"LAB: a:Hunter2\n", b"LAB:a@b:Hunter2\n", b"LAB:" + b"u" * 121 + b":Hunter2\n",
             b"LAB:a:" + b"p" * 257, b"LAB:a\x01:Hunter2", b"LAB:Hunter2\n", "LAB:h\u00e4user:Hunter2\nB:h\u00c4user:x\n".encode(),
             "LAB:\u0131:Hunter2\n".encode(), b"\xef\xbb\xbfLAB:a:b\r\nL2:a:c\r\n", b"LAB:a:\xff\n"]
    for text in users:
        yield b"\2" + text
    for text in (b"$3$$" + b"0123456789abcdefABCDEF0123456789", b"$3$$" + b"g" * 32, b"$3$x", b"$3$$31d6cfe0d16ae931b73c59d7e0c089c0"):
        yield b"\2LAB:a:" + text
    for name in (b"LAB:alice", b"LAB", b"LAB:a:b", b":a", b"LAB:Hunter2\x01", b"L" * 120 + b":" + b"a" * 120, b"L" * 300,
                 b"#LAB:a", b"LAB:h\xe4user", b"\xef\xbb\xbfLAB:a"):
        for password in (b"Hunter2", b"", b"p" * 257, b"a\nb", b"\xff", b"$3$$x"):
            yield b"\3" + name + b"\0" + password
