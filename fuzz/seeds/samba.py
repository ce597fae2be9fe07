# SPDX-License-Identifier: MIT
"""Output of smbstatus, and pipes between smbd and Samba's srvsvc."""
import json
import struct

from seeds.recordings import CUTS, NO_CUTS, TESTS, pdus, recordings

SMBSTATUS = TESTS / "smbstatus"


def connection(family, address, peer_port, local_port):
    """A message of sock_diag(7) with one connection: struct nlmsghdr, struct inet_diag_msg."""
    return struct.pack("=IHHII4B2s2s16s16sI8s5I", 88, 20, 2, 0, 0, family, 1, 0, 0, struct.pack(">H", local_port),
                       struct.pack(">H", peer_port), b"", address, 0, b"", 0, 0, 0, 0, 0)


CONNECTIONS = (connection(2, bytes([127, 0, 0, 1]), 0x1234, 445) + connection(2, bytes([127, 0, 0, 1]), 256, 445) +
               connection(10, bytes(15) + b"\1", 54007, 445) + connection(10, bytes(15) + b"\1", 54007, 139) +
               struct.pack("=IHHIIi", 20, 3, 2, 0, 0, 0))


def seeds_smbstatus():
    shares = (SMBSTATUS / "4.17-shares.json").read_bytes()
    for path in sorted(SMBSTATUS.glob("*.json")):
        answer = json.loads(path.read_text())
        yield b"\0" + path.read_bytes()
        for number, session in answer.get("sessions", {}).items():
            one = json.dumps({"sessions": {number: session}}).encode()
            yield b"\0" + one + b"\0" + shares
            for other in (dict(session, username="bob"), dict(session, remote_machine="::1"), dict(session, uid=1000)):
                both = json.dumps({"sessions": {number: other, "77": dict(session, session_id="77")}}, separators=(",", ":")).encode()
                yield b"\3" + one + b"\0" + both + b"\0" + one
                yield b"\3" + both + b"\0" + one + b"\0" + both
            opens = {str(n): {"server_id": session["server_id"], "uid": session["uid"] + n // 2} for n in range(3)}
            yield b"\0" + one + b"\0\0" + json.dumps({"open_files": {"/a": {"opens": opens}}}).encode()
            yield b"\1" + session["hostname"].encode() + b"\0" + CONNECTIONS
    for peer in ("ipv4:127.0.0.1:4660", "ipv4:127.0.0.1:256", "ipv6:::1:54007", "ipv6:fe80::1%eth0:1", "host"):
        yield b"\1" + peer.encode() + b"\0" + CONNECTIONS
    for text in ("2026-11-25T20:27:00.725385+00:00", "2000-02-29T00:00:00-04:30", "30828-09-14T02:48:05.4+00:00"):
        yield b"\2" + text.encode()


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


def seeds_samba_texts():
    mark = b"# netsession-samba: "
    block = mark + b"begin, by \"netsession-samba enable\"; \"netsession-samba disable\" takes it out\n[global]\n" \
        b"external_rpc_pipe:socket_dir = /run/netsession-samba\n" + mark + b"end\n"
    conf = b"[global]\n\tworkgroup = LAB\n[share]\n\tpath = /srv\n"
    mark_of_order = b"\xef\xbb\xbf"
    files = [b"", conf, block + conf, conf + block, block + block + conf, block[:-20] + conf, block.replace(b"[global]\n", b"") + conf,
             conf.replace(b"\n", b"\r\n"), block.replace(b"\n", b"\r\n") + conf, mark_of_order + conf, mark_of_order + b"a\\\nb\n" + conf,
             mark_of_order, mark_of_order + b"a \\ \n", conf + b"\0", b"External_RPC_pipe : socket_dir=/x\n" + conf, b"  " + mark + b"x\n",
             block.replace(b"/run", b"run") + conf, block.replace(b"/run", b"/" + b"r" * 100) + conf, conf[:-1], block[:-1]]
    for text in files:
        for directory in (b"/run/a", b"/", b"a", b"/a/", b"/" + b"r" * 90, b"/a\x01", b"/a  b", b"/a%b"):
            yield b"\0" + directory + b"\0" + text
        yield b"\1" + text
    for text in (b" ncacn_np:[\\pipe\\InitShutdown]\n ncacn_np:host[\\PIPE\\srvsvc,x]\nncacn_np:[a]\n", b" ncacn_np:[.a]\n ncacn_np:[a/b]\n",
                 b" ncacn_np:[" + b"n" * 70 + b"]\n", b" ncacn_np:x\n ncalrpc:[a]", b" ncacn_np:[a]\n" * 2,
                 b"".join(b" ncacn_np:[p%d]\n" % n for n in range(260))):
        yield b"\2" + text
    for text in (b"LAB\\alice:*:1000:513::/home:/bin/sh\nroot:*:0:0:::\n", b"bob:*:4294967294:1::\n", b":*:0:\n", b"a\nb:0", b""):
        for flags in (b"\0\0", b"\1\0", b"\0\1"):
            yield b"\3" + flags + text
    for data in recordings("samba-*-pipe-opening*"):
        yield b"\4" + data[:300]
        for level in range(5, 10):
            yield b"\4" + data[:8] + struct.pack("<2I", level, level) + data[16:300]
