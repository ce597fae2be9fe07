"""A hostile server cannot fill its caller: what it sends without end is bounded in memory, or else in time."""
import functools
import subprocess
import sys
import time
import unittest

from lab import command, tap
from lab.cli import address, assert_refused
from lab.scripted_smb import ScriptedSmb, endless_names, endless_pages, endless_rows, nameless, page
from lab.wait_until import HANG_S, calm

QUOTA = 1816  # ERROR_NOT_ENOUGH_QUOTA
LIMIT = 16 << 20
BESIDE = 8 << 20  # what a call may hold beside its rows, and what a program differs by from run to run
KEEP_ALIVE = b"\x85\0\0\0"
TIMEOUT_S = 1.0


# The most memory of a process counts what it had before it became another program: so one that is small starts it.
MEASURE = """
import os, sys
with open(os.devnull, "r+") as nothing:
    process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)])
    _, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""


def peak_bytes(*arguments):
    """(exit code, standard error, the most memory that it had at a time) of the command."""
    done = subprocess.run([sys.executable, "-ISc", MEASURE, command.built(), *map(str, arguments)], capture_output=True,
                          env=command.environment(), text=True, check=True, timeout=HANG_S)
    code, most = map(int, done.stdout.split())
    return code, done.stderr, most


@functools.cache
def base_bytes():
    with ScriptedSmb(nameless(1)) as server:
        code, said, most = peak_bytes("list", "-N", "-l", 0, address(server))
    assert code == 0, said
    return most


class Memory(unittest.TestCase):
    def ends_at_the_limit(self, *arguments):
        code, said, most = peak_bytes(*arguments)
        self.assertEqual(3, code, said)
        self.assertRegex(said, rf"\Anetsession: \S+: the limit of memory was reached [^\n]*\({QUOTA}\)[^\n]*--max-bytes[^\n]*\n\Z")
        self.assertLess(most, base_bytes() + LIMIT + BESIDE)
        return most

    def test_an_answer_without_end_stops_at_the_limit_of_every_command(self):
        for answer, one in ((endless_rows, ["list"]), (endless_names, ["list"]), (endless_rows, ["watch", "--polls", 1]),
                            (endless_rows, ["close", "--yes", "-c", "ws1"])):
            with self.subTest(answer.__name__, command=one), ScriptedSmb(answer) as server:
                most = self.ends_at_the_limit(*one, "-N", "--max-bytes", "16M", "-l", 0, address(server))
                self.assertGreater(most, base_bytes() + LIMIT // 2)

    def test_pages_without_end_stop_at_the_limit(self):
        with ScriptedSmb(endless_pages(1000)) as server:
            result = command.run("list", "-N", "-l", 0, "--max-bytes", "100K", "-o", "json", address(server))
        self.assertEqual(QUOTA, result.json["servers"][0]["status"])
        self.assertIn(f"more than {100 << 10} bytes", result.stderr)
        self.assertLess(len(result.sessions), (100 << 10) // 8)

    def test_many_tiny_pages_count_more_than_their_rows(self):
        with ScriptedSmb(endless_pages(1)) as server:
            result = command.run("list", "-N", "-l", 0, "--max-bytes", "20K", "-o", "json", address(server))
        self.assertEqual(QUOTA, result.json["servers"][0]["status"])
        self.assertLess(len(result.sessions), (20 << 10) // 64)

    def test_an_answer_below_the_limit_takes_no_multiple_of_it_in_any_format(self):
        with ScriptedSmb(nameless(LIMIT // 8 - 1)) as server:
            for form in ("json", "jsonl", "csv"):
                with self.subTest(form):
                    code, said, most = peak_bytes("list", "-N", "-l", 0, "--max-bytes", "16M", "-o", form, address(server))
                    self.assertEqual((0, ""), (code, said))
                    self.assertLess(most, base_bytes() + LIMIT + BESIDE)

    def test_a_fault_of_the_same_number_is_the_servers(self):
        def answer(caller, request):
            del caller, request
            yield QUOTA
        with ScriptedSmb(answer) as server:
            result = command.run("list", "-N", "-l", 0, address(server))
        assert_refused(self, QUOTA, result, address(server))
        self.assertIn("the RPC service broke off the call", result.stderr)

    def test_watch_compares_no_more_sessions_than_the_limit_has_room_for(self):
        with ScriptedSmb(nameless(LIMIT // 8 - 1)) as server:
            self.ends_at_the_limit("watch", "--polls", 1, "-N", "--max-bytes", "16M", "-l", 0, address(server))

    def test_json_that_is_written_by_session_is_laid_out_as_ever(self):
        with ScriptedSmb(nameless(2)) as server:
            result = command.run("list", "-N", "-l", 0, "-o", "json", address(server), "")
        self.assertEqual(f"""{{
 "schema": 1,
 "servers": [
  {{
   "server": "{address(server)}",
   "status": 0,
   "error": null,
   "level": 0,
   "complete": true,
   "warnings": [],
   "total": 2,
   "sessions": [
    {{}},
    {{}}
   ]
  }},
  {{
   "server": "",
   "status": {result.json["servers"][1]["status"]},
   "error": "{result.json["servers"][1]["error"]}",
   "complete": false,
   "warnings": [],
   "total": 0,
   "sessions": []
  }}
 ]
}}
""", result.stdout)


class Time(unittest.TestCase):
    """What takes no memory ends at the deadline."""

    def ends_at_the_deadline(self, answer, *arguments):
        limit_s = calm(TIMEOUT_S)  # enough to get as far as the answer
        with ScriptedSmb(answer) as server:
            started = time.monotonic()
            code, said, most = peak_bytes("list", "-N", "-l", 0, "--timeout", limit_s, *arguments, address(server))
            seconds = time.monotonic() - started
        self.assertEqual(3, code, said)
        self.assertRegex(said, r"\Anetsession: \S+: timed out at NetrSessionEnum \(1460\)[^\n]*\n\Z")
        self.assertLess(most, base_bytes() + BESIDE)
        self.assertLess(seconds, limit_s + calm(0.5))

    def test_interim_responses_without_end(self):
        def answer(caller, _):
            while True:
                caller.send_interim()
        self.ends_at_the_deadline(answer)

    def test_keep_alives_without_end(self):
        def answer(caller, _):
            while True:
                caller.connection.sendall(KEEP_ALIVE * 1000)
        self.ends_at_the_deadline(answer)

    def test_a_byte_now_and_then(self):
        def answer(caller, _):
            for byte in b"\0\1\0\0" + bytes(65536):
                caller.connection.sendall(bytes([byte]))
                time.sleep(0.01)
        self.ends_at_the_deadline(answer)

    def test_pages_without_end_of_sessions_that_are_not_selected(self):
        self.ends_at_the_deadline(endless_pages(100), "-c", "192.0.2.1")


class NothingNew(unittest.TestCase):
    def refuses(self, answer, words, *arguments):
        with ScriptedSmb(answer) as server:
            result = command.run("list", "-N", "-l", 0, *arguments, address(server))
        assert_refused(self, 58, result, address(server))
        self.assertIn(words, result.stderr)

    def test_a_page_without_a_session_behind_which_others_follow_is_58(self):
        for size in ([], ["--page-bytes", 100]):
            self.refuses(endless_pages(0), "announced more entries and returned none", *size)

    def test_a_handle_that_comes_again_is_58(self):
        def answer(_, request):
            del request
            yield page(0xF, 7)
        with ScriptedSmb(answer) as server:
            result = command.run("list", "-N", "-l", 0, "-o", "json", address(server))
        self.assertEqual(58, result.json["servers"][0]["status"])
        self.assertIn("resume handle does not advance", result.stderr)


if __name__ == "__main__":
    tap.main()
