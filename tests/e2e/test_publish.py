"""Publishing: file servers publish their sessions at netsessiond, and are told which of them to close."""
import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

from impacket.dcerpc.v5 import srvs

from fixtures.programs import VALGRIND, Programs
from fixtures.publisher import (ACCEPTED, ERROR, HELLO, PUT, REFUSED, REMOVE, STATE, TOUCH, VERSION, VERSION_3, WELCOME,
                                Publisher, RawPublisher)
from lab import command, sessions, tap
from lab.cli import as_rows
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S, calm, wait_until_equal

LEVELS = (0, 1, 2, 10, 502)
MANY = 100000


class OneService(unittest.TestCase):
    OPTIONS = {}

    @classmethod
    def setUpClass(cls):
        cls.programs = cls.enterClassContext(Programs())
        cls.example = cls.programs.compile(command.REPOSITORY / "examples" / "publisher.c", "netsession")
        cls.rows = cls.programs.compile("publish_rows.c", "netsession")
        cls.service = cls.enterClassContext(Netsessiond((), policy="documented", publishers="root", **cls.OPTIONS))

    def locally(self, *arguments, **options):
        return command.run(*arguments, env={"NETSESSION_SOCKET": str(self.service.socket)}, **options)

    def judge(self, **options):
        with bound(self.service.socket) as dce:
            return sessions.enumerate_over(dce, **options)

    def clients(self):
        return sorted(row["client"] for row in self.judge(level=0).rows)

    def users(self):
        """{(client, user): opens}"""
        return {(row["client"], row["user"]): row["num_opens"] for row in self.judge(level=1).rows}

    def count(self):
        return self.judge(level=0, page_bytes=1).total

    def publish_rows(self, count=1, client="10.0.0.7", user="zoë", kind="", transport="", opens=0, active=0, idle=0,
                  flags=0, inside=()):
        return Publisher(self.service, self.rows, count, client, user, kind, transport, opens, active, idle, flags,
                      inside=inside)

    def tearDown(self):
        wait_until_equal([], self.clients)


class Sessions(OneService):
    def test_every_level_lists_a_published_session(self):
        expected = {"client": r"\\fs-1", "user": "zoë", "num_opens": 3, "user_flags": 3, "client_type": "Samba 4.17",
                    "transport": r"\Device\NetbiosSmb"}
        with self.publish_rows(client=r"\\fs-1", kind="Samba 4.17", transport=r"\Device\NetbiosSmb", opens=3, active=100,
                            idle=40, flags=3):
            wait_until_equal([r"\\fs-1"], self.clients)
            for level in LEVELS:
                with self.subTest(level):
                    answer = self.judge(level=level)
                    row, = answer.rows
                    if level != 0:
                        self.assertIn(row.pop("active_seconds"), range(100, 110))
                        self.assertIn(row.pop("idle_seconds"), range(40, 50))
                    self.assertEqual({name: expected[name] for name in row}, row)
                    self.assertEqual([name for name in expected if name in row], list(row))
                    listed, = self.locally("list", "-l", level, "-o", "json").sessions
                    for name, value in as_rows(answer)[0].items():
                        if not name.endswith("_seconds"):
                            self.assertEqual(value, listed[name])

    def test_callers_over_smb_list_published_sessions_too(self):
        with self.publish_rows(client="10.0.0.7", user="carol", opens=4):
            wait_until_equal(["10.0.0.7"], self.clients)
            for level in LEVELS:
                answer = sessions.enumerate_with_impacket(self.service, level=level, client=r"\\10.0.0.7")
                self.assertEqual((0, ["10.0.0.7"]), (answer.status, [row["client"] for row in answer.rows]))
                done = subprocess.run(self.service.tool("rpcclient", "-A", self.service.credentials_file("root"),
                                                        self.service.host, "-c", sessions.netsessenum("10.0.0.7", "carol", level)),
                                      text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=HANG_S, check=True)
                self.assertIn("Received 1 entries", done.stdout)
            listed = command.run("list", f"{self.service.host}:{self.service.port}", "-A",
                                 self.service.credentials_file("root"), "-u", "carol", "-o", "json").sessions
            self.assertEqual([("10.0.0.7", 4)], [(row["client"], row["num_opens"]) for row in listed])

    def test_a_session_changes_is_touched_and_ends(self):
        with Publisher(self.service, self.example) as publisher:
            publisher.tell("put 1 10.0.0.7 alice 2")
            publisher.tell("put 2 10.0.0.8 bob 0")
            wait_until_equal({("10.0.0.7", "alice"): 2, ("10.0.0.8", "bob"): 0}, self.users)
            publisher.tell("put 1 10.0.0.7 alice 5")
            wait_until_equal({("10.0.0.7", "alice"): 5, ("10.0.0.8", "bob"): 0}, self.users)
            time.sleep(2.1)
            self.assertGreaterEqual(self.judge(level=10, client=r"\\10.0.0.7").rows[0]["idle_seconds"], 2)
            publisher.tell("touch 1")
            wait_until_equal([0], lambda: [row["idle_seconds"] // 2 for row in self.judge(level=10, client=r"\\10.0.0.7").rows])
            self.assertGreaterEqual(self.judge(level=10, client=r"\\10.0.0.7").rows[0]["active_seconds"], 2)
            publisher.tell("remove 2")
            wait_until_equal({("10.0.0.7", "alice"): 5}, self.users)
        self.assertEqual((0, [], []), (publisher.exit, publisher.lines(), publisher.complained))

    def test_the_sessions_of_a_killed_publisher_end(self):
        with self.publish_rows(3, "a"), self.publish_rows(2000, "b") as victim:
            wait_until_equal(2003, self.count)
            victim.process.kill()
            wait_until_equal(["a0", "a1", "a2"], self.clients)

    def test_filters_ignore_the_case_of_names(self):
        with self.publish_rows(3, "fs"):
            wait_until_equal(3, self.count)
            self.assertEqual(["fs1"], [row["client"] for row in self.judge(level=1, client=r"\\FS1").rows])
            self.assertEqual(["fs2"], [row["client"] for row in self.judge(level=1, username="ZOË2").rows])

    def test_a_publisher_has_no_leak_and_no_wild_access(self):
        with self.publish_rows(300, inside=VALGRIND) as publisher:
            wait_until_equal(300, self.count)
        self.assertEqual((0, []), (publisher.exit, publisher.complained))

    def test_a_hundred_thousand_are_published_and_read_page_by_page(self):
        with self.publish_rows(MANY, "c", "u"):
            wait_until_equal(MANY, self.count)
            read, resume_handle, status = [], 0, 234
            with bound(self.service.socket) as dce:
                while status == 234:
                    status, rows, _, resume_handle = sessions.enumerate_over(dce, 0, resume_handle=resume_handle,
                                                                             page_bytes=1000000)
                    read += [row["client"] for row in rows]
            self.assertEqual((0, [f"c{n}" for n in range(MANY)]), (status, read))
            listed = self.locally("list", "-o", "jsonl", timeout=HANG_S)
            self.assertEqual(MANY, len(listed.stdout.splitlines()))
            self.assertEqual(["c77777"], [row["client"] for row in self.judge(level=0, client=r"\\c77777").rows])

UNKNOWN = 0xFFFFFFFF


class Unknown(OneService):
    """Numbers that a publisher does not know."""

    MEMBERS = {"num_opens": "OPENS", "active_seconds": "ACTIVE", "idle_seconds": "IDLE", "user_flags": "FLAGS",
               "client_type": "TYPE", "transport": "TRANSPORT"}

    def test_what_nobody_knows_is_no_number_here(self):
        with self.publish_rows(client="10.0.0.7", user="carol", opens=UNKNOWN, active=UNKNOWN, idle=UNKNOWN, flags=UNKNOWN):
            wait_until_equal(["10.0.0.7"], self.clients)
            for level in LEVELS:
                with self.subTest(level):
                    row, = self.locally("list", "-l", level, "-o", "json").sessions
                    self.assertEqual({"client": "10.0.0.7"} | ({"user": "carol"} if level else {}), row)
                    heading, line = self.locally("list", "-l", level).stdout.splitlines()
                    self.assertEqual(["10.0.0.7", "carol"][:len(heading.split())] + ["-"] * (len(heading.split()) - 2), line.split())
            lines = self.locally("list", "-o", "csv").stdout.splitlines()
            self.assertEqual(",502,10.0.0.7,carol,,,,,,", lines[1])
            told, = self.locally("watch", "--polls", 1, "-o", "jsonl").jsonl
            self.assertEqual(set(), self.MEMBERS.keys() & told.keys())
            self.assertRegex(self.locally("watch", "--polls", 1).stdout, r"carol  from 10\.0\.0\.7  opens -$")

    def test_each_number_alone_may_be_unknown_and_0_is_not(self):
        for name, argument in (("num_opens", "opens"), ("active_seconds", "active"), ("idle_seconds", "idle"), ("user_flags", "flags")):
            with self.subTest(name), self.publish_rows(client="10.0.0.7", kind="x", transport="y", **{argument: UNKNOWN}):
                wait_until_equal(["10.0.0.7"], self.clients)
                row, = self.locally("list", "-l", 502, "-o", "json").sessions
                self.assertEqual(self.MEMBERS.keys() - {name}, self.MEMBERS.keys() & row.keys())
            wait_until_equal([], self.clients)

    def test_over_smb_and_to_windows_programs_it_is_0(self):
        by_line = self.programs.compile("lm_by_line.c", "netapi32")
        with self.publish_rows(client="10.0.0.7", user="carol", opens=UNKNOWN, active=UNKNOWN, idle=UNKNOWN, flags=UNKNOWN):
            wait_until_equal(["10.0.0.7"], self.clients)
            expected = {"client": "10.0.0.7", "user": "carol", "num_opens": 0, "active_seconds": 0, "idle_seconds": 0,
                        "user_flags": 0, "client_type": "", "transport": ""}
            for answer in (self.judge(level=502), sessions.enumerate_with_impacket(self.service, level=502, client=r"\\10.0.0.7")):
                self.assertEqual([expected], answer.rows)
            done = subprocess.run([by_line, "-"], input="enum\t502\t4294967295\t-\t-\t-\n", text=True, capture_output=True, check=False,
                                  timeout=HANG_S, env=command.environment({"NETSESSION_SOCKET": str(self.service.socket)}))
            self.assertIn("10.0.0.7\tcarol\t0\t0\t0\t0\t\t", done.stdout, done)

    def test_an_older_publisher_goes_on_as_before(self):
        with RawPublisher(self.service) as raw:
            self.assertEqual(struct.pack("<I", VERSION_3), raw.greet(VERSION_3)[1][:4])
            raw.put(1, "a", "zoë")
            wait_until_equal({("a", "zoë"): 1}, self.users)
            row, = self.locally("list", "-o", "json").sessions
            self.assertEqual((1, 0), (row["num_opens"], row["user_flags"] or 0))


class Incomplete(OneService):
    """Sources that know that the list lacks sessions."""

    OPTIONS = {"publisher_max_sessions": 100}
    TOLD = 'publisher "raw": müller is missing'

    def told(self, *arguments):
        """(exit status, complete, warnings) of a list."""
        done = self.locally("list", "-o", "json", *arguments)
        server, = done.json["servers"]
        self.assertEqual([f"netsession: local computer: warning: {text}" for text in server["warnings"]], done.stderr.splitlines())
        return done.exit, server["complete"], server["warnings"]

    def state(self, raw, is_incomplete, text=""):
        raw.say(STATE, struct.pack("<I", is_incomplete) + raw.text(text))

    def test_missing_sessions_are_told_with_the_reason_until_they_are_there(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            raw.put(1, "a")
            self.state(raw, 1, "müller is missing")
            wait_until_equal((4, False, [self.TOLD]), self.told)
            self.assertIn('publisher "raw": some sessions are missing: müller is missing', self.service.said)
            for output in ("table", "csv", "jsonl"):
                done = self.locally("list", "-o", output)
                self.assertEqual((4, f"netsession: local computer: warning: {self.TOLD}\n"), (done.exit, done.stderr))
            watched = self.locally("watch", "--polls", 3, "--every", 0.1)
            self.assertEqual((4, f"netsession: local computer: warning: {self.TOLD}\n"), (watched.exit, watched.stderr))
            self.assertEqual(4, self.locally("list", "-l", 0).exit)
            self.assertFalse([line for line in self.service.audit if line["operation"] == "NetrSessionEnum"][-1]["complete"])
            self.state(raw, 0)
            wait_until_equal((0, True, []), self.told)
            self.assertNotIn("complete", [line for line in self.service.audit if line["operation"] == "NetrSessionEnum"][-1])
            self.assertIn("its sessions are complete again", self.service.said)

    def test_watch_says_when_a_warning_is_over(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            self.state(raw, 1, "müller is missing")
            wait_until_equal((4, False, [self.TOLD]), self.told)
            with subprocess.Popen([command.built(), "watch", "--every", "0.1"], text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  env=command.environment({"NETSESSION_SOCKET": str(self.service.socket)})) as watch:
                try:
                    self.assertEqual(f"netsession: local computer: warning: {self.TOLD}\n", watch.stderr.readline())
                    self.state(raw, 0)
                    self.assertEqual("netsession: local computer: there is no warning any more\n", watch.stderr.readline())
                finally:
                    watch.terminate()

    def test_a_warning_alone_does_not_make_a_list_incomplete(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            self.state(raw, 0, "one user has no name")
            wait_until_equal((0, True, ['publisher "raw": one user has no name']), self.told)

    def test_a_session_that_is_not_found_may_be_one_of_those_that_are_missing(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            self.state(raw, 1, "müller is missing")
            wait_until_equal((4, False, [self.TOLD]), self.told)
            done = self.locally("list", "-u", "müller")
            self.assertEqual(3, done.exit)
            self.assertRegex(done.stderr, rf"no session of that user .*\(2221\): sessions are missing: {self.TOLD}")

    def test_over_smb_there_is_no_place_for_it_but_in_the_audit_log(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            self.state(raw, 1, "müller is missing")
            wait_until_equal((4, False, [self.TOLD]), self.told)
            answer = sessions.enumerate_with_impacket(self.service, level=10)
            self.assertEqual((0, len(answer.rows)), (answer.status, answer.total))
            line = [line for line in self.service.audit if line["operation"] == "NetrSessionEnum"][-1]
            self.assertEqual(("smb", False), (line["endpoint"], line["complete"]))

    def test_sessions_that_found_no_room_are_missing(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            for key in range(102):
                raw.put(key, f"c{key}")
            raw.hear_until(ERROR)
            wait_until_equal((4, False, ['publisher "raw": some of its sessions are missing, because [server] '
                                         'publisher_max_sessions or max_sessions is reached, or memory ran out']), self.told)
            raw.say(REMOVE, struct.pack("<Q", 1))
            wait_until_equal((0, True, []), self.told)

    def test_a_warning_that_is_no_text_ends_the_connection(self):
        for text in ("a\nb", "\x1b[2J"):
            with RawPublisher(self.service) as raw:
                raw.greet()
                self.state(raw, 1, text)
                self.assertTrue(raw.is_closed())



class Closing(OneService):
    def close(self, client=None, user=None):
        with bound(self.service.socket) as dce:
            return srvs.hNetrSessionDel(dce, f"{client}\0" if client else "\0", f"{user}\0" if user else "\0")

    def test_a_session_that_impacket_closes_is_ended_by_its_publisher(self):
        with Publisher(self.service, self.example) as publisher:
            publisher.tell("put 1 10.0.0.7 alice 2")
            publisher.tell("put 2 10.0.0.8 bob 0")
            wait_until_equal(["10.0.0.7", "10.0.0.8"], self.clients)
            self.close(client=r"\\10.0.0.8")
            wait_until_equal(["close 2"], publisher.lines)
            self.assertEqual(["10.0.0.7", "10.0.0.8"], self.clients())
            publisher.tell("remove 2")
            wait_until_equal(["10.0.0.7"], self.clients)

    def test_the_command_closes_a_published_session(self):
        with self.publish_rows(user="alice") as publisher:
            wait_until_equal(["10.0.0.7"], self.clients)
            done = self.locally("close", "-u", "alice", "--yes")
            self.assertEqual(0, done.exit, done)
            wait_until_equal(["open", "close 0"], publisher.lines)

    @contextlib.contextmanager
    def groups(self):
        """Two publishers whose sessions end in groups of the same numbers. Gives the first."""
        with RawPublisher(self.service) as first, RawPublisher(self.service) as second:
            first.greet()
            second.greet()
            for key, user, group in ((1, "alice", 7), (2, "bob", 7), (3, "carol", 8), (4, "dave", 0), (5, "alice", 8)):
                first.put(key, f"10.0.0.{key}", user, group)
            second.put(1, "10.0.1.1", "erin", 7)
            wait_until_equal(6, self.count)
            yield first

    def audited(self, operation):
        """What is told of the last such call: (names, how many)"""
        line = [line for line in self.service.audit if line["operation"] == operation][-1]
        return line.get("also_closed"), line.get("also_closed_total")

    def assert_named(self, arguments, *names):
        """The command names them before it closes, and the audit log names them, too."""
        done = self.locally("close", "--yes", *arguments)
        self.assertEqual(0, done.exit, done)
        told = ["netsession: local computer: the server also closes these sessions, because they share a process with the "
                "selected ones:",
                *(f"  {name}" for name in names)] if names else []
        self.assertEqual(told, done.stderr.splitlines()[:-1])
        self.assertEqual((list(names), len(names)) if names else (None, None), self.audited("NetrSessionDel"))

    def test_sessions_that_end_with_another_are_named_before_and_in_the_audit_log(self):
        with self.groups():
            self.assert_named(("-c", "10.0.0.1"), "bob from 10.0.0.2")
            self.assert_named(("-u", "alice"), "bob from 10.0.0.2", "carol from 10.0.0.3")
            self.assert_named(("-u", "dave"))
            self.assert_named(("-u", "erin"))
            self.assert_named(("-u", "bob"), "alice from 10.0.0.1")

    def test_sessions_that_end_with_another_are_audited_whoever_closes_it(self):
        with self.groups():
            self.close(user="carol")
            self.assertEqual((["alice from 10.0.0.5"], 1), self.audited("NetrSessionDel"))
            self.assertEqual((None, None), self.audited("NetrSessionEnum"))

    def test_a_group_changes_and_ends_with_its_sessions(self):
        with self.groups() as raw:
            raw.put(2, "10.0.0.2", "bob", 0)
            raw.say(REMOVE, struct.pack("<Q", 3))
            wait_until_equal(5, self.count)
            for user in ("alice", "bob"):
                self.close(user=user)
                self.assertEqual((None, None), self.audited("NetrSessionDel"))

    def test_of_very_many_sessions_that_end_together_some_are_named_and_all_are_counted(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            raw.put_all((key, f"10.1.0.{key}", f"user{key}", 9) for key in range(400))
            wait_until_equal(400, self.count)
            self.assertEqual(0, self.locally("close", "--yes", "-u", "user0").exit)
            names, total = self.audited("NetrSessionDel")
            self.assertEqual((32, 399), (len(names), total))

    def test_only_callers_who_may_close_see_which_sessions_end_together(self):
        as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        with self.groups():
            done = self.locally("close", "--yes", "-u", "alice", inside=as_nobody)
        self.assertEqual(3, done.exit, done)
        self.assertNotIn("bob", done.stdout + done.stderr)

    def test_publishers_are_asked_to_close_their_own_sessions_only(self):
        with self.publish_rows(client="a") as a, self.publish_rows(client="b") as b:
            wait_until_equal(["a", "b"], self.clients)
            self.close(client=r"\\b")
            wait_until_equal(["open", "close 0"], b.lines)
            self.assertEqual(["open"], a.lines())


class Bounds(OneService):
    OPTIONS = {"max_publishers": 2, "publisher_max_sessions": 100, "publisher_max_changes_per_s": 1000}

    def test_other_users_are_refused(self):
        as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        copy = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "publish_rows"
        copy.parent.chmod(0o755)
        shutil.copy(self.rows, copy)
        with Publisher(self.service, copy, 1, "a", "b", "", "", 0, 0, 0, 0, inside=as_nobody) as publisher:
            wait_until_equal(["status 5"], publisher.lines)
        self.assertEqual([], self.clients())
        told = [line for line in self.service.audit if line["operation"] == "publish-open"][-1]
        self.assertEqual(("nobody", 5), (told["caller"], told["status"]))

    def test_more_publishers_are_refused_until_one_leaves(self):
        with self.publish_rows(client="a"):
            with self.publish_rows(client="b"):
                wait_until_equal(["a", "b"], self.clients)
                with self.publish_rows(client="c") as third:
                    wait_until_equal(["status 71"], third.lines)
            wait_until_equal(["a"], self.clients)
            with self.publish_rows(client="c"):
                wait_until_equal(["a", "c"], self.clients)

    def test_sessions_beyond_the_announced_bound_are_refused_by_the_library(self):
        with self.publish_rows(101) as publisher:
            wait_until_equal(["open", "status 69"], publisher.lines)
        self.assertEqual(0, publisher.exit)

    def test_sessions_beyond_the_bound_are_refused_by_netsessiond_and_the_others_stay(self):
        with RawPublisher(self.service) as raw:
            self.assertEqual((WELCOME, struct.pack("<II", VERSION, 100)), raw.greet())
            for key in range(102):
                raw.put(key, f"c{key}")
            self.assertEqual((ERROR, struct.pack("<QI", 100, 69)), raw.hear_until(ERROR))
            self.assertEqual((ERROR, struct.pack("<QI", 101, 69)), raw.hear_until(ERROR))
            wait_until_equal(100, self.count)

    def test_changes_that_come_too_fast_wait(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            begun = time.monotonic()
            for _ in range(30):
                raw.socket.sendall(raw.frame(TOUCH, bytes(16)) * 100)
            taken = 0
            while taken < 30 * 100 * 20:
                kind, body = raw.hear()
                self.assertEqual(ACCEPTED, kind)
                taken += struct.unpack("<I", body)[0]
            self.assertGreater(time.monotonic() - begun, 1.5)
            raw.put(1, "still-there")
            wait_until_equal(["still-there"], self.clients)

    def test_connections_that_never_greet_keep_no_publisher_out(self):
        with contextlib.ExitStack() as stack:
            for _ in range(64):
                stack.enter_context(RawPublisher(self.service))
            time.sleep(6)
            with self.publish_rows(client="a"):
                wait_until_equal(["a"], self.clients)


class Refreshes(OneService):
    """Feeders that learn of their sessions by looking, and look when somebody asks."""

    OPTIONS = {"publisher_max_changes_per_s": 1000000}

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.looks = self.programs.compile("publish_on_refresh.c", "netsession")

    @contextlib.contextmanager
    def refresher(self, sessions_of_it, name="sessions"):
        """Gives the publisher, and a function that sets how many it will find."""
        found = self.folder / name
        if sessions_of_it is not None:
            found.write_text(str(sessions_of_it))
        with Publisher(self.service, self.looks, found) as publisher:
            wait_until_equal(["open"], publisher.lines)
            yield publisher, lambda count: found.write_text(str(count))

    def test_the_first_call_lists_a_session_of_a_moment_ago_and_nothing_is_asked_before_it(self):
        with self.refresher(3) as (publisher, let_it_find):
            time.sleep(0.5)
            self.assertEqual(["open"], publisher.lines())
            self.assertEqual(["fs0", "fs1", "fs2"], self.clients())
            for count in (5, 0, 1):
                time.sleep(0.3)  # what was found before is good for 200 ms
                let_it_find(count)
                self.assertEqual([f"fs{n}" for n in range(count)], self.clients())
            let_it_find(0)

    def test_a_call_over_smb_refreshes_too(self):
        with self.refresher(2) as (_, let_it_find):
            rows = sessions.enumerate_with_impacket(self.service, level=10).rows
            self.assertEqual(["fs0", "fs1"], sorted(row["client"] for row in rows if row["client"].startswith("fs")))
            let_it_find(0)

    def test_all_of_many_sessions_arrive_before_the_refresh_is_answered(self):
        with self.refresher(50000) as (_, let_it_find):
            self.assertEqual(50000, self.count())
            let_it_find(0)
            time.sleep(0.3)
            self.assertEqual(0, self.count())

    def test_many_callers_at_once_cause_few_refreshes(self):
        with self.refresher(1) as (publisher, _), concurrent.futures.ThreadPoolExecutor(20) as pool:
            self.assertEqual({1}, set(pool.map(lambda _: self.count(), range(100))))
            self.assertLess(len(publisher.lines()), 50)

    def test_a_publisher_that_never_answers_delays_one_call_by_the_refresh_timeout(self):
        with self.refresher(None) as (publisher, _), self.publish_rows(client="told"):
            wait_until_equal(["told"], self.clients)
            began = time.monotonic()
            self.assertEqual(["told"], self.clients())
            self.assertLess(time.monotonic() - began, calm(1.5))
            self.assertEqual(["open", "looked"], publisher.lines())
        self.assertIn('publisher "publish_on_refresh" did not answer a refresh request', self.service.said)

    def missing(self):
        """(exit status, what is told on stderr with numbers left out)"""
        done = self.locally("list")
        return done.exit, re.sub(r"\d+", "N", done.stderr)

    def test_sessions_of_a_publisher_that_does_not_answer_are_as_old_as_is_told(self):
        warning = 'netsession: local computer: warning: publisher "publish_on_refresh" does not answer; '
        with self.refresher(None):
            self.assertEqual((4, warning + "it has not sent all of its sessions yet\n"), self.missing())
        with self.refresher(2):
            self.assertEqual((0, ""), self.missing())
            time.sleep(0.3)  # an answer is good for 200 ms
            (self.folder / "sessions").unlink()
            self.assertEqual((4, warning + "its sessions are those of N s ago\n"), self.missing())

    def test_sessions_of_a_publisher_that_is_lost_are_missing_until_it_comes_back(self):
        with self.refresher(2) as (publisher, _):
            self.assertEqual((0, ""), self.missing())
            with subprocess.Popen([command.built(), "watch", "--every", "0.2", "--polls", "8"], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=command.environment({"NETSESSION_SOCKET": str(self.service.socket)})) as watch:
                self.assertRegex(watch.stdout.readline(), "started")
                publisher.process.kill()
                told, complained = watch.communicate(timeout=HANG_S)
            self.assertNotIn("ended", told)
            self.assertEqual((4, 1), (watch.returncode, complained.count("disconnected")))
            self.assertEqual((4, 'netsession: local computer: warning: publisher "publish_on_refresh" disconnected N s ago; '
                                 'its sessions are not listed\n'), self.missing())
        with self.refresher(0):
            self.assertEqual((0, ""), self.missing())

    def test_a_call_that_waits_for_a_leaving_publisher_waits_two_seconds_for_another_one(self):
        with self.refresher(None) as (publisher, _), concurrent.futures.ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            waits = pool.submit(self.clients)
            wait_until_equal(["open", "looked"], publisher.lines)
            publisher.process.kill()
            self.assertEqual([], waits.result(HANG_S))
            self.assertLess(time.monotonic() - began, calm(3.5))

    def test_a_caller_who_leaves_during_a_refresh_holds_up_nobody(self):
        with self.refresher(None) as (publisher, _), bound(self.service.socket) as dce:
            sessions.begin_enumeration(dce, 0)
            wait_until_equal(["open", "looked"], publisher.lines)
            dce.get_rpc_transport().disconnect()
            self.assertEqual([], self.clients())


class WithoutListRights(OneService):
    """Who may see no session makes nobody look."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.looks = self.programs.compile("publish_on_refresh.c", "netsession")

    def test_a_caller_without_list_rights_causes_no_refresh_and_does_not_wait(self):
        with Netsessiond(("alice",), policy="hardened", publishers="root") as service:
            found = self.folder / "none"
            with Publisher(service, self.looks, found) as publisher:
                wait_until_equal(["open"], publisher.lines)
                for _ in range(3):
                    stranger = command.run("list", env={"NETSESSION_SOCKET": str(service.socket)},
                                           inside=("setpriv", "--reuid=games", "--regid=games", "--clear-groups"))
                    self.assertIn("(5", stranger.stderr)
                    self.assertEqual(5, sessions.enumerate_with_impacket(service, "alice", 10).status)
                self.assertEqual(["open"], publisher.lines())
                with bound(service.socket) as dce:
                    self.assertEqual(0, sessions.enumerate_over(dce, 0).status)
                wait_until_equal(["open", "looked"], publisher.lines)


class Malformed(OneService):
    BROKEN = {"no kind": b"\0\0\0\0", "an unknown kind": b"\0\0\x40\0", "a length beyond all": b"\xFF\xFF\4\0",
              "a short message": b"\7\0\6\0" + bytes(7), "a long message": b"\x09\0\6\0" + bytes(9),
              "the service's part": b"\4\0\7\0" + bytes(4), "a second greeting": RawPublisher.frame(
                  HELLO, struct.pack("<II", VERSION, 0) + RawPublisher.text("again")),
              "a text without its end": RawPublisher.frame(PUT, bytes(24) + b"\1\0ab" + 3 * b"\0\0\0")}

    def test_a_protocol_violation_ends_the_connection_and_its_sessions(self):
        for what, data in self.BROKEN.items():
            with self.subTest(what), RawPublisher(self.service) as raw, self.publish_rows(client="other"):
                self.assertEqual(WELCOME, raw.greet()[0])
                raw.put(1, "fs1")
                wait_until_equal(["fs1", "other"], self.clients)
                raw.socket.sendall(data)
                self.assertTrue(raw.is_closed())
                wait_until_equal(["other"], self.clients)

    def test_an_invalid_greeting_ends_the_connection(self):
        for data in (b"GET / HTTP/1.0\r\n\r\n", RawPublisher.frame(PUT, bytes(36)), b"\0" * 100):
            with self.subTest(data), RawPublisher(self.service) as raw:
                raw.socket.sendall(data)
                self.assertTrue(raw.is_closed())

    def test_another_version_is_refused(self):
        for version in (VERSION + 1, VERSION_3 - 1):
            with RawPublisher(self.service) as raw:
                self.assertEqual((REFUSED, struct.pack("<I", 50)), raw.greet(version))
                self.assertTrue(raw.is_closed())

    def test_texts_that_cannot_be_shown_are_refused(self):
        with RawPublisher(self.service) as raw:
            raw.greet()
            for key, client in enumerate(("", "a\nb", "\x1b[2J", "x" * 1024 + "\x7f")):
                raw.put(key, client[-1024:])
                self.assertEqual((ERROR, struct.pack("<QI", key, 87)), raw.hear_until(ERROR))
            raw.put(9, "x" * 1024)
            wait_until_equal(["x" * 1024], self.clients)


class Restart(OneService):
    def test_the_example_publisher_reconnects_when_netsessiond_is_back(self):
        with Publisher(self.service, self.example) as publisher:
            publisher.tell("put 1 10.0.0.7 alice 2")
            wait_until_equal(["10.0.0.7"], self.clients)
            self.service.restart()
            wait_until_equal(["10.0.0.7"], self.clients)
            publisher.tell("remove 1")

    def test_a_publisher_without_rights_any_more_is_disconnected_at_a_reload(self):
        with self.publish_rows() as publisher:
            wait_until_equal(["10.0.0.7"], self.clients)
            self.service.options["publishers"] = "somebody-else"
            self.service.reload()
            wait_until_equal(["open", "lost 64"], publisher.lines)
            wait_until_equal([], self.clients)
            self.service.options["publishers"] = "root"
            self.service.reload()


if __name__ == "__main__":
    tap.main()
