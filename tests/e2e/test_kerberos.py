"""`netsession list` in an Active Directory domain: by Kerberos tickets, and by NTLM where credentials are given."""
import subprocess
import unittest

from lab import command, tap
from lab.ad import DomainController
from lab.cli import assert_refused
from lab.wait_until import HANG_S, calm

LEVEL_1 = ["client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags"]


class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.dc.add_user("alice")

    def list(self, *arguments, server=None, **environment):
        return command.run("list", *arguments, server or self.dc.name, inside=self.dc.inside,
                           env=self.dc.environment | environment)

    def tickets(self):
        return self.dc.run_in(["klist"]).stdout

    def check_lists_itself(self, result):
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertEqual([("127.0.0.1", r"LAB\Administrator")],  # in a domain Samba names it too
                         [(row["client"], row["user"]) for row in result.sessions])

    def test_an_administrators_ticket_lists_the_sessions(self):
        self.dc.kinit("Administrator")
        self.assertNotIn("cifs/", self.tickets())
        result = self.list("-o", "json")
        self.check_lists_itself(result)
        row = result.sessions[0]
        # Samba does not say how old a brand-new session is.
        self.assertEqual([name for name in LEVEL_1 if name != "active_seconds" or name in row], list(row))
        self.assertIn(f"cifs/{self.dc.name}@{self.dc.realm}", self.tickets())

    def test_a_user_is_found_with_and_without_the_domain(self):
        self.dc.kinit("Administrator")
        for user in ("administrator", r"lab\administrator"):
            with self.subTest(user):
                self.check_lists_itself(self.list("-o", "json", "-u", user))
        assert_refused(self, 2221, self.list("-u", r"OTHER\administrator"), self.dc.name)

    def test_both_levels_that_samba_has_are_answered(self):
        self.dc.kinit("Administrator")
        for level in (0, 1):
            with self.subTest(level=level):
                self.assertEqual(1, len(self.list("-o", "json", "-l", level).sessions))

    def test_a_name_with_backslashes_and_a_port_finds_the_same_ticket(self):
        self.dc.kinit("Administrator")
        for form in (rf"\\{self.dc.name}", f"{self.dc.name}:445", f"smb://{self.dc.name}", self.dc.name.upper()):
            with self.subTest(form):
                result = self.list(server=form)
                self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_an_ordinary_users_ticket_is_denied(self):
        self.dc.kinit("alice")
        assert_refused(self, 5, self.list(), self.dc.name)

    def test_without_a_ticket_it_is_1312_and_kinit_is_advised(self):
        result = self.list(KRB5CCNAME="FILE:/nonexistent/tickets")
        assert_refused(self, 1312, result, self.dc.name)
        self.assertIn("kinit", result.stderr)

    def test_ntlm_credentials_of_the_domain_do_as_well(self):
        administrator = self.dc.credentials_file("Administrator")
        result = self.list("-A", administrator, "-o", "json", KRB5CCNAME="FILE:/nonexistent/tickets")
        self.check_lists_itself(result)

    def test_ntlm_credentials_win_over_tickets(self):
        self.dc.kinit("Administrator")
        assert_refused(self, 5, self.list("-A", self.dc.credentials_file("alice")), self.dc.name)

    def credentials_of(self, user, name, domain=None):
        """A credentials file with the user's password and another name for the user."""
        path = self.dc.folder / "name.credentials"
        path.touch(0o600)
        path.write_text(f"username={name}\npassword={self.dc.password(user)}\n"
                        + (f"domain={domain}\n" if domain else ""))
        return path

    def test_a_realm_does_in_any_case_and_wherever_it_stands(self):
        for name, domain in (("Administrator@lab.example", None), ("Administrator", "lab.example"),
                             ("Administrator@Lab.Example", "lab.example"), (r"lab.example\Administrator", None)):
            for mode in ((), ("--kerberos",)):
                with self.subTest(name, domain=domain, mode=mode):
                    self.check_lists_itself(self.list("-A", self.credentials_of("Administrator", name, domain), *mode,
                                                      "-o", "json", KRB5CCNAME="FILE:/nonexistent/tickets"))

    def test_a_user_principal_name_with_another_suffix_logs_on(self):
        self.dc.set_principal_name("alice", "a.liddell@mail.example")
        wrong = self.dc.credentials_file("alice", "wrong")
        assert_refused(self, 1326, self.list("-A", wrong), self.dc.name)
        result = self.list("-A", self.credentials_of("alice", "a.liddell@mail.example"))
        assert_refused(self, 5, result, self.dc.name)  # logged on, and no administrator

    def test_a_protected_user_is_sent_to_kerberos(self):
        self.dc.add_user("protected")
        self.dc.add_member("Protected Users", "protected")
        result = self.list("-A", self.credentials_of("protected", r"LAB\protected"))
        assert_refused(self, 1327, result, self.dc.name)
        self.assertIn("Protected Users has to use Kerberos", result.stderr)
        by_kerberos = self.list("-A", self.credentials_of("protected", "protected", "lab.example"))
        assert_refused(self, 5, by_kerberos, self.dc.name)  # logged on, and no administrator

    def watch(self, polls, every="1"):
        """The command asking again and again in one process, below strace."""
        self.trace = self.dc.folder / "trace"
        return subprocess.Popen(
            [*self.dc.inside, "strace", "-f", "-e", "trace=connect", "-o", self.trace, command.built(), "watch", "--polls",
             str(polls), "--every", every, "-o", "jsonl", self.dc.name], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=command.environment(self.dc.environment))

    def connections(self):
        return self.trace.read_text().count("htons(445)")

    def test_a_kept_connection_serves_the_same_principal(self):
        self.dc.kinit("Administrator")
        watch = self.watch(4, every="0.3")
        stdout, stderr = watch.communicate(timeout=HANG_S)
        self.assertEqual((0, ""), (watch.returncode, stderr))
        self.assertIn('"started"', stdout)
        self.assertEqual(1, self.connections())

    def test_a_kept_connection_serves_nobody_else(self):
        self.dc.kinit("Administrator")
        watch = self.watch(2, every="2")
        self.assertIn('"started"', watch.stdout.readline())
        self.dc.kinit("alice")
        _, stderr = watch.communicate(timeout=HANG_S)
        self.assertEqual(3, watch.returncode)
        self.assertIn("(5)", stderr)
        self.assertEqual(2, self.connections())

    def test_a_wrong_password_is_1326(self):
        wrong = self.dc.credentials_file("Administrator", "wrong")
        assert_refused(self, 1326, self.list("-A", wrong), self.dc.name)

    def test_a_server_without_a_ticket_of_its_own_is_told(self):
        self.dc.kinit("Administrator")
        result = self.list(server="localhost")
        self.assertEqual((3, ""), (result.exit, result.stdout))
        self.assertRegex(result.stderr, r"\Anetsession: localhost: [^\n]*\(\d+[,)][^\n]*\n\Z")

    def test_a_kdc_that_does_not_answer_is_waited_for_until_the_deadline_only(self):
        self.dc.kinit("Administrator")
        silent = self.dc.folder / "silent-kdc.conf"
        silent.write_text((self.dc.folder / "krb5.conf").read_text().replace("kdc = 127.0.0.1:88", "kdc = 192.0.2.88"))
        self.dc.run_in(["ip", "route", "replace", "192.0.2.0/24", "dev", "lo"])
        result = self.list("--timeout", "1", KRB5_CONFIG=str(silent))
        assert_refused(self, 1460, result, self.dc.name)
        self.assertLess(result.seconds, calm(1.5))


if __name__ == "__main__":
    tap.main()
