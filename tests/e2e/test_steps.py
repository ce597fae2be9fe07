"""What the caller is told while a call is under way, on a loop of its own: rows, pages, one end; and cancellation."""
import collections
import contextlib
import unittest

from fixtures.programs import Programs, run
from lab import sessions, tampering, tap
from lab.cli import address
from lab.relay import CUT, STALL, TO_CLIENT, Relay
from lab.samba import SambaServer
from lab.sessions import Wanted

HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "127.0.0.8"), Wanted("mail", "127.0.0.8", 1)]
MANY = 200
MESSAGES = 5  # of a server in a cold call: NEGOTIATE, SESSION_SETUP twice, the pipe, NetrSessionEnum

Told = collections.namedtuple("Told", "rows entries status")
Told.__doc__ = """Of one call: lines of on_row and of the page's rows, without what they are, and the status of its end."""


class Steps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, HELD))
        cls.program = cls.enterClassContext(Programs()).compile("by_steps.c", "netsession", "-luv", "-std=gnu17")
        cls.credentials = cls.server.credentials_file("root")
        sessions.enumerate_with_impacket(cls.server)  # the first open of a pipe takes longer

    def tell(self, *calls, level=1, client="-", user="-", timeout_ms=20000, **options):
        """calls: (server, how). Returns what each was told, a list of Told, and the ticks of the caller's timer."""
        words = [word for server, how in calls for word in (address(server), how)]
        result = run(self.program, self.credentials, timeout_ms, level, client, user, *words, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        *lines, last = result.stdout.splitlines()
        told = [Told([], [], []) for _ in calls]
        for line in lines:
            index, what, rest = line.split(" ", 2)
            {"row": told[int(index)].rows, "entry": told[int(index)].entries,
             "end": told[int(index)].status}[what].append(rest)
        return told, int(last.removeprefix("ticks "))

    def rows(self, level=1, **filters):
        told, _ = self.tell((self.server, "list"), level=level, **filters)
        self.assertEqual(["0"], told[0].status)
        self.assertEqual(told[0].entries, told[0].rows)
        return told[0].rows

    def relayed(self, stack, change, indices=range(MESSAGES)):
        """Relays, each of which changes another of the server's messages."""
        return [stack.enter_context(Relay(self.server.host, self.server.port,
                                          tamper=tampering.at(TO_CLIENT, index, change))) for index in indices]

    # ---- rows ----

    def test_rows_are_those_of_the_page_and_come_before_it(self):
        self.assertEqual(len(HELD) + 1, len(self.rows()))

    def test_filters_apply_to_rows(self):
        self.assertEqual(["1 127.0.0.7 mail NULL NULL 2 0 0"], [self.timeless(row) for row in self.rows(client="127.0.0.7")])
        self.assertEqual({"mail"}, {row.split()[2] for row in self.rows(user="MAIL")})
        self.assertEqual(2, len(self.rows(user="mail")))
        self.assertEqual(1, len(self.rows(user="mail", client="127.0.0.8")))

    @staticmethod
    def timeless(row):
        """A row whose idle time is 0."""
        words = row.split()
        words[6] = "0"
        return " ".join(words)

    def test_members_that_the_level_lacks_are_cleared(self):
        self.assertEqual({"NULL NULL NULL 0 0 0"}, {row.split(" ", 2)[2] for row in self.rows(level=0)})

    def test_a_level_asked_instead_is_cleared_to_the_one_wanted(self):
        # A user is looked for at level 1, which names users.
        self.assertEqual(["0 127.0.0.7 NULL NULL NULL 0 0 0"],
                         [row for row in self.rows(level=0, user="mail") if "127.0.0.7" in row])

    def test_without_on_page_rows_are_all_there_is(self):
        told, _ = self.tell((self.server, "rows"), (self.server, "list"))
        self.assertEqual(([], ["0"]), (told[0].entries, told[0].status))
        self.assertGreaterEqual(len(told[0].rows), len(HELD) + 1)

    def test_nobody_means_no_row(self):
        told, _ = self.tell((self.server, "list"), user="nemo")
        self.assertEqual(Told([], [], ["2221"]), told[0])

    def test_rows_come_before_the_last_fragment_of_the_answer(self):
        with sessions.held(self.server, sessions.crowd(MANY, self.server.users)):
            with Relay(self.server.host, self.server.port, tamper=tampering.holds_back_the_last_fragment) as relay:
                told, _ = self.tell((relay, "list"), timeout_ms=1500)
            self.assertEqual(([], ["1460"]), (told[0].entries, told[0].status))
            self.assertGreater(len(told[0].rows), MANY // 2)
            self.assertLess(len(told[0].rows), MANY + len(HELD) + 1)
            self.assertEqual(MANY + len(HELD) + 1, len(self.rows()))

    # ---- cancellation ----

    def check_cancellation(self, **options):
        """At every step: each relay stalls at another of the server's messages."""
        with contextlib.ExitStack() as stack:
            stalling = self.relayed(stack, tampering.becomes(STALL))
            calls = [(relay, str(ms)) for relay in stalling for ms in (0, 1, 5, 20, 100, 400)]
            calls += [(self.server, "start"), (self.server, "row"), (self.server, "page")]
            told, ticks = self.tell(*calls, **options)
        self.assertEqual([["1223"]] * len(calls), [call.status for call in told])
        self.assertEqual([([], [])] * (len(calls) - 2), [(call.rows, call.entries) for call in told[:-2]])
        of_row, of_page = told[-2:]
        self.assertEqual((1, 0), (len(of_row.rows), len(of_row.entries)))
        self.assertGreater(len(of_page.entries), len(HELD))
        self.assertGreater(ticks, 5)  # of 5 ms each, in 400 ms; valgrind is slow

    def test_a_call_is_cancelled_at_any_step(self):
        self.check_cancellation()

    def test_valgrind_has_no_complaint_about_cancellation_at_any_step(self):
        self.check_cancellation(valgrind=True)

    def test_valgrind_has_no_complaint_about_cancellation_at_any_time(self):
        # Without stalls: whatever it is at. Some end well before.
        told, _ = self.tell(*((self.server, str(ms)) for ms in range(0, 200, 5)), valgrind=True)
        self.assertEqual(set(), {status for call in told for status in call.status} - {"0", "1223"})
        self.assertEqual({1}, {len(call.status) for call in told})
        self.assertIn(["1223"], [call.status for call in told])

    def test_cancelling_one_leaves_the_others_alone(self):
        told, _ = self.tell((self.server, "list"), (self.server, "row"), (self.server, "list"), (self.server, "start"))
        self.assertEqual([["0"], ["1223"], ["0"], ["1223"]], [call.status for call in told])

    # ---- the caller's loop ----

    def test_the_callers_own_timer_ticks_meanwhile(self):
        with Relay(self.server.host, self.server.port, delay_ms=20) as relay:
            told, ticks = self.tell((relay, "list"))
        self.assertEqual(["0"], told[0].status)
        self.assertGreater(ticks, 15)  # of 5 ms each, in more than 200 ms

    def test_a_program_lives_whatever_the_moment_at_which_the_server_goes(self):
        with contextlib.ExitStack() as stack:
            cutting = self.relayed(stack, tampering.becomes(CUT))
            told, _ = self.tell(*((relay, "list") for relay in cutting))
        # After CUT for NEGOTIATE it is asked by SMB1, and cut again.
        self.assertEqual([["64"]] * MESSAGES, [call.status for call in told])


if __name__ == "__main__":
    tap.main()
