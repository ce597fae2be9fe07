"""A name with several addresses of which some do not serve: stale ones, nodes of a cluster that wait, load balancers
without a server behind them."""
import pathlib
import tempfile
import unittest

from lab import command, odd_servers, tap
from lab.relay import Relay
from lab.samba import SambaServer

NAME = "several.example"
HOSTS = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'  # in a mount namespace of its own


class SecondAddress(Relay):
    """Samba at 127.0.0.2, on the port where something else is at 127.0.0.1, which the resolver puts first."""
    host = "127.0.0.2"


class SeveralAddresses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.relay = cls.enterClassContext(SecondAddress(cls.server.host, cls.server.port))
        cls.hosts = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "hosts"

    def setUp(self):
        self.hosts.write_text(f"127.0.0.1 {NAME}\n127.0.0.2 {NAME}\n")

    def run_there(self, *arguments):
        inside = ["unshare", "--mount", "sh", "-ec", HOSTS, "sh", self.hosts]
        return command.run(*arguments, "-A", self.server.credentials_file("root"), f"{NAME}:{self.relay.port}",
                           inside=inside)

    def check(self, first):
        listed = self.run_there("list", "-o", "json")
        self.assertEqual((0, ""), (listed.exit, listed.stderr))
        self.assertIn("root", [session["user"] for session in listed.sessions])
        findings = {one["step"]: one for one in self.run_there("doctor", "-o", "json").json["findings"]}
        self.assertEqual("127.0.0.1, 127.0.0.2", findings["name"]["text"])
        self.assertEqual("good", findings["port"]["verdict"])
        self.assertEqual(("notice", "no SMB server answers at 127.0.0.1"),
                         (findings["addresses"]["verdict"], findings["addresses"]["text"]), first)
        self.assertEqual("good", findings["log-on"]["verdict"])

    def at_the_first_address(self, odd):
        odd.port = self.relay.port
        return odd

    def test_the_second_serves_where_nobody_listens_at_the_first(self):
        self.check("refused")

    def test_the_second_serves_where_the_first_closes_each_connection(self):
        with self.at_the_first_address(odd_servers.closes_at_once()):
            self.check("closed")

    def test_the_second_serves_where_the_first_refuses_this_computer(self):
        with self.at_the_first_address(odd_servers.refuses_session(0x81)):
            self.check("hosts deny")

    def test_where_both_refuse_this_computer_that_is_said(self):
        self.hosts.write_text(f"127.0.0.1 {NAME}\n127.0.0.3 {NAME}\n")
        with self.at_the_first_address(odd_servers.refuses_session(0x81)), \
                odd_servers.OddServer(lambda one: one.sendall(b"\x83\0\0\1\x81"), "127.0.0.3", self.relay.port):
            listed = self.run_there("list")
        self.assertEqual(3, listed.exit)
        self.assertIn("(51): this server refuses connections from this computer", listed.stderr)

    def test_a_name_whose_addresses_all_answer_has_no_such_row(self):
        self.hosts.write_text(f"127.0.0.2 {NAME}\n")
        doctor = self.run_there("doctor", "-o", "json")
        self.assertEqual(0, doctor.exit)
        self.assertNotIn("addresses", [one["step"] for one in doctor.json["findings"]])

    def test_where_none_serves_the_error_is_told(self):
        self.hosts.write_text(f"127.0.0.1 {NAME}\n127.0.0.3 {NAME}\n")
        with self.at_the_first_address(odd_servers.closes_at_once()):
            listed = self.run_there("list")
            self.assertEqual(3, listed.exit)
            self.assertRegex(listed.stderr, r"\((53|64)\)")
            self.assertEqual(3, self.run_there("doctor").exit)


if __name__ == "__main__":
    tap.main()
