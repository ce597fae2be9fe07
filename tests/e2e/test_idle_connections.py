"""A call after another one to the same server: what it costs, what is shared with whom, and how a kept connection ends."""
import itertools
import time
import unittest

from fixtures.programs import Conversation, Programs
from lab import command, frames, sessions, tampering, tap
from lab.cli import address
from lab.relay import CUT, TO_SERVER, Relay
from lab.samba import SambaServer
from lab.scripted_smb import ScriptedSmb, head, nameless, tail
from lab.wait_until import calm, wait_until, wait_until_equal

IDLE_S = 10
EXPIRED = 0xC000035C


def logged_on(server, user="root"):
    """How many sessions of the user the server has, but for the one that asks."""
    return sum(row["user"] == user for row in sessions.enumerate_with_impacket(server).rows) - (user == "root")


class IdleConnections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, [sessions.Wanted("mail")]))
        cls.program = cls.enterClassContext(Programs()).compile("by_command.c", "netsession")
        cls.right = cls.server.credentials_file("root")
        sessions.enumerate_with_impacket(cls.server)  # the first open of a pipe takes longer
        cls.copy = cls.right.with_name("copy")
        cls.copy.touch(0o600)
        cls.copy.write_text(cls.right.read_text())
        cls.wrong = cls.server.credentials_file("root", "wrong")
        cls.other = cls.server.credentials_file("games")

    def setUp(self):
        self.relay = self.enterContext(Relay(self.server.host, self.server.port))
        self.asker = self.enterContext(Conversation(self.program))

    def asks(self, expected=0, credentials=None, *, to=None, timeout_ms=20000, encrypt=0, verb="enum"):
        """Asks, and checks the status. Returns what it cost: (TCP connections, round trips), and seconds."""
        relay = to or self.relay
        before, started_at = (relay.connections, relay.round_trips), time.monotonic()
        status = self.asker.say(verb, credentials or self.right, address(relay), timeout_ms, encrypt).split()
        self.seconds = time.monotonic() - started_at
        self.assertEqual(str(expected), status[0])
        self.assertEqual(expected == 0, status[1] != "0", "sessions are given exactly by an answer")
        return relay.connections - before[0], relay.round_trips - before[1]

    def wait_until_logged_on(self, count, within_s=5):
        wait_until_equal(count, lambda: logged_on(self.server), calm(within_s))

    REUSED, NEW = (0, 1), (1, 5)

    def test_the_second_call_is_one_round_trip_on_the_same_connection(self):
        self.assertEqual(self.NEW, self.asks())
        cold = self.seconds
        for _ in range(3):
            self.assertEqual(self.REUSED, self.asks())
        print(f"# cold {cold * 1000:.1f} ms, kept {self.seconds * 1000:.1f} ms")

    def test_equal_credentials_share_whatever_object_they_are_in(self):
        self.asks()
        self.assertEqual(self.REUSED, self.asks(credentials=self.copy))

    def test_another_user_does_not_share(self):
        self.asks()
        self.assertEqual(1, self.asks(5, self.other)[0])
        self.assertEqual((self.REUSED, 2), (self.asks(), self.relay.connections))

    def test_a_wrong_password_does_not_share_and_spoils_nothing(self):
        self.asks()
        self.assertEqual(1, self.asks(1326, self.wrong)[0])
        self.assertEqual(1, self.asks(1326, self.wrong)[0])  # and is not kept
        self.assertEqual(self.REUSED, self.asks())

    def test_another_port_does_not_share(self):
        with Relay(self.server.host, self.server.port) as other:
            self.asks()
            self.assertEqual(self.NEW, self.asks(to=other))
            self.assertEqual((self.REUSED, self.REUSED), (self.asks(), self.asks(to=other)))

    def test_a_plain_connection_does_not_serve_an_encrypted_call(self):
        self.asks()
        self.assertEqual(1, self.asks(encrypt=1)[0])
        self.assertEqual((self.REUSED, self.REUSED), (self.asks(encrypt=1), self.asks()))

    def test_a_connection_stays_after_a_refusal(self):
        self.assertEqual(1, self.asks(5, self.other)[0])
        self.assertEqual(self.REUSED, self.asks(5, self.other))

    def test_the_next_call_uses_the_connection_of_connect(self):
        self.assertEqual("0", self.asker.say("connect", self.right, address(self.relay)))
        self.assertEqual(self.REUSED, self.asks())

    def test_closing_idle_connections_ends_the_sessions_on_the_server(self):
        for which in ("-", address(self.relay)):
            with self.subTest(which):
                self.asks()
                self.wait_until_logged_on(1)
                self.assertEqual("closed", self.asker.say("close", which))
                self.wait_until_logged_on(0)
                self.assertEqual(self.NEW, self.asks())

    def test_closing_the_idle_connections_of_another_server_closes_none_here(self):
        self.asks()
        self.asker.say("close", "192.0.2.1")
        self.assertEqual(self.REUSED, self.asks())

    def test_keep_alives_meanwhile_cost_nothing(self):
        self.asks()
        for keep_alives in (frames.KEEP_ALIVE, 1000 * frames.KEEP_ALIVE):
            self.relay.send_to_clients(keep_alives)
            time.sleep(0.05)  # they arrive
            self.assertEqual(self.REUSED, self.asks())

    def test_anything_else_meanwhile_costs_a_new_connection(self):
        for what in (b"\x83\0\0\1\x81", b"\0\0\0\4\xfeSMB", b"garbage of more than four bytes", 100000 * frames.KEEP_ALIVE):
            with self.subTest(what[:5]):
                self.asks()
                self.relay.send_to_clients(what)
                time.sleep(0.05)
                self.assertEqual(self.NEW, self.asks())

    def test_a_connection_that_was_cut_meanwhile_is_replaced_silently(self):
        self.asks()
        self.relay.cut()
        self.wait_until_logged_on(0)
        self.assertEqual(self.NEW, self.asks())
        self.assertEqual(self.REUSED, self.asks())

    def test_a_connection_whose_session_the_server_closed_is_replaced_silently(self):
        self.asks(5, self.other)
        with Conversation(self.program) as another:
            self.assertEqual("0", another.say("del", self.right, address(self.server), "-", "games").split()[0])
        wait_until(lambda: self.relay.closed_by_server)  # Samba answers before it has closed the session
        self.assertEqual(self.NEW, self.asks(5, self.other))

    def test_a_connection_that_is_cut_at_the_request_is_replaced_silently(self):
        cut = tampering.on(TO_SERVER, frames.IOCTL, tampering.becomes(CUT), nth=1)  # after the first call
        with Relay(self.server.host, self.server.port, tamper=cut) as relay:
            self.assertEqual(self.NEW, self.asks(to=relay))
            self.assertEqual((1, 6), self.asks(to=relay))
            self.assertEqual(self.REUSED, self.asks(to=relay))

    def test_a_stalled_connection_ends_at_the_deadline(self):
        self.asks()
        self.relay.stall()
        self.assertEqual(0, self.asks(1460, timeout_ms=500)[0])
        self.assertGreaterEqual(self.seconds, 0.498)  # timers count whole milliseconds
        self.assertLess(self.seconds, calm(0.8))
        self.assertEqual(self.NEW, self.asks())

    def test_a_child_process_has_no_idle_connection_and_leaves_its_parents_alone(self):
        self.asks()
        self.assertEqual(self.NEW, self.asks(verb="forked"))
        self.assertEqual(self.REUSED, self.asks())
        self.assertEqual(self.NEW, self.asks(verb="forked"))
        self.assertEqual(self.REUSED, self.asks())

    def test_an_idle_connection_is_closed_after_ten_seconds(self):
        self.asks()
        time.sleep(IDLE_S - 1)
        self.assertEqual(1, logged_on(self.server))
        self.wait_until_logged_on(0, within_s=2)
        self.assertEqual(self.NEW, self.asks())

    def test_valgrind_has_no_complaint(self):
        with Conversation(self.program, valgrind=True) as self.asker:
            self.asks()
            self.asks()
            self.asks(1326, self.wrong)
            self.relay.cut()
            self.asks()
            self.asks(verb="forked")
            self.asks()
            self.asker.say("close", "-")
            self.asks()


class Expired(unittest.TestCase):
    def test_an_idle_session_that_has_expired_is_renewed_over_its_connection(self):
        """The caller waits for nothing but the socket then, until the log-on begins, which a thread works on."""
        calls = itertools.count()

        def answer(caller, request):
            del request
            if next(calls) == 1:
                caller.refuse(EXPIRED)
            else:
                yield head(1, 0) + tail(0, 0, 0)

        with Programs() as programs, ScriptedSmb(answer) as server, \
                Relay(server.host, server.port) as relay, Conversation(programs.compile("by_command.c", "netsession")) as asker:
            for _ in range(3):
                self.assertEqual("0 0", asker.say("enum", "anonymous", address(relay), 20000, 0))
            self.assertEqual((1, 4), (relay.connections, next(calls)))

    def test_a_server_that_hangs_up_while_an_idle_session_is_renewed_is_an_error(self):
        """The log-on that is under way then belongs to no connection any more. Each second call is refused."""
        calls = itertools.count()

        def answer(caller, request):
            if next(calls) % 2 == 0:
                yield from nameless(1)(caller, request)
                return
            caller.refuse(EXPIRED)
            raise ConnectionError

        polls = 20
        with ScriptedSmb(answer) as server:
            result = command.run("watch", "-N", "-l", 0, "--polls", polls, "--every", "0.1", address(server))
        self.assertEqual(3, result.exit, result.stderr)
        self.assertEqual(polls // 2, result.stderr.count(" at SESSION_SETUP (64)"), result.stderr)


if __name__ == "__main__":
    tap.main()
