"""`netsession sweep --queue` and `netsession collect`: several collectors on one queue in Debian's PostgreSQL. They are killed, the
database is killed, and every target has exactly one outcome in the end."""
import contextlib
import ctypes
import pathlib
import random
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from fixtures import json_schema
from lab import command, odd_servers, postgres, scripted_smb, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until

KILLS, CRASHES = 12, 2
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)

# The link between this network namespace, where the database and the hosts are, and that of a collector: $1 is a process there.
LINK = """
ip link set lo up
ip link add here type veth peer name there netns "$1"
ip address add 192.0.2.1/24 dev here
ip link set here up
ip route add local 10.20.0.0/16 dev lo
nsenter --net="/proc/$1/ns/net" sh -ec '
ip address add 192.0.2.2/24 dev there
ip link set there up
ip route add 10.20.0.0/16 via 192.0.2.1'
"""
CLONE_NEWNET = 0x40000000


class Queue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if postgres.programs() is None:
            raise unittest.SkipTest("PostgreSQL is not installed")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        cls.far = cls.enterClassContext(subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                                          stdout=subprocess.PIPE))
        cls.far.stdout.readline()
        subprocess.run(["sh", "-ec", LINK, "sh", str(cls.far.pid)], check=True)
        cls.database = cls.enterClassContext(postgres.PostgresServer(network="192.0.2.0/24"))
        cls.port = free_port()
        cls.server = cls.enterClassContext(Netsessiond(listen=f"0.0.0.0:{cls.port}", max_connections_per_address=10000,
                                                        max_unauthenticated_connections=10000,
                                                        max_unauthenticated_connections_per_address=10000))
        cls.server.port = cls.port
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("alice", "127.0.0.8")]))
        cls.variables = {"PGPASSFILE": str(cls.database.passwords_file())}

    def setUp(self):
        self.database.clear()

    def run_command(self, *arguments, **options):
        return command.run(*arguments, "--db", self.database.url, env=self.variables, **options)

    def publish(self, *arguments):
        result = self.run_command("sweep", "--queue", "-u", "alice", *arguments)
        self.assertEqual(0, result.exit, result)
        return result

    def collect_arguments(self, *arguments):
        return ("collect", "-A", self.server.credentials_file("root"), "--wins", "none", "-p", self.port, *arguments)

    @contextlib.contextmanager
    def collecting(self, *arguments, inside=(), db=None):
        with subprocess.Popen(list(map(str, [*inside, command.built(), *self.collect_arguments(*arguments), "--db",
                                             db or self.database.url])),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=command.environment(self.variables)) as running:
            try:
                yield running
            finally:
                running.kill()

    def count(self, sql):
        [[number]] = self.database.query(f"SELECT count(*) FROM {sql}")
        return int(number)

    def assert_each_target_has_one_outcome(self, targets, runs=1):
        self.assertEqual([[str(targets)]] * runs, self.database.query("SELECT count(*) FROM outcome GROUP BY run"))
        self.assertEqual(0, self.count("queue"))
        self.assertEqual([["finished"]] * runs, self.database.query('SELECT "end" FROM run WHERE ended >= began'))

    # ---- claims

    def test_a_collector_asks_what_was_published_for_its_site(self):
        self.assertIn("3 targets wait for collectors of site berlin", self.publish("--site", "berlin", "127.0.0.1", "127.0.0.2",
                                                                                   f"127.0.0.1:{free_port()}").stderr)
        self.publish("127.0.0.1")
        result = self.run_command(*self.collect_arguments("--site", "berlin"))
        self.assertEqual(0, result.exit, result)
        self.assertIn("site berlin: 3 hosts, 4 sessions", result.stderr)
        self.assertEqual([["127.0.0.1", "answered", "2"], ["127.0.0.2", "answered", "2"]],
                         self.database.query("SELECT name, outcome, sessions FROM outcome JOIN host ON host.id = host WHERE "
                                             "outcome = 'answered' ORDER BY name"))
        self.assertEqual([["1", "finished"], ["2", ""]], self.database.query('SELECT id, "end" FROM run ORDER BY id'))
        self.assertEqual([["default", ""]], self.database.query("SELECT site, token FROM queue"))
        self.assertEqual([["berlin", "3", "t"]], self.database.query("SELECT site, hosts, ended >= seen FROM collector"))

    def test_two_sweeps_of_one_target_list_do_not_mix(self):
        publishers = [subprocess.Popen(list(map(str, [command.built(), "sweep", "--queue", "-u", user, "--db", self.database.url,
                                                      "127.21.0.0/25"])), stderr=subprocess.PIPE,
                                       env=command.environment(self.variables)) for user in ("alice", "bob")]
        for publisher in publishers:
            said = publisher.communicate()[1]
            self.assertEqual(0, publisher.returncode, said)
        with self.collecting() as first, self.collecting() as second:
            self.assertEqual((0, 0), (first.wait(HANG_S), second.wait(HANG_S)), first.stderr.read() + second.stderr.read())
        self.assert_each_target_has_one_outcome(126, runs=2)
        self.assertEqual([["alice", "answered", "126"], ["bob", "empty", "126"]],
                         self.database.query('SELECT "user", outcome, count(*) FROM outcome JOIN run ON run.id = run GROUP BY 1, 2 '
                                             "ORDER BY 1"))
        self.assertEqual([["2"]], self.database.query("SELECT DISTINCT count(*) FROM session GROUP BY host"))

    def test_a_lease_that_ends_is_claimed_by_another_and_the_late_outcome_is_dropped(self):
        release = threading.Event()
        with odd_servers.OddServer(lambda connection: release.wait()) as silent:
            self.publish(f"127.0.0.1:{silent.port}")
            with self.collecting("--timeout", "60", "--lease", "1") as slow:
                wait_until(lambda: self.count("queue WHERE token IS NOT NULL") == 1)
                fast = self.run_command(*self.collect_arguments("--timeout", "1"))
                self.assertEqual(0, fast.exit, fast)
                self.assert_each_target_has_one_outcome(1)
                first = self.database.query("SELECT outcome, at FROM outcome")
                release.set()
                self.assertEqual(0, slow.wait(HANG_S), slow.stderr.read())
        self.assertEqual(first, self.database.query("SELECT outcome, at FROM outcome"))
        self.assertEqual([["0"], ["1"]], self.database.query("SELECT hosts FROM collector ORDER BY id"))

    def test_ctrl_c_gives_back_what_was_claimed(self):
        with odd_servers.silent() as silent:
            self.publish(f"127.0.0.1:{silent.port}", "127.0.0.1")
            with self.collecting() as interrupted:
                wait_until(lambda: self.count("outcome") == 1 and self.count("queue WHERE token IS NOT NULL") == 1)
                interrupted.send_signal(signal.SIGINT)
                self.assertEqual(1, interrupted.wait(HANG_S), interrupted.stderr.read())
            self.assertEqual([["", ""]], self.database.query("SELECT token, lease_until FROM queue"))
        self.assertEqual(0, self.run_command(*self.collect_arguments()).exit)
        self.assert_each_target_has_one_outcome(2)

    def test_a_collector_that_waits_is_told_of_new_work(self):
        self.publish("127.0.0.1")
        with self.collecting("--wait") as waiting:
            wait_until(lambda: self.count("run WHERE ended IS NOT NULL") == 1)
            for run in (2, 3):
                self.publish("127.0.0.1")
                wait_until(lambda: self.count("run WHERE ended IS NOT NULL") == run)
            waiting.send_signal(signal.SIGTERM)
            self.assertEqual(1, waiting.wait(HANG_S), waiting.stderr.read())
        self.assert_each_target_has_one_outcome(1, runs=3)

    def test_the_lock_out_guard_of_one_collector_ends_the_sweep_for_all(self):
        self.publish("127.22.0.0/26")
        wrong = self.server.folder / "wrong.cred"
        wrong.touch(0o600)
        wrong.write_text("username = root\npassword = wrong\n")

        def collect():
            result = self.run_command("collect", "-A", wrong, "--wins", "none", "-p", self.port)
            return result.exit, self.count("outcome WHERE outcome = 'log_on_failed'")

        self.assertEqual((1, 3), collect())
        self.assertEqual([["lock_out_guard"]], self.database.query('SELECT "end" FROM run WHERE ended >= began'))
        self.assertEqual((0, 3), collect())
        self.publish("127.0.0.1")
        [second, first] = self.run_command("sweep", "status", "-o", "json").json["sweeps"]
        self.assertEqual((2, "queued", 1, "lock_out_guard"), (second["sweep"], second["state"], first["sweep"], first["state"]))
        self.assertEqual(0, self.run_command(*self.collect_arguments()).exit)
        self.assertEqual([["1", "3"], ["2", "1"]], self.database.query("SELECT run, count(*) FROM outcome GROUP BY run ORDER BY run"))
        result = self.run_command("sweep", "--resume", *self.collect_arguments()[1:])
        self.assertIn("59 of 59 hosts", result.stderr)
        self.assertEqual([["1", "62", "finished"], ["2", "1", "finished"]],
                         self.database.query('SELECT run, count(*), "end" FROM outcome JOIN run ON run.id = run GROUP BY 1, 3 ORDER BY 1'))

    def test_a_collector_that_stands_still_for_longer_than_its_lease_stores_nothing_late(self):
        asked, release = threading.Event(), threading.Event()

        def answer(_):
            asked.set()
            release.wait()
        with odd_servers.OddServer(answer) as slow_host:
            self.publish(f"127.0.0.1:{slow_host.port}", "127.0.0.1")
            with self.collecting("--timeout", "60", "--lease", "1") as frozen:
                asked.wait(HANG_S)
                frozen.send_signal(signal.SIGSTOP)
                other = self.run_command(*self.collect_arguments("--timeout", "1"))
                self.assertEqual(0, other.exit, other)
                first = self.database.query("SELECT host, outcome, at FROM outcome ORDER BY host")
                release.set()
                frozen.send_signal(signal.SIGCONT)
                self.assertEqual(0, frozen.wait(HANG_S), frozen.stderr.read())
        self.assert_each_target_has_one_outcome(2)
        self.assertEqual(first, self.database.query("SELECT host, outcome, at FROM outcome ORDER BY host"))
        self.assertEqual([["2"]], self.database.query("SELECT sum(hosts) FROM collector"))

    def test_collectors_that_stand_still_at_any_moment_double_nothing(self):
        self.publish("127.24.0.0/22")
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(self.collecting("--lease", "1", "--rate", "150")) for _ in range(3)]
            while any(collector.poll() is None for collector in running):
                victim = random.choice(running)
                if victim.poll() is None:
                    victim.send_signal(signal.SIGSTOP)
                    time.sleep(random.uniform(0.0, 1.5))  # any moment will do
                    victim.send_signal(signal.SIGCONT)
                time.sleep(random.uniform(0.0, 0.2))
            for collector in running:
                self.assertEqual(0, collector.wait(HANG_S), collector.stderr.read())
        self.assert_each_target_has_one_outcome(1022)
        answered = self.count("outcome WHERE outcome = 'answered'")  # a host may time out while its collector stands still
        self.assertEqual([["2", str(answered)]],
                         self.database.query("SELECT n, count(*) FROM (SELECT count(*) n FROM session GROUP BY host) x GROUP BY n"))

    @unittest.skipIf(FAKETIME is None, "faketime is not installed")
    def test_leases_and_times_are_by_the_clock_of_the_database(self):
        ahead = ("env", f"LD_PRELOAD={FAKETIME}", "FAKETIME=+2h", "FAKETIME_DONT_FAKE_MONOTONIC=1")
        with odd_servers.silent() as silent:
            self.publish("127.0.0.1", f"127.0.0.1:{silent.port}")
            with self.collecting("--lease", "600", inside=ahead) as fast:
                wait_until(lambda: self.count("outcome") == 1 and self.count("queue WHERE token IS NOT NULL") == 1)
                near = "BETWEEN extract(epoch FROM now()) * 1000 - 600000 AND extract(epoch FROM now()) * 1000 + 600000"
                self.assertEqual(1, self.count(f"queue WHERE lease_until {near}"))
                self.assertEqual(1, self.count(f"outcome WHERE at {near}"))
                self.assertEqual(2, self.count(f"session WHERE last_seen * 1000 {near} AND started <= first_seen"))
                status = command.run("sweep", "status", "-o", "json", "--db", self.database.url, env=self.variables, inside=ahead)
                self.assertEqual(([{"site": "default", "sweep": 1, "waiting": 0, "claimed": 1}], 1),
                                 (status.json["sites"], len(status.json["collectors"])))
                fast.send_signal(signal.SIGINT)
                self.assertEqual(1, fast.wait(HANG_S), fast.stderr.read())
        self.assertEqual(0, self.run_command(*self.collect_arguments("--timeout", "1")).exit)
        self.assert_each_target_has_one_outcome(2)

    # ---- costs

    def test_the_queue_costs_a_few_statements_for_many_targets(self):
        """What is counted does not depend on the machine, apart from how many hosts are stored at once."""
        targets = 1022
        self.publish("127.0.0.1")  # makes the tables
        self.run_command(*self.collect_arguments())
        self.database.statements()
        self.publish("127.27.0.0/22")
        published = self.database.statements()
        self.assertLess(sum(published.values()), 30, published)
        self.run_command(*self.collect_arguments())
        ran = self.database.statements()
        self.assertEqual([["2046"]], self.database.query("SELECT count(*) FROM session"))

        def calls(*beginnings):
            return sum(number for statement, number in ran.items() if statement.startswith(beginnings))
        stored, claimed = calls("DELETE FROM queue"), calls("WITH claimed")
        of_hosts = calls("INSERT INTO outcome", "INSERT INTO session", "SELECT id, client")
        self.assertEqual(targets * 4, of_hosts, ran)  # each host has two sessions
        self.assertLess(claimed, targets / 100 + 5)
        self.assertLess(stored, targets / 4)
        self.assertLess(sum(ran.values()) - of_hosts, 7 * stored + 5 * claimed + 30, ran)
        print(f"# {(sum(ran.values()) - of_hosts) / targets:.2f} statements a target of the queue, {of_hosts / targets:.1f} of the store")

    def test_the_next_targets_and_the_open_sessions_of_a_host_are_found_by_an_index(self):
        self.publish("127.28.0.0/20")
        self.database.query("INSERT INTO session(host, level, first_seen, last_seen) SELECT id, 10, 0, 0 FROM host")
        for sql, index in (("SELECT id, client FROM session WHERE host = 77 AND gone IS NULL AND (\"user\" IS NOT NULL) = true ORDER BY id",
                            "session_open"),
                           ("SELECT run, host FROM queue WHERE site = 'default' AND run = 1 AND (lease_until IS NULL OR lease_until < 5) "
                            "ORDER BY lease_until NULLS FIRST LIMIT 100 FOR UPDATE SKIP LOCKED", "queue_next")):
            plan = self.database.query(f"EXPLAIN {sql}")
            self.assertIn(index, str(plan))
            self.assertNotIn("Seq Scan", str(plan))

    # ---- pruning

    def test_a_prune_waits_for_a_sweep_that_is_being_published(self):
        self.publish("127.0.0.1")
        self.database.query("INSERT INTO host(name) VALUES('127.0.0.2'); CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS "
                            "'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'; CREATE TRIGGER hold BEFORE INSERT ON target FOR "
                            "EACH ROW EXECUTE FUNCTION hold()")

        def begin(*arguments):
            return subprocess.Popen([command.built(), *arguments, "--db", self.database.url], stderr=subprocess.PIPE, text=True,
                                    env=command.environment(self.variables))

        def waiting():
            return self.count("pg_stat_activity WHERE usename = 'collector' AND wait_event = 'advisory'")
        with self.database.session("SELECT pg_advisory_lock(7)") as holder, begin("sweep", "--queue", "127.0.0.2") as publisher:
            wait_until(lambda: waiting() == 1)
            with begin("report", "prune", "--older-than", "1") as pruner:
                wait_until(lambda: waiting() == 2 or pruner.poll() is not None)
                has_waited = pruner.poll() is None
                holder.stdin.close()
                for running in (publisher, pruner):
                    said = running.communicate(timeout=HANG_S)[1]
                    self.assertEqual(0, running.returncode, said)
        self.assertTrue(has_waited)
        self.assertEqual([["127.0.0.1"], ["127.0.0.2"]],
                         self.database.query("SELECT name FROM target JOIN host ON host.id = host ORDER BY name"))

    def test_a_prune_beside_publishers_and_collectors_takes_nothing_from_them(self):
        """The hosts of sweeps that have ended have nothing left, and are published again at the same time."""
        sweeps, ended, failed = 12, threading.Event(), []
        self.publish("127.25.0.0/24")

        def prune():
            while not ended.is_set():
                self.database.query('UPDATE session SET last_seen = 0 WHERE NOT EXISTS(SELECT 1 FROM run WHERE "end" IS NULL); '
                                    "UPDATE run SET began = 0 WHERE \"end\" = 'finished'; UPDATE collector SET seen = 0 WHERE ended > 0")
                result = self.run_command("report", "prune", "--older-than", "1")
                failed.extend([result] if result.exit else [])
        with contextlib.ExitStack() as stack:
            collectors = [stack.enter_context(self.collecting("--wait")) for _ in range(2)]
            pruners = [threading.Thread(target=prune) for _ in range(2)]
            for pruner in pruners:
                pruner.start()
            try:
                for _ in range(sweeps):
                    self.publish("127.25.0.0/24")
                wait_until(lambda: self.count("queue") == 0)
                wait_until(lambda: self.count("run") == 0)
            finally:
                ended.set()
                for pruner in pruners:
                    pruner.join()
            said = []
            for collector in collectors:
                collector.send_signal(signal.SIGTERM)
                said.append(collector.communicate(timeout=HANG_S)[1])
        self.assertEqual([], failed)
        self.assertEqual([1, 1], [collector.returncode for collector in collectors], said)
        self.assertEqual((sweeps + 1) * 254, sum(int(text.split("site default: ")[1].split()[0]) for text in said), said)
        self.assertNotIn("trying again", "".join(said))

    def test_collectors_that_ended_long_ago_are_pruned(self):
        self.publish("127.0.0.1")
        for _ in range(2):
            self.run_command(*self.collect_arguments())
        self.database.query("UPDATE collector SET seen = seen - 200000000 WHERE id = 1")
        self.assertEqual(0, self.run_command("report", "prune", "--older-than", "2").exit)
        self.assertEqual([["2"]], self.database.query("SELECT id FROM collector"))

    # ---- status

    def test_the_status_shows_sweeps_sites_and_collectors(self):
        self.publish("127.0.0.1", f"127.0.0.1:{free_port()}")
        self.run_command(*self.collect_arguments())
        with odd_servers.silent() as silent:
            self.publish("--site", "berlin", "127.0.0.1", f"127.0.0.1:{silent.port}")
            with self.collecting("--site", "berlin") as running:
                wait_until(lambda: self.count("outcome") == 3)
                self.publish("127.0.0.1")
                result = self.run_command("sweep", "status", "-o", "json")
                table = self.run_command("sweep", "status")
                running.send_signal(signal.SIGINT)
                running.wait(HANG_S)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        said = result.json
        json_schema.check("sweep_status", said)
        self.assertEqual([(3, "queued", 1, 0, 0), (2, "queued", 2, 1, 2), (1, "finished", 2, 2, 2)],
                         [(row["sweep"], row["state"], row["targets"], row["done"], row["sessions"]) for row in said["sweeps"]])
        self.assertTrue(said["sweeps"][2]["began"] <= said["sweeps"][2]["ended"])
        self.assertEqual([(2, "answered", 1, 2), (1, "answered", 1, 2), (1, "unreachable", 1, 0)],
                         [tuple(row.values()) for row in said["outcomes"]])
        self.assertEqual([("berlin", 2, 0, 1), ("default", 3, 1, 0)], [tuple(row.values()) for row in said["sites"]])
        self.assertEqual([("default", 2, True), ("berlin", 1, False)],
                         [(row["site"], row["hosts"], "ended" in row) for row in said["collectors"]])
        self.assertEqual(0, table.exit, table)
        self.assertEqual(["SWEEP", "SWEEP", "SITE", "COLLECTOR"], [part.split()[0] for part in table.stdout.split("\n\n")])
        self.assertEqual(command.USAGE, self.run_command("sweep", "status", "-o", "csv").exit)

    # ---- failures

    def test_kills_of_collectors_and_crashes_of_the_database_lose_nothing_and_double_nothing(self):
        self.publish("127.20.0.0/21")
        targets, kills = 2046, 0
        arguments = ("--lease", "3", "--rate", "150")
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(self.collecting(*arguments)) for _ in range(3)]
            for step in range(KILLS):
                time.sleep(random.uniform(0.1, 0.6))  # any moment will do
                victim = running.pop(0)
                kills += victim.poll() is None
                victim.kill()
                if step % (KILLS // CRASHES) == 2:
                    self.database.kill()
                    time.sleep(random.uniform(0.0, 0.5))
                    self.database.start()
                running.append(stack.enter_context(self.collecting(*arguments)))
            for collector in running:
                self.assertEqual(0, collector.wait(HANG_S), collector.stderr.read())
        self.assertGreater(kills, KILLS // 2)
        self.assert_each_target_has_one_outcome(targets)
        self.assertEqual([["answered", str(targets)]], self.database.query("SELECT outcome, count(*) FROM outcome GROUP BY outcome"))
        self.assertEqual([["2", str(targets)]],
                         self.database.query("SELECT n, count(*) FROM (SELECT count(*) n FROM session GROUP BY host) x GROUP BY n"))

    def test_a_run_whose_last_collector_died_before_it_ended_it_is_ended_by_the_next_one(self):
        self.publish("127.0.0.1")
        self.assertEqual(0, self.run_command(*self.collect_arguments()).exit)
        self.database.query('UPDATE run SET "end" = NULL, ended = NULL')  # as a kill behind the last commit leaves it
        self.publish("--site", "berlin", "127.0.0.1")
        self.assertEqual(0, self.run_command(*self.collect_arguments()).exit)
        self.assertEqual([["1", "finished"], ["2", ""]], self.database.query('SELECT id, "end" FROM run ORDER BY id'))

    def test_a_database_that_is_away_is_said_and_connected_to_again(self):
        self.publish("127.0.0.1")
        self.database.kill()
        try:
            result = self.run_command(*self.collect_arguments())
            self.assertEqual(3, result.exit, result)
            self.assertIn("Connection refused", result.stderr)
        finally:
            self.database.start()
        with self.collecting("--wait") as waiting:
            wait_until(lambda: self.count("outcome") == 1)
            self.database.kill()
            self.database.start()
            self.publish("127.0.0.1")
            wait_until(lambda: self.count("outcome") == 2)
            waiting.send_signal(signal.SIGTERM)
            waiting.wait(HANG_S)

    def test_a_collector_behind_a_broken_link_is_replaced_and_comes_back(self):
        self.publish("10.20.0.0/23")
        far = ("nsenter", f"--net=/proc/{self.far.pid}/ns/net")
        db = self.database.url.replace("127.0.0.1", "192.0.2.1") + "?tcp_user_timeout=1000&connect_timeout=2"
        with self.collecting("--lease", "2", "--timeout", "5", "--rate", "150", inside=far, db=db) as cut_off:
            wait_until(lambda: self.count("outcome") > 50 and self.count("queue WHERE token IS NOT NULL") > 0)
            subprocess.run(["ip", "link", "set", "here", "down"], check=True)
            try:
                near = self.run_command(*self.collect_arguments())
                self.assertEqual(0, near.exit, near)
                self.assertEqual(510, self.count("outcome"))
                ended = self.database.query("SELECT ended FROM run")
            finally:
                subprocess.run(["ip", "link", "set", "here", "up"], check=True)
            said = cut_off.communicate(timeout=HANG_S)[1]
            self.assertEqual(0, cut_off.returncode, said)
            self.assertIn("trying again", said)
        self.assert_each_target_has_one_outcome(510)
        self.assertEqual(ended, self.database.query("SELECT ended FROM run"))
        self.assertEqual([["answered", "510"]], self.database.query("SELECT outcome, count(*) FROM outcome GROUP BY outcome"))
        self.assertEqual([["510"]], self.database.query("SELECT sum(hosts) FROM collector"))

    def test_what_a_hostile_server_says_is_stored_and_holds_up_no_other_host(self):
        texts = ("\ud800", "\udfff\ud800x", "a\0b", "\uffff\ufffe", "'; DROP TABLE session; --", "{\"\\", "\x01\x1b[2J\r\n\t\x7f",
                 "\u202e\U0010ffff", "x" * 12000, "\u20ac" * 12000, "\ud83d" * 3000)
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(scripted_smb.ScriptedSmb(
                lambda _, request, text=text: iter([scripted_smb.one_session(text, text, 0xFFFFFFFF)]))) for text in texts]
            names = [f"127.0.0.1:{server.port}" for server in servers]
            result = command.run("sweep", "--queue", "-l", "10", *names, "127.0.0.1", "--db", self.database.url, env=self.variables)
            self.assertEqual(0, result.exit, result)
            result = self.run_command("collect", "-N", "--wins", "none", "-p", self.port)
            self.assertEqual(0, result.exit, result)
            self.assertNotIn("cannot be stored", result.stderr)
            self.assertEqual([[str(len(texts))]], self.database.query("SELECT count(*) FROM outcome WHERE outcome = 'answered'"))
            stored = self.database.query("SELECT encode(convert_to(client, 'UTF8'), 'hex'), started, num_opens FROM session JOIN host ON "
                                         "host.id = host ORDER BY name")
            with tempfile.TemporaryDirectory(dir="/tmp") as folder:
                file = pathlib.Path(folder) / "sessions.db"
                self.assertEqual(0, command.run("sweep", "-N", "-l", "10", "-q", *names, "--db", file).exit)
                with contextlib.closing(sqlite3.connect(file)) as connection:
                    alike = connection.execute("SELECT lower(hex(client)) FROM session JOIN host ON host.id = host ORDER BY name").fetchall()
            self.assertEqual([row[0] for row in alike], [row[0] for row in stored])
            self.assertEqual(len(texts), len(stored))

    def test_a_host_whose_sessions_the_database_refuses_costs_itself_and_no_other(self):
        self.publish("127.26.0.0/28")
        self.database.query("ALTER TABLE session ADD CHECK (host <> (9))")  # of somebody else's making
        [[refused]] = self.database.query("SELECT name FROM host WHERE id = 9")
        result = self.run_command(*self.collect_arguments())
        self.assertEqual(0, result.exit, result)
        self.assertRegex(result.stderr, f"netsession: {refused}: its sessions cannot be stored: .*violates check constraint")
        self.assert_each_target_has_one_outcome(14)
        self.assertEqual([["answered", "13"], ["local_error", "1"]],
                         self.database.query("SELECT outcome, count(*) FROM outcome GROUP BY outcome ORDER BY outcome"))
        self.assertIn("violates check constraint", self.run_command("report", "-o", "json", "hosts").stdout)

    def test_what_makes_no_sense_is_a_wrong_command_line(self):
        for arguments in (("sweep", "--queue", "127.0.0.1"), ("sweep", "--site", "x", "127.0.0.1"), ("collect",),
                          ("collect", "--db", "/tmp/sessions.db")):
            self.assertEqual(command.USAGE, command.run(*arguments).exit, arguments)


if __name__ == "__main__":
    tap.main()
