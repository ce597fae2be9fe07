# SPDX-License-Identifier: MIT
"""Associations of a client and of a server."""
import struct
import uuid

from seeds.recordings import CUTS, NO_CUTS, recordings


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
    # Answers that end too early, of a type that no server sends, with fragments that are too small.
    def cut(pdu, length):
        return pdu[:8] + struct.pack("<H", length) + pdu[10:length]

    ack = recordings("samba-4.17-bind-ack-*")[0]
    for length in (18, 24, 27, 40, len(ack) - 4):
        yield bytes([2]) + NO_CUTS + cut(ack, length)
    yield bytes([2]) + NO_CUTS + ack[:18] + struct.pack("<H", 100) + ack[20:]
    yield bytes([2]) + NO_CUTS + ack + ack[:2] + b"\x0e" + ack[3:]
    for data in answers[:3] + recordings("samba-4.17-bind-nak-*"):
        for length in (16, 17, 20, 23):
            yield bytes([2]) + NO_CUTS + ack + cut(data, length)
            yield bytes([2]) + NO_CUTS + cut(data, length)
    for data in answers[:6]:
        yield bytes([2]) + NO_CUTS + ack + data[:3] + bytes([data[3] & ~1]) + data[4:]
        yield bytes([6]) + NO_CUTS + ack + data + data[:3] + bytes([data[3] & ~2]) + data[4:]
    # A bind without a context: the end, or what aligns contexts, is behind their number.
    for end in (b"", bytes(3)):
        yield bytes([1]) + NO_CUTS + struct.pack("<BBBBIHHIHHIB", 5, 0, 11, 3, 0x10, 25 + len(end), 0, 1, 4280, 4280, 0, 0) + end


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
