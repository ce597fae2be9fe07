"""Threads that ask at once, and share what is kept. With NETSESSION_TSAN=1 the build is one with -fsanitize=thread
(make tsan), whose complaints count; the suppressions in tests/tsan.supp say whose they are."""
import os
import pathlib
import unittest

from fixtures.programs import Programs, run
from lab import samba, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond

TSAN = os.environ.get("NETSESSION_TSAN") == "1"
SUPPRESSIONS = pathlib.Path(__file__).parents[1] / "tsan.supp"
HELD = [sessions.Wanted("mail", "127.0.0.7"), sessions.Wanted("man", "127.0.0.8")]
THREADS, CALLS = 16, 500
TIMEOUT_S = 250


class OfNetsessiond(unittest.TestCase):
    Server = Netsessiond
    expected = len(HELD) + 1  # and the one that asks

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(cls.Server(users=("mail", "man", "games")))
        cls.enterClassContext(sessions.held(cls.server, HELD))
        more = ["-fsanitize=thread"] if TSAN else []
        cls.program = cls.enterClassContext(Programs()).compile("by_threads.c", "netsession", "-pthread", *more)
        cls.root, cls.games = cls.server.credentials_file("root"), cls.server.credentials_file("games")
        sessions.enumerate_with_impacket(cls.server)  # the first open of a pipe takes longer

    maxDiff = None

    def check(self, threads, calls, *refused, level=1):
        environment = {"TSAN_OPTIONS": f"suppressions={SUPPRESSIONS} exitcode=66 history_size=7"} if TSAN else {}
        result = run(self.program, self.root, address(self.server), level, threads, calls, self.expected, *refused,
                     env=environment, timeout=TIMEOUT_S)
        self.assertEqual((0, f"right {threads * calls} wrong 0\n", ""), (result.exit, result.stdout, result.stderr))
        print(f"# {threads} x {calls} calls in {result.seconds:.1f} s, {result.seconds * 1000 / threads / calls:.2f} ms each")

    def test_sixteen_threads_share_what_is_kept(self):
        self.check(THREADS, CALLS)

    def test_two_users_take_turns_in_two_of_eight_threads(self):
        self.check(8, 100, self.games)


class OfSamba(OfNetsessiond):
    Server = samba.SambaServer
    expected = 0 if samba.misses_sessions() else OfNetsessiond.expected


if __name__ == "__main__":
    tap.main()
