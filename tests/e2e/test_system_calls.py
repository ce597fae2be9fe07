"""How many system calls a call over an open connection costs, at both ends, and a list: these do not depend on the machine."""
import re
import subprocess
import tempfile
import unittest

from fixtures import programs
from lab import command, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S

CALLS = 200
SESSIONS = 3000  # of a list
WHEN_IDLE = 40  # what timers and the tracing itself add, in all


def total(summary):
    """The number of system calls in what `strace -c` wrote."""
    return int(re.search(r"^100\.00 +\S+ +\S+ +(\d+)", summary, re.MULTILINE)[1])


class Traced:
    """A context manager: the system calls that a process makes meanwhile, counted by strace."""

    def __init__(self, pid):
        self._pid = pid

    def __enter__(self):
        self._summary = tempfile.NamedTemporaryFile("r")
        self._strace = subprocess.Popen(["strace", "-f", "-c", "-o", self._summary.name, "-p", str(self._pid)],
                                        stderr=subprocess.PIPE, text=True)
        assert "attached" in self._strace.stderr.readline()
        return self

    def __exit__(self, *_):
        self._strace.terminate()
        self._strace.communicate(timeout=HANG_S)
        self.count = total(self._summary.read())
        self._summary.close()


class SystemCalls(unittest.TestCase):
    def test_a_call_over_an_open_connection_needs_few_at_both_ends(self):
        with Netsessiond(sessions=10) as server, programs.Programs() as compiled:
            ours = [compiled.compile("time_calls.c", "netsession"), server.credentials_file("root"), address(server)]
            with programs.Conversation(ours) as caller:
                caller.say(1, 1)
                # The server's five, and those with which it lets others have their turn now and then.
                for who, pid, most in (("client", caller.pid, 5), ("server", server.pid, 6)):
                    with self.subTest(who), Traced(pid) as traced:
                        entries, _ = caller.say(1, CALLS).split()
                        self.assertEqual(11, int(entries))
                    self.assertLessEqual(traced.count, most * CALLS + WHEN_IDLE)
                    print(f"# {who}: {traced.count / CALLS:.1f} system calls a call")

    def test_a_list_needs_none_for_each_session(self):
        with Netsessiond(sessions=SESSIONS) as server, tempfile.NamedTemporaryFile("r") as summary:
            for form in ("table", "csv", "jsonl"):
                with self.subTest(form):
                    listed = command.run("list", "-l", 1, "-o", form, "-A", server.credentials_file("root"), address(server),
                                         inside=["strace", "-f", "-c", "-o", summary.name])
                    self.assertEqual(0, listed.exit, listed)
                    self.assertLess(SESSIONS, len(listed.stdout.splitlines()))
                    summary.seek(0)
                    count = total(summary.read())
                    self.assertLess(count, SESSIONS / 2)
                    print(f"# {form}: {count} system calls for {SESSIONS} sessions")


if __name__ == "__main__":
    tap.main()
