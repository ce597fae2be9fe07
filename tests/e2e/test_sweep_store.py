"""The store of `netsession sweep`, as Python's sqlite3 reads it: what is kept, how it survives kills and full disks, and that
nothing is counted twice."""
import contextlib
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import time
import unittest

from lab import command, odd_servers, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until

KILLS = 50

# A file system of 600 KiB at $0 for the command, and what is left in it afterwards at $1.
SMALL_DISK = 'mount -t tmpfs -o size=600k none "$0" || exit 9; kept=$1; shift; "$@"; code=$?; cp "$0"/* "$kept"; exit $code'


class Store(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.server = cls.enterClassContext(Netsessiond(listen=f"0.0.0.0:{cls.port}", max_connections_per_address=10000,
                                                        max_unauthenticated_connections=10000,
                                                        max_unauthenticated_connections_per_address=10000))
        cls.server.port = cls.port
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("alice", "127.0.0.8")]))

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.db = self.folder / "new" / "sessions.db"

    def arguments(self, *arguments, db=None):
        return ["sweep", "-A", self.server.credentials_file("root"), "--wins", "none", "-p", str(self.port),
                "--db", str(db or self.db), "-o", "jsonl", *map(str, arguments)]

    def sweep(self, *arguments, db=None, **options):
        return command.run(*self.arguments(*arguments, db=db), **options)

    def start(self, *arguments):
        return subprocess.Popen([command.built(), *self.arguments(*arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=command.environment())

    def query(self, sql, *parameters, db=None):
        with contextlib.closing(sqlite3.connect(f"file:{db or self.db}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()

    # ---- what is kept

    def test_a_sweep_keeps_its_outcomes_and_sessions_for_its_owner_alone(self):
        closed = free_port()
        before = int(time.time())
        self.assertEqual(1, self.sweep("-u", "alice", "127.0.0.1", f"127.0.0.1:{closed}").exit)
        self.assertEqual([(f"127.0.0.1", "answered", None, 0, 2, 502, "127.0.0.1"),
                          (f"127.0.0.1:{closed}", "unreachable", "connect", 53, 0, None, None)],
                         self.query("SELECT name, outcome, step, status, sessions, level, address FROM outcome "
                                    "JOIN host ON host.id = host ORDER BY name"))
        self.assertEqual([("finished", 2)], self.query("SELECT end, (SELECT count(*) FROM target) FROM run WHERE ended >= began"))
        rows = self.query("SELECT client, user, account, num_opens, started, first_seen, last_seen, gone FROM session ORDER BY client")
        self.assertEqual([("\\\\127.0.0.7", "alice", "alice", 0), ("\\\\127.0.0.8", "alice", "alice", 0)],
                         [row[:4] for row in rows])
        for started, first, last, gone in (row[4:] for row in rows):
            self.assertLessEqual(started, first)
            self.assertTrue(before <= first == last and gone is None)
        self.assertEqual(0o600, stat.S_IMODE(self.db.stat().st_mode))
        self.assertEqual(0o700, stat.S_IMODE(self.db.parent.stat().st_mode))

    def test_a_session_is_recognised_in_the_next_sweep_and_gone_in_the_one_that_lacks_it(self):
        with sessions.held(self.server, [Wanted("bob", "127.0.0.9")]):
            self.sweep("127.0.0.1", "-u", "bob")
            wait_until(lambda: time.time() > self.query("SELECT first_seen FROM session")[0][0] + 1)
            self.sweep("127.0.0.1", "-u", "bob")
            [(first, last, gone)] = self.query("SELECT first_seen, last_seen, gone FROM session")
            self.assertTrue(first < last and gone is None)
        self.sweep("127.0.0.1", "-u", "alice")  # says nothing about bob
        self.assertEqual([(None,)], self.query("SELECT gone FROM session WHERE user = 'bob'"))
        wait_until(lambda: self.sweep("127.0.0.1", "-u", "bob").jsonl[-1]["outcomes"] == {"empty": 1})
        [(last, gone)] = self.query("SELECT last_seen, gone FROM session WHERE user = 'bob'")
        self.assertGreaterEqual(gone, last)
        self.assertEqual([(None,)] * 2, self.query("SELECT gone FROM session WHERE user = 'alice'"))

    def test_a_host_that_does_not_answer_ends_no_session(self):
        name = "fs1@127.0.0.1"
        self.sweep("-u", "alice", name)
        self.assertEqual({"denied": 1}, command.run("sweep", "-A", self.server.credentials_file("alice"), "-o", "jsonl", "--db",
                                                    self.db, "-p", self.port, "-u", "alice", name).jsonl[-1]["outcomes"])
        self.assertEqual([(None,)] * 2, self.query("SELECT gone FROM session"))

    # ---- interruptions

    def test_fifty_kills_lose_no_host_and_count_none_twice(self):
        targets = {f"127.20.{n // 200}.{1 + n % 200}" for n in range(600)}
        hosts = self.folder / "hosts"
        hosts.write_text("\n".join(targets))
        printed, kills, stored = [], 0, 0
        arguments = ("--hosts", hosts, "-u", "alice", "--rate", 400)
        while kills < KILLS:
            with self.start(*arguments) as running:
                time.sleep(random.uniform(0.0, 1.2))  # any moment will do
                running.kill()
                output = running.communicate()[0]
            kills += running.returncode == -signal.SIGKILL
            printed += [json.loads(line) for line in output.split("\n")[:-1]]
            if self.db.exists() and self.tables() >= 5 and self.query("SELECT count(*) FROM run") == [(1,)]:
                arguments = ("--resume", "--rate", 15)
                now = self.query("SELECT count(*) FROM outcome")[0][0]
                self.assertGreaterEqual(now, stored)
                stored = now
        while self.query("SELECT end FROM run") != [("finished",)]:
            result = self.sweep("--resume")
            self.assertEqual(0, result.exit, result)
        names = [line["server"] for line in printed if line["type"] == "host"]
        self.assertEqual(len(names), len(set(names)), "a host was reported twice")
        self.assertEqual([(len(targets),)], self.query("SELECT count(*) FROM outcome WHERE outcome = 'answered'"))
        self.assertEqual(targets, {name for name, in self.query("SELECT name FROM outcome JOIN host ON host.id = host")})
        self.assertEqual([(2, len(targets))],
                         self.query("SELECT n, count(*) FROM (SELECT count(*) n FROM session GROUP BY host) GROUP BY n"))
        self.assertEqual([("ok",)], self.query("PRAGMA integrity_check"))
        self.assertIn("nothing to resume", self.sweep("--resume").stderr)

    def tables(self):
        with contextlib.suppress(sqlite3.OperationalError):
            return self.query("SELECT count(*) FROM sqlite_master WHERE type = 'table'")[0][0]
        return 0

    def test_ctrl_c_keeps_what_has_answered_and_resume_asks_the_rest(self):
        with odd_servers.silent() as silent:
            hosts = ("127.0.0.1", "127.0.0.2", f"127.0.0.1:{silent.port}")
            with self.start("-u", "alice", *hosts) as running:
                lines = [json.loads(running.stdout.readline()) for _ in range(6)]
                running.send_signal(signal.SIGINT)
                rest = running.communicate()[0]
        self.assertEqual({"127.0.0.1", "127.0.0.2"}, {line["server"] for line in lines if line["type"] == "host"})
        self.assertEqual("interrupted", json.loads(rest)["end"])
        self.assertEqual([("interrupted",)], self.query("SELECT end FROM run"))
        resumed = self.sweep("--resume")
        self.assertEqual([(hosts[2], "unreachable")], [(line["server"], line["outcome"]) for line in resumed.jsonl
                                                       if line["type"] == "host"])
        self.assertEqual([("finished",)], self.query("SELECT end FROM run"))

    def test_resume_leaves_a_sweep_alone_that_is_still_running(self):
        with odd_servers.silent() as silent, self.start("127.0.0.1", f"127.0.0.1:{silent.port}") as running:
            running.stdout.readline()  # the first host is stored
            result = self.sweep("--resume")
            self.assertEqual(3, result.exit, result)
            self.assertIn("sweep 1 is still running in another program", result.stderr)
            running.kill()
        self.assertIn("1 of 1 hosts", self.sweep("--resume").stderr)
        self.assertEqual([("finished",)], self.query("SELECT end FROM run"))

    def test_two_sweeps_of_one_list_do_not_mix(self):
        with self.start("-u", "alice", "127.21.0.0/26") as first, self.start("-u", "alice", "127.21.0.0/26") as second:
            self.assertEqual((0, 0), (first.wait(HANG_S), second.wait(HANG_S)), first.stderr.read() + second.stderr.read())
        self.assertEqual([(62,), (62,)], self.query("SELECT count(*) FROM outcome GROUP BY run"))
        self.assertEqual([(124,)], self.query("SELECT count(*) FROM session"))

    def test_a_full_disk_stops_the_sweep_and_leaves_the_store_intact(self):
        disk, kept = self.folder / "disk", self.folder / "kept"
        disk.mkdir()
        kept.mkdir()
        result = self.sweep("-u", "alice", "127.22.0.0/22", db=disk / "sessions.db",
                            inside=("unshare", "--mount", "sh", "-c", SMALL_DISK, disk, kept))
        self.assertIn(result.exit, (1, 3), result)
        self.assertIn("the disk is full", result.stderr)
        self.assertEqual([("ok",)], self.query("PRAGMA integrity_check", db=kept / "sessions.db"))
        printed = {line["server"] for line in result.jsonl if line["type"] == "host"}
        self.assertTrue(0 < len(printed) < 1022, len(printed))
        self.assertEqual(printed, {name for name, in self.query("SELECT name FROM outcome JOIN host ON host.id = host",
                                                                db=kept / "sessions.db")})

    # ---- values that are refused

    def test_values_of_one_host_that_the_store_refuses_are_those_of_that_host_alone(self):
        self.sweep("-u", "alice", "127.0.0.1")
        with contextlib.closing(sqlite3.connect(self.db)) as connection, connection:
            connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON outcome WHEN NEW.outcome = 'answered' AND NEW.host IN (SELECT id FROM "
                               "host WHERE name = '127.0.0.3') BEGIN SELECT RAISE(ABORT, 'no such value'); END")
        result = self.sweep("-u", "alice", "127.0.0.2", "127.0.0.3", "127.0.0.4")
        self.assertIn("127.0.0.3: its sessions cannot be stored: ", result.stderr)
        self.assertEqual([("127.0.0.2", "answered"), ("127.0.0.3", "local_error"), ("127.0.0.4", "answered")],
                         self.query("SELECT name, outcome FROM outcome JOIN host ON host.id = host WHERE run = 2 ORDER BY name"))

    def test_a_store_that_is_damaged_ends_the_sweep_and_says_so_once(self):
        self.sweep("-u", "alice", "127.0.0.1")
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outcome'").fetchall()
            [(size,)] = connection.execute("PRAGMA page_size").fetchall()
        with self.db.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)
        result = self.sweep("-u", "alice", "127.0.0.2", "127.0.0.3")
        self.assertEqual("store_failed", result.jsonl[-1]["end"], result)
        self.assertEqual(1, result.stderr.count("is damaged"), result)
        self.assertNotIn("cannot be stored", result.stderr)

    # ---- files

    def commands(self):
        """A command line of each command that opens a store of SQLite."""
        watched = f"127.0.0.1:{self.port}"
        credentials = ("-A", self.server.credentials_file("root"))
        return [self.arguments("-u", "alice", "127.0.0.1"), self.arguments("--resume"), ("sweep", "status", "--db", self.db),
                ("report", "hosts", "--db", self.db), ("report", "prune", "--older-than", "1", "--db", self.db),
                ("export", "ocsf", "--db", self.db), ("store", "migrate", "--db", self.db),
                ("store", "merge", self.db, "--db", self.folder / "other.db"),
                ("watch", *credentials, "--polls", "1", "--db", self.db, watched)]

    def test_a_store_that_others_can_read_or_change_is_refused(self):
        self.sweep("-u", "alice", "127.0.0.1")
        for mode in (0o640, 0o604, 0o620, 0o602):
            self.db.chmod(mode)
            for arguments in self.commands():
                result = command.run(*arguments)
                self.assertNotEqual(0, result.exit, result)
                self.assertIn(f"{self.db}: other users can read or change it; chmod 600 it\n", result.stderr)
        self.db.chmod(0o600)
        self.assertEqual([(1,)], self.query("SELECT count(*) FROM run"))
        result = self.sweep("-u", "alice", "127.0.0.1")
        self.assertEqual(0, result.exit, result)

    def test_a_store_of_another_user_is_read_by_root_alone_and_nobody_records_in_it(self):
        self.sweep("-u", "alice", "127.0.0.1")
        for path in (self.folder, self.db.parent):
            path.chmod(0o755)
        shutil.chown(self.db.parent, "games")
        shutil.chown(self.db, "games")
        for arguments, said in (
                (("report", "hosts"), ""), (("report", "prune", "--older-than", "1"), ""),
                (("store", "migrate"), f"{self.db} belongs to another user; run this as that user, or chown the file to yourself\n"),
                (self.arguments("-u", "alice", "127.0.0.1")[:-1] + ["127.0.0.2"], f"{self.db} belongs to another user; run this as")):
            self.assertIn(said, command.run(*arguments, "--db", self.db).stderr, arguments)
        self.assertEqual([(1,)], self.query("SELECT count(*) FROM run"))
        self.db.chmod(0o644)
        result = command.run("report", "hosts", "--db", self.db, inside=("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"))
        self.assertIn(f"{self.db} belongs to another user", result.stderr)
        self.db.chmod(0o600)
        link = self.folder / "link.db"
        link.symlink_to(self.db)
        self.assertIn(f"{link} belongs to another user", self.sweep("-u", "alice", "127.0.0.1", db=link).stderr)

    def test_files_that_others_made_beside_a_new_store_are_refused(self):
        """As in a folder that everybody may write to."""
        for suffix in ("-wal", "-shm", "-journal"):
            for owner, mode, said in (("games", 0o600, "belongs to another user"), ("root", 0o666, "other users can read or change it")):
                db = self.folder / f"{owner}{suffix}.db"
                beside = pathlib.Path(f"{db}{suffix}")
                beside.touch()
                beside.chmod(mode)
                shutil.chown(beside, owner)
                self.assertIn(f"{beside}{'' if owner == 'games' else ':'} {said}", self.sweep("-u", "alice", "127.0.0.1", db=db).stderr)

    def test_a_store_of_a_newer_schema_is_refused_and_left_alone(self):
        self.sweep("-u", "alice", "127.0.0.1")
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            connection.execute("PRAGMA user_version = 99")
        result = self.sweep("-u", "alice", "127.0.0.1")
        self.assertEqual((3, ""), (result.exit, result.stdout), result)
        self.assertIn("has schema 99, and this netsession knows schema ", result.stderr)
        self.assertEqual([(1,)], self.query("SELECT count(*) FROM run"))

    def test_what_is_no_store_is_refused(self):
        self.db.parent.mkdir()
        self.db.touch(mode=0o600)
        self.db.write_text("this is no database\n" * 100)
        result = self.sweep("-u", "alice", "127.0.0.1")
        self.assertEqual(3, result.exit, result)
        self.assertIn("no database of netsession", result.stderr)
        self.assertIn("cannot be opened", self.sweep("--resume", db=self.folder / "none.db").stderr)

    def test_all_commands_write_a_failure_and_its_advice_in_the_same_way(self):
        expected = ("netsession: the URL of the database has a password, which others can see; write the password into "
                    "~/.pgpass, into the file that PGPASSFILE names, or into a service file\n")
        for words in (("report", "hosts"), ("sweep", "-N", "fs1"), ("sweep", "-N", "--queue", "--site", "x", "fs1"),
                      ("sweep", "status"), ("collect", "-N"), ("export", "bloodhound", "--domain", "lab.example")):
            with self.subTest(words):
                result = command.run(*words, "--db", "postgresql://user:password@db/netsession")
                self.assertEqual((3, expected), (result.exit, result.stderr), result)

    def test_the_store_is_in_the_home_directory_unless_said_otherwise(self):
        for variables, place in (({"HOME": self.folder / "h"}, "h/.local/state/netsession/sessions.db"),
                                 ({"XDG_STATE_HOME": self.folder / "x"}, "x/netsession/sessions.db")):
            arguments = self.arguments("-u", "alice", "127.0.0.1")
            del arguments[arguments.index("--db"):][:2]
            where = arguments.index("--db")
            result = command.run(*arguments[:where], *arguments[where + 2:],
                                 env={name: str(value) for name, value in variables.items()})
            self.assertEqual(0, result.exit, result)
            self.assertTrue((self.folder / place).exists())


if __name__ == "__main__":
    tap.main()
