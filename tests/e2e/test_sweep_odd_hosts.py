"""`netsession sweep` among hosts and lists that are not as they should be: what a host does harms no other host."""
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from lab import command, odd_servers, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.scripted_smb import ScriptedSmb, endless_pages, endless_rows, head, tail
from lab.sessions import Wanted
from lab.socks import Socks
from lab.wait_until import HANG_S, calm

MANY = {"max_connections_per_address": 10000, "max_unauthenticated_connections": 10000,
        "max_unauthenticated_connections_per_address": 10000}


class OddHosts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.server = cls.enterClassContext(Netsessiond(listen=f"0.0.0.0:{cls.port}", **MANY))
        cls.server.port = cls.port
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7")]))

    def sweep(self, *arguments, log_on=None, **options):
        return command.run("sweep", "--no-db", "-o", "jsonl", "--wins", "none", *(log_on or ("-A", self.server.credentials_file("root"))),
                           *map(str, arguments), **options)

    @staticmethod
    def hosts(result):
        return {line["server"]: line for line in result.jsonl if line["type"] == "host"}

    def test_a_host_whose_answer_never_ends_is_given_up_at_the_limit_and_not_asked_again(self):
        for answer, most in (endless_rows, "1M"), (endless_pages(1000), "100K"):
            with self.subTest(most), ScriptedSmb(answer) as endless:
                result = self.sweep("-l", 0, "--max-bytes", most, "--timeout", calm(5), "--retries", 2, "--backoff", 0.1,
                                    f"{endless.host}:{endless.port}", log_on=["-N"])
            [host] = self.hosts(result).values()
            self.assertEqual(("too_many_sessions", 1), (host["outcome"], host["attempts"]), result)

    def test_a_host_that_says_for_ever_that_it_works_ends_at_its_deadline(self):
        def work(caller, _):
            while True:
                caller.send_interim()
        with ScriptedSmb(work) as working:
            result = self.sweep("-l", 0, "--timeout", 2, f"{working.host}:{working.port}", log_on=["-N"])
        self.assertEqual({"timed_out": 1}, result.jsonl[-1]["outcomes"], result)

    def test_a_host_that_drips_ends_at_its_deadline_and_holds_up_nobody(self):
        def drip(connection):
            for byte in b"\0\0\1\0" + bytes(256):
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        with odd_servers.OddServer(drip) as dripping:
            result = self.sweep("--timeout", 2, "-u", "alice", f"127.0.0.1:{dripping.port}", f"127.0.0.1:{self.port}")
        self.assertEqual({"timed_out": 1, "answered": 1}, result.jsonl[-1]["outcomes"], result)
        self.assertEqual(f"127.0.0.1:{self.port}", [line["server"] for line in result.jsonl if line["type"] == "host"][0])

    def outcome(self, server, *arguments, **options):
        """(outcome, step) of the one host."""
        result = self.sweep(*arguments, f"{server.host}:{server.port}", **options)
        [host] = self.hosts(result).values()
        return host["outcome"], host["step"]

    def test_hosts_that_do_not_list_have_their_reasons(self):
        def answers(stub):
            return lambda _, request: [stub]
        anonymous = {"log_on": ["-N"]}
        for code, outcome in (0x81, "refused"), (0x83, "busy"):  # negative session responses, RFC 1002 4.3.4
            with odd_servers.OddServer(lambda connection, code=code: connection.sendall(bytes((0x83, 0, 0, 1, code)))) as server:
                self.assertEqual((outcome, "NEGOTIATE"), self.outcome(server))
        with Netsessiond(encryption="off") as server:
            self.assertEqual(("no_common_authentication", "SESSION_SETUP"),
                             self.outcome(server, "--encrypt", log_on=["-A", server.credentials_file("root")]))
            self.assertEqual("kerberos_failed", self.outcome(server, log_on=["--kerberos"], env={"KRB5_CONFIG": "/dev/null"})[0])
        with SambaServer() as samba:
            self.assertEqual(("not_supported", "NetrSessionEnum"),
                             self.outcome(samba, "-l", 502, log_on=["-A", samba.credentials_file("root")]))
        with ScriptedSmb(answers(head(0, 1000) + bytes(8))) as server:
            self.assertEqual(("protocol_error", "NetrSessionEnum"), self.outcome(server, "-l", 0, **anonymous))
        with ScriptedSmb(answers(head(0, 0) + tail(0, 0, 4711))) as server:
            self.assertEqual(("server_error", "NetrSessionEnum"), self.outcome(server, "-l", 0, **anonymous))

    def test_hosts_begin_late_by_a_random_time(self):
        """At most --jitter, which is far more than 40 hosts need."""
        began = []

        def note(_):
            began.append(time.monotonic())
        with odd_servers.OddServer(note) as server:
            self.sweep("--jitter", 3, "--in-order", *(f"fs{number}@127.0.0.1:{server.port}" for number in range(40)))
        # Of 40 random times below 3 s, all within half of it: one in a million million.
        self.assertGreater(max(began) - min(began), 1.5)

    def test_a_proxy_that_dies_leaves_the_hosts_behind_it_unasked_and_the_others_answered(self):
        names = [f"fs{number}@127.0.0.1:{self.port}" for number in range(12)]
        with Socks(dies_after=5) as proxy:
            result = self.sweep("--proxy", proxy.url, "--concurrency", 1, "-u", "alice", *names)
        outcomes = result.jsonl[-1]["outcomes"]
        self.assertEqual({"answered": 5, "local_error": 7}, outcomes, result)

    def test_a_list_of_windows_with_every_kind_of_line(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            path = pathlib.Path(folder) / "hosts"
            path.write_bytes(b"\xef\xbb\xbf127.0.0.1:%d\r\n# comment\r\n\r\nFS1@127.0.0.1:%d\r\nfs1@127.0.0.1:%d\r\n10.0.0.0/8\r\n"
                             b"10.0.0.1/24\r\n::1/129\r\nhttp://fs1\r\n  127.0.0.2:%d  # behind\r\n127.0.0.3" %
                             ((self.port,) * 4))
            result = self.sweep("-p", self.port, "-u", "alice", "--hosts", path)
        self.assertEqual({f"127.0.0.1:{self.port}", f"FS1@127.0.0.1:{self.port}", f"127.0.0.2:{self.port}", "127.0.0.3"},
                         set(self.hosts(result)), result)
        self.assertEqual([6, 7, 8, 9], [int(line) for line in re.findall(r"hosts:(\d+): ", result.stderr)])
        self.assertEqual(1, result.exit)

    def test_what_is_no_list_is_refused(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            result = self.sweep("--hosts", folder)
            self.assertEqual((2, f"netsession: {folder}: Is a directory\n"), (result.exit, result.stderr))
            result = self.sweep("--hosts", f"{folder}/missing")
            self.assertEqual((2, f"netsession: {folder}/missing: No such file or directory\n"), (result.exit, result.stderr))
        result = self.sweep("--hosts", "-", stdin="")
        self.assertEqual((2, "netsession: standard input names no server\n"), (result.exit, result.stderr))

    def test_a_range_of_ipv6_is_all_its_addresses_and_one_that_is_too_long_is_refused(self):
        result = self.sweep("-p", free_port(), "::1/128", "::2/127", "--connect-timeout", 1)
        self.assertEqual({"::1", "::2", "::3"}, set(self.hosts(result)), result)
        result = self.sweep("2001:db8::/64")
        self.assertEqual(2, result.exit)
        self.assertIn("more than 1048576 addresses", result.stderr)

    def test_a_sweep_of_a_million_hosts_is_left_by_ctrl_c_with_a_summary(self):
        listened = threading.Event()
        with odd_servers.OddServer(lambda _: listened.set(), host="0.0.0.0") as server:
            process = subprocess.Popen([command.built(), "sweep", "--no-db", "-N", "-o", "jsonl", "--wins", "none", "-p",
                                        str(server.port), "--concurrency", "10", "127.0.0.0/12"], text=True,
                                       env=command.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertTrue(listened.wait(HANG_S))
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=HANG_S)
        self.assertRegex(out.splitlines()[-1], r'"end":"interrupted","targets":1048574,')
        self.assertIn("of 1048574 hosts", said)


if __name__ == "__main__":
    tap.main()
