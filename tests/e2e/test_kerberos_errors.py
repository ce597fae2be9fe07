"""What `netsession list` says when Kerberos does not do, each case told apart; and Kerberos with a password, in a domain
that has done away with NTLM. A real domain controller; libfaketime shows our command another time."""
import pathlib
import time
import unittest

from lab import command, tap
from lab.ad import DomainController
from lab.cli import assert_refused

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
NO_TICKETS = {"KRB5CCNAME": "FILE:/nonexistent/tickets"}


class WithoutNtlm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController({"ntlm auth": "disabled"}))
        cls.realm_file = cls.dc.credentials_file("Administrator", domain=cls.dc.realm.lower())
        cls.domain_file = cls.dc.credentials_file("Administrator")

    def list(self, *arguments, server=None, **environment):
        return command.run("list", *arguments, server or self.dc.name, inside=self.dc.inside,
                           env=self.dc.environment | environment)

    def check_lists(self, result):
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertIn(r"LAB\Administrator", result.stdout)

    def check_story(self, status, words, result, server=None):
        assert_refused(self, status, result, server or self.dc.name)
        self.assertIn(words, result.stderr)

    # ---- with a password

    def test_a_password_of_a_realm_logs_on_by_kerberos(self):
        self.check_lists(self.list("-A", self.realm_file, **NO_TICKETS))

    def test_kerberos_alone_takes_a_short_domain_for_the_default_realm(self):
        self.check_lists(self.list("--kerberos", "-A", self.domain_file, **NO_TICKETS))

    def test_ntlm_is_refused_and_it_is_said(self):
        self.check_story(1937, "use Kerberos", self.list("-A", self.domain_file, **NO_TICKETS))

    def test_a_password_that_the_kdc_refuses_is_not_tried_by_ntlm(self):
        wrong = self.dc.credentials_file("Administrator", "wrong", domain=self.dc.realm)
        self.check_story(1326, "the domain refuses the password", self.list("-A", wrong, **NO_TICKETS))

    def test_a_user_whom_the_domain_does_not_know(self):
        nobody = self.dc.credentials_file("nobody", domain=self.dc.realm)
        self.check_story(1326, "the domain knows no such user", self.list("-A", nobody, **NO_TICKETS))

    def test_a_realm_without_a_kdc(self):
        elsewhere = self.dc.credentials_file("Administrator", domain="elsewhere.example")
        self.check_story(1311, "no KDC of the realm can be found",
                         self.list("--kerberos", "-A", elsewhere, **NO_TICKETS))

    # ---- with tickets

    def test_a_ticket_that_has_expired(self):
        self.dc.kinit("Administrator", "-l", "2s")
        time.sleep(2.5)
        result = self.list()
        self.check_story(1312, "the Kerberos ticket has expired", result)
        self.assertIn("kinit", result.stderr)

    def test_a_clock_that_shows_another_time(self):
        self.dc.kinit("Administrator")
        for away in ("+20m", "-20m"):
            with self.subTest(away):
                result = self.list(LD_PRELOAD=str(FAKETIME), FAKETIME=away, FAKETIME_DONT_FAKE_MONOTONIC="1")
                self.check_story(1398, "clock", result)

    def test_a_server_that_the_domain_does_not_know(self):
        self.dc.kinit("Administrator")
        self.check_story(1396, "the domain has no ticket for a server of that name", self.list(server="localhost"),
                         "localhost")

    def test_an_address_and_why_it_does_not_do(self):
        self.dc.kinit("Administrator")
        for server in ("127.0.0.1", "[::1]"):
            result = self.list(server=server)
            self.check_story(1396, "Kerberos issues tickets for names, and the server was given as an address", result, server)
            self.assertIn("use the name that the server has in its domain", result.stderr)

    def test_a_kdc_where_nobody_listens(self):
        self.dc.kinit("Administrator")
        closed = self.dc.folder / "closed-kdc.conf"
        closed.write_text((self.dc.folder / "krb5.conf").read_text().replace("kdc = 127.0.0.1:88", "kdc = 127.0.0.1:9"))
        self.check_story(1311, "no KDC of the realm can be reached", self.list(KRB5_CONFIG=str(closed)))

    def test_no_ticket_at_all(self):
        self.check_story(1312, "no Kerberos ticket", self.list(**NO_TICKETS))


if __name__ == "__main__":
    tap.main()
