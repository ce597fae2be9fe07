#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds the fuzz targets, gives each a corpus made of tests/wire, runs them, and says which of the
functions that they name they reached.

    fuzz/run.py [seconds] [target ...]     default: 60 seconds of each target, two at a time

Works in build/fuzz: corpus/<target> grows from run to run; crashes/<target>-* are reproducers, to
be run again with build/fuzz/<target> <file>. Needs clang with libFuzzer (Debian: clang,
libclang-rt-dev, llvm). Exit status: 0; 1 after a crash, a leak or a hang; 2 when a function that a
target names was not reached."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
OUT = ROOT / "build" / "fuzz"
WIRE = ROOT / "tests" / "wire"
SMBSTATUS = ROOT / "tests" / "smbstatus"
TARGETS = ["session_answer", "session_request", "rpc_association", "rpc_server",
           "srvsvc_server", "smb2_messages", "smb2_requests", "smb2_connection", "client_state",
           "text_inputs", "nbns", "publish", "pac", "ntlm_message", "spnego", "smb_server", "relay_pipe", "smbstatus"]
LIBRARIES = ["libuv", "libcrypto", "krb5-gssapi", "krb5", "jansson"]
# Nothing is inlined, so that each function is one in the account of what was reached.
FLAGS = ["-std=gnu17", "-g", "-O1", "-fno-inline", "-fno-omit-frame-pointer", "-D_GNU_SOURCE",
         '-DNETSESSION_VERSION="fuzz"']
INSTALL_FOLDERS = '#define NETSESSION_SYSCONFDIR "/etc"\n#define NETSESSION_LOCALSTATEDIR "/var"\n'
SANITIZE = ["-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all"]
COUNT_LINES = ["-fsanitize=fuzzer-no-link", "-fprofile-instr-generate", "-fcoverage-mapping"]
INCLUDES = [f"-I{ROOT / path}" for path in ("src", "include", "include/netapi32", "fuzz", "build/fuzz/include")]
MAX_BYTES = {"session_answer": 4096, "rpc_association": 6144, "rpc_server": 4096,
             "srvsvc_server": 2048, "smb2_messages": 1024, "smb2_requests": 1400, "text_inputs": 4500, "nbns": 600, "pac": 2048,
             "ntlm_message": 1500, "spnego": 3000, "smb_server": 2048, "relay_pipe": 4096, "smbstatus": 3000}
ENVIRONMENT = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                   ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=32")


# ---- building ----

def pkg_config(kind):
    return subprocess.run(["pkg-config", kind, *LIBRARIES], check=True, capture_output=True,
                          text=True).stdout.split()


def compile_one(source, flags, folder):
    made = OUT / folder / (str(source.relative_to(ROOT)).replace("/", "_") + ".o")
    newest = max(p.stat().st_mtime for part in ("src", "include", "fuzz")
                 for p in (ROOT / part).rglob("*.h"))
    if not made.exists() or made.stat().st_mtime < max(newest, source.stat().st_mtime):
        subprocess.run(["clang", *FLAGS, *INCLUDES, *flags, "-c", source, "-o", made], check=True)
    return made


def engine_sources():
    return [p for p in sorted((ROOT / "src").rglob("*.c")) if p.parent.name != "netapi"]


def engine(pool, flags, folder):
    """An archive of all sources, of which each target links what it calls."""
    (OUT / "include").mkdir(exist_ok=True)
    (OUT / "include/install_folders.h").write_text(INSTALL_FOLDERS)
    objects = list(pool.map(lambda p: compile_one(p, flags, folder), engine_sources()))
    archive = OUT / folder / "engine.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "rcs", archive, *objects], check=True)
    return archive


def build(targets, jobs):
    (OUT / "objects").mkdir(parents=True, exist_ok=True)
    flags = SANITIZE + pkg_config("--cflags")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        archive = engine(pool, flags, "objects")
        mains = list(pool.map(lambda t: compile_one(FUZZ / f"{t}.c", flags, "objects"), targets))
    for target, main in zip(targets, mains):
        subprocess.run(["clang", "-fsanitize=fuzzer,address,undefined", main, archive,
                        *pkg_config("--libs"), "-lunistring", "-lpthread", "-o", OUT / target],
                       check=True)


# ---- seeds ----

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


def connection(family, address, peer_port, local_port):
    """A message of sock_diag(7) with one connection: struct nlmsghdr, struct inet_diag_msg."""
    return struct.pack("=IHHII4B2s2s16s16sI8s5I", 88, 20, 2, 0, 0, family, 1, 0, 0, struct.pack(">H", local_port),
                       struct.pack(">H", peer_port), b"", address, 0, b"", 0, 0, 0, 0, 0)


CONNECTIONS = (connection(2, bytes([127, 0, 0, 1]), 0x1234, 445) + connection(2, bytes([127, 0, 0, 1]), 256, 445) +
               connection(10, bytes(15) + b"\1", 54007, 445) + connection(10, bytes(15) + b"\1", 54007, 139) +
               struct.pack("=IHHIIi", 20, 3, 2, 0, 0, 0))
SMB1 = b"\0\0\0\x24\xffSMB" + bytes(32)


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


def seeds_rpc_association():
    answers = recordings("samba-4.17-fault-*") + \
        recordings("samba-4.17-session-enum-response-*[!b]")[:12]
    for bind in recordings("samba-4.17-bind-ack-*"):
        for data in answers:
            yield bytes([2]) + CUTS + bind + data[:5800]
    for data in recordings("samba-4.17-bind-nak-*"):
        yield bytes([2]) + NO_CUTS + data
    for data in recordings("*-bind*") + recordings("*session-enum-request*"):
        yield bytes([1]) + CUTS + data


def syntax(uuid, version):
    return uuid.bytes_le + struct.pack("<HH", *version)


def seeds_rpc_server():
    for bind in recordings("impacket-0.10-bind*") + recordings("rpcclient-4.17-bind") + \
            recordings("samba-4.17-python-bind-big-endian"):
        for most, cuts in ((0, NO_CUTS), (3, CUTS), (255, CUTS)):
            for data in recordings("*-session-enum-request*")[::4]:
                yield bytes([0, most]) + cuts + bind + data + data + bind

    first, last, canceled = 1, 2, 4
    request, bind, alter, cancel, orphaned = 0, 11, 14, 18, 19
    srvsvc = syntax(uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188"), (3, 0))
    other, ndr = syntax(uuid.UUID(int=0), (3, 0)), \
        syntax(uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), (2, 0))
    ndr64 = syntax(uuid.UUID("71710533-beba-4937-8319-b5dbef9ccc36"), (1, 0))
    features = syntax(uuid.UUID("6cb71c2c-9812-4540-0300-000000000000"), (1, 0))

    def pdu(kind, flags, call_id, body):
        return bytes([kind, flags, call_id]) + struct.pack("<H", len(body)) + body

    def contexts(*proposed, frag=4280, group=0):
        return struct.pack("<HHIBBH", frag, frag, group, len(proposed), 0, 0) + b"".join(
            struct.pack("<HBB", at, len(transfers), 0) + interface + b"".join(transfers)
            for at, (interface, *transfers) in enumerate(proposed))

    def call(opnum, data=b"", flags=first | last, call_id=2, context=0, hint=0):
        return pdu(request, flags, call_id, struct.pack("<IHH", hint, context, opnum) + data)

    start = pdu(bind, 3, 1, contexts((srvsvc, ndr), (other, ndr64, ndr), (other, ndr64),
                                     (srvsvc, features), group=7))
    small = pdu(bind, 3, 1, contexts((srvsvc, ndr), frag=1000))
    whole = [start + call(n, bytes(range(40)), context=c) for n in range(5) for c in (0, 1, 9)]
    whole += [small + call(1) + call(2, b"x" * 900, first) + call(2, b"y" * 900, last) + call(2),
              # An alter_context that adds, one that changes, and one with no end.
              start + pdu(alter, 3, 2, contexts((other, ndr))) + call(2, b"z"),
              start + pdu(alter, 3, 2, contexts((srvsvc, ndr), (srvsvc, ndr))) + call(2, b"z"),
              start + pdu(alter, 3, 2, contexts((srvsvc, ndr))[:30]),
              start + pdu(alter, 3, 2, contexts(*[(srvsvc, ndr)] * 40)),
              pdu(bind, 3, 1, contexts(*[(srvsvc, ndr)] * 40)),
              pdu(bind, 3, 1, contexts((srvsvc, features), (srvsvc, features))),
              pdu(bind, 3, 1, contexts()), start + start, call(2, b"too early"),
              # Out of order, too long, cancelled, given up.
              start + call(2, b"a" * 8, first) + call(2, b"b", first),
              start + call(2, b"a" * 8, first) + call(2, b"b", last, call_id=3),
              start + call(2, b"a", last, call_id=1) + call(0),
              start + call(0, call_id=9) + call(2, b"a", last, call_id=8) + call(0),
              start + call(2, b"a", first, hint=1 << 20),
              start + call(2, b"a", first | last, hint=1 << 20),
              start + call(2, b"a", first | last | canceled),
              start + call(2, b"a" * 8, first) + pdu(cancel, 3, 2, b"") + call(2, b"b", last),
              start + call(2, b"a" * 8, first) + pdu(orphaned, 3, 2, b"") + call(0, call_id=3),
              start + call(2, bytes(16) + b"an object", 0x83), start + pdu(13, 3, 1, bytes(4))]
    for pipe in whole:
        for most, cuts in ((0, NO_CUTS), (9, CUTS)):
            yield bytes([1, most]) + cuts + pipe
    auth3, token, signed_header = 16, 0x20, 4
    for sealed in (0, 0x40):
        for flags in (3, 3 | signed_header):
            def secure(kind, call_id, body=b"", flags=3, sealed=sealed):
                return pdu(kind | token | sealed, flags, call_id, body)

            proposed = contexts((srvsvc, ndr))
            at_once = secure(bind, 1, proposed, flags)
            asks = [secure(request, call_id, struct.pack("<IHH", 0, 0, opnum) + data)
                    for call_id, (opnum, data) in enumerate([(0, b""), (1, b""), (2, b"x" * 33)], 5)]
            in_two = secure(bind, 3, proposed, flags)
            for pipe in ([at_once, *asks], [at_once, *asks[:1], call(2)], [at_once, secure(request, ord("x"), bytes(8))],
                         [in_two, secure(alter, 4, proposed), *asks], [in_two, secure(auth3, 4, bytes(4)), *asks],
                         [in_two, secure(auth3, 5, bytes(4)), *asks], [in_two, *asks], [secure(bind, 2, proposed)],
                         [in_two, secure(alter, 5, proposed)], [secure(bind, ord("m"), proposed)],
                         [at_once, secure(request, 5, struct.pack("<IHH", 0, 0, 2) + bytes(8), first),
                          secure(request, 5, struct.pack("<IHH", 0, 0, 2) + bytes(8), last)]):
                for most, cuts in ((0, NO_CUTS), (9, CUTS)):
                    yield bytes([3, most]) + cuts + b"".join(pipe)
    for version in (b"\5\1\x0b\3", b"\4\0\x0b\3", b"\5\2\0\3", b"\5\0\0\3"):
        yield bytes([0, 9]) + NO_CUTS + version + struct.pack("<IHHI", 0x10, 16, 0, 1)
        yield bytes([0, 9]) + NO_CUTS + version + struct.pack("<IHHI", 0x10, 65535, 0, 1)


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


def seeds_smb2_messages():
    patterns = ["*-negotiate-response*", "*-session-setup-response*", "*-tree-connect-response*",
                "*-create-response*", "*-ioctl-response*", "*-read-response*", "*-write-response*",
                "*-validate-negotiate-info*"]
    for which, pattern in enumerate(patterns, 1):
        for data in recordings(pattern):
            for message in frames(data):
                yield bytes([which]) + message[:1000]
                yield bytes([0]) + message[:64]


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


def seeds_smbstatus():
    shares = (SMBSTATUS / "4.17-shares.json").read_bytes()
    for path in sorted(SMBSTATUS.glob("*.json")):
        answer = json.loads(path.read_text())
        yield b"\0" + path.read_bytes()
        for number, session in answer.get("sessions", {}).items():
            one = json.dumps({"sessions": {number: session}}).encode()
            yield b"\0" + one + b"\0" + shares
            opens = {str(n): {"server_id": session["server_id"], "uid": session["uid"] + n // 2} for n in range(3)}
            yield b"\0" + one + b"\0\0" + json.dumps({"open_files": {"/a": {"opens": opens}}}).encode()
            yield b"\1" + session["hostname"].encode() + b"\0" + CONNECTIONS
    for peer in ("ipv4:127.0.0.1:4660", "ipv4:127.0.0.1:256", "ipv6:::1:54007", "ipv6:fe80::1%eth0:1", "host"):
        yield b"\1" + peer.encode() + b"\0" + CONNECTIONS
    for text in ("2026-11-25T20:27:00.725385+00:00", "2000-02-29T00:00:00-04:30", "30828-09-14T02:48:05.4+00:00"):
        yield b"\2" + text.encode()


def seeds_pac():
    for data in recordings("*-pac-logon-info*"):
        for most in (255, 0, 3):
            yield bytes([most]) + data


def recorded_tokens():
    """The security buffers of recorded SESSION_SETUPs, in their order."""
    for data in recordings("*-session-setup-re*") + recordings("signing-*-logon"):
        for message in frames(data):
            # The token of a request or a response: at the offset of [MS-SMB2] 2.2.5 or 2.2.6.
            starts = [message.find(tag, 64 + 8) for tag in (b"\x60", b"\xa1")]
            start = min((at for at in starts if at >= 0), default=None)
            if start is not None:
                yield message[start:]


def seeds_ntlm_message():
    for token in recorded_tokens():
        if b"NTLMSSP" in token:
            yield b"\0" + token[token.find(b"NTLMSSP"):]
            yield b"\3" + token[token.find(b"NTLMSSP"):]


def der(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)) + content


def spnego_message(state, message):
    return struct.pack("<HB", len(message), state) + message


def seeds_spnego():
    kerberos, windows, ntlm = (bytes.fromhex(oid) for oid in (
        "06092a864886f712010202", "06092a864882f712010202", "060a2b06010401823702020a"))
    goes_on, says_last, complete = 1, 7, 6

    def init(*oids, token=None):
        fields = der(0xA0, der(0x30, b"".join(oids))) + (der(0xA2, der(0x04, token)) if token is not None else b"")
        return der(0x60, bytes.fromhex("06062b0601050502") + der(0xA0, der(0x30, fields)))

    def response(state=None, oid=None, token=None, mic=None):
        fields = [(0xA0, None if state is None else der(0x0A, bytes([state]))), (0xA1, oid),
                  (0xA2, None if token is None else der(0x04, token)), (0xA3, None if mic is None else der(0x04, mic))]
        return der(0xA1, der(0x30, b"".join(der(tag, field) for tag, field in fields if field is not None)))

    def exchange(choice, *messages):
        return bytes([choice]) + b"".join(spnego_message(*message) for message in messages)

    skew = der(0x7E, der(0x30, der(0xA0, der(0x02, b"\5")) + der(0xA1, der(0x02, b"\x1e")) +
                             der(0xA4, der(0x18, b"20261130140612Z"))))
    yield exchange(5, (goes_on, der(0x60, kerberos + b"\3\0" + skew)))
    for token in recorded_tokens():
        for choice in range(8):
            yield exchange(choice, (goes_on, token), (complete, token))
    for mic in (None, b"mic"):
        yield exchange(4, (says_last, response(1, ntlm, b"challenge")), (complete, response(0, mic=mic)))
        yield exchange(4, (goes_on, response(3, ntlm)), (says_last, response(1, token=b"challenge")),
                       (complete, response(0, mic=mic)))
        yield exchange(4, (complete, response(1, windows, b"ap-rep", mic)), (complete, response(0)))
        yield exchange(7, (goes_on, init(ntlm, token=b"negotiate")), (complete, response(token=b"auth", mic=mic)))
        yield exchange(5, (0, init(kerberos, ntlm, token=b"ap-req")), (goes_on, response(token=b"negotiate")),
                       (complete, response(token=b"auth", mic=mic)))
        yield exchange(7, (says_last, init(windows, kerberos, ntlm, token=b"ap-req")))
        yield exchange(3, (0, init(ntlm, kerberos)), (says_last, response(token=b"ap-req")), (complete, response(mic=mic)))
    yield exchange(4, (goes_on, response(1, kerberos, b"more")), (goes_on, response(1, kerberos, b"more")), (complete, b""))


SEND, ANSWER, RAW, AUTHENTICATE, PROBE, ENCRYPT = range(6)


def connection_answer(flags, body, credits=8):
    return bytes([flags, len(body), credits]) + body


# RFC 1002 4.3: what may come between messages.
SESSION_PACKETS = [b"\x85\0\0\0" * 2, b"\x83\0\0\x01\x81", b"\x84\0\0\x06\xc0\0\x02\x07\x01\xbd", b"\x82\0\0\0",
                   b"\x81\0\0\x44" + (b" " + b"CK" * 16 + b"\0") * 2]


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
SMB_MESSAGE, SMB_RAW, SMB_JUDGE, SMB_FILL, SMB_BREAK, SMB_END = range(6)


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
    # No credit for the log-on; an answer compounded with a challenge, then bytes without end.
    yield bytes([0, 0, 255]) + answer(FORM, b"\x10\0", credits=0)
    yield bytes([0, 0x10, 255]) + answer(FORM, b"\x10\0") + \
        answer(FORM | COMPOUND, b"challenge", status=1) + answer(FORM, b"second") + \
        (bytes([RAW_BYTES | EARLY, 0x0F]) + bytes(0xFC0)) * 4
    yield bytes([0x10, 0, 255]) + answer(FORM)
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
    # Few credits; refusals; a level that steps down; a second page.
    yield head.replace(struct.pack("<B", 16), b"\x01") + opened + whole
    yield head + opened + answer(signed, status=5)
    refused = struct.pack("<7I", LEVELS[level], LEVELS[level], 0, 0, 0, 0, 5)[:4 * 6]
    auto = bytes([head[0], 5 | (head[1] & 0xF0)]) + head[2:]
    yield auto + opened + answer(signed | PDU, struct.pack("<6I", 502, 502, 0, 0, 0, 124)) + whole
    more = data[:-4] + struct.pack("<I", 234)
    yield bytes([head[0] | 2]) + head[1:] + opened + answer(signed | PDU, more) + whole
    yield head + opened + answer(signed | PDU, refused)


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


def seeds_relay_pipe():
    opening, raw, pdu, bind, enum, delete, listing, status, fault, clock = range(10)
    in_fragments, big, not_last = 0x20, 0x40, 0x80

    def event(what, value, data=None, of_server=0, flags=0):
        head = bytes([what << 1 | of_server | flags, value])
        return head if data is None else head + struct.pack("<H", len(data)) + data

    start = event(opening, 0, b"NPAM") + event(opening, 0, b"NPAM", 1) + \
        event(bind, 1, b"") + event(bind, 1, b"", 1)
    answered = [(enum, value, listing, 16 * n + value % 8)
                for value, n in ((1, 1), (6, 9), (0x0B, 15), (0x5D, 7), (0x2E, 3), (0x77, 12))]
    conversations = [start + event(ask, value, flags=flags) + event(answer, said, None, 1, more)
                     for ask, value, answer, said in answered
                     for flags in (0, in_fragments, in_fragments | big, in_fragments | not_last)
                     for more in (0, in_fragments, big, big | in_fragments)]
    times = b"".join(event(enum, 0) + event(listing, 0x80 | n << 3, None, 1) + event(clock, 3 * n)
                     for n in range(9))
    conversations += [
        start + times, start + event(enum, 0) + event(listing, 7, None, 1),
        start + event(enum, 0) + event(clock, 255) + event(listing, 0x80, None, 1),
        # Whom a deletion means: nobody, one, an account by each of its names.
        start + b"".join(event(delete, value) + event(listing, 0x80 | value & 7, None, 1) +
                         event(status, value & 7, None, 1) + event(status, 0x28 | value & 7, None, 1) * 2
                         for value in range(0, 0x80, 9)),
        start + event(enum, 1) + event(enum, 2) + event(delete, 3) + event(listing, 0xF1, None, 1, big) +
        event(listing, 0xF2, None, 1, big) + event(fault, 3, None, 1),
        # A context that is added, refused, or of another interface; two at once.
        start + b"".join(event(bind, value, b"") + event(bind, answer, b"", 1) + event(enum, 0x82)
                         for value, answer in ((0xA2, 0xA2), (0xAA, 0xA2), (0xA2, 0xAA), (0xA3, 0x13))),
        start + event(bind, 0xA2, b"") * 2 + event(bind, 0xA2, b"", 1) + event(enum, 0x83),
        start + event(bind, 0xA2, b"") + event(fault, 2, None, 1) + event(enum, 0x83),
        # What comes between, and what is no PDU.
        start + event(enum, 1, flags=not_last) + event(pdu, 3, bytes([0, 2]) + bytes(9)) + event(enum, 1),
        start + event(enum, 1, flags=not_last) + event(raw, 0, struct.pack("<H", 40) + b"?" * 40),
        start + event(raw, 0, struct.pack("<H", 40) + b"?" * 40, 1) + event(enum, 1),
        start + event(pdu, 3, bytes([0, 2]) + bytes(20), flags=in_fragments) + event(enum, 1),
        start + event(pdu, 3, bytes([0, 2]) + bytes(20), flags=big) + event(pdu, 3, bytes([2, 2]), 1),
        start + event(enum, 1) * 3 + event(listing, 0x81, None, 1) * 3,
        start + event(pdu, 3, bytes([0, 5]) + bytes(6)) * 70 + event(enum, 6),
        start + event(pdu, 1, bytes([0, 1, 0, 0, 0, 0, 12, 0]) + bytes(17000)) + event(raw, 0, b"\0\0"),
    ]
    for talk in conversations:
        for how, cuts in ((1, NO_CUTS), (1, CUTS), (3, CUTS), (5, CUTS)):
            yield bytes([how]) + cuts + talk
    # The sides' own bytes, of programs that speak over such a pipe.
    for who in ("rpcclient-4.17", "impacket-0.10", "samba-4.17-python"):
        for bound in recordings(f"{who}-bind")[:1] + recordings(f"{who}-bind-big-endian"):
            for asked in recordings(f"{who}-session-*-request*")[::3]:
                for answer in recordings("samba-4.17-session-enum-response-level1-[13d]*")[:2]:
                    ack = recordings("samba-4.17-bind-ack-to-rpcclient")[0]
                    messages = [b"\0\0\0\0" + b"".join(struct.pack("<H", len(p)) + p for p in pdus(x + y))
                                for x, y in ((bound, asked), (ack, answer))]
                    halves = len(bound) + 6, len(ack) + 6
                    talk = b"".join(bytes([side, 0]) + struct.pack("<H", len(part)) + part
                                    for part, side in ((messages[0][:halves[0]], 0),
                                                       (messages[1][:halves[1]], 1),
                                                       (messages[0][halves[0]:], 0),
                                                       (messages[1][halves[1]:], 1)))
                    yield b"\0" + CUTS + talk[:4000]


def make_seeds(target):
    corpus = OUT / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in globals()[f"seeds_{target}"]():
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


# ---- running ----

def fuzz(target, seconds):
    """Runs one target. Returns whether it lived."""
    log = OUT / f"{target}.log"
    crashes = OUT / "crashes"
    crashes.mkdir(exist_ok=True)
    with open(log, "w") as out:
        lived = subprocess.run(
            [OUT / target, f"-max_total_time={seconds}",
             f"-max_len={MAX_BYTES.get(target, 16384)}", "-timeout=10",
             "-rss_limit_mb=2048", "-use_value_profile=1", "-print_final_stats=1",
             f"-artifact_prefix={crashes}/{target}-", OUT / "corpus" / target],
            stdout=out, stderr=out, env=ENVIRONMENT).returncode == 0
    text = log.read_text(errors="replace")
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    speed = re.search(r"average_exec_per_sec: *(\d+)", text)
    edges = re.findall(r" cov: (\d+)", text)
    print(f"{target:16} {'ok' if lived else 'FAILED'}: {runs.group(1) if runs else '?'} runs, "
          f"{speed.group(1) if speed else '?'} a second, {edges[-1] if edges else '?'} edges",
          flush=True)
    if not lived:
        telling = re.compile(r"violated:|ERROR: |runtime error:|Test unit written|Assertion")
        found = [line for line in text.splitlines() if telling.search(line)]
        print("\n".join("    " + line for line in found), flush=True)
    return lived


def named(target):
    comment = (FUZZ / f"{target}.c").read_text()
    listed = re.search(r"Must reach:(.*?)\n \* Holds:", comment, re.S).group(1)
    return re.findall(r"[a-z]\w+", listed)


def symbolizer():
    candidates = ["llvm-symbolizer", *(f"llvm-symbolizer-{n}" for n in range(20, 12, -1))]
    return next((path for path in map(shutil.which, candidates) if path), None)


def unreached(target):
    """The functions that the target names and its corpus does not reach; prints the account."""
    path = symbolizer()
    if path is None:
        print(f"{target:16} no llvm-symbolizer: what was reached is not known")
        return []
    report = subprocess.run(
        [OUT / target, "-runs=0", "-print_coverage=1", f"-artifact_prefix={OUT}/crashes/{target}-",
         OUT / "corpus" / target],
        capture_output=True, text=True, errors="replace",
        env=dict(ENVIRONMENT, ASAN_SYMBOLIZER_PATH=path)).stderr
    reached = set(re.findall(r"^COVERED_FUNC: .*edges: \d+/\d+ (\w+)", report, re.M))
    names = named(target)
    missing = [name for name in names if name not in reached]
    print(f"{target:16} reaches {len(names) - len(missing)} of the {len(names)} functions named"
          + (f", NOT {', '.join(missing)}" if missing else ""), flush=True)
    (OUT / f"{target}.coverage").write_text(report)
    return missing


def lines(targets, jobs):
    """Prints which lines of src the corpora reach, file by file: a build without sanitizers, which
    would count their own branches."""
    out = OUT / "lines"
    out.mkdir(parents=True, exist_ok=True)
    flags = COUNT_LINES + pkg_config("--cflags")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        archive = engine(pool, flags, "lines")
    for target in targets:
        subprocess.run(["clang", "-fsanitize=fuzzer", "-fprofile-instr-generate",
                        compile_one(FUZZ / f"{target}.c", flags, "lines"), archive,
                        *pkg_config("--libs"), "-lunistring", "-lpthread", "-o", out / target],
                       check=True)
        subprocess.run([out / target, "-runs=0", OUT / "corpus" / target], capture_output=True,
                       env=dict(os.environ, LLVM_PROFILE_FILE=str(out / f"{target}.profraw")))
    subprocess.run(["llvm-profdata", "merge", "-o", out / "all.profdata",
                    *(out / f"{t}.profraw" for t in targets)], check=True)
    arguments = [out / targets[0], *(a for t in targets[1:] for a in ("-object", out / t)),
                 f"-instr-profile={out / 'all.profdata'}"]
    folders = [ROOT / "src" / name
               for name in ("base", "wire", "nbns", "ndr", "srvsvc", "rpc", "auth", "smb2", "smbserver",
                            "client", "relay")]
    table = subprocess.run(["llvm-cov", "export", "-summary-only", *arguments, *folders],
                           check=True, capture_output=True, text=True).stdout
    for file in json.loads(table)["data"][0]["files"]:
        count = file["summary"]["lines"]
        if count["count"] == 0:
            continue
        print(f"{os.path.relpath(file['filename'], ROOT):40} {count['covered']:4} of "
              f"{count['count']:4} lines")
    with open(out / "report.txt", "w") as report:
        subprocess.run(["llvm-cov", "show", *arguments, *folders], stdout=report, check=True)
    print(f"line by line: {(out / 'report.txt').relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lines", action="store_true",
                        help="print which lines of src the corpora reach, and run nothing")
    args = parser.parse_args()
    targets = args.targets or TARGETS
    if set(targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(set(targets) - set(TARGETS))}")
    if args.lines:
        lines(targets, args.jobs)
        return 0
    build(targets, args.jobs)
    for target in targets:
        make_seeds(target)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        lived = list(pool.map(lambda t: fuzz(t, args.seconds), targets))
        missing = [name for names in pool.map(unreached, targets) for name in names]
    return 1 if not all(lived) else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
