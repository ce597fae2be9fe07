"""Servers by their NetBIOS names, over a network of two namespaces: by broadcast, and by a WINS server."""
import contextlib
import re
import subprocess
import sys
import tempfile
import unittest

from lab import command, tap
from lab.cli import assert_refused
from lab.nmbd import CLIENT_HOST, NetbiosServer
from lab.wait_until import calm

BROADCAST = "10.77.0.255"
WINS_NAMES = {("WINSSRV", 0x20): ("10.77.0.1",), ("TWOSRV", 0x20): ("10.77.0.9", "10.77.0.1"),
              ("CROWD", 0x20): ("10.77.0.5",), ("MESSENGER", 0x03): ("10.77.0.1",)}
LONGEST, TOO_LONG = "A23456789012345", "A234567890123456"

# A WINS server at the client's own 127.0.0.1 that is given lines of Python: what to do with a question q. positive(id)
# is an answer with the real server's address; say(data) sends it from port 137.
FAKE_WINS = """
import socket, struct, sys, time
server, other = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 137))
other.bind(("127.0.0.1", 0))
print("ready", flush=True)
asked = 0
while True:
    q, client = server.recvfrom(1000)
    asked += 1
    def record(flags, type, ttl, data, id=0, name=q[12:46]):
        head = struct.pack(">6H", struct.unpack(">H", q[:2])[0] ^ id, flags, 0, 1, 0, 0)
        return head + name + struct.pack(">HHIH", type, 1, ttl, len(data)) + data
    def positive(**changes):
        return record(0x8580, 0x20, 60, bytes([0x60, 0, 10, 77, 0, 1]), **changes)
    def say(data, by=server):
        by.sendto(data, client)
    exec(sys.argv[1])
"""


class NetbiosNames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(NetbiosServer(WINS_NAMES, wins_groups=("CROWD",)))
        cls.credentials = cls.server.credentials_file("root")

    def ask(self, *arguments, inside=(), **options):
        return command.run("list", "-A", self.credentials, *arguments,
                           inside=[*self.server.inside, *inside], **options)

    def assert_lists(self, result):
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        self.assertRegex(result.stdout, rf"(?m)^{re.escape(CLIENT_HOST)} +root ")

    def asked(self, *arguments, env=None):
        """Asks below strace. Returns the Result, and whom the name service was asked of, each time."""
        with tempfile.NamedTemporaryFile("r") as trace:
            strace = ["strace", "--follow-forks", "--trace=sendto,sendmsg,sendmmsg", f"--output={trace.name}"]
            # A leak cannot be looked for below strace.
            result = self.ask(*arguments, inside=strace, env={"ASAN_OPTIONS": "detect_leaks=0"} | (env or {}))
            return result, re.findall(r'htons\(137\), sin_addr=inet_addr\("([^"]+)"\)', trace.read())

    # ---- by broadcast

    def test_a_name_that_dns_does_not_know_is_found_by_broadcast(self):
        for name in ("FILESRV", "filesrv", r"\\FileSrv", "//filesrv", "FILESRV:445"):
            with self.subTest(name):
                self.assert_lists(self.ask(name))

    def test_the_broadcast_goes_to_the_network_and_stops_when_it_is_answered(self):
        result, asked = self.asked("FILESRV")
        self.assert_lists(result)
        self.assertEqual([BROADCAST], asked)

    def test_a_name_that_nobody_has_is_asked_for_three_times_and_told_within_two_seconds(self):
        result, asked = self.asked(LONGEST)
        self.assertEqual([BROADCAST] * 3, asked)
        assert_refused(self, 53, result, LONGEST)
        self.assertIn("neither DNS nor NetBIOS knows a host of that name", result.stderr)
        self.assertLess(result.seconds, calm(2))

    def test_a_name_that_only_wins_knows_is_not_found_by_broadcast(self):
        assert_refused(self, 53, self.ask("WINSSRV"), "WINSSRV")

    def test_nobody_is_asked_where_netbios_is_turned_off(self):
        for arguments, env in ((["--wins", "none"], {}), ([], {"NETSESSION_WINS": "none"}),
                               (["--wins", "none"], {"NETSESSION_WINS": self.server.wins})):
            with self.subTest(arguments, env=env):
                result, asked = self.asked(*arguments, "FILESRV", env=env)
                self.assertEqual([], asked)
                assert_refused(self, 53, result, "FILESRV")
                self.assertIn("no host of that name is known", result.stderr)
        self.assert_lists(self.ask("--wins", self.server.wins, "WINSSRV", env={"NETSESSION_WINS": "none"}))

    # ---- names beyond ASCII

    def test_a_name_is_found_as_dns_has_it_and_as_it_stands(self):
        for locale in ("C", "C.UTF-8"):
            for name in ("müller.example", "MÜLLER.example", "smb://m%C3%BCller.example./x", "größe.example"):
                with self.subTest(name, locale=locale):
                    self.assert_lists(self.ask(name, env={"LC_ALL": locale}))

    # ---- by WINS

    def test_a_name_is_found_by_the_wins_server_that_is_given_and_nobody_else_is_asked(self):
        for name in ("WINSSRV", "FILESRV"):
            with self.subTest(name):
                result, asked = self.asked("--wins", self.server.wins, name)
                self.assert_lists(result)
                self.assertEqual([self.server.wins], asked)

    def test_the_environment_can_name_the_wins_server_and_an_option_wins_over_it(self):
        self.assert_lists(self.ask("WINSSRV", env={"NETSESSION_WINS": self.server.wins}))
        self.assert_lists(self.ask("--wins", self.server.wins, "WINSSRV", env={"NETSESSION_WINS": "127.0.0.1"}))
        self.assert_lists(self.ask("FILESRV", env={"NETSESSION_WINS": ""}))

    def test_each_address_of_a_server_is_tried(self):
        self.assert_lists(self.ask("--wins", self.server.wins, "TWOSRV"))

    def test_what_the_wins_server_does_not_know_is_told_at_once(self):
        for name in ("NOSUCH", "MESSENGER"):  # the latter is no file server's
            with self.subTest(name):
                result, asked = self.asked("--wins", self.server.wins, name)
                self.assertEqual([self.server.wins], asked)
                assert_refused(self, 53, result, name)
                self.assertIn("neither DNS nor NetBIOS knows a host of that name", result.stderr)

    def test_a_groups_name_is_no_server(self):
        result = self.ask("--wins", self.server.wins, "CROWD")
        assert_refused(self, 53, result, "CROWD")
        self.assertIn("belongs to a group", result.stderr)

    def test_a_wins_server_that_is_silent_is_asked_three_times(self):
        result, asked = self.asked("--wins", self.server.nobody, "FILESRV")
        self.assertEqual([self.server.nobody] * 3, asked)
        assert_refused(self, 53, result, "FILESRV")
        self.assertIn("the WINS server does not answer", result.stderr)
        self.assertLess(result.seconds, calm(6))

    def test_the_deadline_ends_a_wait_for_a_silent_wins_server(self):
        result = self.ask("--wins", self.server.nobody, "--timeout", "0.5", "FILESRV")
        assert_refused(self, 1460, result, "FILESRV")
        self.assertLess(result.seconds, calm(1))

    def test_a_wins_server_behind_no_route_is_told_at_once(self):
        result = self.ask("--wins", "192.0.2.1", "FILESRV")
        assert_refused(self, 53, result, "FILESRV")
        self.assertIn("no route leads to the WINS server", result.stderr)

    def test_a_wins_server_that_is_no_ipv4_address_is_an_invalid_parameter(self):
        for wins in ("wins.example", "10.77.0", "fe80::1", "10.77.0.1:137"):
            for arguments, env in ((["--wins", wins], {}), ([], {"NETSESSION_WINS": wins})):
                for name in ("FILESRV", "10.77.0.1"):
                    with self.subTest(wins, name=name, env=env):
                        assert_refused(self, 87, self.ask(*arguments, name, env=env), name)

    # ---- WINS servers that were made up

    @contextlib.contextmanager
    def fake_wins(self, does):
        server = subprocess.Popen([*self.server.inside, sys.executable, "-I", "-S", "-c", FAKE_WINS, does],
                                  stdout=subprocess.PIPE, text=True)
        with server:
            try:
                self.assertEqual("ready\n", server.stdout.readline())
                yield
            finally:
                server.kill()

    def test_answers_that_are_none_are_passed_over(self):
        for does in ("say(positive(id=1))", "say(positive(name=q[12:44] + b'B' + q[45:46]))",
                     "say(positive(), by=other)", "say(positive()[:-1])", "say(q)", "say(b'')"):
            with self.subTest(does), self.fake_wins(does):
                assert_refused(self, 1460, self.ask("--wins", "127.0.0.1", "--timeout", "0.3", "FAKED"), "FAKED")
            with self.subTest(does, then="the right one"), self.fake_wins(f"{does}; say(positive())"):
                self.assert_lists(self.ask("--wins", "127.0.0.1", "FAKED"))

    def test_an_answer_to_the_second_question_is_taken(self):
        with self.fake_wins("asked == 2 and say(positive())"):
            self.assert_lists(self.ask("--wins", "127.0.0.1", "FAKED"))

    def test_a_server_that_asks_for_time_gets_it(self):
        with self.fake_wins("say(record(0xBC00, 10, 3, b'')); time.sleep(1.8); asked == 1 and say(positive())"):
            result, asked = self.asked("--wins", "127.0.0.1", "FAKED")
        self.assert_lists(result)
        self.assertEqual(["127.0.0.1"], asked)

    def test_a_server_that_does_not_look_or_names_another_is_told(self):
        for does in ("say(record(0x8582, 10, 0, b''))",
                     "say(record(0x8100, 2, 0, b'')[:6] + bytes([0, 0, 0, 1, 0, 1]) + record(0, 2, 0, b'')[12:])"):
            with self.subTest(does), self.fake_wins(does):
                result = self.ask("--wins", "127.0.0.1", "FAKED")
                assert_refused(self, 53, result, "FAKED")
                self.assertIn("the WINS server refused the query", result.stderr)

    # ---- what is never asked of NetBIOS

    def test_what_can_be_no_netbios_name_is_not_asked_for(self):
        for name in ("filesrv.example", "FILESRV.", TOO_LONG, "fïlesrv"):
            with self.subTest(name):
                result, asked = self.asked(name)
                self.assertEqual([], asked)
                assert_refused(self, 53, result, name)
                self.assertIn("no host of that name is known", result.stderr)

    def test_a_name_that_the_resolver_knows_and_an_address_are_asked_of_nobody(self):
        for name in ("in-hosts", "10.77.0.1"):
            with self.subTest(name):
                result, asked = self.asked("--wins", self.server.nobody, name)
                self.assertEqual([], asked)
                self.assert_lists(result)

    # ---- without DNS

    def test_a_name_is_found_although_dns_does_not_answer(self):
        self.server.use_dns()
        self.addCleanup(self.server.use_dns, False)
        self.assert_lists(self.ask("FILESRV"))
        for arguments, story in (([], "DNS does not answer, and NetBIOS knows no host of that name"),
                                 (["--wins", "192.0.2.1"], "DNS does not answer, and no route leads")):
            result = self.ask(*arguments, "NOSUCH")
            assert_refused(self, 53, result, "NOSUCH")
            self.assertIn(story, result.stderr)


if __name__ == "__main__":
    tap.main()
