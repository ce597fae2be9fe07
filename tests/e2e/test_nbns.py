"""NetBIOS names, on a network of two hosts with Samba's nmbd: asked of everybody, and of a WINS server."""
import subprocess
import tempfile
import unittest

from asking import assert_refused
from lab import command, tap
from lab.network import SERVERS, NetbiosServer


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(NetbiosServer(is_wins=True))
        cls.credentials = cls.server.credentials_file("root")

    def list(self, name, *arguments, **environment):
        return command.run("list", "-A", self.credentials, "-o", "json", *arguments, name, inside=self.server.inside,
                           env=environment)

    def check_lists(self, result):
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertIn(("192.0.2.1", "root"), [(row["client"], row["user"]) for row in result.sessions])

    def test_everybody_is_asked_for_a_name_that_dns_does_not_know(self):
        for name in ("FILESRV", "filesrv", r"\\FileSrv", "filesrv:445"):
            with self.subTest(name):
                self.check_lists(self.list(name))

    def test_a_wins_server_is_asked_where_one_is_named(self):
        self.check_lists(self.list("FILESRV", "--wins", SERVERS))
        self.check_lists(self.list("FILESRV", NETSESSION_WINS=SERVERS))

    def test_doctor_finds_the_address(self):
        result = command.run("doctor", "-A", self.credentials, "-o", "json", "filesrv", inside=self.server.inside)
        self.assertEqual(("name", SERVERS), (result.json["findings"][0]["step"], result.json["findings"][0]["text"]))

    def check_unknown(self, words, result, within_s):
        self.assertEqual(3, result.exit)
        self.assertRegex(result.stderr, r"\(53\)")
        self.assertIn(words, result.stderr)
        self.assertLess(result.seconds, within_s)

    def test_a_name_that_nobody_has(self):
        self.check_unknown("neither DNS nor NetBIOS on this network knows that name", self.list("nobody"), 3)
        self.check_unknown("neither DNS nor the WINS server knows that name",
                           self.list("nobody", "--wins", SERVERS), 3)

    def test_a_wins_server_that_is_none_ends_in_time(self):
        self.check_unknown("the WINS server does not answer", self.list("filesrv", "--wins", "192.0.2.99"), 7)
        result = self.list("filesrv", "--wins", "192.0.2.99", "--timeout", "1")
        self.assertRegex(result.stderr, r"\(1460\)")
        self.assertLess(result.seconds, 1.5)

    def questions(self, name):
        """How many datagrams the command sends to port 137 for a name."""
        with tempfile.NamedTemporaryFile("r") as trace:
            subprocess.run([*self.server.inside, "strace", "-f", "-e", "trace=sendto,sendmsg,sendmmsg", "-o", trace.name,
                            command.built(), "list", "-A", self.credentials, name], check=False, capture_output=True,
                           env=command.environment())
            return trace.read().count("htons(137)")

    def test_what_is_no_netbios_name_is_asked_of_nobody(self):
        self.assertEqual(3, self.questions("nobody"))
        for name in ("nobody.example", "a-name-of-16-byte", "localhost"):
            with self.subTest(name):
                self.assertEqual(0, self.questions(name))

    def test_a_wins_server_has_to_be_an_address(self):
        for wins in ("filesrv", "::1", "192.0.2.2.2"):
            result = self.list("filesrv", "--wins", wins)
            self.assertRegex(result.stderr, r"\(87\)[^\n]*WINS")


if __name__ == "__main__":
    tap.main()
