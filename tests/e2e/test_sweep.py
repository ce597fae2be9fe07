"""`netsession sweep` against netsessiond, Samba, and ports that behave badly: each host has one outcome, and it is true."""
import collections
import contextlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from lab import command, odd_servers, sessions, tap
from lab.cli import read_csv
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.terminal import Terminal
from lab.wait_until import HANG_S, wait_until


# All hosts of a sweep are one netsessiond here, and all connections come from one address.
MANY = {key: 10000 for key in ("max_connections_per_address", "max_unauthenticated_connections",
                               "max_unauthenticated_connections_per_address")}


class Fleet(unittest.TestCase):
    """One netsessiond on all of 127.0.0.0/8, so that each address is a host."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.server = cls.enterClassContext(Netsessiond(listen=f"0.0.0.0:{cls.port}", **MANY))
        cls.server.port = cls.port
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8")]))

    def arguments(self, *arguments, user="root"):
        return ["sweep", "--no-db", "-A", self.server.credentials_file(user), "--wins", "none", *map(str, arguments)]

    def sweep(self, *arguments, user="root", **options):
        return command.run(*self.arguments("-p", self.port, *arguments, user=user), **options)

    def hosts(self, result):
        """{server: its line} of JSON Lines."""
        found = [line for line in result.jsonl if line["type"] == "host"]
        self.assertEqual(len(found), len({line["server"] for line in found}), result)
        return {line["server"]: line for line in found}

    def outcomes(self, *arguments, **options):
        result = self.sweep("-o", "jsonl", *arguments, **options)
        return {server: line["outcome"] for server, line in self.hosts(result).items()}

    # ---- outcomes

    def test_the_working_directory_has_no_say_in_what_is_executed(self):
        """Where /proc cannot be read, netsession does not know its own place."""
        if b"__asan_init" in command.built("netsession").read_bytes():
            self.skipTest("the sanitizer of leaks needs /proc")
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        planted = folder / "netsession-fleet"
        planted.write_text("#!/bin/sh\necho planted\n")
        planted.chmod(0o755)
        result = command.run("sweep", "--no-db", "127.0.0.1:1", inside=[
            "unshare", "--mount", "sh", "-c", 'umount -l /proc; cd "$0" || exit; exec "$@"', str(folder)],
            env={"LD_LIBRARY_PATH": str(command.built("libnetsession.so").parent)})  # which the loader finds by /proc otherwise
        self.assertEqual((3, ""), (result.exit, result.stdout))
        self.assertIn("netsession-fleet cannot be executed", result.stderr)

    def test_each_host_of_a_range_answers_once(self):
        result = self.sweep("-o", "jsonl", "-u", "alice", "127.2.0.0/26")
        self.assertEqual(0, result.exit, result)
        self.assertEqual({f"127.2.0.{n}": "answered" for n in range(1, 63)},
                         {server: line["outcome"] for server, line in self.hosts(result).items()})
        self.assertEqual({"answered": 62}, result.jsonl[-1]["outcomes"])
        found = [line for line in result.jsonl if line["type"] == "session"]
        self.assertEqual({("alice", "\\\\127.0.0.7")}, {(line["user"], line["client"]) for line in found})
        self.assertEqual(62, len(found))

    def test_a_filter_that_selects_nobody_is_empty_and_a_refusal_is_denied(self):
        self.assertEqual({"127.0.0.1": "empty"}, self.outcomes("-u", "nobody", "127.0.0.1"))
        result = self.sweep("-o", "jsonl", "127.0.0.1", user="alice")
        host = self.hosts(result)["127.0.0.1"]
        self.assertEqual((3, "denied", 5, 0), (result.exit, host["outcome"], host["status"], host["sessions"]), result)

    def test_hosts_that_do_not_answer_have_their_reasons(self):
        with odd_servers.silent() as silent, odd_servers.http() as http, odd_servers.closes_at_once() as closing, \
                odd_servers.smb1_only_samba() as smb1:
            expected = {f"127.0.0.1:{free_port()}": ("unreachable", "connect"),
                        f"127.0.0.1:{silent.port}": ("timed_out", "NEGOTIATE"),
                        f"127.0.0.1:{http.port}": ("not_smb", "NEGOTIATE"),
                        f"127.0.0.1:{closing.port}": ("connection_lost", "NEGOTIATE"),
                        f"127.0.0.1:{smb1.port}": ("smb1_only", "NEGOTIATE"),
                        "no..name": ("no_such_name", "resolve"),
                        "127.0.0.1": ("answered", None)}
            result = self.sweep("-o", "jsonl", "--timeout", 5, *expected)
        self.assertEqual(1, result.exit, result)
        self.assertEqual(expected, {server: (line["outcome"], line["step"]) for server, line in self.hosts(result).items()})

    def test_samba_answers_at_the_level_that_it_has(self):
        with SambaServer() as samba, sessions.held(samba, [Wanted("mail", "127.0.0.7")]):
            result = command.run("sweep", "--no-db", "-A", samba.credentials_file("root"), "-o", "jsonl", f"{samba.host}:{samba.port}")
        self.assertEqual([("127.0.0.7", "mail")], [(line["client"], line["user"]) for line in result.jsonl
                                                   if line["type"] == "session" and line["user"] != "root"], result)
        self.assertEqual(1, self.hosts(result)[f"{samba.host}:{samba.port}"]["level"])

    def test_a_failure_that_may_pass_is_tried_again_after_a_while(self):
        with odd_servers.silent() as silent:
            result = self.sweep("-o", "jsonl", "--timeout", 0.3, "--retries", 2, "--backoff", 0.2, f"127.0.0.1:{silent.port}",
                                "127.0.0.1")
        hosts = self.hosts(result)
        self.assertEqual(3, hosts[f"127.0.0.1:{silent.port}"]["attempts"], result)
        self.assertEqual(1, hosts["127.0.0.1"]["attempts"], result)
        self.assertGreaterEqual(result.seconds, 3 * 0.3 + 0.2 + 0.4)

    # ---- limits

    def test_a_wrong_password_reaches_three_hosts_and_ends_the_sweep(self):
        with tempfile.NamedTemporaryFile("w", dir="/tmp") as file, Netsessiond(listen=f"0.0.0.0:{free_port()}", **MANY) as server:
            file.write("username = root\npassword = wrong\n")
            file.flush()
            port = server.options["listen"].rpartition(":")[2]
            result = command.run("sweep", "--no-db", "-A", file.name, "-p", port, "-o", "jsonl", "127.3.0.0/24")
            self.assertEqual(3, server.counters["log_ons_refused"])
            self.assertEqual(3, result.exit, result)
            self.assertEqual(("lock_out_guard", {"log_on_failed": 3}),
                             (result.jsonl[-1]["end"], result.jsonl[-1]["outcomes"]), result)
            self.assertIn("refused the password", result.stderr)
            many = command.run("sweep", "--no-db", "-A", file.name, "-p", port, "-o", "jsonl", "--max-log-on-failures", 0, "127.3.0.0/29")
            self.assertEqual({"log_on_failed": 6}, many.jsonl[-1]["outcomes"], many)

    def test_no_more_hosts_are_asked_at_once_than_allowed(self):
        for limit in (("--concurrency", 1), ("--per-network", 1)):
            with self.subTest(limit), odd_servers.silent() as silent:
                result = self.sweep("-o", "jsonl", "--timeout", 0.4, *limit, *(f"127.0.0.{n}:{silent.port}" for n in range(1, 2)),
                                    f"localhost:{silent.port}", f"fs1@127.0.0.1:{silent.port}")
                self.assertEqual({"timed_out": 3}, result.jsonl[-1]["outcomes"], result)
                self.assertGreaterEqual(result.seconds, 3 * 0.4)

    def test_the_rate_is_kept(self):
        result = self.sweep("-o", "jsonl", "--rate", 10, "-u", "alice", "127.4.0.0/28")
        self.assertEqual({"answered": 14}, result.jsonl[-1]["outcomes"], result)
        self.assertGreaterEqual(result.seconds, 1.3)

    def test_the_order_is_random_unless_it_is_asked_for(self):
        listed = [f"127.5.0.{n}" for n in range(1, 63)]
        for arguments, is_listed in (((), False), (("--in-order", "--concurrency", 1), True)):
            result = self.sweep("-o", "jsonl", "-u", "alice", *arguments, "127.5.0.0/26")
            order = [line["server"] for line in result.jsonl if line["type"] == "host"]
            self.assertEqual(is_listed, order == listed, result)

    # ---- output

    def test_answers_are_written_before_the_last_host_has_answered(self):
        with odd_servers.silent() as silent:
            with subprocess.Popen([command.built(), *self.arguments("-o", "jsonl", "-u", "alice", f"127.0.0.1:{self.port}",
                                                                    f"127.0.0.1:{silent.port}")],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=command.environment()) as running:
                session, host = json.loads(running.stdout.readline()), json.loads(running.stdout.readline())
                self.assertIsNone(running.poll())
                running.send_signal(signal.SIGINT)
                rest, errors = running.communicate()
        self.assertEqual(("session", "alice", "host", "answered"),
                         (session["type"], session["user"], host["type"], host["outcome"]))
        summary = json.loads(rest)
        self.assertEqual((1, "interrupted", 2, 1), (running.returncode, summary["end"], summary["targets"], summary["hosts"]))
        self.assertIn("1 of 2 hosts, 1 sessions", errors)

    def test_an_interrupted_sweep_leaves_whole_json(self):
        with odd_servers.silent() as silent:
            with subprocess.Popen([command.built(), *self.arguments("-o", "json", f"127.0.0.1:{silent.port}")],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=command.environment()) as running:
                wait_until(lambda: silent.connections == 2)
                running.send_signal(signal.SIGTERM)
                output = json.loads(running.communicate()[0])
        self.assertEqual((3, 1, [], "interrupted"),
                         (running.returncode, output["schema"], output["hosts"], output["summary"]["end"]))

    def test_all_formats_have_the_same_sessions(self):
        targets = ("127.6.0.0/29", f"127.0.0.1:{free_port()}")
        expected = collections.Counter((f"127.6.0.{n}", user) for n in range(1, 7) for user in ("alice", "bob"))
        found = self.sweep("-o", "json", *targets).json
        self.assertEqual(expected, collections.Counter((host["server"], one["user"]) for host in found["hosts"]
                                                       for one in host["sessions"] if one["user"] != "root"))
        self.assertEqual({"answered": 6, "unreachable": 1}, found["summary"]["outcomes"])
        rows = read_csv(self.sweep("-o", "csv", *targets).stdout)
        self.assertEqual(expected, collections.Counter((row["server"], row["user"]) for row in rows
                                                       if row["outcome"] == "answered" and row["user"] != "root"))
        self.assertEqual([(targets[1], "unreachable", "53")], [(row["server"], row["outcome"], row["status"]) for row in rows
                                                               if row["outcome"] != "answered"])
        table = self.sweep(*targets)
        lines = [line.split() for line in table.stdout.splitlines()]
        self.assertEqual("SERVER", lines[0][0])
        self.assertEqual(expected, collections.Counter((line[0], line[2]) for line in lines[1:] if line[2] != "root"))
        self.assertRegex(table.stderr, r"netsession: 7 of 7 hosts, \d+ sessions, .*\n +6  answered .*\n +1  unreachable ")
        self.assertEqual("", self.sweep("-q", *targets).stderr)

    def test_a_terminal_sees_progress_and_pipes_do_not(self):
        with odd_servers.silent() as silent:
            arguments = self.arguments("-o", "jsonl", "--timeout", 1, f"127.0.0.1:{self.port}", f"127.0.0.1:{silent.port}")
            with Terminal(*arguments) as terminal:
                terminal.end()
            self.assertIn(b"1 of 2 hosts, 1 in flight", terminal.shown)
            self.assertNotIn("in flight", command.run(*arguments).stderr)
            with Terminal(*arguments, "--quiet") as terminal:
                terminal.end()
            self.assertNotIn(b"in flight", terminal.shown)
            self.assertNotIn(b"of 2 hosts", terminal.shown)
            self.assertEqual("", command.run(*arguments, "--quiet").stderr)

    # ---- sweeps that repeat

    @contextlib.contextmanager
    def repeating(self, *arguments, every="1s"):
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"
        command_line = [command.built(), *self.arguments("-p", self.port, "--every", every, "--db", self.db, *arguments)]
        command_line.remove("--no-db")
        with subprocess.Popen(command_line, env=command.environment(), text=True, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.complaints = process.communicate(timeout=HANG_S)[1]

    def runs(self):
        with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT began, ended, end, (SELECT count(*) FROM outcome WHERE run = run.id) FROM run "
                                      "ORDER BY id").fetchall()
        return []

    def test_a_sweep_that_repeats_is_a_run_of_its_own_each_time_until_a_signal(self):
        with self.repeating(f"127.0.0.1:{self.port}", f"127.0.0.2:{self.port}") as process:
            wait_until(lambda: len(self.runs()) >= 3)
        self.assertEqual(0, process.returncode, process.complaints)
        found = self.runs()
        self.assertEqual({("finished", 2)}, {(end, outcomes) for _, _, end, outcomes in found})
        for before, after in zip(found, found[1:]):
            self.assertLessEqual(before[1], after[0])
            self.assertGreater(after[0] - before[0], 500)

    def test_turns_that_pass_during_a_sweep_are_left_out_and_a_signal_ends_the_sweep(self):
        with odd_servers.silent() as silent:
            with self.repeating("--timeout", "3.2", f"127.0.0.1:{silent.port}", every="3s") as process:
                wait_until(lambda: [run[2] for run in self.runs()] == ["finished", None])
            self.assertEqual(3, process.returncode, process.complaints)
        first, second = self.runs()
        self.assertEqual("interrupted", second[2])
        self.assertGreaterEqual(second[0], first[1])
        self.assertLess(4500, second[0] - first[0])  # the turn after 6 s, less what the first one was late

    def test_the_time_while_the_computer_sleeps_counts_for_the_next_turn(self):
        """The kernel tells of a timer by which clock it goes."""
        with self.repeating(f"127.0.0.1:{self.port}", every="1h") as process:
            def timers():
                texts = []
                for path in pathlib.Path(f"/proc/{process.pid}/fdinfo").iterdir():
                    with contextlib.suppress(OSError):
                        texts.append(path.read_text())
                return [text for text in texts if "clockid:" in text and "it_value: (0, 0)" not in text]
            [text] = wait_until(timers)
        self.assertIn(f"clockid: {time.CLOCK_BOOTTIME}\n", text)
        self.assertTrue(3000 < int(text.split("it_value: (")[1].split(",")[0]) <= 3600, text)
        self.assertEqual(0, process.returncode, process.complaints)

    def test_targets_are_read_anew_for_each_sweep(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as hosts:
            hosts.write(f"127.0.0.1:{self.port}\n")
            hosts.flush()
            with self.repeating("--hosts", hosts.name):
                wait_until(lambda: len(self.runs()) >= 1 and self.runs()[0][2])
                hosts.write(f"127.0.0.2:{self.port}\n")
                hosts.flush()
                wait_until(lambda: any(run[3] == 2 for run in self.runs()))

    def test_the_lock_out_guard_ends_the_repetition(self):
        wrong = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "wrong"
        wrong.write_text(f"username = root\npassword = wrong\ndomain = {self.server.domain}\n")
        wrong.chmod(0o600)
        with self.repeating("-A", wrong, f"127.0.0.0/27") as process:
            self.assertEqual(3, process.wait(HANG_S))
        self.assertEqual([("lock_out_guard",)], [(run[2],) for run in self.runs()])
        self.assertIn("another attempt could lock the account", process.complaints)

    def test_what_cannot_be_repeated_is_refused(self):
        for arguments in (("--resume",), ("--hosts", "-"), ("--queue", "--db", "postgresql://x/y")):
            self.assertEqual(2, command.run("sweep", "--every", "1h", *arguments).exit, arguments)

    # ---- targets

    def test_malformed_targets_are_reported_and_the_others_are_asked(self):
        result = self.sweep("-o", "jsonl", "--hosts", "-", "-u", "alice", stdin="127.0.0.1\nfs 1\n127.0.0.1\n")
        self.assertEqual(1, result.exit, result)
        self.assertEqual({"127.0.0.1": "answered"}, {server: line["outcome"] for server, line in self.hosts(result).items()})
        self.assertIn("netsession: standard input:2: ", result.stderr)

    def test_nothing_to_ask_is_a_usage_error(self):
        self.assertEqual(2, self.sweep().exit)


if __name__ == "__main__":
    tap.main()
