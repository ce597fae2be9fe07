"""The servers that a command asks: operands, --hosts, ranges of addresses, and a name with an address beside it."""
import pathlib
import subprocess
import tempfile
import unittest

from lab import command, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port


class Targets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))

    def run_command(self, name, *arguments, **options):
        return command.run(name, "-A", self.server.credentials_file("root"), "-p", self.server.port, *arguments, **options)

    def hosts(self, content):
        path = self.folder / f"hosts{len(list(self.folder.iterdir()))}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def servers(self, result):
        return sorted(one["server"] for one in result.json["servers"] if one["status"] == 0)

    def test_a_file_names_servers_beside_the_operands(self):
        hosts = self.hosts("# file servers\n127.0.0.1\n\n  ::1  # by IPv6\r\n")
        result = self.run_command("list", "-o", "json", "--hosts", hosts, f"localhost:{self.server.port}")
        self.assertEqual(["127.0.0.1", "::1", f"localhost:{self.server.port}"], self.servers(result), result)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)

    def test_standard_input_names_servers(self):
        result = self.run_command("list", "-o", "json", "--hosts", "-", stdin="127.0.0.1\n")
        self.assertEqual((0, ["127.0.0.1"]), (result.exit, self.servers(result)), result)

    def test_a_server_that_is_named_twice_is_asked_once(self):
        result = self.run_command("list", "-o", "json", "--hosts", self.hosts("localhost\n127.0.0.1\nLOCALHOST\n//localhost/\n"))
        self.assertEqual(["127.0.0.1", "localhost"], self.servers(result), result)

    def test_malformed_lines_are_reported_with_file_and_line_and_the_others_are_asked(self):
        hosts = self.hosts(b"fs 1\n127.0.0.1\nalice@fs1\nf\xffs\n10.0.0.5/24\n0.0.0.0/1\nsmb://alice@fs1\n::1\n")
        result = self.run_command("list", "-o", "json", "--hosts", hosts)
        self.assertEqual((1, ["127.0.0.1", "::1"]), (result.exit, self.servers(result)), result)
        lines = result.stderr.splitlines()
        self.assertEqual([f"netsession: {hosts}:{line}: " for line in (1, 3, 4, 5, 6, 7)],
                         [line[:len(f"netsession: {hosts}:1: ")] for line in lines], result)
        for line, words in zip(lines, ("has a blank", "write --as USER", "not UTF-8", "first address of its network",
                                       "more than 1048576 addresses", "a user stands before the server")):
            self.assertIn(words, line)

    def test_a_file_that_is_missing_or_empty_or_utf_16_ends_the_command(self):
        for path, words in ((self.folder / "none", "none"), (self.hosts("# nothing\n"), "names no server"),
                            (self.hosts("fs1\n".encode("utf-16")), "save it as UTF-8")):
            with self.subTest(words):
                result = self.run_command("list", "--hosts", path)
                self.assertEqual((2, ""), (result.exit, result.stdout), result)
                self.assertIn(words, result.stderr)

    def test_a_range_is_all_its_addresses_but_the_first_and_the_last(self):
        port = free_port()
        with Netsessiond(listen=f"0.0.0.0:{port}") as server:
            for given, expected in (("127.9.0.0/29", range(1, 7)), ("127.9.0.0/31", range(2))):
                result = command.run("list", "-A", server.credentials_file("root"), "-p", port, "-o", "json", given)
                self.assertEqual([f"127.9.0.{number}" for number in expected], self.servers(result), result)

    def test_a_name_may_have_the_address_to_connect_to(self):
        name = f"fs1.lab.example@127.0.0.1:{self.server.port}"
        result = self.run_command("list", "-o", "json", name)
        self.assertEqual((0, [name]), (result.exit, self.servers(result)), result)
        result = self.run_command("doctor", "-o", "json", name)
        self.assertEqual(0, result.exit, result)
        self.assertIn("127.0.0.1", result.stdout)

    def test_doctor_checks_each_server_of_a_file(self):
        result = self.run_command("doctor", "--hosts", self.hosts("127.0.0.1\n::1\n127.0.0.1:1\n"))
        self.assertEqual(1, result.exit, result)
        self.assertIn("Sessions of 127.0.0.1 can be listed.\n", result.stdout)
        self.assertIn("Sessions of ::1 can be listed.\n", result.stdout)
        self.assertIn("netsession: 127.0.0.1:1: ", result.stderr)


if __name__ == "__main__":
    tap.main()
