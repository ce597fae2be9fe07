"""DCE/RPC that is malformed or out of turn, through a pipe of netsessiond's. After each the server serves the others as
before, and in the build of the sanitizers it has said nothing."""
import random
import struct
import unittest

from impacket import ntlm

from fixtures.bad_messages import At
from lab import raw_smb, sessions, tap
from lab.netsessiond import Netsessiond
from lab.raw_rpc import (ALTER, AUTH3, BAD_STUB, BIND, BIND_ACK, BIND_NAK, DENIED, FAULT, FIRST, LAST, NO_SUCH_OPERATION,
                         PROTOCOL_ERROR, REQUEST, RESPONSE_PDU, SESSION_DEL, SESSION_ENUM, UNKNOWN_INTERFACE, bind_body,
                         enum_stub, pdu, request, secured, wide)
from lab.raw_smb import BUFFER_OVERFLOW, CLOSE, IOCTL, PENDING, PIPE_BROKEN, SUCCESS, WRITE, RawSmb, status


class Rpc(unittest.TestCase):
    """Through a pipe of the administrator's, who may ask all."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice"]))

    def open(self, is_bound=True):
        smb = self.enterContext(RawSmb(self.server))
        smb.negotiate(0x0210)
        session = smb.log_on(self.server.administrator)
        tree = smb.connect_tree(session)
        at = At(smb, session, tree, smb.open_pipe(session, tree))
        if is_bound:
            self.assertEqual((BIND_ACK, None), self.say(at, pdu(BIND, bind_body())))
        return at

    def say(self, at, data, waits=False):
        """(kind of the PDU that comes back, its status or reason); or the NTSTATUS alone. waits: a server under load may
        answer that it is at work."""
        answer = at.smb.ask(IOCTL, raw_smb.transceive(at.file, data, 65536), at.session, at.tree)
        if waits and status(answer) == PENDING:
            answer = at.smb.hear()
        if status(answer) not in (SUCCESS, BUFFER_OVERFLOW):
            return hex(status(answer))
        begin, length = struct.unpack_from("<II", answer, 64 + 32)
        back = answer[begin:begin + length]
        told = {FAULT: ("<I", 24), BIND_NAK: ("<H", 16)}.get(back[2])
        return back[2], told and struct.unpack_from(told[0], back, told[1])[0]

    def check(self, is_bound, is_over, rows):
        for what, data, expected in rows:
            with self.subTest(what):
                at = self.open(is_bound)
                self.assertEqual(expected, self.say(at, data, waits=expected != hex(PENDING)))
                if is_over is not None and expected != hex(PENDING):
                    then = self.say(at, request(SESSION_ENUM, enum_stub(), call=9), waits=True)
                    self.assertEqual(hex(PIPE_BROKEN) if is_over else (RESPONSE_PDU, None), then)
                at.smb.socket.close()
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)

    def test_a_protocol_violation_ends_the_association(self):
        fault = (FAULT, PROTOCOL_ERROR)
        self.check(False, True, [
            ("no RPC", b"GET / HTTP/1.1\r\n\r\n" + bytes(64), hex(PIPE_BROKEN)),
            ("another version", pdu(BIND, bind_body(), version=(4, 0)), hex(PIPE_BROKEN)),
            ("another minor version", pdu(BIND, bind_body(), version=(5, 7)), (BIND_NAK, 4)),
            ("a request before a bind", request(SESSION_ENUM, enum_stub()), fault),
            ("an alter_context before a bind", pdu(ALTER, bind_body()), fault),
            ("no context", pdu(BIND, bind_body(())), (BIND_NAK, 0)),
            ("more contexts than there are", pdu(BIND, bind_body(count=30)), (BIND_NAK, 4)),
            ("more contexts than there may be", pdu(BIND, bind_body(count=255)), (BIND_NAK, 2)),
            ("a bind that is cut", pdu(BIND, bind_body()[:20]), (BIND_NAK, 4)),
            ("an authentication that is not there", pdu(BIND, bind_body(), auth=16), (BIND_NAK, 4)),
        ])
        self.check(True, True, [
            ("a second bind", pdu(BIND, bind_body()), (BIND_NAK, 0)),
            ("an answer", pdu(RESPONSE_PDU, bytes(8)), fault),
            ("an unknown kind", pdu(77, bytes(8)), fault),
            ("a fragment of fifteen bytes", pdu(REQUEST, bytes(8), length=15), fault),
            ("a fragment of no bytes", pdu(REQUEST, bytes(8), length=0), fault),
            ("a fragment without a head", pdu(REQUEST, b""), fault),
            ("a middle without a beginning", request(SESSION_ENUM, enum_stub(), flags=0, call=7), fault),
            ("an end without a beginning", request(SESSION_ENUM, enum_stub(), flags=LAST, call=7), fault),
            ("two beginnings", request(SESSION_ENUM, enum_stub(), flags=FIRST) + request(SESSION_ENUM, enum_stub(), flags=FIRST), fault),
            ("another call in between", request(SESSION_ENUM, b"", flags=FIRST) + request(SESSION_ENUM, b"", flags=LAST, call=5), fault),
            ("an authentication that was not agreed to", request(SESSION_ENUM, enum_stub(), auth=8), (FAULT, DENIED)),
            ("an endless authentication", request(SESSION_ENUM, enum_stub(), auth=0xFFFF), fault),
            ("a promise of 4 GiB", request(SESSION_ENUM, enum_stub(), flags=FIRST, hint=0xFFFFFFFF), (FAULT, DENIED)),
        ])

    def test_an_invalid_log_on_by_rpc(self):
        nonsense = bytes(range(64))
        challenge = ntlm.getNTLMSSPType1("", "", signingRequired=True).getData()
        binds = [
            ("an unknown type", secured(BIND, bind_body(), nonsense, auth_type=77), 8),
            ("no level", secured(BIND, bind_body(), nonsense, level=0), 0),
            ("a level too many", secured(BIND, bind_body(), nonsense, level=7), 0),
            ("more padding than there is body", secured(BIND, bind_body(), nonsense, pad=255), 4),
            ("nonsense by NTLM", secured(BIND, bind_body(), nonsense), 9),
            ("nonsense by SPNEGO", secured(BIND, bind_body(), nonsense, auth_type=9), 9),
            ("the last token first", secured(BIND, bind_body(), b"NTLMSSP\0\3\0\0\0" + bytes(64)), 9),
        ]
        for what, data, reason in binds:
            with self.subTest(what):
                at = self.open(is_bound=False)
                self.assertEqual((BIND_NAK, reason), self.say(at, data, waits=True))
                self.assertEqual(hex(PIPE_BROKEN), self.say(at, request(SESSION_ENUM, enum_stub())))
        half_bound = [
            ("a call", request(SESSION_ENUM, enum_stub()), (FAULT, PROTOCOL_ERROR)),
            ("an AUTH3 without a token", pdu(AUTH3, bytes(4)), (FAULT, PROTOCOL_ERROR)),
            ("an AUTH3 of another context", secured(AUTH3, bytes(4), nonsense, context=9), (FAULT, PROTOCOL_ERROR)),
            ("an AUTH3 of another level", secured(AUTH3, bytes(4), nonsense, level=2), (FAULT, PROTOCOL_ERROR)),
            ("a nonsensical AUTH3 and a call", secured(AUTH3, bytes(4), nonsense) + request(SESSION_ENUM, enum_stub()), (FAULT, DENIED)),
            ("a nonsensical alter_context", secured(ALTER, bind_body(), nonsense), (FAULT, 0x721)),
        ]
        for what, data, expected in half_bound:
            with self.subTest(what):
                at = self.open(is_bound=False)
                self.assertEqual((BIND_ACK, None), self.say(at, secured(BIND, bind_body(), challenge), waits=True))
                self.assertEqual(expected, self.say(at, data, waits=True))
                self.assertEqual(hex(PIPE_BROKEN), self.say(at, request(SESSION_ENUM, enum_stub())))
        for _ in range(20):  # who closes the pipe, or goes, while a token is judged
            at = self.open(is_bound=False)
            at.smb.say(at.make(WRITE, raw_smb.write(at.file, secured(BIND, bind_body(), challenge))),
                       at.make(CLOSE, raw_smb.close(at.file)))
            at = self.open(is_bound=False)
            at.smb.say(at.make(WRITE, raw_smb.write(at.file, secured(BIND, bind_body(), challenge))))
            at.smb.socket.close()
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)

    def test_a_fragment_that_says_it_is_longer_is_waited_for(self):
        self.check(True, None, [("a longer fragment", pdu(REQUEST, bytes(8), length=5000), hex(PENDING))])

    def test_a_call_without_end_is_denied(self):
        at = self.open()
        expected = []
        for number in range(200):
            piece = request(SESSION_ENUM, bytes(4000), flags=FIRST if number == 0 else 0, hint=0)
            answer = at.smb.ask(WRITE, raw_smb.write(at.file, piece), at.session, at.tree)
            expected.append(status(answer))
        self.assertEqual({SUCCESS, PIPE_BROKEN}, set(expected))
        self.assertLess(expected.index(PIPE_BROKEN), 20)

    def test_an_invalid_call_faults_and_the_next_call_is_answered(self):
        long = wide(2000 * "x")
        self.check(True, False, [
            ("an unknown context", request(SESSION_ENUM, enum_stub(), context=77), (FAULT, UNKNOWN_INTERFACE)),
            ("an unknown operation", request(0xFFFF, enum_stub()), (FAULT, NO_SUCH_OPERATION)),
            ("an operation that is not here", request(SESSION_ENUM - 1, enum_stub()), (FAULT, NO_SUCH_OPERATION)),
            ("no stub", request(SESSION_ENUM, b""), (FAULT, BAD_STUB)),
            *((f"a stub of {count} bytes", request(SESSION_ENUM, enum_stub()[:count]), (FAULT, BAD_STUB))
              for count in range(1, len(enum_stub()), 5)),
            ("a text without an end", request(SESSION_ENUM, enum_stub(client=wide("\\\\ab", end="x"))), (FAULT, BAD_STUB)),
            ("a text of no characters", request(SESSION_ENUM, enum_stub(client=wide("", end=""))), (FAULT, BAD_STUB)),
            ("a text longer than its room", request(SESSION_ENUM, enum_stub(client=wide("\\\\abcd", most=2))), (FAULT, BAD_STUB)),
            ("a text that begins later", request(SESSION_ENUM, enum_stub(client=wide("\\\\ab", offset=1))), (FAULT, BAD_STUB)),
            ("a text of 4 Gi characters", request(SESSION_ENUM, enum_stub(client=wide("\\\\ab", 0xFFFFFFFF, count=0xFFFFFFFF))),
             (FAULT, BAD_STUB)),
            ("another arm of the union", request(SESSION_ENUM, enum_stub(tag=502)), (FAULT, BAD_STUB)),
            ("entries that are not there", request(SESSION_ENUM, enum_stub(behind=struct.pack("<IIIII", 1, 9, 1, 9, 9))), (FAULT, BAD_STUB)),
            ("a level that there is none of", request(SESSION_ENUM, enum_stub(level=77)), (RESPONSE_PDU, None)),
            ("endless texts", request(SESSION_ENUM, enum_stub(long, long, long)), (RESPONSE_PDU, None)),
            ("the end of nobody", request(SESSION_DEL, bytes(12)), (RESPONSE_PDU, None)),
            ("the end of somebody endless", request(SESSION_DEL, bytes(4) + long + long), (RESPONSE_PDU, None)),
            ("a server's name without an end", request(21, wide("x", end="y") + struct.pack("<I", 101)), (FAULT, BAD_STUB)),
            ("a thousand statistics", request(15, bytes(4)), (FAULT, BAD_STUB)),
        ])

    def test_nonsense_through_a_pipe(self):
        chance = random.Random(21)
        good = [pdu(BIND, bind_body()), request(SESSION_ENUM, enum_stub(wide("s"), wide("\\\\c"), wide("u"))),
                request(SESSION_DEL, bytes(4) + wide("\\\\nobody") + wide("nobody")), pdu(ALTER, bind_body()), request(15, enum_stub())]
        at = None
        for _ in range(1500):
            if at is None:
                at = self.open(False)
                at.smb.ask(IOCTL, raw_smb.transceive(at.file, good[0], 65536), at.session, at.tree)
            data = bytearray(chance.choice(good))
            for _ in range(chance.randrange(5)):
                data[chance.randrange(len(data))] = chance.choice((0, 1, 2, 3, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            if chance.random() < 0.9:
                struct.pack_into("<H", data, 8, len(data))
            if status(at.smb.ask(IOCTL, raw_smb.transceive(at.file, bytes(data), 65536), at.session, at.tree)) != SUCCESS:
                at.smb.socket.close()
                at = None
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)


if __name__ == "__main__":
    tap.main()
