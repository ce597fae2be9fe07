"""The history of netsessiond ([history] db): the beginning and the end of every session, recorded by netsession-fleet beside it, and
told by `netsession report`."""
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock

from fixtures.publisher import CLOSE, RawPublisher
from lab import command, postgres, sessions, tap
from lab.cli import run_list
from lab.netsessiond import Netsessiond
from lab.process import resident_mib
from lab.sessions import Wanted
from lab.subreaper import descendants
from lab.wait_until import HANG_S, calm, wait_until

HAS_LANDLOCK = "landlock" in subprocess.run(
    ["unshare", "--mount", "sh", "-c", "mount -t securityfs none /sys/kernel/security; cat /sys/kernel/security/lsm"],
    text=True, capture_output=True, check=False).stdout
IS_SANITIZED = re.search(rb"__[at]san_init", command.built("netsessiond").read_bytes()) is not None
SMALL_DISK = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text):
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def recorder(server):
    """The pids of the recorder: of the process that starts the writer again, and of the writer."""
    return sorted(descendants(server.pid))


def many(publisher, keys):
    """The acknowledgements are read meanwhile: who reads none is read no more."""
    def read():
        with contextlib.suppress(OSError):
            publisher.hear_until(CLOSE)
    threading.Thread(target=read, daemon=True).start()
    publisher.put_all([(key, f"10.{key >> 16}.{key >> 8 & 255}.{key & 255}", "mail") for key in keys])


def log_on_until_said(server):
    for _ in range(200):
        with sessions.held(server, [Wanted("bob", "127.0.0.8")]):
            if "is not recorded for now" in server.said:
                return


@contextlib.contextmanager
def watching(server, db, *arguments):
    command_line = [command.built(), "watch", "-A", server.credentials_file("root"), "--db", db, "--every", "0.2", "-o", "jsonl", *arguments,
                    f"127.0.0.1:{server.port}"]
    with subprocess.Popen(list(map(str, command_line)), env=command.environment(), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.output, process.complaints = process.communicate(timeout=HANG_S)


def read_until(process, text):
    while text not in (line := process.stdout.readline()):
        if not line:
            raise AssertionError(f"the output ended before {text!r}")


class Recorded(unittest.TestCase):
    inside = ()

    def setUp(self):
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "state/sessions.db"

    def rows(self, *arguments):
        result = command.run("report", "--db", self.db, "-o", "json", *arguments, inside=self.inside)
        self.assertEqual(0, result.exit, result)
        return result.json["rows"]

    def await_rows(self, count, *arguments):
        """The report has nothing to read, and knows no server, before the first commit."""
        def found():
            result = command.run("report", "--db", self.db, "-o", "json", *arguments, inside=self.inside)
            return result.exit == 0 and len(result.json["rows"]) == count
        wait_until(found)
        return self.rows(*arguments)

    def notes(self, *arguments):
        return command.run("report", "--db", self.db, "-o", "json", *arguments).json.get("notes", [])

    def reasons(self):
        return [note["reason"] for note in self.notes("changes", "--since", "1h") if note["reason"] != "not_watched"]

    def open_sessions(self):
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            return connection.execute("SELECT count(*) FROM session WHERE gone IS NULL").fetchone()[0]


class History(Recorded):
    # ---- sessions

    def test_a_session_is_recorded_from_its_beginning_to_its_end(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            before = int(time.time())
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                [found] = self.await_rows(1, "who", "alice")
                self.assertEqual(("FS1", "\\\\127.0.0.7", "alice", True),
                                 tuple(found[key] for key in ("server", "client", "user", "certain")))
                self.assertLessEqual(utc(before), found["started"])
                self.assertNotIn("gone", found)
                during = int(time.time())
            self.await_rows(0, "who", "alice")
            [found] = self.rows("who", "ALICE", "--at", utc(seconds(found["first_seen"])))
            self.assertLessEqual(utc(during), found["gone"])
            self.assertEqual(found["gone"], found["last_seen"])
            self.assertEqual([], self.rows("who", "alice", "--at", utc(seconds(found["gone"]) + 1)))
            self.assertEqual([], self.rows("who", "alice", "--at", utc(seconds(found["started"]) - 1)))

    def test_smbclient_is_recorded_while_it_is_connected(self):
        with Netsessiond(db=self.db) as server:
            self.await_rows(0, "who", "alice")
            with subprocess.Popen(server.tool("smbclient", "-A", server.credentials_file("alice"), f"//{server.host}/IPC$"),
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as smbclient:
                [found] = self.await_rows(1, "who", "alice")
                self.assertEqual("netsessiond", found["seen_by"])
                smbclient.communicate()  # closes its stdin, at which it logs off
            self.await_rows(0, "who", "alice")
            [ended] = self.rows("who", "alice", "--since", "1h")
            self.assertEqual(ended["gone"], ended["last_seen"])

    def test_rpcclient_and_impacket_are_recorded_although_they_stay_for_a_moment(self):
        with Netsessiond(db=self.db) as server:
            self.await_rows(0, "who", "root")
            sessions.enumerate_with_impacket(server)
            self.await_rows(1, "who", "root", "--since", "1h")
            done = subprocess.run(server.tool("rpcclient", "-A", server.credentials_file("root"), "-c", "netsessenum", server.host), check=False,
                                  capture_output=True, text=True)
            self.assertEqual(0, done.returncode, done)
            found = self.await_rows(2, "who", "root", "--since", "1h")
            wait_until(lambda: all("gone" in row for row in self.rows("who", "root", "--since", "1h")))
            self.assertEqual({"\\\\127.0.0.1"}, {row["client"] for row in found})

    def test_a_store_that_takes_the_history_over_knows_its_gaps(self):
        central, own = self.db.with_name("central.db"), self.db
        with Netsessiond(db=self.db, netbios_name="FS1") as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            os.kill(recorder(server)[1], signal.SIGKILL)
            wait_until(lambda: self.reasons() == ["recorder"])
            for _ in range(2):
                result = command.run("store", "merge", own, "--db", central)
                self.assertEqual(0, result.exit, result)
        self.await_rows(0, "who", "alice")
        self.db = central
        [found] = self.rows("who", "alice")
        self.assertEqual(("netsessiond", True), (found["seen_by"], "gone" not in found))
        self.assertEqual(["recorder", "ended"], self.reasons())
        with contextlib.closing(sqlite3.connect(central)) as connection, connection:
            connection.execute("UPDATE session SET first_seen = 1, last_seen = 1")
            connection.execute("UPDATE watch SET seen = 1000, ended = 1000")
        self.assertEqual(0, command.run("report", "prune", "--older-than", "1", "--db", central).exit)
        with contextlib.closing(sqlite3.connect(central)) as connection:
            self.assertEqual([(0, 0)], connection.execute("SELECT (SELECT count(*) FROM session), count(*) FROM watch").fetchall())
        self.assertEqual(0, command.run("store", "merge", own, "--db", central).exit)
        [found] = self.rows("who", "alice", "--since", "1h")
        self.assertEqual(("netsessiond", True), (found["seen_by"], "gone" in found))
        self.assertEqual(["recorder", "ended"], self.reasons())

    def test_only_the_owner_reads_the_database(self):
        with Netsessiond(db=self.db) as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            self.assertEqual([0o600], sorted({path.stat().st_mode & 0o777 for path in self.db.parent.iterdir()}))
            self.assertEqual(0o700, self.db.parent.stat().st_mode & 0o777)

    # ---- what dies

    def test_a_recorder_that_is_killed_is_started_again_and_the_gap_is_told(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            [before] = self.await_rows(1, "who", "alice")
            [_, writer] = recorder(server)
            os.kill(writer, signal.SIGKILL)
            with sessions.held(server, [Wanted("bob", "127.0.0.8")]):
                self.await_rows(1, "who", "bob")
                self.assertNotIn(writer, recorder(server))
                [after] = self.rows("who", "alice")
                self.assertEqual([before[key] for key in ("started", "first_seen")], [after[key] for key in ("started", "first_seen")])
                self.assertEqual(["recorder"], self.reasons())
            self.await_rows(0, "who", "bob")
            result = command.run("report", "changes", "--since", "1h", "--db", self.db)
            self.assertRegex(result.stderr, r"FS1: nothing is known from \S+Z to \S+Z: netsessiond's recorder had ended")
            self.assertEqual(1, server.said.count("the recorder of the history has ended; it is started again"))

    def test_netsessiond_serves_on_and_says_so_when_all_of_the_recorder_is_killed(self):
        with Netsessiond(db=self.db) as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            [supervisor, writer] = recorder(server)
            os.kill(supervisor, signal.SIGKILL)
            with sessions.held(server, [Wanted("bob", "127.0.0.8")]):
                self.await_rows(1, "who", "bob")  # the writer goes on
            server.await_said(r"sessions are not recorded until netsessiond restarts", lambda: os.kill(writer, signal.SIGKILL))
            self.assertIn("alice", {row["user"] for row in run_list(server, "-o", "json").sessions})
            server.restart()
            self.await_rows(0, "who", "alice")

    def test_the_recorder_ends_with_netsessiond(self):
        with Netsessiond(db=self.db) as server:
            wait_until(lambda: len(recorder(server)) == 2)
            pids = recorder(server)
            server.kill()
            wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}/cmdline").exists() and
                                       b"record" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids))

    def test_a_database_that_does_not_answer_does_not_delay_the_end_of_the_recorder(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, \
                Netsessiond(db=f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=600&sslmode=disable") as server:
            held, _ = silent.accept()
            self.enterContext(held)
            pids = recorder(server)
            self.assertEqual(2, len(pids))
            self.assertEqual(0, server.terminate())
            wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids))
            self.assertIn("the last sessions before its end could not be recorded: the store did not answer", server.said)
            server.start()

    def test_the_recorder_has_no_way_to_more_rights_and_the_writer_a_filter_for_system_calls(self):
        """The folder of the database is that of a link, and the one that the link leads to."""
        real = self.db.parent.parent / "real"
        real.mkdir()
        self.db.parent.mkdir()
        self.db.symlink_to(real / "sessions.db")
        with Netsessiond(db=self.db) as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            found = [re.findall(r"^(?:NoNewPrivs|Seccomp):\s(.)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
                     for pid in recorder(server)]
            self.assertEqual([["1", "0"], ["1", "2"]], found)
            self.assertTrue((real / "sessions.db").exists())

    def test_the_writer_has_no_files_but_those_in_the_folder_of_the_database(self):
        if not HAS_LANDLOCK:
            self.skipTest("this kernel has no Landlock")
        if IS_SANITIZED:
            self.skipTest("the sanitizers do not work below strace")
        with tempfile.NamedTemporaryFile("r") as trace:
            with Netsessiond(db=self.db, inside=("strace", "-f", "-qq", "-e", "trace=openat,landlock_add_rule,landlock_restrict_self", "-o",
                                                 trace.name)) as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.await_rows(1, "who", "alice")
            lines = [line.split(maxsplit=1) for line in trace.read().splitlines()]
        [writer] = {pid for pid, call in lines if f'"{self.db}' in call}
        calls = [call for pid, call in lines if pid == writer]
        entered = next(n for n, call in enumerate(calls) if re.match(r"landlock_restrict_self\(.*\) += 0$", call))
        self.assertEqual({f"{self.db.parent}/", "/dev/urandom"}, {call.split('"')[1] for call in calls[:entered] if "O_PATH" in call})
        self.assertEqual([], [call for call in calls[entered:] if "EACCES" in call])

    def test_sessions_that_a_killed_netsessiond_leaves_open_end_unseen(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            with contextlib.suppress(Exception), sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                [open_one] = self.await_rows(1, "who", "alice")
                server.kill()
            [left] = self.rows("who", "alice")
            self.assertNotIn("gone", left)
            wait_until(lambda: time.time() > seconds(left["last_seen"]) + 2)
            server.start()
            self.await_rows(0, "who", "alice")
            [ended] = self.rows("who", "alice", "--since", "1h")
            self.assertEqual(left["last_seen"], ended["last_seen"])
            self.assertLess(ended["last_seen"], ended["gone"])
            [unsure] = self.rows("who", "alice", "--at", utc(seconds(ended["last_seen"]) + 1))
            self.assertIs(False, unsure["certain"])
            self.assertEqual(["start"], self.reasons())
            self.assertEqual(open_one["started"], ended["started"])

    def test_netsessiond_that_stops_leaves_nothing_untold(self):
        with Netsessiond(db=self.db) as server:
            with contextlib.suppress(Exception), sessions.held(server, [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8")]):
                self.await_rows(1, "who", "bob")
                server.terminate()
        self.await_rows(0, "who", "alice")
        found = self.rows("who", "alice", "--since", "1h") + self.rows("who", "bob", "--since", "1h")
        self.assertEqual(2, len(found))
        for row in found:
            self.assertEqual(row["gone"], row["last_seen"])

    def test_no_session_is_lost_or_doubled_when_the_recorder_is_killed_at_any_time(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        with Netsessiond(db=self.db) as server, sessions.held(server, [Wanted("carol", "127.0.0.9")]):
            self.await_rows(1, "who", "carol")
            for _ in range(12):
                with sessions.held(server, [Wanted("alice", f"127.0.1.{chance.randrange(1, 200)}"), Wanted("bob", "127.0.0.8")]):
                    for writer in recorder(server)[1:]:
                        time.sleep(chance.random() / 5)  # anywhere in a batch
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(writer, signal.SIGKILL)
            wait_until(lambda: (len(recorder(server)), len(self.rows("who", "alice")), len(self.rows("who", "bob"))) == (2, 0, 0))
            [found] = self.rows("who", "carol", "--since", "1h")
            self.assertNotIn("gone", found, seed)
            ids = [(row["client"], row["started"]) for row in self.rows("who", "alice", "--since", "1h")]
            self.assertEqual(len(set(ids)), len(ids), seed)

    # ---- what does not keep up

    def test_a_recorder_that_does_not_read_is_left_behind_and_catches_up(self):
        with Netsessiond(db=self.db, netbios_name="FS1", publisher_max_sessions=200000) as server:
            wait_until(lambda: self.db.exists() and len(recorder(server)) == 2)
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]), RawPublisher(server) as publisher:
                self.await_rows(1, "who", "alice")
                publisher.greet()
                before = resident_mib(server.pid)
                [_, writer] = recorder(server)
                os.kill(writer, signal.SIGSTOP)
                try:
                    server.await_said(r"the recorder of the history does not keep up", lambda: many(publisher, range(1, 40000)))
                    self.assertLess(resident_mib(server.pid), before + 100)
                    [_] = self.rows("who", "alice")
                finally:
                    os.kill(writer, signal.SIGCONT)
                server.await_said(r"the history is recorded again; \d+ changes of sessions were not")
                wait_until(lambda: self.open_sessions() == 40000)
                [gap] = [note for note in self.notes("changes", "--since", "1h") if note["reason"] == "overflow"]
                self.assertGreater(gap["lost"], 0)
                publisher.socket.shutdown(socket.SHUT_RDWR)  # which also ends the thread that reads
            wait_until(lambda: self.open_sessions() == 0)

    def test_a_full_disk_does_not_stop_netsessiond_and_is_told_once(self):
        disk = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        with Netsessiond(db=disk / "sessions.db", netbios_name="FS1", inside=("unshare", "--mount", "sh", "-c", SMALL_DISK, disk)) as server:
            seen = pathlib.Path(f"/proc/{server.pid}/root{disk}")
            self.db, self.inside = disk / "sessions.db", ("nsenter", "--mount", "--target", str(server.pid))
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.await_rows(1, "who", "alice")
                full = seen / "full"
                with contextlib.suppress(OSError), full.open("wb") as filler:
                    while True:
                        filler.write(bytes(4096))
                        filler.flush()
                end = time.monotonic() + 3
                server.await_said(r"the history is not recorded for now: .*the disk is full", lambda: log_on_until_said(server))
                while time.monotonic() < end:
                    with sessions.held(server, [Wanted("bob", "127.0.0.8")]):
                        self.assertIn("bob", {row["user"] for row in run_list(server, "-o", "json").sessions})
                full.unlink()
                server.await_said(r"the history is recorded again")
                with sessions.held(server, [Wanted("carol", "127.0.0.9")]):
                    self.await_rows(1, "who", "carol")
                    self.await_rows(1, "who", "alice")
                self.assertEqual(1, server.said.count("is not recorded for now"))
                self.assertNotEqual([], self.rows("who", "bob", "--since", "1h"))

    # ---- publishers

    def test_a_publisher_that_polls_and_comes_back_has_the_same_sessions(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            with RawPublisher(server) as publisher:
                publisher.greet(is_asked=1)
                publisher.put_all([(1, "10.0.0.1", "mail"), (2, "10.0.0.2", "web")])
                self.await_rows(2, "on", "FS1")
            wait_until(lambda: "publish-close" in str(server.audit))
            self.assertEqual(2, len(self.rows("on", "FS1")))
            with RawPublisher(server) as publisher:
                publisher.greet(is_asked=1)
                publisher.put(7, "10.0.0.1", "mail")
                wait_until(lambda: any("gone" in row for row in self.rows("who", "web", "--since", "1h")))
                [kept] = self.rows("who", "mail", "--since", "1h")
                self.assertNotIn("gone", kept)
                [ended] = self.rows("who", "web", "--since", "1h")
                self.assertLess(ended["last_seen"], ended["gone"])
                self.assertEqual(["publisher"], self.reasons())

    # ---- the start

    def test_a_database_that_cannot_be_made_is_told_and_does_not_stop_netsessiond(self):
        self.db = pathlib.Path("/proc/none/sessions.db")
        with Netsessiond(db=self.db) as server:
            server.await_said(r"the history is not recorded for now: ") if "not recorded for now" not in server.said else None
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.assertIn("alice", {row["user"] for row in run_list(server, "-o", "json").sessions})

    def test_another_user_than_root_records_in_its_own_folder(self):
        folder = self.db.parent
        folder.mkdir()
        shutil.chown(folder, "nobody")
        folder.parent.chmod(0o755)
        with Netsessiond(db=self.db, user="nobody") as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            self.assertEqual({"nobody"}, {path.owner() for path in folder.iterdir()})


class Watch(Recorded):
    """`netsession watch --db`"""

    def watching(self, server, *arguments):
        return watching(server, self.db, *arguments)

    def test_a_session_has_ended_between_two_polls(self):
        with Netsessiond() as server, self.watching(server) as process:
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                [found] = self.await_rows(1, "who", "alice")
                self.assertEqual((f"127.0.0.1:{server.port}", "\\\\127.0.0.7", "poll"),
                                 tuple(found[key] for key in ("server", "client", "seen_by")))
                self.assertLessEqual(found["started"], found["first_seen"])
            self.await_rows(0, "who", "alice")
            [ended] = self.rows("who", "alice", "--since", "1h")
            self.assertLessEqual(ended["last_seen"], ended["gone"])
            self.assertIn({"note": "polled", "server": f"127.0.0.1:{server.port}", "interval_s": 0.2}, self.notes("who", "x", "--since", "1h"))
        self.assertEqual(0, process.returncode, process.complaints)
        self.assertIn('"started"', process.output)
        self.assertEqual(["ended"], [note["reason"] for note in self.notes("who", "x")])

    def test_the_time_in_which_a_server_did_not_answer_is_a_gap(self):
        with Netsessiond() as server, self.watching(server) as process:
            with contextlib.suppress(Exception), sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.await_rows(1, "who", "alice")
                server.kill()
            self.assertIn("127.0.0.1", process.stderr.readline())
            server.start()
            self.await_rows(0, "who", "alice")
            self.assertEqual(["no_answer"], self.gaps())
            [ended] = self.rows("who", "alice", "--since", "1h")
            [gap] = [note for note in self.notes("who", "x", "--since", "1h") if note.get("reason") == "no_answer"]
            self.assertEqual((gap["from"], gap["until"]), (ended["last_seen"], ended["gone"]))

    def gaps(self):
        return [note["reason"] for note in self.notes("who", "x", "--since", "1h") if note.get("reason", "not_watched") != "not_watched"]

    def test_a_watch_that_was_killed_is_followed_by_one_that_knows_its_sessions(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8")]):
            with self.watching(server) as process:
                self.await_rows(1, "who", "bob")
                process.kill()
                process.wait(HANG_S)
            [before] = self.rows("who", "alice")
            with self.watching(server):
                wait_until(lambda: self.gaps() == ["ended"])
                [after] = self.rows("who", "alice", "--since", "1h")
                self.assertEqual([before[key] for key in ("started", "first_seen")], [after[key] for key in ("started", "first_seen")])
                self.assertNotIn("gone", after)

    def test_a_second_watch_of_a_server_in_the_same_store_records_nothing(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]), self.watching(server):
            self.await_rows(1, "who", "alice")
            with self.watching(server, "--polls", "2") as second:
                second.wait(HANG_S)
            self.assertIn("another program records the sessions of 127.0.0.1", second.complaints)
            self.assertEqual(1, len(self.rows("who", "alice", "--since", "1h")))

    def locked_store(self):
        """The store, in which nobody else can write until it is closed."""
        store = self.enterContext(contextlib.closing(sqlite3.connect(self.db, isolation_level=None, check_same_thread=False)))
        store.execute("BEGIN IMMEDIATE")
        return store

    def test_a_store_that_is_busy_delays_neither_a_line_nor_the_end(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("bob", "127.0.0.8")]), self.watching(server) as process:
            self.await_rows(1, "who", "bob")
            store = self.locked_store()
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                read_until(process, "alice")
                before = time.monotonic()
                process.send_signal(signal.SIGINT)
                self.assertEqual(3, process.wait(HANG_S))
                self.assertLess(time.monotonic() - before, calm(4))
            store.execute("ROLLBACK")
        self.assertEqual("netsession: what was seen last is not recorded: the store did not answer\n", process.complaints)

    def test_what_a_busy_store_keeps_waiting_is_recorded_with_its_time_and_without_a_gap(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("bob", "127.0.0.8")]), self.watching(server) as process:
            self.await_rows(1, "who", "bob")
            store = self.locked_store()
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                read_until(process, "alice")
            read_until(process, "alice")
            ended = time.time()
            wait_until(lambda: time.time() > ended + 2)
            store.execute("ROLLBACK")
            wait_until(lambda: self.rows("who", "alice", "--since", "1h") and not self.rows("who", "alice"))
            [found] = self.rows("who", "alice", "--since", "1h")
            self.assertLessEqual(seconds(found["gone"]), ended + 1)
            self.assertNotIn("store", self.gaps())
        self.assertEqual((0, ""), (process.returncode, process.complaints))

    def test_a_poll_that_was_late_is_a_gap(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]), self.watching(server) as process:
            self.await_rows(1, "who", "alice")
            process.send_signal(signal.SIGSTOP)
            stopped = time.time()
            wait_until(lambda: time.time() > stopped + 3)
            process.send_signal(signal.SIGCONT)
            wait_until(lambda: "late" in self.gaps())
            gap = next(note for note in self.notes("who", "x", "--since", "1h") if note.get("reason") == "late")
            self.assertLessEqual(2, seconds(gap["until"]) - seconds(gap["from"]))
            self.assertEqual(1, len(self.rows("who", "alice", "--since", "1h")))

    def test_a_server_is_recorded_once(self):
        result = command.run("watch", "--db", self.db, "fs1", "fs2", "\\\\FS1", "--polls", "1")
        self.assertEqual((3, "netsession: FS1 is named twice: a store records a server once\n"), (result.exit, result.stderr))

    def test_a_poll_neither_doubles_nor_ends_what_netsessiond_records(self):
        """Nor does a publisher that is away hold up what is known of others."""
        with Netsessiond() as server:
            server.terminate()
            server.options |= {"db": self.db, "server": f"127.0.0.1:{server.port}"}
            server.start()
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.await_rows(1, "who", "alice")
                with RawPublisher(server) as publisher:
                    publisher.greet(is_asked=1)
                    publisher.put(1, "10.0.0.1", "mail")
                    self.await_rows(1, "who", "mail")
                wait_until(lambda: "publish-close" in str(server.audit))
                away = time.time()
                self.assertEqual(0, command.run("watch", "-A", server.credentials_file("root"), "--db", self.db, "--polls", 3, "--every", 0.2,
                                                f"127.0.0.1:{server.port}").exit)
                self.assertEqual({"netsessiond", "poll"}, self.kinds())
                [found] = self.rows("who", "alice", "--since", "1h")
                self.assertEqual("netsessiond", found["seen_by"])
                [lost] = self.rows("who", "mail", "--since", "1h")
                self.assertNotIn("gone", lost)
                wait_until(lambda: seconds(self.rows("who", "alice")[0]["last_seen"]) > away + 2)

    def kinds(self):
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            return {kind for kind, in connection.execute("SELECT kind FROM watch WHERE kind <> 'lost'")}

    def test_filters_do_not_go_with_a_store(self):
        result = command.run("watch", "--db", self.db, "-u", "alice", "127.0.0.1")
        self.assertEqual(2, result.exit)
        self.assertIn("watch --db records all sessions", result.stderr)


class Postgres(Recorded):
    """The same in a store of PostgreSQL, Debian's own."""

    def setUp(self):
        if postgres.programs() is None:
            self.skipTest("PostgreSQL is not installed")
        self.database = self.enterContext(postgres.PostgresServer())
        self.db = self.database.url
        self.variables = {"PGPASSFILE": str(self.database.passwords_file(None))}
        self.enterContext(unittest.mock.patch.dict(os.environ, self.variables))

    def test_netsessiond_records_and_a_database_that_restarts_loses_nothing(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                self.await_rows(1, "who", "alice")
                self.database.kill()
                self.database.start()
                with sessions.held(server, [Wanted("bob", "127.0.0.8")]):
                    self.await_rows(1, "who", "bob")
                self.await_rows(0, "who", "bob")
                self.assertEqual(1, len(self.rows("who", "alice")))
            self.await_rows(0, "who", "alice")
            for user in ("alice", "bob"):
                [found] = self.rows("who", user, "--since", "1h")
                self.assertEqual(found["gone"], found["last_seen"])
            self.assertEqual([], self.reasons())

    def test_the_password_is_in_a_service_file_that_root_and_a_group_may_read(self):
        """So systemd's LoadCredential hands a file of root to the user of a service."""
        service = self.database.folder / "pg_service.conf"
        service.write_text(f"[history]\nhost=127.0.0.1\nport={self.database.port}\nuser={postgres.USER}\ndbname=netsession\n"
                           f"password={self.database.password(postgres.USER)}\n")
        service.chmod(0o440)
        shutil.chown(service, "root", "nogroup")
        self.database.folder.chmod(0o755)
        with unittest.mock.patch.dict(os.environ, {"PGSERVICEFILE": str(service), "PGPASSFILE": "/nowhere"}):
            server = self.enterContext(Netsessiond(db="postgresql://?service=history", netbios_name="FS1", user="nobody"))
        with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            for process in recorder(server):
                self.assertEqual(65534, os.stat(f"/proc/{process}").st_uid)
            self.await_rows(1, "who", "alice")

    def test_the_history_of_a_site_is_merged_and_merged_again(self):
        central = self.db
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"
        with Netsessiond(db=self.db, netbios_name="FS1") as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            self.assertEqual(0, command.run("store", "merge", self.db, "--db", central).exit)
        self.await_rows(0, "who", "alice")
        self.assertEqual(0, command.run("store", "merge", self.db, "--db", central).exit)
        [own] = self.rows("who", "alice", "--since", "1h")
        self.db = central
        self.assertEqual(("netsessiond", [own]), (own["seen_by"], self.rows("who", "alice", "--since", "1h")))

    def test_watch_records(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.assertEqual(0, command.run("watch", "-A", server.credentials_file("root"), "--db", self.db, "--polls", 2, "--every", 0.1,
                                            f"127.0.0.1:{server.port}", env=self.variables).exit)
            [found] = self.rows("who", "alice")
            self.assertEqual("poll", found["seen_by"])

    def test_a_watch_ends_although_the_database_does_not_answer(self):
        with Netsessiond() as server, sessions.held(server, [Wanted("bob", "127.0.0.8")]), watching(server, self.db) as process:
            self.await_rows(1, "who", "bob")
            with self.database.session("BEGIN; LOCK TABLE watch"):
                with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                    read_until(process, "alice")
                before = time.monotonic()
                process.send_signal(signal.SIGINT)
                self.assertEqual(3, process.wait(HANG_S))
                self.assertLess(time.monotonic() - before, calm(4))
            self.assertIn("what was seen last is not recorded", process.stderr.read())
            self.assertEqual([], self.rows("who", "alice", "--since", "1h"))


if __name__ == "__main__":
    tap.main()
