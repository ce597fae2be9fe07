"""What netsessiond accepts log-ons with, in an Active Directory domain: tickets of its KDC and a keytab of its own; and
NTLM as impacket speaks it, where winbind knows all users of the domain."""
import unittest

from impacket import ntlm
from impacket.spnego import SPNEGO_NegTokenInit, SPNEGO_NegTokenResp, TypesMech

from fixtures.programs import Conversation
from lab import command, tap
from lab.ad import DomainController

LOGON_FAILURE, ACCESS_DENIED, NOT_SUPPORTED = "C000006D", "C0000022", "C00000BB"


class Acceptor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.dc.add_user("alice")
        cls.auditors = cls.dc.add_group("auditors", "alice")
        cls.keytab = cls.dc.add_server("fs1")
        cls.users = cls.dc.folder / "users"
        cls.users.write_text("LAB:carol:Carol's password\n")
        cls.users.chmod(0o600)
        cls.carol = cls.dc.credentials_file("carol", password="Carol's password")

    def setUp(self):
        self.said = self.enterContext(self.conversation()).say

    def conversation(self, *inside, **env):
        return Conversation(command.built("tests/fixtures/log_on_by_line"), inside=[*self.dc.inside, *inside],
                            env=self.dc.environment | {"KRB5RCACHEDIR": str(self.dc.folder)} | env)

    def accept(self, keytab="-", users="-", anonymous="-"):
        return self.said("accept", keytab, users, anonymous)

    def initiate(self):
        return self.said("offer", "fs1.lab.example", "-").removeprefix("continue ")

    def labels(self, *names):
        return [name for name in names if self.said("label", name) == "yes"]

    # ---- Kerberos ----

    def test_a_ticket_logs_on_with_one_key_at_both_ends(self):
        self.assertEqual("accepts kerberos -", self.accept(self.keytab))
        self.dc.kinit("alice")
        self.assertTrue(self.said("self", "fs1.lab.example", "-").startswith("complete "))
        self.assertEqual("kerberos alice LAB", self.said("who"))
        self.assertEqual(64, len(self.said("key")))

    def test_a_ticket_names_its_owner_and_the_groups(self):
        self.accept(self.keytab)
        self.dc.kinit("alice")
        self.said("self", "fs1.lab.example", "-")
        own = [r"LAB\alice", "alice@LAB.EXAMPLE", self.dc.sid_of("user", "alice"), self.auditors,
               self.dc.sid_of("group", "Domain Users"), "S-1-18-1"]
        others = [self.dc.sid_of("group", "Domain Admins"), "alice", "Administrator", r"OTHER\alice", "alice@OTHER.EXAMPLE"]
        self.assertEqual(own, self.labels(*own, *others))

    def test_an_administrators_ticket_names_the_domains_administrators(self):
        self.accept(self.keytab)
        self.dc.kinit("Administrator")
        self.said("self", "fs1.lab.example", "-")
        self.assertEqual("yes", self.said("label", self.dc.sid_of("group", "Domain Admins")))

    def test_where_another_realm_is_the_default_a_name_is_not_this_computers(self):
        elsewhere = self.dc.folder / "elsewhere.conf"
        elsewhere.write_text((self.dc.folder / "krb5.conf").read_text().replace(
            "default_realm = LAB.EXAMPLE", "default_realm = OTHER.EXAMPLE"))
        self.dc.kinit("alice")
        with self.conversation(KRB5_CONFIG=str(elsewhere)) as said:
            said.say("accept", self.keytab, "-", "-")
            self.assertTrue(said.say("self", "fs1.lab.example", "-").startswith("complete "))
            self.assertEqual("kerberos alice LAB.EXAMPLE", said.say("who"))
            found = [said.say("label", name) for name in ("alice", r"LAB\alice", "alice@LAB.EXAMPLE", self.auditors)]
            self.assertEqual(["no", "no", "yes", "yes"], found)

    def test_a_ticket_for_another_server_is_refused(self):
        self.accept(self.keytab)
        self.dc.kinit("alice")
        self.assertEqual(f"failed {LOGON_FAILURE}", self.said("self", self.dc.name, "-")[:15])

    def test_a_clock_that_is_wrong_is_told(self):
        self.dc.kinit("alice")
        for clock, answered in (("+0s", "complete "), ("+1h", "failed C0000133"), ("-1h", "failed C0000133"),
                                ("+20h", f"failed {LOGON_FAILURE} the ticket has expired")):
            token = self.initiate()
            with self.subTest(clock), self.conversation("faketime", "-f", clock) as said:
                said.say("accept", self.keytab, "-", "-")
                said.say("begin")
                answer = said.say("token", token)
                self.assertEqual(answered, answer[:len(answered)])

    def test_a_token_that_was_heard_once_is_refused(self):
        self.dc.kinit("alice")
        token = self.initiate()
        self.accept(self.keytab)
        self.said("begin")
        self.assertTrue(self.said("token", token).startswith("complete "))
        self.said("begin")
        self.assertEqual(f"failed {LOGON_FAILURE} the ticket was used before: a replay", self.said("token", token))

    def test_without_a_keytab_tickets_are_not_served(self):
        self.assertEqual("accepts - ntlm", self.accept(users=self.users))
        self.dc.kinit("alice")
        self.assertEqual(f"failed {NOT_SUPPORTED}", self.said("self", "fs1.lab.example", "-")[:15])

    def test_without_users_ntlm_is_not_served(self):
        self.accept(self.keytab)
        self.assertEqual(f"failed {NOT_SUPPORTED}", self.said("self", "127.0.0.1", self.carol)[:15])

    # ---- NTLM ----

    def spnego(self, message, first):
        blob = SPNEGO_NegTokenInit() if first else SPNEGO_NegTokenResp()
        if first:
            blob["MechTypes"] = [TypesMech["NTLMSSP - Microsoft NTLM Security Support Provider"]]
        blob["MechToken" if first else "ResponseToken"] = message
        return blob.getData()

    def log_on(self, user, password, domain="LAB", bare=False, v2=True):
        """impacket's log-on. Returns the acceptor's last line, and impacket's key."""
        wrap = (lambda message, first: message) if bare else self.spnego
        self.said("begin")
        negotiate = ntlm.getNTLMSSPType1("", "", True, use_ntlmv2=v2)
        self.assertEqual(32, len(negotiate.getData()))
        answer = self.said("token", wrap(negotiate.getData(), True).hex())
        self.assertTrue(answer.startswith("continue "), answer)
        challenge = bytes.fromhex(answer.split()[1])
        if not bare:
            challenge = SPNEGO_NegTokenResp(challenge)["ResponseToken"]
        authenticate, key = ntlm.getNTLMSSPType3(negotiate, challenge, user, password, domain, use_ntlmv2=v2)
        return self.said("token", wrap(authenticate.getData(), False).hex()), key

    def test_impacket_logs_on(self):
        self.assertEqual("accepts - ntlm", self.accept(users=self.users))
        for bare in (False, True):
            with self.subTest(bare=bare):
                answer, key = self.log_on("carol", "Carol's password", bare=bare)
                self.assertTrue(answer.startswith("complete"), answer)
                self.assertEqual(key.hex(), self.said("key"))
                self.assertEqual("ntlm carol LAB", self.said("who"))

    def test_one_process_logs_on_with_many_credentials(self):
        """OpenSSL 3.5 has thread keys for some 340 library contexts in a process."""
        self.accept(users=self.users)
        for count in range(500):
            self.assertEqual("continue complete ", self.said("self", "127.0.0.1", self.carol), count)

    def test_impackets_wrong_passwords_are_refused(self):
        self.accept(users=self.users)
        for user, password in (("carol", "wrong"), ("carol", ""), ("nobody", "Carol's password")):
            with self.subTest(user=user, password=password):
                self.assertEqual(f"failed {LOGON_FAILURE}", self.log_on(user, password)[0][:15])
                self.assertEqual(rf"LAB\{user} unknown user or wrong password", self.said("claim"))

    def test_users_that_only_winbind_knows_do_not_come_in(self):
        self.accept(users=self.users)
        answer, _ = self.log_on("alice", self.dc.password("alice"))
        self.assertEqual(f"failed {LOGON_FAILURE}", answer[:15])

    def test_ntlm_1_is_refused(self):
        self.accept(users=self.users)
        answer, _ = self.log_on("carol", "Carol's password", v2=False)
        self.assertEqual(f"failed {LOGON_FAILURE}", answer[:15])

    def test_a_null_session_is_had_only_where_it_is_allowed(self):
        for anonymous, answered in (("anonymous", "complete"), ("-", f"failed {ACCESS_DENIED}")):
            for bare in (False, True):
                with self.subTest(anonymous=anonymous, bare=bare):
                    self.accept(users=self.users, anonymous=anonymous)
                    answer, _ = self.log_on("", "", "", bare=bare)
                    self.assertEqual(answered, answer[:len(answered)])

    def test_both_mechanisms_are_served_side_by_side(self):
        self.assertEqual("accepts kerberos ntlm", self.accept(self.keytab, self.users))
        self.dc.kinit("alice")
        self.assertTrue(self.said("self", "fs1.lab.example", "-").startswith("complete "))
        self.assertEqual("kerberos alice LAB", self.said("who"))
        self.assertEqual("continue complete ", self.said("self", "127.0.0.1", self.carol))
        self.assertEqual("ntlm carol LAB", self.said("who"))


if __name__ == "__main__":
    tap.main()
