"""The output formats of `netsession list`: table, json, jsonl and csv."""
import csv
import io
import json
import re
import signal
import subprocess
import tempfile
import threading
import unicodedata
import unittest

from lab import command, odd_servers, sessions, tap, unix_users
from lab.cli import address, error_line, read_back, read_csv, run_list
from lab.ports import free_port
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import HANG_S

AWKWARD = ("o'hara, pat", 'the "boss"', "王小明", "jürgen", "=1+1", "ev\u202Eil\x9B")
HELD = [*(Wanted(user, "127.0.0.3") for user in AWKWARD), Wanted("mail", "127.0.0.250", 12), Wanted("mail", "::1")]
ROWS = sorted([*((want.client, want.user, want.opens) for want in HELD), ("127.0.0.1", "root", 0)])
LEVEL_1 = ["client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags"]


def known_at_level_1(row):
    """The members of a row: Samba does not say how old a brand-new session is."""
    return [name for name in LEVEL_1 if name != "active_seconds" or name in row]


def setUpModule():
    unix_users.add(AWKWARD)


def columns_of(line):
    """The texts of a line and the columns of a terminal in which they begin and end: [(text, begin, end)]."""
    def width(text):
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return [(found[0], width(line[:found.start()]), width(line[:found.end()]))
            for found in re.finditer(r"\S+(?: \S+)*", line)]


class Output(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer(users=("mail", *AWKWARD)))
        cls.enterClassContext(sessions.held(cls.server, HELD))

    def ask(self, *arguments, **options):
        result = run_list(self.server, *arguments, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr))
        return result

    # ---- table

    def test_a_table_is_aligned_with_its_headings_for_characters_of_any_width(self):
        headings, *lines = map(columns_of, self.ask().stdout.splitlines())
        self.assertEqual(["CLIENT", "USER", "OPENS", "ACTIVE", "IDLE", "FLAGS"], [text for text, _, _ in headings])
        for line in lines:
            for (_, begin, end), (name, heading_begin, heading_end) in zip(line, headings):
                if name in ("OPENS", "ACTIVE", "IDLE"):
                    self.assertEqual(heading_end, end, line)
                else:
                    self.assertEqual(heading_begin, begin, line)

    def test_a_table_has_a_line_for_each_session(self):
        lines = [columns_of(line) for line in self.ask().stdout.splitlines()[1:]]
        self.assertEqual(ROWS, sorted((line[0][0], read_back(line[1][0]), int(line[2][0])) for line in lines))

    def test_a_table_shows_times_as_people_read_them(self):
        for line in self.ask().stdout.splitlines()[1:]:
            self.assertRegex(line, r"  (0:0\d:\d\d|      -)  0:00:00$")  # Samba does not say it of brand-new sessions

    def test_a_table_of_level_0_has_only_the_clients(self):
        self.assertEqual(["CLIENT", *sorted(client for client, _, _ in ROWS)],
                         sorted(self.ask("-l", 0).stdout.splitlines(), key=lambda line: (line != "CLIENT", line)))

    def test_a_table_of_several_servers_names_them(self):
        other = address(self.server, "localhost")
        lines = self.ask("-u", "mail", other).stdout.splitlines()
        self.assertEqual(["SERVER", other, other, address(self.server), address(self.server)],
                         [line.split()[0] for line in lines])

    def test_a_table_has_no_blanks_at_line_ends_and_no_colours(self):
        text = self.ask().stdout
        self.assertNotRegex(text, r"(?m)[ \t]$")
        self.assertNotIn("\x1b", text)

    def test_a_table_is_the_same_in_a_plain_locale(self):
        plain = self.ask("-u", "jürgen", env={"LC_ALL": "C"}).stdout
        self.assertIn("jürgen", plain)

    # ---- json

    def test_json_has_exactly_the_agreed_shape(self):
        result = self.ask("-o", "json", "-l", "1")
        self.assertEqual(["schema", "servers"], list(result.json))
        server = result.json["servers"][0]
        self.assertEqual(["server", "status", "error", "level", "complete", "warnings", "total", "sessions"], list(server))
        self.assertEqual((address(self.server), 0, None, 1, True, [], len(ROWS)),
                         tuple(server[key] for key in list(server)[:-1]))
        for row in result.sessions:
            self.assertEqual(known_at_level_1(row), list(row))
            self.assertEqual([str, str, int, *[int] * (len(row) - 4), list], [type(value) for value in row.values()])
            self.assertLess(row.get("active_seconds", 0), 1000)
        self.assertEqual(ROWS, sorted((row["client"], row["user"], row["num_opens"]) for row in result.sessions))

    def test_json_leaves_out_what_the_level_lacks(self):
        for row in self.ask("-o", "json", "-l", "0").sessions:
            self.assertEqual(["client"], list(row))

    def test_json_has_the_status_and_the_text_of_an_error(self):
        host = f"127.0.0.1:{free_port()}"
        result = command.run("list", "-A", self.server.credentials_file("root"), "-o", "json", host)
        server = result.json["servers"][0]
        self.assertEqual((3, host, 53, []), (result.exit, server["server"], server["status"], server["sessions"]))
        self.assertRegex(result.stderr, error_line(53, host))
        self.assertEqual(f"netsession: {host}: {server['error']}\n", result.stderr)

    # ---- jsonl

    def test_jsonl_is_written_while_other_servers_are_still_asked(self):
        with odd_servers.silent() as silent:
            command_line = [command.built(), "list", "--timeout", "3600", "-o", "jsonl", "-A",
                            self.server.credentials_file("root"), address(silent), address(self.server)]
            with subprocess.Popen(command_line, text=True, stdout=subprocess.PIPE, env=command.environment()) as process:
                killer = threading.Timer(HANG_S / 4, process.kill)
                killer.start()
                first = json.loads(process.stdout.readline())
                killer.cancel()
                self.assertEqual(address(self.server), first["server"])
                process.send_signal(signal.SIGINT)  # and what was written is whole
                for line in process.stdout.read().splitlines():
                    json.loads(line)
                self.assertEqual(-signal.SIGINT, process.wait(HANG_S))

    def test_jsonl_has_one_session_a_line_with_server_and_level(self):
        rows = self.ask("-o", "jsonl").jsonl
        for row in rows:
            self.assertEqual(["schema", "server", "level", *known_at_level_1(row)], list(row))
            self.assertEqual((address(self.server), 1), (row["server"], row["level"]))
        self.assertEqual(ROWS, sorted((row["client"], row["user"], row["num_opens"]) for row in rows))

    # ---- csv

    def test_csv_quotes_what_needs_it_and_reads_back(self):
        text = self.ask("-o", "csv").stdout
        rows = read_csv(text)
        self.assertEqual(ROWS, sorted((row["client"], row["user"], int(row["num_opens"])) for row in rows))
        self.assertIn(''',"o'hara, pat",''', text)
        self.assertIn(',"the ""boss""",', text)
        self.assertIn(",jürgen,", text)

    def test_csv_has_all_columns_at_every_level(self):
        for level in ("0", "1"):
            with self.subTest(level=level):
                header, *lines = csv.reader(io.StringIO(self.ask("-o", "csv", "-l", level).stdout))
                self.assertEqual(["server", "level", *LEVEL_1, "client_type", "transport"], header)
                self.assertEqual({(address(self.server), level)}, {tuple(line[:2]) for line in lines})
                self.assertEqual({len(header)}, {len(line) for line in lines})

    def test_csv_lines_end_as_rfc_4180_says(self):
        done = subprocess.run([command.built(), "list", "-A", self.server.credentials_file("root"), "-o", "csv",
                               address(self.server)], env=command.environment(), capture_output=True, check=True)
        self.assertEqual(len(ROWS) + 1, done.stdout.count(b"\r\n"))
        self.assertEqual(done.stdout.count(b"\n"), done.stdout.count(b"\r\n"))

    def test_all_formats_have_the_same_sessions(self):
        def keys(rows):
            return sorted((row["client"], row["user"], str(row["num_opens"])) for row in rows)
        self.assertEqual(keys(self.ask("-o", "json").sessions), keys(self.ask("-o", "jsonl").jsonl))
        self.assertEqual(keys(self.ask("-o", "json").sessions),
                         keys(read_csv(self.ask("-o", "csv").stdout)))


class AllServersFail(unittest.TestCase):
    def test_json_and_csv_are_complete_if_all_servers_fail(self):
        host = f"127.0.0.1:{free_port()}"
        with tempfile.NamedTemporaryFile("w") as credentials:
            credentials.write("username = nobody\npassword = none\n")
            credentials.flush()
            written = {form: command.run("list", "-A", credentials.name, "-o", form, host).stdout
                       for form in ("table", "json", "jsonl", "csv")}
        self.assertEqual(("", ""), (written["table"], written["jsonl"]))
        self.assertEqual(1, len(json.loads(written["json"])["servers"]))
        self.assertEqual(1, len(written["csv"].splitlines()))


if __name__ == "__main__":
    tap.main()
