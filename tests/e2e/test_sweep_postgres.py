"""`netsession sweep` and `netsession report` with a store in PostgreSQL, Debian's own: what psql reads there is what SQLite has
after the same sweep."""
import contextlib
import pathlib
import random
import re
import sqlite3
import string
import subprocess
import tempfile
import unittest

from lab import command, odd_servers, postgres, scripted_smb, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import wait_until

TABLES = {
    "outcome": "SELECT name, outcome, step, status, error, address, level, sessions, is_complete, attempts FROM outcome JOIN host ON "
               "host.id = host ORDER BY run, name",
    "session": 'SELECT name, client, "user", account, client_type, transport, num_opens, user_flags, level FROM session JOIN host ON '
               "host.id = host ORDER BY name, client",
    "run": 'SELECT "end", "user", client, level FROM run ORDER BY id',
}


class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if postgres.programs() is None:
            raise unittest.SkipTest("PostgreSQL is not installed")
        cls.database = cls.enterClassContext(postgres.PostgresServer())
        cls.server = cls.enterClassContext(Netsessiond())
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("alice", "127.0.0.8")]))
        cls.name = f"127.0.0.1:{cls.server.port}"

    def setUp(self):
        self.database.clear()

    def run_command(self, *arguments, db=None, password=None):
        return command.run(*arguments, "--db", db or self.database.url, env=self.variables(password))

    def variables(self, password=None):
        return {"PGPASSFILE": str(self.database.passwords_file(password))}

    def sweep(self, *arguments, **options):
        return self.run_command("sweep", "-A", self.server.credentials_file("root"), "--wins", "none", "-o", "jsonl", *arguments,
                                **options)

    def test_a_sweep_stores_in_postgresql_what_it_stores_in_sqlite(self):
        targets = ("-u", "alice", self.name, f"127.0.0.1:{free_port()}", f"FS1@{self.name}")
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            file = pathlib.Path(folder) / "sessions.db"
            for db in (file, self.database.url):
                for _ in range(2):
                    self.assertEqual(1, self.sweep(*targets, db=db).exit)
            with contextlib.closing(sqlite3.connect(file)) as connection:
                expected = {table: [["" if value is None else str(value) for value in row] for row in connection.execute(sql)]
                            for table, sql in TABLES.items()}
        self.assertEqual(4, len(expected["session"]))
        self.assertEqual(expected, {table: self.database.query(sql) for table, sql in TABLES.items()})
        who = self.run_command("report", "-o", "json", "who", "ALICE").json
        self.assertEqual({self.name, f"FS1@{self.name}"}, {row["server"] for row in who["rows"]})
        for arguments in ((), ("--since", "2020-01-01")):
            events = self.run_command("export", "ocsf", *arguments)
            self.assertEqual((0, 4), (events.exit, len(events.jsonl)), events)
        for arguments in (("who", "alice", "--since", "2020-01-01"), ("who", "alice", "--at", "2020-01-01"), ("on", self.name),
                          ("changes",), ("hosts",), ("prune", "--older-than", "1")):
            result = self.run_command("report", *arguments)
            self.assertEqual(0, result.exit, result)

    def test_reports_and_exports_are_those_of_sqlite_with_the_same_data(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            file = pathlib.Path(folder) / "sessions.db"
            with sessions.held(self.server, [Wanted("bob", "127.0.0.9")]):
                self.sweep(self.name, f"FS1@{self.name}", "no-such-name.invalid", f"127.0.0.1:{free_port()}", db=file)
            wait_until(lambda: self.sweep("-u", "bob", self.name, db=file).jsonl[-1]["outcomes"] == {"empty": 1})
            with contextlib.closing(sqlite3.connect(file)) as connection:
                [[seen]] = connection.execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', first_seen, 'unixepoch') FROM session WHERE "
                                              "user = 'bob' LIMIT 1")
            result = command.run("store", "merge", file, "--db", self.database.url, env=self.variables())
            self.assertEqual(0, result.exit, result)
            for arguments in (("who", "alice"), ("who", "BOB", "--since", "1h"), ("who", "bob", "--at", seen),
                              ("on", self.name), ("on", f"fs1@{self.name}", "--since", "1h"), ("changes",), ("changes", "--since", "1h"),
                              ("hosts",)):
                for output in ("json", "csv", "jsonl", "table"):
                    there, here = (self.run_command("report", "-o", output, *arguments, db=db) for db in (file, self.database.url))
                    self.assertEqual((0, there.exit, there.stdout), (here.exit, 0, here.stdout), here)
                    self.assertGreater(len(here.stdout.splitlines()), 1 if output in ("table", "csv") else 0, here)
            there, here = (self.run_command("export", "ocsf", db=db) for db in (file, self.database.url))
            self.assertEqual((0, there.stdout), (here.exit, here.stdout), here)
            self.assertGreater(len(here.stdout.splitlines()), 3)

    def test_resume_leaves_a_sweep_alone_that_is_still_running(self):
        with odd_servers.silent() as silent:
            arguments = ["sweep", "-A", self.server.credentials_file("root"), "--wins", "none", "-o", "jsonl", "--db", self.database.url]
            with subprocess.Popen(list(map(str, [command.built(), *arguments, self.name, f"127.0.0.1:{silent.port}"])),
                                  stdout=subprocess.PIPE, env=command.environment(self.variables())) as running:
                running.stdout.readline()  # the first host is stored
                result = self.sweep("--resume")
                self.assertEqual(3, result.exit, result)
                self.assertIn("sweep 1 is still running in another program", result.stderr)
                running.kill()
        self.assertIn("1 of 1 hosts", self.sweep("--resume").stderr)
        self.assertEqual([["finished"]], self.database.query('SELECT "end" FROM run'))

    def test_the_file_of_a_site_is_merged_again_and_again_and_nothing_is_there_twice(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            file = pathlib.Path(folder) / "sessions.db"
            self.assertEqual(1, self.sweep(self.name, f"127.0.0.1:{free_port()}", db=file).exit)
            self.assertEqual(0, self.sweep("-u", "alice", f"FS1@{self.name}").exit)
            first = command.run("store", "merge", file, "--db", self.database.url, env=self.variables())
            self.assertEqual((0, "netsession: added 1 sweeps, 2 outcomes and 3 sessions\n"), (first.exit, first.stderr), first)
            self.assertEqual(0, self.sweep("-u", "nobody", self.name, db=file).exit)
            self.assertEqual(0, self.sweep("-u", "alice", self.name, db=file).exit)
            for added in ("2 sweeps, 2 outcomes and 0 sessions", "0 sweeps, 0 outcomes and 0 sessions"):
                again = command.run("store", "merge", file, "--db", self.database.url, env=self.variables())
                self.assertEqual((0, f"netsession: added {added}\n"), (again.exit, again.stderr), again)
            with contextlib.closing(sqlite3.connect(file)) as connection:
                seen = connection.execute("SELECT client, first_seen, last_seen FROM session ORDER BY client").fetchall()
        merged = self.database.query("SELECT client, first_seen, last_seen FROM session JOIN host ON host.id = host WHERE name = "
                                     f"'{self.name}' ORDER BY client")
        self.assertEqual([[str(value) for value in row] for row in seen], merged)
        self.assertEqual(4, len(self.database.query("SELECT id FROM run WHERE \"end\" = 'finished'")))
        # A sweep of the database recognises what came from the file.
        self.assertEqual(0, self.sweep("-u", "alice", self.name).exit)
        self.assertEqual(5, len(self.database.query("SELECT id FROM session")))

    def test_a_user_name_that_is_too_long_for_an_index_is_stored_and_found(self):
        user = "".join(random.Random(1).choices(string.ascii_lowercase + "\u00e9\u20ac", k=6000))  # PostgreSQL compresses what repeats

        def answer(_, request):
            yield scripted_smb.one_session("\\\\10.0.0.1", user)

        with tempfile.TemporaryDirectory(dir="/tmp") as folder, scripted_smb.ScriptedSmb(answer) as server:
            for db in (pathlib.Path(folder) / "sessions.db", self.database.url):
                result = self.run_command("sweep", "-N", "-l", "10", "-q", f"127.0.0.1:{server.port}", db=db)
                self.assertEqual(0, result.exit, result)
                for name, found in ((user.upper(), [user]), (user[:-1], []), (f"{user}x", [])):
                    result = self.run_command("report", "-o", "json", "who", name, db=db)
                    self.assertEqual(found, [row["user"] for row in result.json["rows"]], db)

    def test_a_wrong_password_and_a_server_that_is_away_are_said(self):
        wrong = self.sweep(self.name, password="wrong")
        self.assertEqual((3, ""), (wrong.exit, wrong.stdout), wrong)
        self.assertIn("password authentication failed", wrong.stderr)
        away = self.sweep(self.name, db=f"postgresql://collector@127.0.0.1:{free_port()}/netsession")
        self.assertEqual((3, ""), (away.exit, away.stdout), away)
        self.assertIn("Connection refused", away.stderr)

    def test_a_password_on_the_command_line_is_refused_and_not_repeated(self):
        for url in ("postgresql://collector:Geheim1@127.0.0.1/netsession", "postgresql://127.0.0.1/netsession?password=Geheim1"):
            result = self.sweep(self.name, db=url)
            self.assertEqual((3, ""), (result.exit, result.stdout), result)
            self.assertIn("has a password", result.stderr)
            self.assertNotIn("Geheim1", result.stderr)

    def test_roles_with_the_least_rights(self):
        """Those that the documentation grants: publisher, collector and reader; the owner is another one."""
        text = (command.REPOSITORY / "docs/sweep-fleet.md").read_text()
        grants = [re.sub("TO (.*);", lambda match: "TO " + match[1].replace("collector", "gatherer") + ";", line)
                  for line in re.findall("^    (GRANT .*)$", text, re.MULTILINE)]
        roles = ("publisher", "gatherer", "reader")
        passwords = self.database.folder / "roles.pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text("".join(f"*:*:*:{role}:Geheim1\n" for role in roles))
        self.database.query("".join(f"CREATE ROLE {role} LOGIN PASSWORD 'Geheim1';" for role in roles) +
                            f"GRANT USAGE ON SCHEMA public TO {', '.join(roles)}")

        def run(role, *arguments):
            return command.run(*arguments, "--db", self.database.url.replace("collector@", f"{role}@"), env={"PGPASSFILE": str(passwords)})

        def publish(role="publisher"):
            return run(role, "sweep", "--queue", "-u", "alice", self.name)

        def collect(role="gatherer"):
            return run(role, "collect", "-A", self.server.credentials_file("root"), "--wins", "none")
        self.assertIn("has an old schema, or none; who may change it brings it up to date by netsession store migrate",
                      publish().stderr)
        for _ in range(2):
            self.assertRegex(self.run_command("store", "migrate").stderr, "^netsession: postgresql://.* has schema [0-9]+\n$")
        self.assertIn("permission denied for table netsession_schema", publish().stderr)
        self.database.query(" ".join(grants))
        for number in (1, 2):
            for result in (publish(), collect()):
                self.assertEqual(0, result.exit, result)
            self.assertEqual([[str(number), "finished"]], self.database.query('SELECT id, "end" FROM run ORDER BY id DESC LIMIT 1'))
            self.database.query("UPDATE session SET started = started - 9000")  # the next answer has others
        for arguments in (("report", "who", "alice"), ("report", "on", self.name), ("report", "changes"), ("report", "hosts"),
                          ("sweep", "status"), ("report", "-o", "json", "who", "alice", "--since", "1d")):
            self.assertEqual(0, run("reader", *arguments).exit, arguments)
        self.assertEqual(4, len(run("reader", "report", "-o", "json", "who", "alice", "--since", "1d").json["rows"]))
        for result in (run("publisher", "report", "who", "alice"), publish("reader"), publish("gatherer"), collect("publisher"),
                       collect("reader"), *(run(role, "report", "prune", "--older-than", "1") for role in roles)):
            self.assertEqual(3, result.exit, result)
            self.assertIn("permission denied for", result.stderr)

    def test_a_newer_schema_is_refused(self):
        self.sweep("-u", "alice", self.name)
        self.database.query("UPDATE netsession_schema SET version = version + 90")
        try:
            self.assertIn("and this netsession knows schema", self.sweep(self.name).stderr)
        finally:
            self.database.query("UPDATE netsession_schema SET version = version - 90")


if __name__ == "__main__":
    tap.main()
