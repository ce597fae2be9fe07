"""What the daemons tell the journal, as a real journald keeps it and journalctl shows it."""
import re
import socket
import subprocess
import unittest

from impacket.smbconnection import SessionError, SMBConnection

from fixtures.installed import Installed
from lab import command, sessions, tap
from lab.cli import address
from lab.journal import Journal
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.wait_until import HANG_S, wait_until

MESSAGES = dict(re.findall(r'M\(LOG_MESSAGE_(\w+), "([0-9a-f]{32})"',
                           (command.REPOSITORY / "src/system/log_messages.h").read_text()))


def of(kind, **fields):
    """The matches of a kind of entry, and of fields."""
    return [f"MESSAGE_ID={MESSAGES[kind]}", *(f"{name}={value}" for name, value in fields.items())]


class OfNetsessiond(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.journal = cls.enterClassContext(Journal())
        cls.server = cls.enterClassContext(Netsessiond(["alice"], inside=cls.journal.inside, file="-"))

    def refuse(self, user):
        client = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=self.server.port, timeout=HANG_S)
        with self.assertRaises(SessionError):
            client.login(user, "wrong", self.server.domain)
        client.close()

    def test_a_log_on_has_its_user_and_its_client(self):
        with sessions.held(self.server, [sessions.Wanted("alice", "127.0.1.7")]):
            entry = self.journal.await_entry(*of("LOG_ON", NETSESSION_CLIENT="127.0.1.7"))
        self.assertEqual(rf"{self.server.domain}\alice", entry["NETSESSION_USER"])
        self.assertEqual(("netsessiond", "6", str(self.server.pid)),
                         (entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"], entry["_PID"]))
        self.assertIn('"operation":"log-on"', entry["MESSAGE"])

    def test_a_refused_log_on_has_the_user_that_the_client_named(self):
        self.refuse("mallory")
        entry = self.journal.await_entry(*of("LOG_ON_REFUSED", NETSESSION_USER=rf"{self.server.domain}\mallory"))
        self.assertEqual("127.0.0.1", entry["NETSESSION_CLIENT"])

    def test_requests_are_told_apart_by_what_became_of_them(self):
        for user, kind in (("root", "REQUEST_SERVED"), ("alice", "REQUEST_DENIED")):
            command.run("list", "-l", "502", "-A", self.server.credentials_file(user), address(self.server))
            entry = self.journal.await_entry(*of(kind, NETSESSION_USER=rf"{self.server.domain}\{user}"))
            self.assertIn('"operation":"NetrSessionEnum"', entry["MESSAGE"])
        command.run("info", "-l", "502", "-A", self.server.credentials_file("root"), address(self.server), "127.9.9.9", "nobody")
        entry = self.journal.await_entry(*of("REQUEST_FAILED"))
        self.assertIn("NERR_", entry["MESSAGE"])

    def test_a_connection_that_is_closed_for_what_it_sent_has_its_client(self):
        with socket.create_connection((self.server.host, self.server.port), timeout=HANG_S,
                                      source_address=("127.0.1.9", 0)) as client:
            client.sendall(b"\0\0\0\x10GET / HTTP/1.1\r\n")
            client.recv(1)
        entry = self.journal.await_entry(*of("CONNECTION_CLOSED", NETSESSION_CLIENT="127.0.1.9"))
        self.assertRegex(entry["MESSAGE"], r"\ASMB connection from 127\.0\.1\.9 closed: .")
        self.assertNotIn("127.0.1.9 closed", self.server.said)

    def test_a_name_adds_no_field(self):
        self.refuse("eve\nNETSESSION_CLIENT=10.0.0.1\nFORGED=yes")
        wait_until(lambda: [entry for entry in self.journal.entries(*of("LOG_ON_REFUSED")) if "eve" in entry["MESSAGE"]])
        [entry] = [entry for entry in self.journal.entries(*of("LOG_ON_REFUSED")) if "eve" in entry["MESSAGE"]]
        self.assertEqual("127.0.0.1", entry["NETSESSION_CLIENT"])
        self.assertNotIn("FORGED", entry)
        self.assertIn(r"eve\x0ANETSESSION_CLIENT=10.0.0.1", entry["NETSESSION_USER"])

    def test_journalctl_explains_them_from_the_installed_catalog(self):
        installed = self.enterContext(Installed())
        self.refuse("trent")
        match = of("LOG_ON_REFUSED", NETSESSION_USER=rf"{self.server.domain}\trent")
        self.journal.await_entry(*match)
        shown = self.journal.explained(installed.only("netsessiond.catalog").parent, *match)
        self.assertIn(rf"Subject: A log-on of {self.server.domain}\trent was refused", shown)
        self.assertIn("A client at 127.0.0.1 wanted to log on", shown)


class OfNetsessionSamba(unittest.TestCase):
    def test_who_is_closed_is_told_by_user_and_client(self):
        journal = self.enterContext(Journal())
        with SambaServer(relayed=True, users=["mail"]) as samba, NetsessionSamba(samba, inside=journal.inside), \
                sessions.held(samba, [sessions.Wanted("mail", "127.0.0.7")]):
            self.assertEqual(0, command.run("close", "--yes", "-u", "mail", "-c", "127.0.0.7", "-A",
                                            samba.credentials_file("root"), address(samba)).exit)
            entry = journal.await_entry(*of("SAMBA_CLOSING", NETSESSION_USER="mail", NETSESSION_CLIENT="127.0.0.7"))
            self.assertEqual("netsession-samba", entry["SYSLOG_IDENTIFIER"])


class Without(unittest.TestCase):
    def test_without_a_journald_the_lines_go_to_standard_output_and_standard_error(self):
        nowhere = ("sh", "-c", 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"', "sh")
        hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run; exec "$@"', "sh")
        with Netsessiond(["alice"], inside=(*hidden, *nowhere), file="-") as server:
            with sessions.held(server, [sessions.Wanted("alice")]):
                wait_until(lambda: '"operation":"log-on"' in server.said)
            with socket.create_connection((server.host, server.port), timeout=HANG_S) as client:
                client.sendall(b"\0\0\0\x10GET / HTTP/1.1\r\n")
                client.recv(1)
            wait_until(lambda: re.search(r"^<\d>SMB connection from 127\.0\.0\.1 closed: ", server.said, re.MULTILINE))


class Catalogs(unittest.TestCase):
    def test_they_have_a_text_for_each_kind_of_entry_and_no_other(self):
        installed = self.enterContext(Installed())
        text = "".join(installed.only(name).read_text() for name in ("netsessiond.catalog", "netsession-samba.catalog"))
        self.assertGreater(len(MESSAGES), 8)
        self.assertEqual(sorted(MESSAGES.values()), sorted(re.findall(r"^-- ([0-9a-f]{32})$", text, re.MULTILINE)))

    def test_each_kind_is_written_somewhere(self):
        source = "".join(path.read_text() for path in (command.REPOSITORY / "src").rglob("*.c"))
        self.assertEqual([], [kind for kind in MESSAGES if f"LOG_MESSAGE_{kind}" not in source])

    def test_what_a_text_names_is_a_key_of_the_configuration(self):
        text = (command.REPOSITORY / "packaging/systemd/netsessiond.catalog").read_text()
        sample = subprocess.run([command.built("netsessiond"), "--describe", "sample"], text=True, capture_output=True,
                                check=True).stdout
        for words in re.findall(r"\[\w+\] ([^\n]*?\n?[^\n]*?) in\s+netsessiond\.conf", text):
            for key in re.findall(r"\w+", words.replace("[server]", "").replace("[auth]", "")):
                if key != "and":
                    self.assertRegex(sample, rf"(?m)^;{key} =", key)


if __name__ == "__main__":
    tap.main()
