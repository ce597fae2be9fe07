"""What `netsession list` says of accounts that a domain does not let in, by NTLM and by Kerberos: a real domain
controller, and accounts in each of these states."""
import unittest

from lab import command, tap
from lab.ad import DomainController
from lab.cli import assert_refused

NO_TICKETS = {"KRB5CCNAME": "FILE:/nonexistent.d/tickets"}
LONG_AGO = " 132000000000000000"  # a FILETIME of 2019
CHANGE = """
import sys
from samba import auth, param, samdb
db = samdb.SamDB(lp=param.LoadParm(sys.argv[1]), session_info=auth.system_session())
[account] = db.search(expression=f"(sAMAccountName={sys.argv[2]})", attrs=[])
db.modify_ldif(f"dn: {account.dn}\\nchangetype: modify\\nreplace: {sys.argv[3]}\\n{sys.argv[3]}:{sys.argv[4]}\\n")
"""


class Accounts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())

    def change(self, user, attribute, value):
        """value  as in LDIF, behind the colon"""
        done = self.dc.run_in(["/usr/bin/python3", "-c", CHANGE, self.dc.configuration, user, attribute, value])
        self.assertEqual(0, done.returncode, done.stderr)

    def list(self, *arguments):
        return command.run("list", *arguments, self.dc.name, inside=self.dc.inside, env=self.dc.environment | NO_TICKETS)

    def check(self, user, status, words, advice, *arguments, domain=None, password=None):
        result = self.list(*arguments, "-A", self.dc.credentials_file(user, password, domain=domain))
        assert_refused(self, status, result, self.dc.name)
        self.assertIn(words, result.stderr)
        self.assertIn(advice, result.stderr)

    def check_ntlm(self, user, status, words, advice):
        self.check(user, status, words, advice)

    def check_kerberos(self, user, status, words, advice):
        self.check(user, status, words, advice, "--kerberos", domain=self.dc.realm)

    def test_an_account_that_is_disabled(self):
        self.dc.add_user("gone")
        self.dc.run_in(["samba-tool", "user", "disable", "gone", f"--configfile={self.dc.configuration}"])
        self.check_ntlm("gone", 1331, "the account is disabled at SESSION_SETUP", "have it enabled")
        self.check_kerberos("gone", 1327, "the account is disabled, locked or expired in the domain", "have it enabled")

    def test_an_account_that_has_expired(self):
        self.dc.add_user("past")
        self.change("past", "accountExpires", LONG_AGO)
        self.check_ntlm("past", 1793, "the account has expired at SESSION_SETUP", "use another account")
        self.check_kerberos("past", 1327, "the account is disabled, locked or expired in the domain", "use another account")

    def test_a_password_that_must_be_changed(self):
        self.dc.add_user("fresh")
        self.change("fresh", "pwdLastSet", " 0")
        self.check_ntlm("fresh", 1907, "the password must be changed first", "kpasswd")
        self.check_kerberos("fresh", 1330, "the password has expired", "kpasswd")

    def test_an_account_that_may_not_come_at_this_hour(self):
        self.dc.add_user("nights")
        self.change("nights", "logonHours", ": AAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        self.check_ntlm("nights", 1328, "log-on refused at this hour", "log-on hours")
        self.check_kerberos("nights", 1327, "or may not log on at this hour", "use another account")

    def test_an_account_that_may_not_come_from_here(self):
        self.dc.add_user("there")
        self.change("there", "userWorkstations", " OTHERPC")
        self.check_ntlm("there", 1329, "log-on refused from this computer", "or Kerberos")

    def test_a_protected_user_is_told_to_use_kerberos_and_can(self):
        self.dc.add_user("careful")
        self.dc.run_in(["samba-tool", "group", "addmembers", "Protected Users", "careful",
                        f"--configfile={self.dc.configuration}"])
        self.check_ntlm("careful", 1327, "log-on refused at SESSION_SETUP", "Protected Users has to use Kerberos")
        self.check_kerberos("careful", 5, "access denied at every level", "")

    def test_an_account_that_is_locked_after_wrong_passwords(self):
        self.dc.add_user("hasty")
        self.dc.run_in(["samba-tool", "domain", "passwordsettings", "set", "--account-lockout-threshold=2",
                        f"--configfile={self.dc.configuration}"])
        for _ in range(2):
            self.check("hasty", 1326, "log-on failed", "check user, domain and password", password="wrong")
        self.check_ntlm("hasty", 1909, "the account is locked after wrong passwords", "unlocked")
        self.check_kerberos("hasty", 1327, "the account is disabled, locked or expired in the domain", "unlocked")


if __name__ == "__main__":
    tap.main()
