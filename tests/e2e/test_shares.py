"""A user's unread or dear answers cost that user alone, however many connections they come over: netsessiond bounds
memory and shares out its time by accounts."""
import pathlib
import struct
import sys
import threading
import unittest

from lab import sessions, tap
from lab.frames import CLOSE, IOCTL, SESSION_SETUP, status
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.raw_rpc import BIND, FAULT, SESSION_ENUM, bind_body, enum_stub, pdu, request
from lab.raw_smb import BUFFER_OVERFLOW, HEADER_BYTES, PENDING, SUCCESS, RawSmb, close, session_setup, transceive
from lab.wait_until import wait_until

ALL = 0xFFFFFFFF
MADE_UP = 60000       # sessions; at level 502 about 11 MB
CONNECTIONS = 20
LIMIT_MIB = 32        # of one user: about three of those answers
NO_MEMORY = hex(0x1C00001B)  # nca_s_fault_remote_no_memory, C706 N.2
MANY = {"max_connections_per_address": 2000, "max_unauthenticated_connections": 4000,
        "max_unauthenticated_connections_per_address": 2000}


class Caller:
    """A connection with a bound pipe."""

    def __init__(self, server, user):
        self.smb = RawSmb(server)
        self.smb.negotiate()
        self.session = self.smb.log_on(user)
        self.tree = self.smb.connect_tree(self.session)
        self.open()

    def open(self):
        self.file = self.smb.open_pipe(self.session, self.tree)
        self.smb.say(self._make(pdu(BIND, bind_body())))
        assert status(self.hear()) == SUCCESS

    def _make(self, data):
        return self.smb.make(IOCTL, transceive(self.file, data, 4280), self.session, self.tree)

    def make(self, level, page_bytes=ALL):
        behind = struct.pack("<III", 0x20000, 0, 0) + struct.pack("<II", page_bytes, 0)
        return self._make(request(SESSION_ENUM, enum_stub(level=level, behind=behind)))

    def ask(self, level, page_bytes=ALL):
        self.smb.say(self.make(level, page_bytes))

    def hear(self):
        while status(answer := self.smb.hear()) == PENDING:
            pass
        return answer

    def call(self, level, page_bytes=ALL):
        self.ask(level, page_bytes)
        return self.outcome()

    def outcome(self):
        """By the first fragment: the status of a fault, or how many sessions the answer has."""
        found = self.hear()[HEADER_BYTES + 48:]
        if found[2] == FAULT:
            return hex(struct.unpack_from("<I", found, 24)[0])
        return struct.unpack_from("<I", found, 24 + 12)[0]

    def reopen(self):
        self.smb.ask(CLOSE, close(self.file), self.session, self.tree)
        self.open()

    def end(self):
        self.smb.socket.close()


def resident_mib(server):
    text = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


class Shares(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(
            ("alice", "mallory"), server_operators="mallory, alice", policy="documented", sessions=MADE_UP,
            max_unread_mib_per_user=LIMIT_MIB, **MANY))
        wait_until(lambda: cls.listed() > MADE_UP // 2)

    @classmethod
    def listed(cls):
        with bound(cls.server.socket) as dce:
            return sessions.enumerate_over(dce, 0, page_bytes=1).total

    def callers(self, user, count=CONNECTIONS):
        made = [Caller(self.server, user) for _ in range(count)]
        for one in made:
            self.addCleanup(one.end)
        return made

    def test_unread_answers_are_bounded_by_user_and_others_get_all_theirs(self):
        alice, = self.callers("alice", 1)
        hostile = self.callers("mallory")
        before = resident_mib(self.server)
        for one in hostile:
            one.ask(502)
        outcomes = [one.outcome() for one in hostile]
        self.assertIn(sum(outcome not in (0, NO_MEMORY) for outcome in outcomes), range(1, CONNECTIONS // 2), outcomes)
        # Texts are beside the entries until an answer is complete: so an answer takes twice as much for a while. The rest is
        # the allocator's.
        self.assertLess(resident_mib(self.server), before + 2 * LIMIT_MIB + 16)
        self.assertGreater(alice.call(502), MADE_UP // 2)
        for one in hostile:
            one.end()

    def test_a_user_with_too_much_unread_gets_faults_until_it_is_read_or_dropped(self):
        hostile = self.callers("mallory")
        spare, alice = self.callers("mallory", 1)[0], self.callers("alice", 1)[0]
        for one in hostile:
            one.call(502)

        def is_refused():
            return spare.call(0, 1) == NO_MEMORY
        for one in hostile:  # pages fill the rest
            if is_refused():
                break
            one.reopen()
            one.call(502, LIMIT_MIB << 20)
        self.assertTrue(is_refused())
        self.assertEqual(1, alice.call(0, 1))
        for one in hostile:
            one.end()
        wait_until(lambda: not is_refused())

    def test_a_log_on_may_end_between_the_parts_of_a_dear_call_of_its_connection(self):
        alice, = self.callers("alice", 1)
        for _ in range(5):
            alice.smb.say(alice.smb.make(SESSION_SETUP, session_setup(b"no token")), alice.make(502))
            statuses = {status(alice.hear()) for _ in range(2)}
            self.assertEqual(1, len(statuses - {SUCCESS, BUFFER_OVERFLOW}), statuses)
            alice.reopen()

    def test_others_are_served_between_the_parts_of_dear_calls(self):
        alice, = self.callers("alice", 1)
        hostile = self.callers("mallory")
        answered, is_over = [0], threading.Event()

        def ask_again(one):
            while not is_over.is_set():
                one.call(502)
                one.reopen()
                answered[0] += 1
        threads = [threading.Thread(target=ask_again, args=(one,)) for one in hostile]
        for thread in threads:
            thread.start()
        wait_until(lambda: answered[0] > 0)
        before, calls = answered[0], 0
        while answered[0] < before + CONNECTIONS:
            self.assertEqual(1, alice.call(0, 1))
            calls += 1
        is_over.set()
        for thread in threads:
            thread.join()
        print(f"# {calls} calls of another user during {CONNECTIONS} dear ones", file=sys.stderr)
        # Each dear call is 30 parts; one account had all of them at once before.
        self.assertGreater(calls, CONNECTIONS)


if __name__ == "__main__":
    tap.main()
