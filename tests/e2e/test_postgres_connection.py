"""The connection of `netsession sweep` and `netsession collect` to Debian's PostgreSQL: TLS with a certificate that is checked,
passwords by SCRAM from files, failures that pass, which collectors wait out, and failures that stay, which end them."""
import contextlib
import os
import signal
import subprocess
import unittest

from lab import command, odd_servers, postgres, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until


class Connection(unittest.TestCase):
    has_tls = False

    @classmethod
    def setUpClass(cls):
        if postgres.programs() is None:
            raise unittest.SkipTest("PostgreSQL is not installed")
        cls.database = cls.enterClassContext(postgres.PostgresServer(has_tls=cls.has_tls))
        cls.server = cls.enterClassContext(Netsessiond())
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7")]))
        cls.name = f"127.0.0.1:{cls.server.port}"
        cls.variables = {"PGPASSFILE": str(cls.database.passwords_file())}

    def setUp(self):
        self.database.clear()

    def sweep(self, url, **variables):
        return command.run("sweep", "-A", self.server.credentials_file("root"), "--wins", "none", "-q", "-o", "jsonl", self.name, "--db",
                           url, env=self.variables | variables)

    def collect_arguments(self, url):
        return ("collect", "-A", self.server.credentials_file("root"), "--wins", "none", "--db", url)

    def collect(self, *arguments, url=None, **variables):
        return command.run(*self.collect_arguments(url or self.database.url), *arguments, env=self.variables | variables)

    @contextlib.contextmanager
    def waiting(self, *arguments, url=None, inside=(), **variables):
        with subprocess.Popen(list(map(str, [*inside, command.built(), *self.collect_arguments(url or self.database.url), "--wait", *arguments])),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=command.environment(self.variables | variables)) as running:
            try:
                yield running
            finally:
                running.kill()

    def stop(self, running, code=1):
        """Returns the lines that a collector wrote."""
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=HANG_S)[1]
        self.assertEqual(code, running.returncode, said)
        return said.splitlines()

    def publish(self, *targets):
        result = command.run("sweep", "--queue", "-u", "alice", "-q", *targets or [self.name], "--db", self.database.url,
                             env=self.variables)
        self.assertEqual(0, result.exit, result)

    def count(self, sql):
        [[number]] = self.database.query(f"SELECT count(*) FROM {sql}")
        return int(number)

    def assert_ends_with(self, text, result):
        """One line says it, and what to do."""
        self.assertEqual(3, result.exit, result)
        [line] = [line for line in result.stderr.splitlines() if "site default" not in line]
        self.assertRegex(line, text)


class Tls(Connection):
    has_tls = True

    def test_verify_full_in_the_url_the_environment_and_a_service_file(self):
        service = self.database.folder / "pg_service.conf"
        service.write_text(f"[fleet]\nhost=127.0.0.1\nport={self.database.port}\nuser={postgres.USER}\ndbname=netsession\n"
                           f"sslmode=verify-full\nsslrootcert={self.database.authority}\npassword={self.database.password(postgres.USER)}\n")
        for url, variables in (
                (f"{self.database.url}?sslmode=verify-full&sslrootcert={self.database.authority}", {}),
                (self.database.url, {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(self.database.authority)}),
                ("postgresql://?service=fleet", {"PGSERVICEFILE": str(service), "PGPASSFILE": "/nowhere"})):
            before = self.count("pg_class WHERE relname = 'outcome'") and self.count("outcome")
            result = self.sweep(url, **variables)
            self.assertEqual((0, ""), (result.exit, result.stderr), result)
            self.assertEqual(before + 1, self.count("outcome"))

    def test_the_session_is_encrypted_and_the_password_went_by_scram(self):
        with self.waiting(PGSSLMODE="verify-full", PGSSLROOTCERT=str(self.database.authority)) as running:
            wait_until(lambda: self.count("pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'collector' AND ssl"))
            self.stop(running)
        [[verifier]] = self.database.query(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{postgres.USER}'")
        self.assertTrue(verifier.startswith("SCRAM-SHA-256$"), verifier)

    def test_a_certificate_of_another_authority_is_refused(self):
        self.sweep(self.database.url)
        other = postgres.make_authority(self.database.folder, "other")
        for run in (self.sweep, lambda url: self.collect("--wait", url=url)):
            self.assert_ends_with("the database: .*certificate verify failed; see sslmode",
                                  run(f"{self.database.url}?sslmode=verify-full&sslrootcert={other}"))
            self.assert_ends_with('the database: .*root certificate file "/nowhere" does not exist; see sslmode',
                                  run(f"{self.database.url}?sslmode=verify-full&sslrootcert=/nowhere"))

    def test_a_certificate_for_another_server_is_refused(self):
        self.sweep(self.database.url)
        name = f"postgresql://{postgres.USER}@db.example:{self.database.port}/netsession?hostaddr=127.0.0.1&"
        self.assert_ends_with('certificate for .* does not match host name "db.example"; see sslmode',
                              self.collect("--wait", url=f"{name}sslmode=verify-full&sslrootcert={self.database.authority}"))

    def test_a_server_that_wants_tls_refuses_what_comes_without_it(self):
        self.assert_ends_with("no pg_hba.conf entry.*; see the user in --db", self.collect("--wait", url=f"{self.database.url}?sslmode=disable"))

    def test_a_server_that_drops_the_connection_during_tls_is_tried_again(self):
        with odd_servers.OddServer(lambda connection: connection.recv(8) and connection.sendall(b"S")) as odd, \
                subprocess.Popen(list(map(str, [command.built(), *self.collect_arguments(
                    f"postgresql://{postgres.USER}@127.0.0.1:{odd.port}/netsession?sslmode=require"), "--wait"])),
                    stderr=subprocess.PIPE, text=True, env=command.environment(self.variables)) as running:
            wait_until(lambda: odd.connections > 2)
            [tried, _] = self.stop(running, 3)
            self.assertIn("trying again", tried)


class Failures(Connection):
    # ---- that stay

    def test_a_wrong_password_a_wrong_database_and_no_password_end_a_collector_that_waits(self):
        self.publish()
        wrong = {"PGPASSFILE": str(self.database.passwords_file("wrong"))}
        self.assert_ends_with("password authentication failed for user \"collector\"; see the user", self.collect("--wait", **wrong))
        self.assert_ends_with("no password supplied; see the user", self.collect("--wait", PGPASSFILE="/nowhere"))
        self.assert_ends_with('database "elsewhere" does not exist; make the database',
                              self.collect("--wait", url=self.database.url.replace("/netsession", "/elsewhere")))
        self.assert_ends_with('definition of service "none" not found', self.collect("--wait", url="postgresql://?service=none"))

    def test_a_password_that_is_changed_ends_a_collector_that_connects_again(self):
        self.publish()
        with self.waiting() as running:
            wait_until(lambda: self.count("outcome") == 1)
            self.database.query("ALTER ROLE collector PASSWORD 'another'")
            try:
                self.database.kill()
                self.database.start()
                said = running.communicate(timeout=HANG_S)[1]
            finally:
                self.database.query(f"ALTER ROLE collector PASSWORD '{self.database.password(postgres.USER)}'")
        self.assertEqual(3, running.returncode, said)
        self.assertIn("password authentication failed", said)

    def test_rights_that_are_taken_and_a_newer_schema_end_a_collector(self):
        self.publish()
        for change, expected, undo in (
                ("ALTER TABLE queue OWNER TO postgres", "permission denied for table queue", "ALTER TABLE queue OWNER TO collector"),
                ("UPDATE netsession_schema SET version = version + 90", "and this netsession knows schema",
                 "UPDATE netsession_schema SET version = version - 90")):
            with self.waiting() as running:
                wait_until(lambda: self.count("outcome") >= 1)
                wait_until(lambda: self.count("pg_stat_activity WHERE usename = 'collector' AND state = 'idle'") == 1)
                self.database.query(change)
                self.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'collector'")
                said = running.communicate(timeout=HANG_S)[1]
                self.database.query(undo)
            self.assertEqual(3, running.returncode, said)
            self.assertIn(expected, said)

    def test_a_password_is_shown_in_no_message(self):
        for url in ("postgresql://collector:Geheim1%zz@127.0.0.1/netsession", "postgresql://127.0.0.1/netsession?password=Geheim1%zz",
                    "postgresql://collector:Geheim1@[::1/netsession"):
            result = self.sweep(url)
            self.assertEqual((3, ""), (result.exit, result.stdout), result)
            self.assertRegex(result.stderr, "the URL of the database (is malformed|has a password)")
            self.assertNotIn("Geheim1", result.stderr)
        self.assertIn("malformed: invalid", self.sweep("postgresql://127.0.0.1/netsession?host=a%zz").stderr)

    # ---- that pass

    def assert_waits_out(self, change, undo, said_once, url=None):
        """A collector that starts and one that runs wait while the change holds, say so once, and go on."""
        self.publish()
        with self.waiting(url=url) as first:
            wait_until(lambda: self.count("outcome") == 1)
            wait_until(lambda: self.count("pg_stat_activity WHERE usename = 'collector' AND state = 'idle'") == 1)
            change()
            with self.waiting(url=url) as second:
                lines = [wait_until(lambda running=running: running.stderr.readline()) for running in (first, second)]
                undo()
                for number in (2, 3):
                    self.publish()
                    wait_until(lambda number=number: self.count("outcome") == number)
                for running, line in zip((first, second), lines):
                    self.assertRegex(line, f"{said_once}.*; trying again\n$")
                    self.assertEqual("netsession: the database answers again\n", running.stderr.readline())
                    end = [text for text in self.stop(running) if "answered" not in text]
                    self.assertRegex(" ".join(end), "^netsession: site default: [0-9]+ hosts, [0-9]+ sessions$")

    def end_connections(self):
        self.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'collector'")

    def test_a_database_that_is_down_when_a_collector_starts_or_while_it_runs(self):
        self.assert_waits_out(self.database.kill, self.database.start, "(Connection refused|Connection reset|server closed the connection|terminating)")

    def test_a_database_by_its_unix_socket_that_is_down(self):
        """libpq learns at once that nobody listens at the socket, or that there is none."""
        self.assert_waits_out(self.database.kill, self.database.start, "(Connection refused|Connection reset|No such file|server closed the connection|terminating)",
                              self.database.socket_url)

    def test_a_network_that_is_down_is_waited_out(self):
        for host, said in (("127.0.0.1", "Network is unreachable"), ("database.invalid", "could not translate host name")):
            with self.waiting(url=f"postgresql://{postgres.USER}@{host}:{self.database.port}/netsession", inside=("unshare", "--net")) as running:
                self.assertRegex(running.stderr.readline(), f"{said}.*; trying again\n$")
                self.stop(running, 3)

    def test_too_many_connections(self):
        def change():
            self.database.query("ALTER ROLE collector CONNECTION LIMIT 0")
            self.end_connections()
        self.assert_waits_out(change, lambda: self.database.query("ALTER ROLE collector CONNECTION LIMIT -1"),
                              "(terminating connection|too many connections)")

    def test_a_server_that_has_become_a_standby(self):
        def change():
            self.database.query("ALTER ROLE collector SET default_transaction_read_only = on")
            self.end_connections()
        self.assert_waits_out(change, lambda: self.database.query("ALTER ROLE collector RESET default_transaction_read_only"),
                              "(terminating connection|read-only transaction)")

    def test_a_deadlock_ends_the_transaction_and_not_the_collector(self):
        addresses = ("127.31.0.1", "127.31.0.2")
        self.publish(*(f"{address}:{free_port()}" for address in addresses))
        self.database.query("ALTER ROLE collector SET deadlock_timeout = '2s'")
        try:
            with self.database.session("SET deadlock_timeout = '300s'; BEGIN; SELECT id FROM host WHERE name COLLATE \"C\" LIKE '127.31.0.2%' FOR "
                                       "UPDATE") as other, self.waiting() as running:
                wait_until(lambda: self.count("pg_stat_activity WHERE usename = 'collector' AND wait_event_type = 'Lock'"))
                print("SELECT id FROM host WHERE name COLLATE \"C\" LIKE '127.31.0.1%' FOR UPDATE;", file=other.stdin, flush=True)
                line = running.stderr.readline()
                self.assertIn("deadlock detected; trying again", line)
                print("COMMIT;", file=other.stdin, flush=True)
                wait_until(lambda: self.count("outcome") == 2)
                self.stop(running)
        finally:
            self.database.query("ALTER ROLE collector RESET deadlock_timeout")
        self.assertEqual(0, self.count("queue"))

    def test_transactions_that_are_serializable_are_repeated(self):
        self.publish("127.0.0.1", "127.32.0.0/24")
        self.database.query("ALTER ROLE collector SET default_transaction_isolation = 'serializable'")
        try:
            collectors = [subprocess.Popen(
                list(map(str, [command.built(), *self.collect_arguments(self.database.url), "-p", free_port(), "--lease", "3"])),
                stderr=subprocess.PIPE, text=True, env=command.environment(self.variables)) for _ in range(3)]
            for collector in collectors:
                said = collector.communicate(timeout=HANG_S)[1]
                self.assertEqual(0, collector.returncode, said)
        finally:
            self.database.query("ALTER ROLE collector RESET default_transaction_isolation")
        self.assertEqual([["255"]], self.database.query("SELECT count(*) FROM outcome GROUP BY run"))
        self.assertEqual([["finished"]], self.database.query('SELECT "end" FROM run'))


del Connection  # has no test of its own

if __name__ == "__main__":
    os.umask(0o022)  # of the files that the server reads
    tap.main()
