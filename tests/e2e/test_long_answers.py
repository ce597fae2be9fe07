"""A hundred thousand sessions of netsessiond, read by our client at once, in pages, and while they arrive. What it takes is
printed."""
import collections
import sys
import unittest

from fixtures.programs import Programs, run
from fixtures.publisher import Publisher
from lab import command, sessions, tampering, tap
from lab.cli import address
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.relay import Relay
from lab.wait_until import wait_until_equal
from lab.wait_until import HANG_S

MANY = 100000
OWN = r"\\127.0.0.1"


def say(text):
    print(f"# {text}", file=sys.stderr)


class Long(unittest.TestCase):
    """Fed, so that they stay as they are."""

    @classmethod
    def setUpClass(cls):
        programs = cls.enterClassContext(Programs())
        cls.by_steps = programs.compile("by_steps.c", "netsession", "-luv", "-std=gnu17")
        cls.by_lm = programs.compile("list_by_lm.c", "netapi32")
        cls.server = cls.enterClassContext(Netsessiond((), publishers="root", encryption="offer"))
        cls.enterClassContext(Publisher(cls.server, programs.compile("publish_rows.c", "netsession"), MANY, r"\\client-",
                                     "user-", "", r"\Device\NetbiosSmb", 1, 100, 50, 0))
        cls.expected = [(rf"\\client-{n}", f"user-{n}") for n in range(MANY)]

        def count():
            with bound(cls.server.socket) as dce:
                return sessions.enumerate_over(dce, 0, page_bytes=1).total
        wait_until_equal(MANY, count)

    def listed(self, *arguments, of=None, env=None):
        """By the command at level 502, through a relay unless env leads elsewhere. Returns (client, user) of all but its
        own."""
        where = [] if env else ["-A", self.server.credentials_file("root"), address(of or self.server)]
        result = command.run("list", "-l", "502", "-o", "jsonl", *arguments, *where, env=env, timeout=HANG_S)
        self.assertEqual((0, ""), (result.exit, result.stderr), result.stderr)
        rows = [(one["client"], one["user"]) for one in result.jsonl if one["client"] != OWN]
        return rows, result.seconds

    def check(self, what, *arguments):
        with Relay(self.server.host, self.server.port) as relay:
            rows, _ = self.listed(*arguments, of=relay)
            self.assertEqual(1, relay.connections)
        self.assertTrue(rows == self.expected, f"{len(rows)} rows, {len(set(rows))} of them different")
        rows, seconds = self.listed(*arguments)
        self.assertTrue(rows == self.expected, f"{len(rows)} rows, {len(set(rows))} of them different")
        say(f"{MANY} sessions at level 502 {what}: {seconds:.2f} s, {relay.round_trips} round trips, "
            f"{relay.bytes_to_client / 1e6:.1f} MB")
        return relay.round_trips

    def test_each_is_there_once_by_one_answer(self):
        self.assertLess(self.check("at once"), 300)  # as many READs are under way as the answer's length tells

    def test_each_is_there_once_by_one_encrypted_answer(self):
        self.check("encrypted", "--encrypt")

    def test_each_is_there_once_by_pages(self):
        self.check("in pages of a million bytes", "--page-bytes", 1000000)

    def test_each_is_there_once_at_the_local_door(self):
        rows, seconds = self.listed(env={"NETSESSION_SOCKET": self.server.socket})
        self.assertTrue(rows == self.expected)
        say(f"{MANY} sessions at level 502 at the local endpoint: {seconds:.2f} s")

    def test_a_program_of_lm_h_gets_them_all(self):
        for preferred in (0xFFFFFFFF, 100000):
            result = run(self.by_lm, address(self.server), 502, preferred, timeout=HANG_S,
                         env={"NETSESSION_CREDENTIALS": str(self.server.credentials_file("root"))})
            lines = [tuple(line.split("\t")[:2]) for line in result.stdout.splitlines() if line.startswith(r"\\client")]
            self.assertTrue(lines == self.expected)
            say(f"{MANY} sessions by NetSessionEnum, prefmaxlen {preferred}: {result.seconds:.2f} s")

    def test_rows_arrive_before_the_last_fragment(self):
        with Relay(self.server.host, self.server.port, tamper=tampering.holds_back_the_last_fragment) as relay:
            result = run(self.by_steps, self.server.credentials_file("root"), 8000, 502, "-", "-", address(relay), "list",
                         timeout=HANG_S)
        lines = collections.Counter(line.split()[1] for line in result.stdout.splitlines() if line[:1].isdigit())
        self.assertIn("0 end 1460", result.stdout.splitlines())
        self.assertEqual((0, ""), (lines["entry"], result.stderr))
        # C706 14.3.12.3 has all numbers before all texts: rows are complete as their texts come.
        self.assertGreater(lines["row"], MANY // 2)
        self.assertLess(lines["row"], MANY)

    def test_one_of_them_is_found_at_once(self):
        rows, seconds = self.listed("-u", "USER-77777")
        self.assertEqual([self.expected[77777]], rows)
        say(f"one of {MANY} by its user: {seconds:.3f} s")


class TooLong(unittest.TestCase):
    """More than the server gives at once: max_answer_mib."""

    @classmethod
    def setUpClass(cls):
        programs = cls.enterClassContext(Programs())
        cls.by_lm = programs.compile("list_by_lm.c", "netapi32")
        cls.server = cls.enterClassContext(Netsessiond((), publishers="root", max_answer_mib=1))
        cls.enterClassContext(Publisher(cls.server, programs.compile("publish_rows.c", "netsession"), 20000, "c-", "u-", "", "t",
                                     1, 100, 50, 0))

        def count():
            with bound(cls.server.socket) as dce:
                return sessions.enumerate_over(dce, 0, page_bytes=1).total
        wait_until_equal(20000, count)

    def test_impacket_is_refused_and_our_command_asks_for_pages(self):
        self.assertEqual(8, sessions.enumerate_with_impacket(self.server, level=502).status)
        result = command.run("list", "-o", "jsonl", "-A", self.server.credentials_file("root"), address(self.server))
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertEqual([f"c-{n}" for n in range(20000)],
                         [one["client"] for one in result.jsonl if one["client"] != OWN])

    def test_a_program_s_loop_over_more_data_gets_them_all(self):
        result = run(self.by_lm, address(self.server), 502, 0xFFFFFFFF,
                     env={"NETSESSION_CREDENTIALS": str(self.server.credentials_file("root"))})
        lines = result.stdout.splitlines()
        statuses = [line.split()[1] for line in lines if line.startswith("status")]
        self.assertEqual([f"c-{n}" for n in range(20000)],
                         [line.split("\t")[0] for line in lines if line.startswith("c-")])
        self.assertEqual(["234"] * (len(statuses) - 1) + ["0"], statuses)
        self.assertGreater(len(statuses), 1)


if __name__ == "__main__":
    tap.main()
