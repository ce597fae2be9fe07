"""netsession-samba beside a domain controller of Active Directory, where `samba` itself listens at some of the pipes that
smbd opens, and samba-dcerpcd at others."""
import contextlib
import os
import re
import signal
import subprocess
import unittest

from lab import command, sessions, tap
from lab.ad import DomainController
from lab.netsessiond import Netsessiond
from lab.process import Process
from lab.wait_until import HANG_S, wait_until_equal

DIRECTORY = "/var/lib/samba/relay"  # of the namespace's own
BY_SAMBA, BY_DCERPCD = ("lsaquery", "enumdomusers"), ("netshareenumall", "enumprinters")


class Controller(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.dc.add_user("alice")

    def run_command(self, name):
        return self.dc.run_in([command.built("netsession-samba"), name, "--smb-conf", self.dc.configuration, "--directory",
                               DIRECTORY])

    def good(self, name):
        done = self.run_command(name)
        self.assertEqual((0, ""), (done.returncode, done.stderr), done)
        return done.stdout

    def level_10(self):
        return command.run("list", "-l", "10", "--kerberos", self.dc.name, inside=self.dc.inside, env=self.dc.environment)

    def all_answer(self):
        for question in BY_SAMBA + BY_DCERPCD:
            done = self.dc.run_in(["rpcclient", *self.dc.by_ticket, self.dc.name, "-c", question])
            self.assertEqual(0, done.returncode, done)

    def ask(self, *words):
        return command.run(*words, "--kerberos", self.dc.name, inside=self.dc.inside, env=self.dc.environment)

    def alices(self):
        """How many sessions she has by the server's own filter."""
        done = self.dc.run_in(["rpcclient", *self.dc.by_ticket, self.dc.name, "-c",
                               sessions.netsessenum("127.0.0.1", "alice", 10)])
        return int((re.findall(r"Received (\d+) entries", done.stdout) or [0])[0])

    def users_are_known_without_their_domain(self):
        """Samba calls her LAB\\alice, and would close nobody by the name that Windows has for her."""
        with subprocess.Popen([*self.dc.inside, "smbclient", "-A", self.dc.credentials_file("alice"), "--configfile",
                               self.dc.configuration, f"//{self.dc.name}/netlogon"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as alice:
            wait_until_equal(1, self.alices)
            listed = self.ask("list", "-l", "1", "-o", "json", "-u", "alice")
            self.assertEqual([r"LAB\alice"], [row["user"] for row in listed.sessions], listed)
            closed = self.ask("close", "--yes", "-u", "alice")
            self.assertEqual(0, closed.exit, closed)
            wait_until_equal(0, self.alices)
            alice.stdin.close()

    def test_its_pipes_answer_with_the_relay_and_after_it(self):
        before = self.dc.configuration.read_bytes()
        self.assertIn("does not know that level", self.level_10().stderr)
        run = Process([*self.dc.inside, command.built("netsession-samba"), "run", "--no-publish", "--smb-conf",
                       self.dc.configuration, "--directory", DIRECTORY], self.dc.folder / self.dc.log / "relay", grace_s=20)
        self.addCleanup(run.stop)
        wait_until_equal(0, lambda: self.run_command("check").returncode)
        self.assertIn("ok    role          active directory domain controller\n", self.good("check"))
        self.good("enable")
        self.all_answer()
        self.assertEqual(0, self.level_10().exit)
        self.users_are_known_without_their_domain()
        pipes = re.findall(r"run +pipes: (\d+)", self.good("status"))
        self.assertLess(1, int(pipes[0]))
        os.kill(run.pids[-1], signal.SIGTERM)
        run.wait(HANG_S)
        self.all_answer()
        self.good("disable")
        self.assertEqual(before, self.dc.configuration.read_bytes())
        self.all_answer()

    def test_programs_of_this_computer_see_users_by_name(self):
        """Without libnss_winbind, as most domain controllers are, smbstatus shows 3000017 instead, and root for the
        Administrator."""
        self.dc.add_user("anna maria")
        service = self.enterContext(Netsessiond((), policy="documented", publishers="root"))
        run = Process([*self.dc.inside, command.built("netsession-samba"), "run", "--publish-socket", service.publish_socket,
                       "--smb-conf", self.dc.configuration, "--directory", DIRECTORY],
                      self.dc.folder / self.dc.log / "publisher", grace_s=20)
        self.addCleanup(run.stop)

        def locally(*words):
            return command.run(*words, env={"NETSESSION_SOCKET": str(service.socket)})

        def names():
            return sorted(row["user"] for row in locally("list", "-o", "json").sessions)
        with contextlib.ExitStack() as held:
            for user in ("alice", "anna maria", "Administrator"):
                client = held.enter_context(subprocess.Popen(
                    [*self.dc.inside, "smbclient", "-A", self.dc.credentials_file(user), "--configfile",
                     self.dc.configuration, f"//{self.dc.name}/netlogon"], stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                held.callback(client.stdin.close)
            wait_until_equal([r"LAB\administrator", r"LAB\alice", r"LAB\anna maria"], names)
            closed = locally("close", "--yes", "-u", "anna maria")
            self.assertEqual(0, closed.exit, closed)
            self.assertEqual([r"LAB\administrator", r"LAB\alice"], names())


if __name__ == "__main__":
    tap.main()
