"""SPNEGO, each branch of RFC 4178 over real mechanisms: Samba's own SPNEGO on the other side, and peers that a test
scripts message by message over Samba's NTLM and Kerberos, in an Active Directory domain."""
import os
import pathlib
import time
import unittest

from fixtures.programs import Conversation
from lab import command, spnego, tap
from lab.ad import DomainController
from lab.spnego import ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, KERBEROS, NEGOEX, NTLM, REQUEST_MIC, WINDOWS_KERBEROS
from lab.wait_until import HANG_S

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
HOST, REALM_DOMAIN = "fs1.lab.example", "LAB.EXAMPLE"
INVALID_PARAMETER, LOGON_FAILURE, NOT_SUPPORTED = "C000000D", "C000006D", "C00000BB"
BAD_NET_RESP, DOWNGRADE = "58", "1265"
PASSWORD = "Carol-s-password"


def setUpModule():
    Lab.dc = unittest.enterModuleContext(DomainController())
    Lab.dc.add_user("alice")
    Lab.keytab = Lab.dc.add_server("fs1")
    Lab.users = Lab.dc.folder / "users"
    Lab.users.write_text(f"LAB:carol:{PASSWORD}\n")
    Lab.users.chmod(0o600)


class Lab(unittest.TestCase):
    """What both sides' tests have: our end by lines, and Samba's mechanisms."""

    def setUp(self):
        self.program = self.enterContext(self._program(command.built("tests/fixtures/log_on_by_line")))
        self.ours = self.program.say
        self.samba = self.enterContext(self._program(["/usr/bin/python3", "-m", "lab.gensec"])).say

    def _program(self, words):
        return Conversation(words, inside=self.dc.inside,
                            env=self.dc.environment | {"KRB5RCACHEDIR": str(self.dc.folder),
                                                       "PYTHONPATH": os.environ["PYTHONPATH"]})

    def update(self, token=b""):
        """Samba's next token; whether it is done with it is in self.is_done."""
        answer, _, rest = self.samba("update", token.hex()).partition(" ")
        self.assertIn(answer, ("more", "done"), rest)
        self.is_done = answer == "done"
        return bytes.fromhex(rest)

    def sign(self, data):
        return bytes.fromhex(self.samba("sign", data.hex()))

    def assert_signed(self, data, mic):
        self.assertIsNotNone(mic)
        self.assertEqual("yes", self.samba("verify", data.hex(), mic.hex()))


class OurAcceptor(Lab):
    """What netsessiond accepts log-ons with."""

    def accept(self, keytab="-", users="-"):
        self.ours("accept", keytab, users, "-")
        self.ours("begin")

    def begin(self, mechanism, user="carol"):
        """Samba's client of a mechanism."""
        words = ("-", "-", "-") if user == "-" else (user, "LAB", PASSWORD)
        self.assertEqual("begun", self.samba("client", mechanism, "cifs", HOST, *words))

    def send(self, token):
        """What our acceptor answers: (word, rest)."""
        word, _, rest = self.ours("token", token.hex()).partition(" ")
        return word, rest

    def answered(self, token, word="continue"):
        found, rest = self.send(token)
        self.assertEqual(word, found, rest)
        return spnego.Response(bytes.fromhex(rest))

    def assert_refused(self, status, token):
        word, rest = self.send(token)
        self.assertEqual(("failed", status), (word, rest[:8]), rest)

    def assert_same_key(self):
        """Kerberos' keys have the length that their encryption has."""
        ours = self.ours("key")
        self.assertEqual(32, len(ours[:32]))
        self.assertEqual(ours[:32], self.samba("key")[:32])

    # ---- Samba's SPNEGO

    def test_sambas_client_logs_on_by_ntlm_and_both_prove_the_list(self):
        self.accept(users=self.users)
        self.begin("spnego")
        challenge = self.answered(self.update())
        self.assertEqual((ACCEPT_INCOMPLETE, NTLM), (challenge.state, challenge.mechanism))
        _, rest = self.send(self.update(spnego.response(ACCEPT_INCOMPLETE, NTLM, challenge.token)))
        last = spnego.Response(bytes.fromhex(rest))
        self.assertEqual(ACCEPT_COMPLETED, last.state)
        self.assertIsNotNone(last.mic)
        self.update(bytes.fromhex(rest))
        self.assertTrue(self.is_done)
        self.assert_same_key()
        self.assertEqual("ntlm carol LAB", self.ours("who"))

    def test_sambas_client_logs_on_by_kerberos(self):
        self.dc.kinit("alice")
        self.accept(self.keytab, self.users)
        self.begin("spnego", "-")
        word, rest = self.send(self.update())
        self.assertEqual("complete", word)
        self.assertEqual(ACCEPT_COMPLETED, spnego.Response(bytes.fromhex(rest)).state)
        self.update(bytes.fromhex(rest))
        self.assertTrue(self.is_done)
        self.assert_same_key()

    # ---- NTLM, scripted

    def challenge(self, mechanisms, state):
        """Up to the challenge; the mechanisms' first one is NTLM or none that is served. Returns AUTHENTICATE."""
        negotiate = self.update()
        if mechanisms[0] == NTLM:
            answer = self.answered(spnego.init(mechanisms, negotiate))
        else:
            first = self.answered(spnego.init(mechanisms, b"a token of another mechanism"))
            self.assertEqual((REQUEST_MIC, NTLM, None), (first.state, first.mechanism, first.token))
            answer = self.answered(spnego.response(token=negotiate))
        self.assertEqual(state, answer.state)
        authenticate = self.update(answer.token)
        return authenticate

    def test_ntlm_that_stands_first_needs_no_mic(self):
        self.accept(users=self.users)
        self.begin("ntlmssp")
        last = self.answered(spnego.response(token=self.challenge([NTLM, KERBEROS], ACCEPT_INCOMPLETE)), "complete")
        self.assertEqual((ACCEPT_COMPLETED, None), (last.state, last.mic))
        self.assert_same_key()

    def test_a_mic_that_comes_is_verified_though_it_need_not_come(self):
        listed = spnego.mechanism_list(NTLM)
        for given, word in ((listed, "complete"), (spnego.mechanism_list(KERBEROS, NTLM), "failed")):
            with self.subTest(word):
                self.accept(users=self.users)
                self.begin("ntlmssp")
                authenticate = self.challenge([NTLM], ACCEPT_INCOMPLETE)
                found, rest = self.send(spnego.response(token=authenticate, mic=self.sign(given)))
                self.assertEqual(word, found, rest)
                if word == "complete":
                    self.assert_signed(listed, spnego.Response(bytes.fromhex(rest)).mic)

    def test_a_choice_behind_others_is_proven_by_both_sides(self):
        offered = [NEGOEX, WINDOWS_KERBEROS, KERBEROS, NTLM]
        self.accept(users=self.users)
        self.begin("ntlmssp")
        authenticate = self.challenge(offered, ACCEPT_INCOMPLETE)
        listed = spnego.mechanism_list(*offered)
        last = self.answered(spnego.response(token=authenticate, mic=self.sign(listed)), "complete")
        self.assertEqual(ACCEPT_COMPLETED, last.state)
        self.assert_signed(listed, last.mic)
        self.assert_same_key()

    def test_a_list_that_was_changed_on_its_way_is_refused(self):
        """Who strips Kerberos from an offer makes NTLM the only mechanism; the client signed what it sent."""
        self.accept(users=self.users)
        self.begin("ntlmssp")
        authenticate = self.challenge([NTLM], ACCEPT_INCOMPLETE)
        self.assert_refused(LOGON_FAILURE, spnego.response(
            token=authenticate, mic=self.sign(spnego.mechanism_list(KERBEROS, NTLM))))

    def test_a_mic_that_is_required_must_come_and_be_right(self):
        offered = [NEGOEX, NTLM]
        right = spnego.mechanism_list(*offered)
        for make, status in ((lambda: None, INVALID_PARAMETER), (lambda: b"", LOGON_FAILURE),
                             (lambda: bytes(16), LOGON_FAILURE), (lambda: self.sign(right)[:-1], LOGON_FAILURE),
                             (lambda: self.sign(right) + b"\0", LOGON_FAILURE), (lambda: self.sign(right[:-1]), LOGON_FAILURE)):
            with self.subTest(status=status):
                self.accept(users=self.users)
                self.begin("ntlmssp")
                authenticate = self.challenge(offered, ACCEPT_INCOMPLETE)
                self.assert_refused(status, spnego.response(token=authenticate, mic=make()))

    def test_a_wrong_password_is_no_matter_of_the_mic(self):
        self.accept(users=self.users)
        self.assertEqual("begun", self.samba("client", "ntlmssp", "cifs", HOST, "carol", "LAB", "wrong"))
        authenticate = self.challenge([NEGOEX, NTLM], ACCEPT_INCOMPLETE)
        self.assert_refused(LOGON_FAILURE, spnego.response(
            token=authenticate, mic=self.sign(spnego.mechanism_list(NEGOEX, NTLM))))
        self.assertIn("unknown user or wrong password", self.ours("claim"))

    # ---- Kerberos, scripted

    def test_kerberos_is_answered_by_the_name_that_the_client_has_for_it(self):
        for name in (WINDOWS_KERBEROS, KERBEROS):
            with self.subTest(name.hex()):
                self.dc.kinit("alice")
                self.accept(self.keytab, self.users)
                self.begin("gssapi_krb5", "-")
                last = self.answered(spnego.init([name, NTLM], self.update()), "complete")
                self.assertEqual((ACCEPT_COMPLETED, name, None), (last.state, last.mechanism, last.mic))
                self.update(last.token)
                self.assert_same_key()

    def test_kerberos_behind_another_mechanism_is_proven_by_both_sides(self):
        self.dc.kinit("alice")
        self.accept(self.keytab)
        self.begin("gssapi_krb5", "-")
        ticket, listed = self.update(), spnego.mechanism_list(NEGOEX, KERBEROS)
        first = self.answered(spnego.init([NEGOEX, KERBEROS], b"of NegoEx"))
        self.assertEqual((REQUEST_MIC, KERBEROS), (first.state, first.mechanism))
        second = self.answered(spnego.response(token=ticket))
        self.assertEqual(ACCEPT_INCOMPLETE, second.state)
        self.update(second.token)
        self.assert_signed(listed, second.mic)
        last = self.answered(spnego.response(mic=self.sign(listed)), "complete")
        self.assertEqual((ACCEPT_COMPLETED, None, None), (last.state, last.token, last.mic))
        self.assertEqual("kerberos alice LAB", self.ours("who"))

    def test_a_token_of_another_mechanism_than_the_selected_one_is_refused(self):
        self.accept(self.keytab, self.users)
        self.begin("ntlmssp")
        negotiate = self.update()
        for token in (spnego.init([KERBEROS], negotiate), spnego.init([NTLM], spnego.init([NTLM], negotiate))):
            self.ours("begin")
            self.assert_refused(INVALID_PARAMETER, token)

    # ---- bounds

    def test_a_token_of_thousands_of_mechanisms_costs_nothing(self):
        self.accept(self.keytab, self.users)
        self.begin("ntlmssp")
        negotiate = self.update()
        unknown = [bytes.fromhex("2b0601040182370202") + bytes([i]) for i in range(100)]
        before = self.program.cpu_seconds()
        for count in (33, 1000, 2300):
            for _ in range(20):
                self.ours("begin")
                self.assert_refused(INVALID_PARAMETER, spnego.init((unknown * 23)[:count] + [NTLM], negotiate))
        self.assertLess(self.program.cpu_seconds() - before, 0.6)  # 60 tokens; GSSAPI took a second for one


class OurInitiator(Lab):
    """What our client logs on with, to an acceptor that a test scripts over Samba's NTLM."""

    def offer(self, domain="LAB"):
        """The offer of alice with a password: NTLM, or with a realm Kerberos, and NTLM behind it."""
        file = self.dc.credentials_file("alice", domain=domain)
        word, _, rest = self.ours("offer", HOST, file).partition(" ")
        self.assertEqual("continue", word, rest)
        self.assertEqual("begun", self.samba("server", "ntlmssp", self.dc.configuration))
        return spnego.Init(bytes.fromhex(rest))

    def answer(self, *arguments, **fields):
        """Our answer to such a NegTokenResp: (word, rest)."""
        word, _, rest = self.ours("answer", spnego.response(*arguments, **fields).hex()).partition(" ")
        return word, rest

    def answered(self, *arguments, **fields):
        word, rest = self.answer(*arguments, **fields)
        self.assertEqual("continue", word, rest)
        return spnego.Response(bytes.fromhex(rest))

    def assert_failed(self, status, words, *arguments, **fields):
        word, rest = self.answer(*arguments, **fields)
        self.assertEqual(("failed", status), (word, rest.split()[0]), rest)
        self.assertIn(words, rest)

    def assert_complete(self, *arguments, **fields):
        self.assertEqual(("complete", ""), self.answer(*arguments, **fields))
        self.assertEqual(self.samba("key"), self.ours("initiator-key"))

    def test_ntlm_alone_is_signed_and_complete(self):
        offered = self.offer()
        self.assertEqual([NTLM], offered.mechanisms)
        listed = spnego.mechanism_list(NTLM)
        authenticate = self.answered(ACCEPT_INCOMPLETE, NTLM, self.update(offered.token))
        self.update(authenticate.token)
        self.assert_signed(listed, authenticate.mic)
        self.assert_complete(ACCEPT_COMPLETED, mic=self.sign(listed))

    def test_a_server_may_end_without_a_mic_and_without_a_message(self):
        for last in (spnego.response(ACCEPT_COMPLETED).hex(), "-"):
            with self.subTest(last):
                offered = self.offer()
                authenticate = self.answered(ACCEPT_INCOMPLETE, NTLM, self.update(offered.token))
                self.update(authenticate.token)
                self.assertEqual("complete ", self.ours("answer", last))
                self.assertEqual(self.samba("key"), self.ours("initiator-key"))

    def test_a_wrong_mic_is_never_accepted(self):
        for wrong in (lambda: bytes(16), lambda: b"", lambda: self.sign(spnego.mechanism_list(KERBEROS, NTLM)),
                      lambda: self.sign(spnego.mechanism_list(NTLM)) + b"\0"):
            offered = self.offer()
            authenticate = self.answered(ACCEPT_INCOMPLETE, NTLM, self.update(offered.token))
            self.update(authenticate.token)
            self.assert_failed(DOWNGRADE, "mechListMIC is wrong", ACCEPT_COMPLETED, mic=wrong())

    def test_the_server_may_choose_ntlm_from_both_and_proves_it(self):
        offered = self.offer(REALM_DOMAIN)
        self.assertEqual([KERBEROS, NTLM], offered.mechanisms)
        listed = spnego.mechanism_list(KERBEROS, NTLM)
        negotiate = self.answered(REQUEST_MIC, NTLM)
        self.assertIsNone(negotiate.mic)
        authenticate = self.answered(ACCEPT_INCOMPLETE, token=self.update(negotiate.token))
        self.update(authenticate.token)
        self.assert_signed(listed, authenticate.mic)
        self.assert_complete(ACCEPT_COMPLETED, mic=self.sign(listed))

    def test_a_choice_that_is_not_proven_is_a_downgrade(self):
        """Whoever changes the offer on its way cannot sign it."""
        for last, words in ((dict(), "no mechListMIC"), (dict(mic=bytes(16)), "wrong"),
                            (dict(mic_over=spnego.mechanism_list(NTLM)), "wrong")):
            with self.subTest(last):
                self.offer(REALM_DOMAIN)
                negotiate = self.answered(REQUEST_MIC, NTLM)
                authenticate = self.answered(ACCEPT_INCOMPLETE, token=self.update(negotiate.token))
                self.update(authenticate.token)
                if "mic_over" in last:
                    last = dict(mic=self.sign(last["mic_over"]))
                self.assert_failed(DOWNGRADE, words, ACCEPT_COMPLETED, **last)

    def test_a_choice_without_a_last_message_is_a_downgrade(self):
        self.offer(REALM_DOMAIN)
        negotiate = self.answered(REQUEST_MIC, NTLM)
        authenticate = self.answered(ACCEPT_INCOMPLETE, token=self.update(negotiate.token))
        self.update(authenticate.token)
        self.assertTrue(self.ours("answer", "-").startswith(f"failed {DOWNGRADE} "))

    def test_what_was_not_offered_is_not_chosen(self):
        for mechanism in (KERBEROS, NEGOEX):
            self.offer()
            self.assert_failed(BAD_NET_RESP, "not offered", ACCEPT_INCOMPLETE, mechanism, b"token")

    def test_a_challenge_that_is_none_is_told_in_ntlms_words(self):
        self.offer()
        self.assert_failed(BAD_NET_RESP, "NTLM challenge is malformed", ACCEPT_INCOMPLETE, NTLM, b"NTLMSSP\0\2\0\0\0")

    # ---- challenges that grant less

    def challenged(self, flags, file=None, clear=0, add=0):
        """Our answer to Samba's challenge, whose flags are changed on the way: (word, rest)."""
        word, _, rest = self.ours("offer", HOST, file or self.dc.credentials_file("alice")).partition(" ")
        self.assertEqual("continue", word, rest)
        self.assertEqual("begun", self.samba("server", "ntlmssp", self.dc.configuration))
        challenge = bytearray(self.update(spnego.Init(bytes.fromhex(rest)).token))
        granted = int.from_bytes(challenge[20:24], "little")
        self.assertEqual(flags, granted & flags)
        challenge[20:24] = (granted & ~clear | add).to_bytes(4, "little")
        return self.answer(ACCEPT_INCOMPLETE, NTLM, bytes(challenge))

    def test_a_flag_that_the_challenge_does_not_grant_is_named(self):
        for clear, add, name in ((spnego.SIGN, 0, "SIGN"), (spnego.SESSION_SECURITY, 0, "EXTENDED_SESSIONSECURITY"),
                                 (spnego.UNICODE, 0, "UNICODE"), (spnego.UNICODE, spnego.OEM, "UNICODE")):
            with self.subTest(name, add=add):
                word, rest = self.challenged(clear, clear=clear, add=add)
                self.assertEqual(("failed", "50"), (word, rest.split()[0]), rest)
                self.assertIn(f"does not grant NTLMSSP_NEGOTIATE_{name},", rest)

    def test_a_challenge_of_both_encodings_is_answered_in_unicode(self):
        """[MS-NLMP] 2.2.2.5. Impacket's server sends such challenges to clients that offer both, and we offer one."""
        self.assertEqual(spnego.UNICODE, int.from_bytes(self.offer().token[12:16], "little") & (spnego.UNICODE | spnego.OEM))
        word, rest = self.challenged(0, add=spnego.OEM)
        self.assertEqual("continue", word, rest)
        authenticate = spnego.Response(bytes.fromhex(rest)).token
        self.assertEqual(spnego.UNICODE, int.from_bytes(authenticate[60:64], "little") & (spnego.UNICODE | spnego.OEM))

    def test_flags_that_smb_does_not_need_may_be_missing(self):
        for flag in (spnego.KEY_EXCHANGE, spnego.KEYS_OF_128_BITS, spnego.TARGET_INFO, spnego.VERSION):
            with self.subTest(f"{flag:08X}"):
                self.assertEqual("continue", self.challenged(flag, clear=flag)[0])

    def test_a_null_session_needs_no_flag_of_signing(self):
        word, rest = self.challenged(0, "anonymous", clear=spnego.SIGN | spnego.SESSION_SECURITY | spnego.KEY_EXCHANGE)
        self.assertEqual("continue", word, rest)
        self.assertIsNone(spnego.Response(bytes.fromhex(rest)).mic)

    def test_no_sealing_is_asked_for_since_smb_encrypts_by_itself(self):
        negotiate = self.offer().token
        self.assertEqual(0, int.from_bytes(negotiate[12:16], "little") & spnego.SEAL)

    # ---- the server's clock

    def test_a_challenge_shows_the_servers_clock(self):
        self.challenged(spnego.TARGET_INFO)
        self.assertAlmostEqual(time.time(), int(self.ours("server-time")), delta=HANG_S)

    def test_a_ticket_refused_for_its_time_shows_the_servers_clock(self):
        fast = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+20m", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        samba = self.enterContext(self._program(["env", *(f"{name}={value}" for name, value in fast.items()),
                                                 "/usr/bin/python3", "-m", "lab.gensec"])).say
        self.dc.kinit("alice")
        word, _, rest = self.ours("offer", self.dc.name, "-").partition(" ")
        self.assertEqual("continue", word, rest)
        self.assertEqual("begun", samba("server", "gssapi_krb5", self.dc.configuration))
        answer, _, error = samba("update", spnego.Init(bytes.fromhex(rest)).token.hex()).partition(" ")
        self.assertEqual("more", answer, error)
        self.assert_failed("1398", "the server's clock shows another time", ACCEPT_INCOMPLETE, KERBEROS,
                           bytes.fromhex(error))
        self.assertAlmostEqual(time.time() + 20 * 60, int(self.ours("server-time")), delta=HANG_S)

    def test_an_answer_to_a_ticket_that_proves_nothing_is_told_in_kerberos_words(self):
        self.offer(REALM_DOMAIN)
        self.assert_failed(DOWNGRADE, "did not prove that it has the key", ACCEPT_COMPLETED, KERBEROS, b"no AP-REP")

    def test_a_server_that_ends_before_it_proved_itself_is_refused(self):
        self.offer(REALM_DOMAIN)
        self.assert_failed("1326", "before it proved itself", ACCEPT_COMPLETED, KERBEROS)


if __name__ == "__main__":
    tap.main()
