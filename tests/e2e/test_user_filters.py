"""Which sessions a user filter means: the forms of a name that log-ons accept find the same sessions, and close them, at a
Samba in a domain, at the relay before it, at netsessiond and on this computer; by the command, and by <lm.h>."""
import contextlib
import os
import signal
import subprocess
import time
import unittest

from fixtures.both_ends import Caller, Local, Signed, row
from fixtures.programs import Programs
from lab import command, sessions, tap
from lab.ad import DomainController
from lab.cli import address, assert_refused
from lab.netsessiond import Netsessiond
from lab.process import Process
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until_equal

RELAYED = "/var/lib/samba/relay"  # of the namespace's own


def forms(user, domain, realm):
    return [user, user.upper(), rf"{domain}\{user}", rf"{domain.lower()}\{user.upper()}", f"{domain}/{user}",
            f"{user}@{realm}", f"{user.upper()}@{realm.lower()}", rf"{realm}\{user}"]


class Domain(unittest.TestCase):
    """A Samba that is a domain controller, and calls its users LAB\\alice."""

    USERS = ("alice", "jörg", "σίσυφος", "strauß", "irmak")

    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.by_line = cls.enterClassContext(Programs()).compile("lm_by_line.c", "netapi32")
        for user in cls.USERS:
            cls.dc.add_user(user)
        cls.dc.kinit("Administrator")

    def ask(self, *arguments):
        return command.run(*arguments, "--kerberos", self.dc.name, inside=self.dc.inside, env=self.dc.environment)

    def there(self):
        listed = self.ask("list", "-l", 1, "-o", "json")
        self.assertEqual(0, listed.exit, listed)
        return sorted(row["user"] for row in listed.sessions if row["user"] != r"LAB\Administrator")

    @contextlib.contextmanager
    def held(self, *users):
        with contextlib.ExitStack() as stack:
            before = self.there()
            for user in users:
                client = stack.enter_context(subprocess.Popen(
                    [*self.dc.inside, "smbclient", "-A", self.dc.credentials_file(user), "--configfile",
                     self.dc.configuration, f"//{self.dc.name}/netlogon"],
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                stack.callback(client.stdin.close)
            wait_until_equal(sorted([*before, *(rf"LAB\{user}" for user in users)]), self.there)
            yield

    @contextlib.contextmanager
    def relayed(self):
        run = Process([*self.dc.inside, command.built("netsession-samba"), "run", "--no-publish", "--smb-conf",
                       self.dc.configuration, "--directory", RELAYED], self.dc.folder / self.dc.log / "relay", grace_s=20)
        try:
            wait_until_equal(0, lambda: self.samba("check").returncode)
            self.assertEqual(0, self.samba("enable").returncode)
            yield
        finally:
            self.samba("disable")
            os.kill(run.pids[-1], signal.SIGTERM)
            run.wait(HANG_S)
            run.stop()

    def samba(self, name):
        return self.dc.run_in([command.built("netsession-samba"), name, "--smb-conf", self.dc.configuration, "--directory", RELAYED])

    def check_forms(self, user, spelled):
        with self.held(user, "irmak"):
            listed = self.ask("list", "-o", "json", "-u", spelled)
            self.assertEqual((0, [rf"LAB\{user}"]), (listed.exit, [one["user"] for one in listed.sessions]), listed)
            closed = self.ask("close", "--yes", "-u", spelled)
            self.assertEqual(0, closed.exit, closed)
            wait_until_equal([r"LAB\irmak"], self.there)

    def check_each_form(self):
        for spelled in forms("alice", "LAB", "LAB.EXAMPLE"):
            with self.subTest(spelled):
                self.check_forms("alice", spelled)
        for user, spelled in (("jörg", "JÖRG"), ("jörg", "jörg@lab.example"), ("σίσυφος", "ΣΊΣΥΦΟΣ"), ("σίσυφος", "σίσυφοσ"),
                              ("strauß", r"lab\STRAUSS")):
            with self.subTest(spelled):
                self.check_forms(user, spelled)

    def check_others(self):
        """A user of another domain, and a letter that is another one."""
        with self.held("alice", "irmak"):
            for spelled in (r"OTHER\alice", "alice@other.example", "alic", "ırmak", "LAB", r"LAB\LAB"):
                for words in (("list",), ("watch", "--polls", 1), ("close", "--yes")):
                    answer = self.ask(*words, "-u", spelled)
                    self.assertIn("2221", answer.stderr, answer)
            self.assertEqual([r"LAB\alice", r"LAB\irmak"], self.there())

    def check_client_and_user(self):
        with self.held("alice", "irmak"):
            self.assertEqual(0, self.ask("close", "--yes", "-c", "127.0.0.1", "-u", "alice@LAB.EXAMPLE").exit)
            wait_until_equal([r"LAB\irmak"], self.there)

    def check_lm(self):
        environment = self.dc.environment
        with Caller([self.by_line, rf"\\{self.dc.name}"], inside=self.dc.inside, env=environment) as caller:
            for spelled in ("alice", r"LAB\Alice", "alice@lab.example"):
                with self.held("alice", "irmak"):
                    found = caller.enum(1, user=spelled)
                    self.assertEqual((0, [r"LAB\alice"]), (found.status, [one["user"] for one in found.rows]))
                    self.assertEqual(0, caller.delete(user=spelled))
                    wait_until_equal([r"LAB\irmak"], self.there)
            self.assertEqual(2312, caller.delete(user="nobody"))

    def check_info(self):
        with self.held("alice", "irmak"), Caller([self.by_line, rf"\\{self.dc.name}"], inside=self.dc.inside,
                                                 env=self.dc.environment) as caller:
            for spelled in forms("alice", "LAB", "LAB.EXAMPLE"):
                shown = command.run("info", "-o", "json", "--kerberos", self.dc.name, "127.0.0.1", spelled, inside=self.dc.inside,
                                    env=self.dc.environment)
                self.assertEqual([r"LAB\alice"], [one["user"] for one in shown.sessions], shown)
                found = caller.info(1, "127.0.0.1", spelled)
                self.assertEqual((0, r"LAB\alice"), (found.status, found.rows[0]["user"]), spelled)

    def check_all(self):
        self.check_info()
        self.check_each_form()
        self.check_others()
        self.check_client_and_user()
        self.check_lm()

    def test_each_form_of_a_name_finds_and_closes_at_samba(self):
        self.check_all()

    def test_each_form_of_a_name_finds_and_closes_at_the_relay_before_samba(self):
        with self.relayed():
            self.check_all()

    def test_watch_reports_the_user_by_each_form(self):
        with self.held("alice"):
            for spelled in forms("alice", "LAB", "LAB.EXAMPLE"):
                watched = self.ask("watch", "--polls", 1, "-o", "jsonl", "-u", spelled)
                self.assertEqual([r"LAB\alice"], [event["user"] for event in watched.jsonl], watched)

    def test_a_caller_who_may_not_list_is_5_and_closes_nothing(self):
        with self.held("alice"):
            for user in ("alice", "nobody"):
                refused = command.run("close", "--yes", "-u", user, "-A", self.dc.credentials_file("irmak"), self.dc.name,
                                      inside=self.dc.inside)
                assert_refused(self, 5, refused, self.dc.name)
            time.sleep(0.3)
            self.assertEqual([r"LAB\alice"], self.there())


class OwnSessions(unittest.TestCase):
    """netsessiond's own sessions, which are listed without a domain, over SMB and on this computer."""

    def test_each_form_of_a_name_finds_and_closes_them(self):
        with Netsessiond(["alice", "jörg"]) as server:
            over_smb = (["-A", server.credentials_file("root"), address(server)], {})
            locally = ([], {"NETSESSION_SOCKET": str(server.socket)})
            for how, environment in (over_smb, locally):
                for user in ("alice", "jörg"):
                    for spelled in forms(user, "LABSRV", "LABSRV.EXAMPLE"):
                        with self.subTest(spelled, locally=not how), sessions.held(server, [Wanted(user), Wanted("root")]):
                            listed = command.run("list", "-o", "json", "-u", spelled, *how, env=environment)
                            self.assertEqual([user], [one["user"] for one in listed.sessions], listed)
                            closed = command.run("close", "--yes", "-u", spelled, *how, env=environment)
                            self.assertEqual((0, 1), (closed.exit, closed.stderr.count("closed 1 session")), closed)
                            left = command.run("list", "-o", "json", *how, env=environment)
                            self.assertNotIn(user, [one["user"] for one in left.sessions])


PUBLISHED = [row("10.0.0.1", r"LAB\anna"), row("10.0.0.2", "anna@lab.example"), row("10.0.0.3", "LAB/Anna"),
             row("10.0.0.4", "ANNA"), row("10.0.0.5", r"OTHER\anna"), row("10.0.0.6", "anna@other.example"),
             row("10.0.0.7", r"LAB\anne"), row("10.0.0.8", r"LAB\straße"), row("10.0.0.9", "ς")]

FOUND = [("anna", [1, 2, 3, 4, 5, 6]), (r"LAB\anna", [1, 2, 3, 4]), (r"lab\ANNA", [1, 2, 3, 4]), ("LAB/anna", [1, 2, 3, 4]),
         ("anna@lab.example", [1, 2, 3, 4]), ("anna@LAB", [1, 2, 3, 4]), (r"lab.example\anna", [1, 2, 3, 4]),
         (r"OTHER\anna", [4, 5, 6]), ("anna@third.example", [4]), ("anne", [7]), (r"OTHER\anne", []), ("STRASSE", [8]),
         ("strasse@lab.example", [8]), ("Σ", [9]), ("LAB", []), ("@lab.example", []), ("LAB\\", [])]


class PublishedSessions:
    """What file servers publish in their spellings."""

    PUBLISHED = PUBLISHED

    def check(self, spelled, found, rows, status):
        self.assertEqual((0 if found else 2221, [f"10.0.0.{number}" for number in found]),
                         (status, [one["client"] for one in rows]), spelled)

    def test_each_form_of_a_name_finds_them(self):
        with self.caller() as caller:
            for spelled, found in FOUND:
                ours, theirs = caller.enum(1, user=spelled), self.judge(1, username=spelled)
                self.check(spelled, found, ours.rows, ours.status)
                self.check(spelled, found, theirs.rows, theirs.status)
                if found:
                    self.assertEqual(len(found), len(self.asked("-u", spelled)))

    def test_a_close_asks_the_publishers_of_those_alone(self):
        with self.published([row("10.9.0.1", r"LAB\otto"), row("10.9.0.2", r"OTHER\otto"), row("10.9.0.3", "otto@lab.example")]) as all_of_them:
            closed = self.command("close", "--yes", "-u", "otto@LAB")
            self.assertIn("closed 2 sessions", closed.stderr, closed)
            wait_until_equal([True, False, True],
                             lambda: [any(line.startswith("close ") for line in one.lines()) for one in all_of_them])


class PublishedOverSmb(PublishedSessions, Signed):
    pass


class PublishedLocally(PublishedSessions, Local):
    pass


if __name__ == "__main__":
    tap.main()
