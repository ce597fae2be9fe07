"""Texts that strangers choose, at everything that people and programs read: no character of theirs arrives that drives a
terminal, forges or reorders a line, or is invisible; and what can be read back is exact."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from impacket.dcerpc.v5 import srvs
from impacket.smbconnection import SessionError, SMBConnection

from fixtures.programs import Programs
from fixtures.publisher import Publisher
from fixtures.samba_publisher import SambaPublisherTest
from lab import command, sessions, tap, unix_users
from lab.cli import address, read_back, read_csv
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.samba import ORDINARY_USERS
from lab.scripted_service import ScriptedService
from lab.terminal import Terminal
from lab.wait_until import HANG_S, wait_until_equal

C0, DEL, C1 = [chr(c) for c in range(1, 0x20)], ["\x7f"], [chr(c) for c in range(0x80, 0xA0)]
BIDI = [chr(c) for c in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
OTHERS = [chr(c) for c in (0xAD, 0x180E, 0x200B, 0x2028, 0x2029, 0x2060, 0xFDD0, 0xFEFF, 0xFFF9, 0xFFFE, 0xFFFF,
                           0x1FFFE, 0xE0041, 0x10FFFF)]
NEVER_RAW = {*C0, *DEL, *C1, *BIDI, *OTHERS}
NAMED = ["ev\u202Eil\x9B", "=1\u2066", "two\u2028lines"]  # users of Samba
# What the texts of a publisher may have: netsessiond refuses the others.
PUBLISHABLE = [*C1, *BIDI, *OTHERS]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\uff1d1", "'=1", "'", "a;=1+1", 'a,"=1']
ESCAPES = [r"\x1B", r"a\u202Eb", r"\U000E0041", r"LAB\xavier", r"\\x\x0\u202"]  # of their own
TEXTS = ("client", "user", "client_type", "transport")
OWN = r"\\127.0.0.1"  # the session of the command itself
FORMATS = ("table", "json", "jsonl", "csv")


def planted(characters):
    """Rows of four texts, each with one of the characters in another place, and what looks like a formula or an escape."""
    rows = [(f"{c}h{n}", f"u{n}{c}x", f"t{c}{c}", f"{c}") for n, c in enumerate(characters)]
    return rows + [(f"{text}", f"{text}", f"{text}", f"{text}") for text in (*FORMULAS, *ESCAPES)
                   if set(text) & NEVER_RAW <= set(characters)]


def raw_in(output, is_csv=False):
    """The characters of NEVER_RAW in bytes, but for the ends of lines."""
    text = output.decode("utf-8")
    if is_csv:
        text = text.replace("\r\n", "\n")
    return sorted(set(text) & NEVER_RAW - {"\n"})


def setUpModule():
    unix_users.add(NAMED)


def in_five(characters):
    """Five texts with all of them: the audit log has a line for each of the first five refusals that are alike."""
    most = -(-len(characters) // 5)
    return ["".join(characters[begin:begin + most]) for begin in range(0, len(characters), most)]


class Clean(unittest.TestCase):
    """Runs programs, and looks at each byte that they write."""

    def run_clean(self, *arguments, program="netsession", env=None):
        """(exit, stdout, stderr) of a program, whose output has nothing raw."""
        done = subprocess.run([command.built(program), *arguments], env=command.environment(env), capture_output=True,
                              timeout=HANG_S, stdin=subprocess.DEVNULL, start_new_session=True, check=False)
        with self.subTest(arguments):
            self.assertEqual([], raw_in(done.stdout, "csv" in arguments), done)
            self.assertEqual([], raw_in(done.stderr), done)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def assert_listed(self, rows, *arguments, env=None):
        """In each format, a list has exactly these texts."""
        expected = sorted(rows)
        for form in FORMATS:
            code, out, _ = self.run_clean("list", "-l", "502", "-o", form, *arguments, env=env)
            self.assertIn(code, (0, 4))  # 4: a publisher says that sessions are missing
            if form == "table":
                self.assert_table(rows, out)
                continue
            found = {"json": lambda: json.loads(out)["servers"][0]["sessions"],
                     "jsonl": lambda: [json.loads(line) for line in out.split("\n") if line],
                     "csv": lambda: read_csv(out)}[form]()
            with self.subTest(form):
                self.assertEqual(expected, sorted(tuple(row[name] for name in TEXTS) for row in found
                                                  if not row["client"].startswith(OWN)))

    def assert_table(self, rows, out):
        """Each line has its texts below their headings."""
        headings, *lines = (line for line in out.split("\n") if line)
        begins = [headings.index(name) for name in ("CLIENT", "USER", "TYPE", "TRANSPORT")]
        found = []
        for line in lines:
            texts = re.split(r" {2,}", line)
            found.append(tuple(map(read_back, (texts[0], texts[1], texts[-2], texts[-1]))))
            if line.isascii() and not line.startswith(OWN):
                for begin, text in zip(begins, (texts[0], texts[1], texts[-2], texts[-1])):
                    self.assertTrue(line[begin:].startswith(text), line)
        self.assertEqual(sorted(rows), sorted(row for row in found if not row[0].startswith(OWN)))


class HostileServer(Clean):
    """A server that sends every character."""

    def test_lists_have_nothing_raw_and_read_back_exactly(self):
        rows = planted([*C0, *DEL, *C1, *BIDI, *OTHERS])
        with ScriptedService([[(client, user, 5, *more) for client, user, *more in rows]], level=502) as service:
            self.assert_listed(rows, env={"NETSESSION_SOCKET": str(service.socket)})

    def test_events_have_nothing_raw_and_read_back_exactly(self):
        rows = planted([*C0, *DEL, *C1, *BIDI, *OTHERS])
        for form in ("table", "jsonl"):
            answer = [(client, user, 5, *more) for client, user, *more in rows]
            with ScriptedService([answer, []], level=502) as service:
                _, out, _ = self.run_clean("watch", "-l", "502", "-o", form, "--polls", "2", "--every", "0.1",
                                           env={"NETSESSION_SOCKET": str(service.socket)})
            lines = [line for line in out.split("\n") if line]
            if form == "table":
                events = [re.fullmatch(r"\S+  (started|ended) {2,}local computer  (.*)  from (.*)  opens 0", line).groups()
                          for line in lines]
                found = [(event, read_back(client), read_back(user)) for event, user, client in events]
            else:
                found = [(event["event"], event["client"], event["user"]) for event in map(json.loads, lines)]
            with self.subTest(form):
                self.assertEqual(sorted((event, client, user) for client, user, *_ in rows for event in ("started", "ended")),
                                 sorted(found))

    def test_an_error_that_repeats_a_name_has_nothing_raw(self):
        characters = [*C0, *DEL, *C1, *BIDI, *OTHERS]
        for begin in range(0, len(characters), 5):
            some = characters[begin:begin + 5]
            with ScriptedService([[(f"fs{''.join(some)}e", "alice", 5)]]) as service:
                code, out, err = self.run_clean("list", "-l", "10", "-c", "192.0.2.8", "-o", "json",
                                                env={"NETSESSION_SOCKET": str(service.socket)})
            error = json.loads(out)["servers"][0]["error"]  # as the library has it
            self.assertEqual((3, f"netsession: local computer: {error}\n", []), (code, err, raw_in(error.encode())))
            self.assertIn(f"such as fs{''.join(some)}e, and", read_back(err))


class Published(Clean):
    """A publisher whose own texts, and those of its sessions, are hostile; and netsessiond, which hands them on."""

    @classmethod
    def setUpClass(cls):
        programs = cls.enterClassContext(Programs())
        cls.server = cls.enterClassContext(Netsessiond(["alice"], publishers="root"))
        cls.rows = planted(PUBLISHABLE)
        cls.warning = "".join([*BIDI, *OTHERS])
        cls.publisher = cls.enterClassContext(Publisher(cls.server, programs.compile("publish_texts.c", "netsession"),
                                                        "".join(C1), cls.warning))
        for row in cls.rows:
            cls.publisher.tell("\t".join(row))
        cls.local = {"NETSESSION_SOCKET": str(cls.server.socket)}
        wait_until_equal(len(cls.rows), lambda: len(command.run("list", "-o", "json", env=cls.local).sessions))

    def test_each_session_was_accepted(self):
        self.assertEqual([], self.publisher.lines())

    def test_lists_of_programs_on_this_computer_have_nothing_raw(self):
        self.assert_listed(self.rows, env=self.local)

    def test_lists_over_smb_have_nothing_raw(self):
        self.assert_listed(self.rows, "-A", str(self.server.credentials_file("root")), address(self.server))

    def test_the_warning_of_a_publisher_has_nothing_raw(self):
        _, out, err = self.run_clean("list", "-o", "json", env=self.local)
        [warning] = json.loads(out)["servers"][0]["warnings"]
        self.assertEqual(f"netsession: local computer: warning: {warning}\n", err)
        self.assertEqual([], raw_in(warning.encode()))
        self.assertEqual(f'publisher "{"".join(C1)}": {self.warning}', read_back(warning))

    def test_the_checks_of_doctor_have_nothing_raw(self):
        for form in ("table", "json"):
            _, out, _ = self.run_clean("doctor", "-o", form, env=self.local)
            texts = [finding["text"] for finding in json.loads(out)["findings"]] if form == "json" else [out]
            self.assertTrue(any(self.warning in read_back(text) for text in texts), out)
            self.assertEqual([], raw_in("".join(texts).encode()))  # as the library has them

    def test_what_close_says_has_nothing_raw(self):
        client, user, *_ = self.rows[0]
        code, _, err = self.run_clean("close", "-c", client, "-u", user, "--yes", env=self.local)
        self.assertEqual(4, code, err)
        self.assertIn("the server also closes these sessions", err)
        audit = (self.server.folder / self.server.log / "audit").read_bytes()
        self.assertEqual([], raw_in(audit))
        [line] = [line for line in self.server.audit if line["operation"] == "NetrSessionDel"]
        self.assertEqual([f"{user} from {client}" for client, user, *_ in self.rows[1:33]], line["also_closed"])
        for client, user, *_ in self.rows[1:-len(ESCAPES)]:
            self.assertIn(f"\n  {user} from {client}\n", read_back(err))

    def test_the_log_has_nothing_raw_and_the_audit_log_is_exact(self):
        wait_until_equal(True, lambda: "some sessions are missing" in self.server.said)
        log, audit = ((self.server.folder / self.server.log / name).read_bytes() for name in ("stderr", "audit"))
        self.assertEqual(([], []), (raw_in(log), raw_in(audit)))
        self.assertIn(self.warning, read_back(log.decode()))


class Claimed(Clean):
    """What clients of netsessiond say that they are, and ask for."""

    def setUp(self):
        self.server = self.enterContext(Netsessiond(
            ["alice"], anonymous="yes", log_level="debug", max_connections_per_address=1000,
            max_unauthenticated_connections=1000, max_unauthenticated_connections_per_address=1000))

    def files(self):
        return [(self.server.folder / self.server.log / name).read_bytes() for name in ("stderr", "audit")]

    def test_names_of_failed_log_ons_are_exact_in_the_audit_log_and_nowhere_raw(self):
        characters = sorted(NEVER_RAW | set("=+-"))
        claims = in_five(characters)
        for claim in claims:
            connection = SMBConnection(f"ws{claim}", self.server.host, sess_port=self.server.port, timeout=HANG_S,
                                       myName=f"ws{claim}")
            with self.assertRaises(SessionError):
                connection.login(f"u{claim}", "guess", f"D{claim}")
            connection.close()
        self.server.restart()
        log, audit = self.files()
        self.assertEqual(([], []), (raw_in(log), raw_in(audit)))
        found = {line["user"] for line in self.server.audit if line["operation"] == "log-on" and "user" in line}
        self.assertEqual([], [claim for claim in claims if not any(f"u{claim}" in user for user in found)])

    def test_filters_are_exact_in_the_audit_log_and_nowhere_raw(self):
        texts = in_five(sorted(NEVER_RAW))
        with bound(self.server.socket) as dce:
            for text in texts:
                with self.assertRaises(srvs.DCERPCSessionError):
                    srvs.hNetrSessionEnum(dce, f"\\\\c{text}c\0", f"{text}u\0", 10)
        log, audit = self.files()
        self.assertEqual(([], []), (raw_in(log), raw_in(audit)))
        found = {(line["client"], line["user"]) for line in self.server.audit if line["operation"] == "NetrSessionEnum"}
        self.assertEqual({(f"\\\\c{text}c", f"{text}u") for text in texts}, found)


class CommandLines(Clean):
    """What is on a command line or in a file that it names."""

    def test_a_wrong_command_line_has_nothing_raw(self):
        for text in in_five(sorted(NEVER_RAW)):
            for program in ("netsession", "netsessiond", "netsession-samba"):
                for arguments in ([f"a{text}b"], [f"--a{text}b"], ["--describe", f"a{text}b"]):
                    code, _, err = self.run_clean(*arguments, program=program)
                    self.assertEqual((2, 1), (code, err.count("\n")), err)
                    self.assertIn(f"a{text}b"[:10], read_back(err))

    def test_servers_and_files_have_nothing_raw(self):
        text = "".join(sorted(NEVER_RAW))
        for arguments in (["list", f"fs{text}"], ["list", "-A", f"/nonexistent/{text}", "fs1"], ["doctor", f"fs{text}"],
                          ["doctor", "-o", "json", f"fs{text}"], ["list", "-o", "json", f"fs{text}"],
                          ["list", f"smb://a@h/{text}", "-v"], ["list", "-o", "xml", text],
                          ["list", "--as", f"a{text}%b", "fs1"], ["close", "-u", f"a{text}", f"fs{text}"]):
            code, *_ = self.run_clean(*arguments)
            self.assertIn(code, (2, 3))

    def test_what_is_no_utf_8_is_shown_and_is_a_value_in_json(self):
        for arguments in (["list", "-o", "json"], ["doctor", "-o", "json"]):
            code, out, _ = self.run_clean(*arguments, b"fs\xff\xc3")
            self.assertEqual(3, code)
            self.assertIn(r'"server": "fs\\xFF\\xC3"', out)

    def test_lines_of_files_have_nothing_raw(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            text = "".join(sorted(NEVER_RAW - {"\n"}))
            path = pathlib.Path(folder, text.replace("/", ""))
            for arguments, program, lines in (
                    (["list", "-A", path, "fs1"], "netsession", f"user{text}name = a\n"),
                    (["--check", "--config", path], "netsessiond", f"[server]\nli{text}sten = a\n"),
                    (["--check", "--config", path], "netsessiond", f"[server]\nlisten = {text}\n"),
                    (["--check", "--config", path], "netsessiond", f"[a{text}]\nlisten = a\n")):
                path.write_text(lines)
                path.chmod(0o600)
                code, _, err = self.run_clean(*arguments, program=program)
                self.assertIn(code, (1, 2))
                self.assertEqual(1, err.count("\n"))

    def test_completions_have_nothing_raw(self):
        for program in ("netsession", "netsessiond", "netsession-samba"):
            for shell in ("bash", "zsh", "fish"):
                done = subprocess.run([command.built(program), "--describe", shell], capture_output=True, check=True)
                self.assertEqual([], [c for c in raw_in(done.stdout) if c != "\t"])


class Samba(Clean, SambaPublisherTest):
    """Samba's users, whose names netsession-samba publishes, and its configuration."""

    USERS = (*ORDINARY_USERS, *NAMED)

    def test_a_user_of_samba_is_nowhere_raw(self):
        self.begin()
        with sessions.held(self.samba, [sessions.Wanted(name, "127.0.0.9") for name in NAMED]):
            wait_until_equal({("127.0.0.9", name): 1 for name in NAMED}, self.names)
            self.run_clean("close", "-u", NAMED[0], "--yes", env={"NETSESSION_SOCKET": str(self.service.socket)})
            wait_until_equal(False, lambda: ("127.0.0.9", NAMED[0]) in self.names())
        said = re.search(r"closing the sessions of (.*?) from", self.relay.said)
        self.assertEqual(NAMED[0], read_back(said[1]))
        for log in ((self.relay, "stderr"), (self.service, "stderr"), (self.service, "audit")):
            self.assertEqual([], raw_in((log[0].folder / log[0].log / log[1]).read_bytes()))
        self.assertIn(NAMED[0], [line.get("user") for line in self.service.audit])

    def test_what_samba_says_is_nowhere_raw(self):
        self.begin()
        complaint = self.programs.folder / "complaint"
        complaint.write_text("bad " + "".join(PUBLISHABLE), encoding="utf-8")
        self.programs.write(f"cat '{complaint}' >&2; exit 3")
        [said] = self.relay.await_said(r"publish: smbstatus ended with exit status 3: bad .*",
                                       lambda: self.run_clean("list", env={"NETSESSION_SOCKET": str(self.service.socket)}))
        self.assertIn("".join(PUBLISHABLE[:-20]), read_back(said))
        self.relay.await_state(lambda state: "bad" in state["publish_message"])
        self.assertEqual([], raw_in("".join(map(str, self.relay.state.values())).encode()))
        code, out, _ = self.run_clean("status", "--smb-conf", self.samba.configuration, "--directory", self.relay.directory,
                                      program="netsession-samba")
        self.assertEqual(1, code)
        self.assertIn("exit status 3: bad", out)
        self.assertEqual([], raw_in((self.service.folder / self.service.log / "stderr").read_bytes()))

    def test_reports_about_samba_have_nothing_raw(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            conf = pathlib.Path(folder, "".join(sorted(NEVER_RAW - {"\n"})) + ".conf")
            conf.write_bytes(self.samba.configuration.read_bytes())
            for name in ("check", "enable", "disable", "status"):
                self.run_clean(name, "--smb-conf", conf, "--directory", "/tmp/" + "".join(sorted(NEVER_RAW)),
                               program="netsession-samba")


class Prompt(unittest.TestCase):
    """The terminal that is asked for a password."""

    def test_the_question_has_nothing_raw(self):
        user = "".join(sorted(NEVER_RAW))
        with Terminal("list", "--as", f"a{user}z", "192.0.2.1") as terminal:
            terminal.read_until(b"z: ")
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        self.assertEqual([], raw_in(terminal.shown))
        self.assertIn(f"Password for a{user}z: ", read_back(terminal.shown.decode()))


if __name__ == "__main__":
    tap.main()
