"""`netsession report`: what the store of sweeps tells, from sweeps of netsessiond and from rows that Python's sqlite3 wrote."""
import contextlib
import pathlib
import re
import sqlite3
import tempfile
import time
import unittest

from lab import command, sessions, tap
from lab.cli import read_csv
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import wait_until

DAY = 86400


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def statements():
    """{report: SQL} as the program has it."""
    source = (command.REPOSITORY / "src/store/report_store.c").read_text()
    columns = "".join(re.findall(r'"([^"]*)"', source[source.index("#define SESSION_COLUMNS"):source.index("/* Parameters 1")]))
    period = "".join(re.findall(r'"([^"]*)"', source[source.index("#define IN_PERIOD"):source.index("static int64_t report_number")]))
    found = {}
    for name, text in re.findall(r"/\* report (\w+) \*/\s*((?:\"[^\"]*\"|SESSION_COLUMNS|IN_PERIOD|\s)+)", source):
        parts = re.findall(r'"([^"]*)"|(SESSION_COLUMNS)|(IN_PERIOD)', text)
        found[name] = "".join(columns if of_columns else period if of_period else literal for literal, of_columns, of_period in parts)
    return found


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond())
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("carol", "127.0.0.8")]))
        cls.name = f"127.0.0.1:{cls.server.port}"

    def setUp(self):
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"

    def sweep(self, *arguments, user="root"):
        return command.run("sweep", "-A", self.server.credentials_file(user), "-o", "jsonl", "--db", self.db, *arguments or [self.name])

    def report(self, *arguments, **options):
        return command.run("report", "--db", self.db, *arguments, **options)

    def rows(self, *arguments):
        result = self.report("-o", "json", *arguments)
        self.assertEqual((0, "", 1, arguments[0]), (result.exit, result.stderr, result.json["schema"], result.json["report"]), result)
        return result.json["rows"]

    def change(self, *statements):
        with contextlib.closing(sqlite3.connect(self.db)) as connection, connection:
            for sql, parameters in statements:
                connection.execute(sql, parameters)

    def read(self, sql):
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            return connection.execute(sql).fetchall()

    def add_session(self, user, server="fs7", **columns):
        self.change(("INSERT OR IGNORE INTO host(name) VALUES(?)", (server,)))
        columns = {"user": user, "account": user.rpartition("\\")[2].lower(), "level": 502, "client": "\\\\10.0.0.7"} | columns
        self.change((f"INSERT INTO session(host, {', '.join(columns)}) VALUES((SELECT id FROM host WHERE name = ?), "
                     f"{', '.join('?' * len(columns))})", (server, *columns.values())))

    # ---- who, on

    def test_a_user_is_found_where_the_last_sweep_saw_the_user(self):
        before = int(time.time())
        self.sweep()
        [found] = self.rows("who", "ALICE")
        self.assertEqual((self.name, "\\\\127.0.0.7", "alice", True, 502),
                         tuple(found[key] for key in ("server", "client", "user", "certain", "level")))
        self.assertLessEqual(utc(before), found["last_seen"])
        self.assertLessEqual(found["started"], found["first_seen"])
        self.assertNotIn("gone", found)
        self.assertEqual([], self.rows("who", "dave"))
        self.assertEqual({"alice", "carol"}, {row["user"] for row in self.rows("on", f"//{self.name}/")} - {"root"})

    def test_all_formats_say_the_same(self):
        self.sweep()
        expected = self.rows("who", "alice")
        self.assertEqual([{"schema": 1} | row for row in expected], self.report("-o", "jsonl", "who", "alice").jsonl)
        [row] = read_csv(self.report("-o", "csv", "who", "alice").stdout)
        self.assertEqual({key: str(value) if value is not True else "yes" for key, value in expected[0].items()},
                         {key: value for key, value in row.items() if value})
        heading, line = self.report("who", "alice").stdout.splitlines()
        self.assertEqual(["SERVER", "CLIENT", "USER", "STARTED"], heading.split()[:4])
        self.assertEqual([self.name, "\\\\127.0.0.7", "alice", expected[0]["started"]], line.split()[:4])
        self.assertEqual({"schema": 1, "report": "who", "rows": []}, self.report("-o", "json", "who", "dave").json)

    def test_domains_are_compared_where_both_have_one(self):
        self.sweep()
        now = int(time.time())
        for user in ("LAB\\erin", "OTHER\\erin", "erin"):
            self.add_session(user, first_seen=now, last_seen=now)
        self.assertEqual(["LAB\\erin", "erin"], sorted(row["user"] for row in self.rows("who", "lab\\erin")))
        self.assertEqual(3, len(self.rows("who", "Erin")))

    def test_a_time_selects_what_may_have_been_open_then_and_says_what_is_certain(self):
        self.sweep()
        now = int(time.time())
        self.add_session("frank", "fs1", started=now - 5 * DAY, first_seen=now - 4 * DAY, last_seen=now - 3 * DAY, gone=now - 2 * DAY)
        self.add_session("frank", "fs2", first_seen=now - 4 * DAY, last_seen=now - 1 * DAY)
        for days, expected in ((6, {}), (4.5, {"fs1": True}), (3.5, {"fs1": True, "fs2": True}),
                               (2.5, {"fs1": False, "fs2": True}), (1.5, {"fs2": True}), (0.5, {"fs2": False})):
            found = {row["server"]: row["certain"] for row in self.rows("who", "frank", "--at", utc(now - days * DAY))}
            self.assertEqual(expected, found, days)
        self.assertEqual({"fs2": True}, {row["server"]: row["certain"] for row in self.rows("who", "frank")})
        self.assertEqual({"fs1": False, "fs2": True},
                         {row["server"]: row["certain"] for row in self.rows("who", "frank", "--since", f"{int(2.5 * 24)}h")})
        self.assertEqual([], self.rows("on", "fs1", "--since", "1d"))

    def test_a_server_that_no_sweep_has_asked_is_an_error(self):
        self.sweep()
        result = self.report("on", "fs9")
        self.assertEqual((3, ""), (result.exit, result.stdout))
        self.assertIn("fs9: no sweep has asked a server of this name", result.stderr)

    # ---- changes, hosts, prune

    def test_changes_are_what_appeared_and_went_since_the_last_sweep_began(self):
        with sessions.held(self.server, [Wanted("bob", "127.0.0.9")]):
            self.sweep("-u", "bob", self.name)
            [change] = self.rows("changes")
            self.assertEqual(("appeared", "bob"), (change["change"], change["user"]))
        wait_until(lambda: self.sweep("-u", "bob", self.name).jsonl[-1]["outcomes"] == {"empty": 1})
        [change] = [row for row in self.rows("changes") if row["change"] == "gone"]
        self.assertEqual(("bob", "\\\\127.0.0.9"), (change["user"], change["client"]))
        self.assertEqual(["appeared", "gone"], [row["change"] for row in self.rows("changes", "--since", "1h")])

    def test_hosts_have_their_last_outcome_and_what_to_do(self):
        closed = f"127.0.0.1:{free_port()}"
        self.sweep(self.name, closed)
        self.sweep(self.name, user="alice")
        found = {row["server"]: row for row in self.rows("hosts")}
        self.assertEqual({self.name: "denied", closed: "unreachable"}, {name: row["outcome"] for name, row in found.items()})
        self.assertIn("answered", found[self.name])
        self.assertNotIn("answered", found[closed])
        self.assertIn("administrator", found[self.name]["fix"])
        self.assertRegex(found[self.name]["error"], r"\(5[,)]")

    def test_what_is_old_is_pruned(self):
        self.sweep()
        then = int(time.time()) - 100 * DAY
        self.add_session("grace", "fs-old", first_seen=then, last_seen=then)
        self.change(("INSERT INTO run(began, level) VALUES(?, 0)", (then * 1000,)))
        result = self.report("prune", "--older-than", "90")
        self.assertEqual((0, "netsession: deleted 1 sweeps, 1 sessions and 1 hosts\n"), (result.exit, result.stderr))
        self.assertEqual((1, []), (len(self.rows("who", "alice")), self.rows("who", "grace", "--since", "200d")))

    def test_what_was_pruned_does_not_come_back_with_the_next_merge(self):
        site, central = self.db, self.db.with_name("central.db")
        self.sweep()
        self.change(("UPDATE run SET began = 1000", ()))

        def merge(added):
            result = command.run("store", "merge", site, "--db", central)
            self.assertEqual((0, f"netsession: added {added}\n"), (result.exit, result.stderr), result)

        def prune():
            return command.run("report", "prune", "--older-than", "1", "--db", central).stderr

        merge("1 sweeps, 1 outcomes and 3 sessions")
        self.assertIn("deleted 1 sweeps, 0 sessions and 0 hosts", prune())
        merge("0 sweeps, 0 outcomes and 0 sessions")
        self.db = central  # a sweep there gets the id of the one that was deleted
        self.sweep(f"FS1@{self.name}")
        self.assertIn("deleted 0 sweeps, 0 sessions and 0 hosts", prune())
        self.db = site
        self.sweep()
        merge("1 sweeps, 1 outcomes and 0 sessions")
        self.db = central
        self.assertEqual([(1, 1), (2, 1)], self.read("SELECT run, count(*) FROM outcome GROUP BY run"))
        self.assertEqual([(0,)], self.read("SELECT count(*) FROM run WHERE began = 1000"))

    def test_a_session_that_was_pruned_comes_back_when_it_was_seen_since(self):
        site, central = self.db, self.db.with_name("central.db")
        self.sweep("-u", "alice", self.name)
        self.change(("UPDATE session SET last_seen = first_seen - 200000, first_seen = first_seen - 200000", ()))
        for expected, added in ((1, 1), (0, 0)):
            self.assertIn(f"and {added} sessions", command.run("store", "merge", site, "--db", central).stderr)
            self.assertIn(f"{expected} sessions", command.run("report", "prune", "--older-than", "1", "--db", central).stderr)
        self.sweep("-u", "alice", self.name)
        for added in (1, 0):
            self.assertIn(f"and {added} sessions", command.run("store", "merge", site, "--db", central).stderr)
        self.db = central
        self.assertEqual([(1, 1)], self.read("SELECT count(*), sum(last_seen > first_seen) FROM session"))

    def test_a_merge_does_not_change_the_file_that_it_reads(self):
        self.sweep()
        self.change(("DROP TABLE store", ()), ("DROP TABLE merged", ()), ("PRAGMA user_version = 2", ()))
        before = self.db.read_bytes()
        result = command.run("store", "merge", self.db, "--db", self.db.with_name("central.db"))
        self.assertEqual(3, result.exit, result)
        self.assertIn(f"{self.db} has an old schema, or none; who may change it brings it up to date by netsession store migrate", result.stderr)
        self.assertEqual((before, [(2,)]), (self.db.read_bytes(), self.read("PRAGMA user_version")))

    # ---- command line and store

    def test_wrong_command_lines_are_refused(self):
        for arguments in (("nobody",), ("who",), ("who", "a", "b"), ("hosts", "x"), ("hosts", "--at", "1h"), ("prune",),
                          ("who", "a", "--older-than", "3"), ("who", "a", "--at", "yesterday"), ("who", "a", "--at", "2026-13-01"),
                          ("who", "a", "--at", "1h", "--since", "1h")):
            self.assertEqual(2, self.report(*arguments).exit, arguments)

    def test_without_a_store_the_report_says_so(self):
        result = self.report("who", "alice")
        self.assertEqual(3, result.exit)
        self.assertIn("no sweep has stored anything there", result.stderr)
        self.assertFalse(self.db.exists())

    def test_a_store_that_lacks_what_every_store_has_is_said_to_be_damaged(self):
        """Tables like ours, but for one column that may be NULL there, and is."""
        self.sweep()
        self.change(("INSERT INTO host(name) VALUES(?)", (f"127.0.0.1:{free_port()}",)), ("UPDATE run SET end = 'interrupted'", ()),
                    ("INSERT INTO target SELECT 1, max(id) FROM host", ()))
        whole = self.db.read_bytes()
        columns = self.read("SELECT m.name, c.name, m.sql FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND "
                            'c."notnull" AND NOT c.pk AND m.name NOT IN (\'merged\', \'queue\', \'collector\')')
        damaged = set()
        for table, column, sql in columns:
            self.db.write_bytes(whole)
            loose = re.sub(rf"\b{column} (INTEGER|TEXT) NOT NULL", rf"{column} \1", sql)
            self.assertNotEqual(sql, loose)
            self.change(("PRAGMA writable_schema = ON", ()), ("UPDATE sqlite_master SET sql = ? WHERE name = ?", (loose, table)))
            self.change((f"UPDATE {table} SET {column} = NULL", ()))
            for arguments in (("report", "hosts"), ("report", "on", self.name), ("report", "who", "alice"), ("report", "changes"),
                              ("sweep", "status"), ("sweep", "--resume", "-N", "--wins", "none"), ("store", "merge", self.db)):
                db = self.db.with_name(f"{table}.{column}.db") if arguments[0] == "store" else self.db
                result = command.run(*arguments, "--db", db)
                self.assertIn(result.exit, (0, 1, 3), result)
                if "is damaged" in result.stderr:
                    damaged.add((arguments[1], column))
        self.assertEqual({("hosts", "name"), ("who", "name"), ("changes", "name"), ("--resume", "name"), ("hosts", "outcome"),
                          ("merge", "id")}, damaged)

    def test_reports_search_by_an_index(self):
        self.sweep()
        wanted = {"who": "session_account", "on": "session_host", "changes": "session_first_seen", "hosts": "outcome_host"}
        self.assertEqual(set(wanted), set(statements()))
        with contextlib.closing(sqlite3.connect(self.db)) as connection:
            for name, sql in statements().items():
                parameters = (1, 2, 3) if "?3" in sql else (1,) if "?1" in sql else ()
                plan = " ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, parameters))
                self.assertIn(f"INDEX {wanted[name]}", plan, name)
                self.assertNotIn("SCAN session", plan, name)


if __name__ == "__main__":
    tap.main()
