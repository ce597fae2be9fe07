"""The recorder of netsessiond's history, driven by lines as netsessiond sends them: which sessions are the same, and what is stored when
the store fails."""
import contextlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock

from fixtures.publisher import PUT, RawPublisher
from lab import command, postgres, tap
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S, wait_until

NOW = int(time.time())
CLIENT = "\\\\10.0.0.1"


class Recorder:
    """netsession-fleet record, as `with Recorder(db) as recorder`"""

    def __init__(self, db, numbering="a"):
        self.numbering = numbering
        self.socket, end = socket.socketpair()
        self.socket.settimeout(HANG_S)
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([command.built("netsession-fleet"), "record", str(db)], stdin=end, stderr=self.log)
        end.close()
        self.nonce = self.hello()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.wait(HANG_S)
        self.log.close()

    def hello(self):
        return self.socket.makefile().readline().strip()

    @property
    def said(self):
        self.log.seek(0)
        return self.log.read()

    def send(self, *events):
        self.socket.sendall("".join(json.dumps(event) + "\n" for event in events).encode())

    def begin(self, at, *listed, reason="start"):
        """The list, and that there are no others. Each is (key, start) or (key, None)."""
        self.send({"event": "begin", "nonce": self.nonce, "server": "FS1", "numbering": self.numbering, "at": at * 1000, "reason": reason},
                  *(session(at, *one) for one in listed), event("seen", at), event("listed", at))


def session(at, key, started=None, user="alice"):
    start = {} if started is None else {"started": started}
    return {"event": "session", "session": key, "at": at * 1000, "client": CLIENT, "user": user} | start


def event(name, at, key=None):
    return {"event": name, "at": int(at * 1000)} | ({} if key is None else {"session": key})


class Stored(unittest.TestCase):
    def setUp(self):
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"

    def query(self, sql):
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            return connection.execute(sql).fetchall()

    def sessions(self):
        return self.query("SELECT user, started, first_seen, last_seen, gone FROM session ORDER BY id")

    def await_seen(self, at):
        wait_until(lambda: self.query(f"SELECT 1 FROM watch WHERE kind = 'netsessiond' AND seen >= {at * 1000}") != [])


class Identity(Stored):
    def test_a_session_without_a_known_start_is_the_same_behind_each_list(self):
        with Recorder(self.db) as recorder:
            for later in 0, 10, 20:
                recorder.begin(NOW + later, (1, None), reason="recorder")
            self.await_seen(NOW + 20)
        self.assertEqual([("alice", None, NOW, NOW + 20, None)], self.sessions())

    def test_a_session_without_a_known_start_is_the_same_behind_a_restart_of_netsessiond(self):
        for later, numbering in (0, "a"), (10, "b"):
            with Recorder(self.db, numbering) as recorder:
                recorder.begin(NOW + later, (1 + later, None))
                self.await_seen(NOW + later)
        self.assertEqual([("alice", None, NOW, NOW + 10, None)], self.sessions())

    def test_a_list_that_is_cut_off_does_not_change_which_sessions_are_the_same(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, None), (2, None, "bob"))
            recorder.send({"event": "begin", "nonce": recorder.nonce, "server": "FS1", "numbering": "a", "at": (NOW + 5) * 1000},
                          session(NOW + 5, 1))
            recorder.begin(NOW + 10, (1, None), (2, None, "bob"))
            self.await_seen(NOW + 10)
        self.assertEqual([("alice", NOW, None), ("bob", NOW, None)], [(row[0], row[2], row[4]) for row in self.sessions()])

    def test_a_step_of_the_clock_doubles_no_session(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW - 3600, (1, NOW - 3600))
            recorder.begin(NOW, (1, NOW), reason="recorder")
            self.await_seen(NOW)
        self.assertEqual([("alice", NOW - 3600, NOW - 3600, NOW, None)], self.sessions())

    def test_a_session_that_is_lost_and_back_within_a_second_is_the_same(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, NOW - 50))
            recorder.send(event("lost", NOW + 5.1, 1), event("stop", NOW + 5.2))
        with Recorder(self.db, "b") as recorder:
            recorder.begin(NOW + 5)
            recorder.send(session(NOW + 6, 1, NOW - 50), event("seen", NOW + 6))
            self.await_seen(NOW + 6)
        self.assertEqual([("alice", NOW - 50, NOW, NOW + 6, None)], self.sessions())

    def test_a_session_whose_end_was_seen_does_not_come_back(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, NOW - 50))
            recorder.send(event("ended", NOW + 5.1, 1), event("stop", NOW + 5.2))
        with Recorder(self.db, "b") as recorder:
            recorder.begin(NOW + 6, (1, NOW - 50))
            self.await_seen(NOW + 6)
        self.assertEqual([NOW + 5, None], [row[4] for row in self.sessions()])

    def test_a_start_that_is_known_later_is_recorded(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, None))
            recorder.send(session(NOW + 1, 1, NOW - 100), event("seen", NOW + 1))
            self.await_seen(NOW + 1)
        self.assertEqual([("alice", NOW - 100, NOW, NOW + 1, None)], self.sessions())

    def test_others_are_seen_while_a_publisher_is_away(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, None), (2, None, "bob"))
            recorder.send(event("lost", NOW + 1, 1), event("seen", NOW + 10))
            self.await_seen(NOW + 10)
            recorder.send(event("listed", NOW + 20), event("seen", NOW + 20))
            self.await_seen(NOW + 20)
        self.assertEqual([("alice", NOW + 1, NOW + 20), ("bob", NOW, None)], [(row[0], row[3], row[4]) for row in self.sessions()])
        notes = command.run("report", "--db", self.db, "-o", "json", "on", "FS1", "--since", "2020-01-01").json["notes"]
        self.assertEqual(1, [note["reason"] for note in notes].count("publisher"))
        told = command.run("report", "--db", self.db, "on", "FS1", "--since", "2020-01-01").stderr
        self.assertRegex(told, r"FS1: not all is known from \S+ to \S+: a program that publishes sessions was away")

    def test_a_watch_that_ended_is_no_gap_while_another_one_goes_on(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW - 1000, (1, NOW - 1000))
            recorder.send(event("seen", NOW))
            self.await_seen(NOW)
            with contextlib.closing(sqlite3.connect(self.db)) as connection:
                connection.execute("INSERT INTO watch(host, kind, interval_ms, began, seen, ended) VALUES(1, 'poll', 10000, ?1, ?2, ?2)",
                                   ((NOW - 600) * 1000, (NOW - 500) * 1000))
                connection.commit()
            found = command.run("report", "--db", self.db, "on", "FS1")
        self.assertNotIn("nothing is known", found.stderr)


class Failures(Stored):
    def test_an_event_that_the_store_refuses_is_named_and_left_out(self):
        with Recorder(self.db) as recorder:
            recorder.begin(NOW, (1, None))
            recorder.send(session(NOW + 1, 2, None, "bob"), session(NOW + 1, 1, None, "other"), session(NOW + 1, 3, None, "carol"),
                          event("seen", NOW + 1))
            self.await_seen(NOW + 1)
            self.assertEqual(1, len(re.findall(r'lacks an event, which the store refuses: .*"user": "other"', recorder.said)))
        self.assertEqual(["alice", "bob", "carol"], [row[0] for row in self.sessions()])


class CutOff:
    """A proxy before PostgreSQL, which cuts a connection off when it has forwarded a COMMIT and not the answer to it."""

    def __init__(self, port):
        self.behind, self.is_armed, self.cuts = port, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.behind))
                cut = threading.Event()
                for source, to in (client, server), (server, client):
                    threading.Thread(target=self.forward, args=(source, to, source is client, cut), daemon=True).start()

    def forward(self, source, to, is_request, cut):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_request and self.is_armed and b"COMMIT" in data:
                    self.is_armed = False
                    self.cuts += 1
                    cut.set()
                if not is_request and cut.is_set():
                    break
                to.sendall(data)
        for end in source, to:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Postgres(unittest.TestCase):
    def setUp(self):
        if postgres.programs() is None:
            self.skipTest("PostgreSQL is not installed")
        self.database = self.enterContext(postgres.PostgresServer())
        passwords = self.database.folder / "any.pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:{postgres.USER}:{self.database.password(postgres.USER)}\n")
        self.enterContext(unittest.mock.patch.dict(os.environ, {"PGPASSFILE": str(passwords)}))

    def users(self):
        return [row[0] for row in self.database.query('SELECT "user" FROM session ORDER BY id')]

    def test_a_commit_whose_answer_is_lost_stores_nothing_twice(self):
        proxy = CutOff(self.database.port)
        with Recorder(f"postgresql://{postgres.USER}@127.0.0.1:{proxy.port}/netsession?sslmode=disable") as recorder:
            recorder.begin(NOW)
            wait_until(lambda: self.database.query("SELECT count(*) FROM watch") == [["1"]])
            proxy.is_armed = True
            recorder.send(session(NOW + 1, 1, NOW + 1), event("ended", NOW + 2, 1), event("seen", NOW + 2))
            wait_until(lambda: proxy.cuts == 1)
            recorder.send(session(NOW + 3, 2, NOW + 3, "bob"), event("seen", NOW + 3))
            wait_until(lambda: "bob" in self.users())
        self.assertEqual(["alice", "bob"], self.users())

    def test_a_connection_that_was_lost_leaves_the_server_to_nobody_else(self):
        with Recorder(self.database.url) as recorder:
            recorder.begin(NOW, (1, NOW))
            wait_until(lambda: self.users() == ["alice"])
            self.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'collector'", "postgres")
            recorder.send(session(NOW + 1, 2, NOW + 1, "bob"))
            wait_until(lambda: self.users() == ["alice", "bob"])
            with Recorder(self.database.url, "b") as second:
                second.begin(NOW + 2)
                wait_until(lambda: "another program records the sessions of FS1" in second.said)
            self.assertEqual([["2"]], self.database.query("SELECT count(*) FROM session WHERE gone IS NULL"))

    def test_a_watch_that_another_program_has_ended_meanwhile_begins_again_with_a_gap(self):
        with Recorder(self.database.url) as recorder:
            recorder.begin(NOW, (1, NOW))
            wait_until(lambda: self.users() == ["alice"])
            self.database.query("UPDATE watch SET ended = seen; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
                                "'collector'")
            recorder.send(session(NOW + 1, 2, NOW + 1, "bob"))
            recorder.nonce = recorder.hello()
            recorder.begin(NOW + 2, (1, NOW), (2, NOW + 1, "bob"), reason="recorder")
            wait_until(lambda: self.users() == ["alice", "bob"])
            self.assertEqual([["1"]], self.database.query("SELECT count(*) FROM watch WHERE ended IS NULL AND reason = 'recorder'"))


class Publishers(Stored):
    def test_the_end_of_netsessiond_is_not_that_of_the_sessions_of_publishers(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            with RawPublisher(server) as publisher:
                publisher.greet()
                publisher.put(7, "10.0.0.1", "alice")
                wait_until(lambda: self.db.exists() and command.run("report", "--db", self.db, "on", "FS1").exit == 0 and self.sessions() != [])
                self.assertEqual(0, server.terminate())
                wait_until(lambda: self.query("SELECT 1 FROM watch WHERE kind = 'netsessiond' AND ended IS NULL") == [])
            self.assertEqual([None], [row[4] for row in self.sessions()])
            server.start()

    def test_publishers_that_were_connected_before_a_restart_are_waited_for(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            with RawPublisher(server) as publisher:
                publisher.greet(is_asked=1)
                publisher.say(PUT, dated(publisher, 0xFFFFFFFF))
                wait_until(lambda: self.db.exists() and command.run("report", "--db", self.db, "on", "FS1").exit == 0 and self.sessions() != [])
                self.assertEqual(0, server.terminate())
            server.start()
            wait_until(lambda: self.query("SELECT count(*) FROM watch WHERE kind = 'netsessiond'") == [(2,)])
            with RawPublisher(server) as publisher:
                publisher.greet(is_asked=1)
                publisher.say(PUT, dated(publisher, 0xFFFFFFFF))
                wait_until(lambda: self.query("SELECT 1 FROM watch WHERE kind = 'lost' AND ended IS NULL") == [])
                self.assertEqual([None], [row[4] for row in self.sessions()])

    def test_a_publisher_that_learns_of_the_start_later_changes_the_history(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server, RawPublisher(server) as publisher:
            publisher.greet()
            publisher.say(PUT, dated(publisher, 0xFFFFFFFF))
            wait_until(lambda: self.db.exists() and command.run("report", "--db", self.db, "on", "FS1").exit == 0 and self.sessions() != [])
            [before] = self.sessions()
            publisher.say(PUT, dated(publisher, 100))
            wait_until(lambda: self.sessions()[0][1] is not None)
            [after] = self.sessions()
        self.assertEqual((None, before[2]), (before[1], after[2]))
        self.assertAlmostEqual(time.time() - 100, after[1], delta=HANG_S)


def dated(publisher, active_s):
    body = bytearray(publisher.session(7, "10.0.0.1", "alice"))
    body[16:20] = active_s.to_bytes(4, "little")
    return bytes(body)


if __name__ == "__main__":
    tap.main()
