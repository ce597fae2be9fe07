"""Shows that the lab works, by programs that are none of ours: cd tests && /usr/bin/python3 -m lab.selftest"""
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import types
import unittest

from impacket.smbconnection import SessionError

from . import command, frames, odd_servers, sessions, tampering, tap
from .ad import DomainController
from .nmbd import NetbiosServer
from .ports import free_port
from .process import Process
from .relay import CUT, STALL, SWALLOW, TO_CLIENT, TO_SERVER, Raw, Relay
from .samba import SambaServer
from .server import StartFailed
from .wait_until import calm, wait_until_equal

STATUS_INVALID_PARAMETER = 0xC000000D
SIGNING = {"HMAC-SHA256": 0, "AES-128-CMAC": 1, "AES-128-GMAC": 2}  # [MS-SMB2] 2.2.3.1.7
TESTS = pathlib.Path(__file__).resolve().parents[1]


def rpcclient(server, port, timeout_s=20):
    """Lists through another port of the same server. Returns all that rpcclient says."""
    done = subprocess.run(
        ["timeout", str(timeout_s), "rpcclient", f"--configfile={server.configuration}", f"--port={port}",
         "-A", server.credentials_file(server.administrator), server.host, "-c", "netsessenum"],
        text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return f"exit {done.returncode} {done.stdout}{done.stderr}"


def running(text):
    """Command lines of processes that contain the text."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


class Processes(unittest.TestCase):
    def setUp(self):
        self.mark = f"{time.monotonic_ns()}"  # as seconds to sleep: nobody else's
        self.log = tempfile.NamedTemporaryFile()
        self.addCleanup(self.log.close)

    def wait_for(self, count):
        wait_until_equal(count, lambda: sum(line.startswith("sleep ") for line in running(self.mark)))

    def shell(self):
        return ["sh", "-c", f"setsid sleep {self.mark} & (setsid sleep {self.mark} &); exec sleep {self.mark}"]

    def test_stopping_ends_what_made_a_session_of_its_own(self):
        process = Process(self.shell(), self.log.name)
        self.addCleanup(process.stop)
        self.wait_for(3)
        process.stop()
        self.assertEqual([], running(self.mark))

    def test_everything_ends_when_the_test_is_killed(self):
        program = f"from lab.process import Process; Process({self.shell()!r}, '/dev/null'); input()"
        with subprocess.Popen([sys.executable, "-c", program], cwd=TESTS, stdin=subprocess.PIPE) as test:
            self.wait_for(3)
            test.send_signal(signal.SIGKILL)
        self.wait_for(0)

    def test_a_command_with_grace_ends_by_itself(self):
        process = Process(["sh", "-c", "trap 'echo bye; exit' TERM; echo hello; while :; do sleep 0.01; done"],
                          self.log.name, grace_s=5)
        while not os.path.getsize(self.log.name):
            time.sleep(0.01)
        process.stop()
        self.assertEqual(b"hello\nbye\n", pathlib.Path(self.log.name).read_bytes())

    def test_ports_are_free_and_given_once(self):
        ports = [free_port() for _ in range(50)]
        self.assertEqual(50, len(set(ports)))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ports[0]))


class Samba(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def test_starts_within_two_seconds_beside_another(self):
        started_at = time.monotonic()
        with SambaServer() as other:
            self.assertLess(time.monotonic() - started_at, calm(2))
            self.assertEqual(1, len(sessions.enumerate_with_impacket(other).rows))
            folder = str(other.folder)
        self.assertEqual([], running(folder))
        self.assertFalse(os.path.exists(folder))

    def test_administrator_may_list_and_ordinary_users_may_not(self):
        self.assertEqual(("WERR_OK", 1), sessions.enumerate_with_rpcclient(self.server))
        self.assertEqual(("WERR_ACCESS_DENIED", 0), sessions.enumerate_with_rpcclient(self.server, "daemon"))
        self.assertEqual((5, []), sessions.enumerate_with_impacket(self.server, "daemon")[:2])

    def test_levels_0_and_1_exist_and_others_do_not(self):
        for level, status in {0: 0, 1: 0, 2: 124, 10: 124, 502: 124}.items():
            with self.subTest(level=level):
                self.assertEqual(status, sessions.enumerate_with_impacket(self.server, level=level).status)

    def test_listens_on_ipv6(self):
        with sessions.held(self.server, [sessions.Wanted("mail", "::1")]):
            rows = sessions.enumerate_with_impacket(self.server).rows
        self.assertIn(("mail", "::1"), [(row["user"], row["client"]) for row in rows])

    def test_refuses_a_wrong_password(self):
        said = subprocess.run(self.server.tool("smbclient", "-A", self.server.credentials_file("mail", "wrong"),
                                               f"//{self.server.host}/share", "-c", "ls"),
                              text=True, capture_output=True, check=False).stdout
        self.assertIn("NT_STATUS_LOGON_FAILURE", said)

    def test_credentials_are_for_root_alone(self):
        self.assertEqual(0o600, stat.S_IMODE(self.server.credentials_file("mail").stat().st_mode))

    def test_a_wrong_configuration_is_told_before_it_does_harm(self):
        with self.assertRaisesRegex(StartFailed, "Error loading services"):
            with SambaServer({"smb ports": "1x"}):
                pass

    def test_a_failing_start_shows_the_log(self):
        with self.assertRaises(StartFailed) as failure:
            with SambaServer({"interfaces": "nosuch0"}):
                pass
        self.assertIn("No sockets available to bind to", "".join(failure.exception.__notes__))

    def test_says_its_pid(self):
        self.assertIn(str(self.server.folder), pathlib.Path(f"/proc/{self.server.pid}/cmdline").read_text())


class Negotiation(unittest.TestCase):
    def negotiate(self, options, dialects=frames.DIALECTS, signing=tuple(SIGNING.values())):
        """(dialect, signing algorithm or None) that a Samba with the options picks, or the NTSTATUS."""
        with SambaServer(options) as server:
            answer = frames.exchange(server.host, server.port,
                                     frames.smb2_negotiate(*dialects, signing_algorithms=signing))
        if frames.status(answer):
            return frames.status(answer)
        dialect, contexts = frames.negotiated(answer)
        return dialect, contexts[8][2] if 8 in contexts else None

    def test_samba_speaks_every_dialect(self):
        names = ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")
        for name, dialect in zip(names, frames.DIALECTS):
            with self.subTest(name):
                self.assertEqual(dialect, self.negotiate({"server max protocol": name})[0])

    def test_samba_signs_by_every_algorithm(self):
        for name, number in SIGNING.items():
            with self.subTest(name):
                self.assertEqual((0x0311, number), self.negotiate({"server smb3 signing algorithms": name}))
        self.assertEqual((0x0311, SIGNING["AES-128-GMAC"]), self.negotiate({}))

    def test_the_signing_option_governs_older_dialects_too(self):
        for dialect, needed, other in ((0x0202, "HMAC-SHA256", "AES-128-CMAC"),
                                       (0x0302, "AES-128-CMAC", "HMAC-SHA256")):
            with self.subTest(dialect=hex(dialect)):
                self.assertEqual((dialect, None), self.negotiate({"server smb3 signing algorithms": needed}, [dialect]))
                self.assertEqual(STATUS_INVALID_PARAMETER,
                                 self.negotiate({"server smb3 signing algorithms": other}, [dialect]))

    def test_samba_can_demand_encryption(self):
        with SambaServer({"smb encrypt": "required"}) as server:
            self.assertEqual(("WERR_OK", 1), sessions.enumerate_with_rpcclient(server))


class HeldSessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def test_two_hundred_take_seconds_and_go_again(self):
        started_at = time.monotonic()
        wanted = sessions.crowd(200, self.server.users)
        with sessions.held(self.server, wanted):
            self.assertLess(time.monotonic() - started_at, calm(15))
            rows = sessions.enumerate_with_impacket(self.server).rows
            self.assertEqual(("WERR_OK", 201), sessions.enumerate_with_rpcclient(self.server))
        expected = [*((want.user, want.client) for want in wanted), ("root", "127.0.0.1")]
        self.assertEqual(sorted(expected), sorted((row["user"], row["client"]) for row in rows))
        self.assertEqual(1, len(sessions.enumerate_with_impacket(self.server).rows))

    def test_open_files_are_counted(self):
        with sessions.held(self.server, [sessions.Wanted("games", "127.0.0.9", opens=3)]):
            rows = sessions.enumerate_with_impacket(self.server).rows
        self.assertEqual([3], [row["num_opens"] for row in rows if row["client"] == "127.0.0.9"])

    def test_smbclient_holds_sessions_with_and_without_a_file(self):
        with sessions.held_by_smbclient(self.server, ["man"]), \
                sessions.held_by_smbclient(self.server, ["daemon", "games", "daemon"], opens_file=True):
            rows = sessions.enumerate_with_impacket(self.server).rows
        self.assertEqual([("daemon", 1), ("daemon", 1), ("games", 1), ("man", 0), ("root", 0)],
                         sorted((row["user"], row["num_opens"]) for row in rows))

    def test_a_refused_log_on_is_told(self):
        forgetful = types.SimpleNamespace(host=self.server.host, port=self.server.port, domain=self.server.domain,
                                          password=lambda user: self.server.password("mail"))
        with self.assertRaisesRegex(SessionError, "STATUS_LOGON_FAILURE"):
            with sessions.held(forgetful, [sessions.Wanted("mail"), sessions.Wanted("games")]):
                self.fail("games got in with the password of mail")


class RelayTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.direct = rpcclient(cls.server, cls.server.port)  # also starts samba-dcerpcd, once

    def through(self, timeout_s=20, **options):
        with Relay(self.server.host, self.server.port, **options) as relay:
            started_at = time.monotonic()
            said = rpcclient(self.server, relay.port, timeout_s)
            return said, relay, time.monotonic() - started_at

    def test_counts_the_same_round_trips_at_any_delay(self):
        said, relay, _ = self.through()
        self.assertEqual(self.direct, said)
        self.assertGreater(relay.bytes_to_server, 1000)
        self.assertGreater(relay.bytes_to_client, 1000)
        _, delayed, slow_s = self.through(delay_ms=25)
        self.assertEqual((relay.round_trips, 1), (delayed.round_trips, delayed.connections))
        self.assertGreaterEqual(slow_s, 0.05 * delayed.round_trips)

    def test_passes_whole_messages_untouched(self):
        self.assertEqual(self.direct, self.through(tamper=lambda direction, message, index: message)[0])

    def test_tampering_is_seen_by_the_client(self):
        response = frames.TREE_CONNECT
        for change, complaint in (
                (tampering.flip(-1), "Bad SMB2"),
                (tampering.truncate(70), "NT_STATUS_INVALID_NETWORK_RESPONSE"),
                (tampering.becomes(b"garbage" * 20), "NT_STATUS_INVALID_NETWORK_RESPONSE"),
                (tampering.becomes(CUT), "NT_STATUS_CONNECTION_DISCONNECTED"),
                (tampering.becomes(Raw(b"\0\0\1\0half", CUT)), "NT_STATUS_CONNECTION_DISCONNECTED")):
            with self.subTest(complaint):
                self.assertIn(complaint, self.through(tamper=tampering.on(TO_CLIENT, response, change))[0])

    def test_silence_is_waited_for(self):
        for silence in (STALL, SWALLOW):
            with self.subTest(silence):
                said, _, _ = self.through(1, tamper=tampering.at(TO_SERVER, 1, tampering.becomes(silence)))
                self.assertEqual("exit 124 ", said)  # timeout(1)'s

    def test_an_error_in_tampering_reaches_the_test(self):
        with self.assertRaises(ZeroDivisionError):
            self.through(tamper=lambda *_: 1 / 0)


class OddServers(unittest.TestCase):
    def answer(self, server):
        with socket.create_connection((server.host, server.port), timeout=0.5) as connection:
            connection.sendall(frames.framed(frames.smb2_negotiate(*frames.DIALECTS)))
            return connection.recv(4096)

    def test_they_answer_as_they_should(self):
        for make, start in ((odd_servers.ssh, b"SSH-2.0-"), (odd_servers.http, b"HTTP/1.1 400 "),
                            (odd_servers.huge_frame, b"\0\xff\xff\xff\xa5"),
                            (odd_servers.smb1_answer, b"\0\0\0\x25\xffSMB")):
            with self.subTest(make.__name__), make() as server:
                self.assertEqual(start, self.answer(server)[:len(start)])

    def test_silent_never_answers(self):
        with odd_servers.silent() as server, self.assertRaises(TimeoutError):
            self.answer(server)

    def test_closing_at_once_is_an_end_or_a_reset(self):
        with odd_servers.closes_at_once() as server:
            try:
                self.assertEqual(b"", self.answer(server))
            except ConnectionError:
                pass

    def test_samba_with_smb1_alone_hangs_up_on_smb2(self):
        with odd_servers.smb1_only_samba() as server, odd_servers.smb1_answer() as imitation:
            self.assertEqual(b"", self.answer(server))
            asked = frames.smb1_negotiate("SMB 2.002", "SMB 2.???")
            self.assertEqual(frames.exchange(imitation.host, imitation.port, asked),
                             frames.exchange(server.host, server.port, asked))


class Domain(unittest.TestCase):
    def test_kerberos_name_and_users_work_inside_and_nothing_stays(self):
        with DomainController() as dc:
            inside = dc.inside
            dc.add_user("alice")
            listing = ["rpcclient", *dc.by_ticket, dc.name, "-c", "netsessenum"]
            self.assertIn("Received 1 entries", dc.run_in(listing).stdout)
            self.assertIn("cifs/dc1.lab.example@LAB.EXAMPLE", dc.run_in(["klist"]).stdout)
            by_ntlm = ["rpcclient", "-A", dc.credentials_file("Administrator"), dc.host, "-c", "netsessenum"]
            self.assertIn("Received 1 entries", dc.run_in(by_ntlm).stdout)
            dc.kinit("alice")
            self.assertIn("WERR_ACCESS_DENIED", dc.run_in(listing).stdout)
            folder = str(dc.folder)
        self.assertEqual([], running(folder))
        self.assertFalse(os.path.exists(folder))
        self.assertNotEqual(0, subprocess.run([*inside, "true"], capture_output=True, check=False).returncode)


class NetbiosNames(unittest.TestCase):
    def test_a_server_is_found_by_broadcast_and_by_wins_inside_and_nothing_stays(self):
        with NetbiosServer({("OTHERSRV", 0x20): ("10.77.0.1",)}) as server:
            inside = server.inside

            def look_up(*arguments):
                return server.run_in(["nmblookup", f"--configfile={server.configuration}", *arguments]).stdout

            broadcast, wins = "--broadcast=10.77.0.255", ["--recursion", f"--unicast={server.wins}"]
            self.assertIn("10.77.0.1 FILESRV<20>", look_up(broadcast, "FILESRV#20"))
            self.assertIn("failed to find", look_up(broadcast, "OTHERSRV#20"))
            self.assertIn("10.77.0.1 OTHERSRV<20>", look_up(*wins, "OTHERSRV#20"))
            listing = ["rpcclient", f"--configfile={server.configuration}", "-A", server.credentials_file("root"),
                       "FILESRV", "-c", "netsessenum"]
            self.assertIn("Received 1 entries", server.run_in(listing).stdout)
            folder = str(server.folder)
        self.assertEqual([], running(folder))
        self.assertFalse(os.path.exists(folder))
        self.assertNotEqual(0, subprocess.run([*inside, "true"], capture_output=True, check=False).returncode)


class Commands(unittest.TestCase):
    def test_result_has_exit_code_output_and_json(self):
        result = command.run("-c", "cat; echo oops >&2; exit 3", program="/bin/sh",
                             stdin='{"servers": [{"sessions": [{"user": "alice"}]}, {"sessions": []}]}')
        self.assertEqual((3, "oops\n", [{"user": "alice"}]), (result.exit, result.stderr, result.sessions))

    def test_there_is_no_terminal_and_no_foreign_credential(self):
        os.environ["KRB5CCNAME"] = "/elsewhere"
        self.addCleanup(os.environ.pop, "KRB5CCNAME")
        result = command.run("-c", "echo $KRB5CCNAME $X; : < /dev/tty", program="/bin/sh", env={"X": "x"})
        self.assertEqual("x\n", result.stdout)
        self.assertIn("/dev/tty", result.stderr)

    def test_too_long_is_an_error(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            command.run("60", program="/bin/sleep", timeout=0.1)


class Tap(unittest.TestCase):
    PROGRAM = textwrap.dedent("""\
        import unittest
        from lab import tap
        class Given(unittest.TestCase):
            def test_a_sum_is_right(self): print("noise")
            def test_b_is_wrong(self): self.assertEqual(1, 2)
            @unittest.skip("no moon")
            def test_c_needs_the_moon(self): pass
            def test_d_has_parts(self):
                for part in range(3):
                    with self.subTest(part=part): self.assertEqual(1, part)
        class Unlucky(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise OSError("no luck")
            def test_never_runs(self): pass
        tap.main()
        """)

    def run_program(self, *arguments):
        return subprocess.run([sys.executable, "-c", self.PROGRAM, *arguments], cwd=TESTS, text=True,
                              capture_output=True, check=False)

    def test_lines_and_exit_code_tell_what_happened(self):
        done = self.run_program()
        lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
        self.assertEqual(["TAP version 13", "ok 1 - Given: a sum is right", "not ok 2 - Given: b is wrong",
                          "ok 3 - Given: c needs the moon # SKIP no moon", "not ok 4 - Given: d has parts",
                          "not ok 5 - setUpClass (__main__.Unlucky)", "1..5"], lines)
        self.assertEqual((1, "noise\n"), (done.returncode, done.stderr))
        self.assertIn("# OSError: no luck\n", done.stdout)

    def test_arguments_choose(self):
        done = self.run_program("sum")
        self.assertEqual((0, "1..1"), (done.returncode, done.stdout.splitlines()[-1]))


def tearDownModule():
    """Nothing of ours may be left."""
    children = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    if children:
        raise AssertionError(f"processes left: {children}")


if __name__ == "__main__":
    tap.main()
