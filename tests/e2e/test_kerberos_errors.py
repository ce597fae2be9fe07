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

    def test_ntlm_that_fails_behind_kerberos_says_why_kerberos_did(self):
        closed = self.closed_kdc()
        self.check_story(1937, "Kerberos was not possible before: no KDC of the realm can be reached",
                         self.list("-A", self.realm_file, KRB5_CONFIG=closed, **NO_TICKETS))

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

    # ---- with a clock that shows another time

    def away(self, offset):
        """What makes programs take the time for another one: "+2d", "-20m"."""
        return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def check_clocks(self, words, result):
        """Both clocks are shown, and how far they are apart."""
        self.check_story(1398, f"this computer's clock is {words} the server's (", result)
        self.assertRegex(result.stderr, r"\([0-9-]+ [0-9:]+ UTC here, [0-9-]+ [0-9:]+ UTC there\)")
        self.assertNotIn("kinit", result.stderr)

    def test_a_ticket_and_a_clock_that_shows_another_time(self):
        self.dc.kinit("Administrator")
        for offset, words in (("+20m", "20 minutes ahead of"), ("-20m", "20 minutes behind"), ("+2d", "2 days ahead of"),
                              ("-2d", "2 days behind")):
            with self.subTest(offset):
                self.check_clocks(words, self.list(**self.away(offset)))

    def test_a_password_and_a_clock_two_days_ahead(self):
        for mechanism in ([], ["--kerberos"]):
            with self.subTest(mechanism):
                self.check_clocks("2 days ahead of", self.list(*mechanism, "-A", self.realm_file, **NO_TICKETS,
                                                               **self.away("+2d")))

    def test_a_ticket_that_has_expired_by_both_clocks_is_no_matter_of_clocks(self):
        self.dc.kinit("Administrator", "-l", "2s")
        time.sleep(2.5)
        result = self.list(**self.away("+20m"))
        self.check_story(1312, "the Kerberos ticket has expired", result)
        self.assertIn("20 minutes ahead", result.stderr)

    def test_doctor_compares_the_clocks(self):
        self.dc.kinit("Administrator")
        for offset, verdict, words in (("+0", "good", "agrees with the server's"), ("+20m", "notice", "20 minutes ahead of"),
                                       ("-3h", "notice", "3 hours behind")):
            with self.subTest(offset):
                result = command.run("doctor", "-o", "json", self.dc.name, inside=self.dc.inside,
                                     env=self.dc.environment | self.away(offset))
                [clock] = [finding for finding in result.json["findings"] if finding["step"] == "clock"]
                self.assertEqual(verdict, clock["verdict"])
                self.assertIn(words, clock["text"])
                self.assertEqual(verdict == "notice", "clockskew" in (clock.get("advice") or ""))

    # ---- without tickets that could be used

    def check_cache(self, name, words, advice, **environment):
        result = self.list(KRB5CCNAME=name, **environment)
        kind, colon, _ = name.partition(":")
        shown = name if colon else f"FILE:{name}"
        self.check_story(1312, f'in the credential cache "{shown}" (type {kind if colon else "FILE"}): {words}', result)
        self.assertIn(advice, result.stderr)

    def test_a_cache_of_a_kind_that_is_not_there_is_named(self):
        self.check_cache("KCM:", "no KCM service answers", "sssd-kcm")
        self.check_cache("XYZ:foo", "this computer's Kerberos knows no such type", "set KRB5CCNAME")
        self.check_cache("API:foo", "this computer's Kerberos knows no such type", "default_ccache_name")

    def test_a_cache_that_is_none_is_named(self):
        """libkrb5 1.20 frees an uninitialised pointer where GSSAPI looks into such a cache."""
        damaged = self.dc.folder / "damaged"
        self.dc.kinit("Administrator")
        whole = pathlib.Path(self.dc.environment["KRB5CCNAME"].removeprefix("FILE:")).read_bytes()
        for content in (b"", b"garbage", whole[:30], b"\5\4" + b"\xff" * 100):
            with self.subTest(content[:8]):
                damaged.write_bytes(content)
                self.check_cache(f"FILE:{damaged}", "it is not a credential cache, or a damaged one", "remove it and run kinit")
        self.check_cache(str(self.dc.folder), "it is not a credential cache, or a damaged one", "set KRB5CCNAME")
        self.check_cache(f"DIR:{damaged}", "it is not a credential cache, or a damaged one", "set KRB5CCNAME")

    def test_a_cache_that_is_not_there_or_empty_is_named(self):
        for name in ("FILE:/nonexistent.d/tickets", "DIR:/nonexistent.d", "MEMORY:foo", f"DIR:{self.dc.folder}"):
            with self.subTest(name):
                self.check_cache(name, "it does not exist, or is empty", "run kinit")

    def test_a_cache_of_another_user_is_named(self):
        self.dc.kinit("Administrator")
        mine = self.dc.environment["KRB5CCNAME"]
        result = command.run(
            "list", self.dc.name, inside=[*self.dc.inside, "setpriv", "--reuid=1", "--clear-groups"], env=self.dc.environment)
        self.check_story(1312, f'in the credential cache "{mine}" (type FILE): this user may not read it', result)
        self.assertIn("as the user whom the cache belongs to", result.stderr)

    def test_a_krb5_conf_that_is_none(self):
        bad = self.dc.folder / "bad-krb5.conf"
        bad.write_text("[libdefaults\n")
        result = self.list(KRB5_CONFIG=str(bad))
        self.check_story(1610, "krb5.conf is malformed", result)
        self.assertIn("KRB5_CONFIG", result.stderr)
        bad.write_text("include /nonexistent.d/krb5.conf\n")
        self.check_story(1610, "krb5.conf cannot be used: Included profile file could not be read", self.list(KRB5_CONFIG=str(bad)))
        bad.write_text("[libdefaults]\n    permitted_enctypes = foo\n    default_realm = LAB.EXAMPLE\n")
        result = self.list("--kerberos", "-A", self.realm_file, KRB5_CONFIG=str(bad), **NO_TICKETS)
        self.check_story(1610, "krb5.conf permits no encryption type", result)
        self.assertIn("permitted_enctypes", result.stderr)

    def test_a_krb5_conf_of_another_user(self):
        private = self.dc.folder / "private-krb5.conf"
        private.touch(0o600)
        private.write_text((self.dc.folder / "krb5.conf").read_text())
        result = command.run("list", self.dc.name, inside=[*self.dc.inside, "setpriv", "--reuid=1", "--clear-groups"],
                             env=self.dc.environment | NO_TICKETS | {"KRB5_CONFIG": str(private)})
        self.check_story(1610, "krb5.conf cannot be used: Permission denied", result)

    def test_a_krb5_conf_without_a_default_realm(self):
        bare = self.dc.folder / "bare-krb5.conf"
        bare.write_text("[libdefaults]\n    dns_lookup_kdc = false\n")
        result = self.list("--kerberos", "-A", self.domain_file, KRB5_CONFIG=str(bare), **NO_TICKETS)
        self.check_story(1311, "krb5.conf names no default realm", result)
        self.assertIn("user@REALM", result.stderr)

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

    def closed_kdc(self):
        """A krb5.conf whose KDC does not listen."""
        closed = self.dc.folder / "closed-kdc.conf"
        closed.write_text((self.dc.folder / "krb5.conf").read_text().replace("kdc = 127.0.0.1:88", "kdc = 127.0.0.1:9"))
        return str(closed)

    def test_a_kdc_where_nobody_listens(self):
        self.dc.kinit("Administrator")
        self.check_story(1311, "no KDC of the realm can be reached", self.list(KRB5_CONFIG=self.closed_kdc()))

    def test_no_ticket_at_all(self):
        self.check_story(1312, "no Kerberos ticket", self.list(**NO_TICKETS))


if __name__ == "__main__":
    tap.main()
