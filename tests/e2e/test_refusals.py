"""What servers refuse, and the advice that follows: another one for the same status at another step."""
import struct
import unittest

from lab import command, frames, tampering, tap
from lab.cli import address, assert_refused, run_list
from lab.relay import CUT, TO_CLIENT, Relay
from lab.samba import SambaServer

ENCRYPTED = {"server smb encrypt": "required"}
ADMINISTRATOR = "administrator or server operator"  # who may list, where only that is missing


def with_status(status):
    """The same message with another NTSTATUS. That of a log-on that fails is not signed."""
    return lambda message: message[:8] + struct.pack("<I", status) + message[12:]


class Anonymous(unittest.TestCase):
    def test_an_anonymous_caller_is_advised_to_log_on_at_each_step(self):
        for options, step in ((ENCRYPTED, "SESSION_SETUP"), ({"restrict anonymous": "2"}, "TREE_CONNECT"),
                              ({}, "every level")):
            with self.subTest(step), SambaServer(options) as server:
                result = command.run("list", "-N", address(server))
                assert_refused(self, 5, result, address(server))
                self.assertIn(f" at {step}", result.stderr)
                self.assertIn("log on as a user", result.stderr)
                self.assertNotIn(ADMINISTRATOR, result.stderr)


class Settings(unittest.TestCase):
    def test_encryption_that_an_old_dialect_lacks_is_no_lack_of_rights(self):
        with SambaServer(ENCRYPTED | {"server max protocol": "SMB2_10"}) as server:
            result = run_list(server)
            assert_refused(self, 5, result, address(server))
            self.assertIn("encryption, which takes SMB 3.0", result.stderr)
            self.assertNotIn(ADMINISTRATOR, result.stderr)

    def test_a_samba_that_starts_no_rpc_service_has_no_server_service(self):
        with SambaServer({"rpc start on demand helpers": "no"}) as server:
            result = run_list(server)
            assert_refused(self, 2, result, address(server))
            self.assertIn('no Server service; on Samba see "rpc start on demand helpers"', result.stderr)

    def test_a_samba_without_pipes_lacks_no_administrator(self):
        with SambaServer({"nt pipe support": "no"}) as server:
            result = run_list(server)
            assert_refused(self, 5, result, address(server))
            self.assertIn('"nt pipe support"', result.stderr)
            self.assertNotIn(ADMINISTRATOR, result.stderr)

    def test_a_member_server_that_never_joined(self):
        with SambaServer({"server role": "member server", "security": "ads", "realm": "LAB.EXAMPLE"}) as server:
            result = run_list(server)
            assert_refused(self, 87, result, address(server))
            self.assertIn("STATUS_INVALID_PARAMETER_MIX", result.stderr)
            self.assertIn("member of its domain?", result.stderr)


class LogOn(unittest.TestCase):
    """The answer to a log-on with a wrong password, made another one on its way."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def log_on(self, change):
        tamper = tampering.on(TO_CLIENT, frames.SESSION_SETUP, change, nth=1)
        with Relay(self.server.host, self.server.port, tamper=tamper) as relay:
            return command.run("list", "-A", self.server.credentials_file("root", "wrong"), address(relay))

    def test_a_status_of_the_domain_is_named_and_explained(self):
        for status, code, name, words in (
                (0xC000005E, 1311, "NO_LOGON_SERVERS", "finds no domain controller"),
                (0xC00000DF, 1355, "NO_SUCH_DOMAIN", "does not know the domain"),
                (0xC000018B, 1787, "NO_TRUST_SAM_ACCOUNT", "no account of the server"),
                (0xC000018D, 1789, "TRUSTED_RELATIONSHIP_FAILURE", "does not trust the server"),
                (0xC0000192, 1792, "NETLOGON_NOT_STARTED", "Netlogon"),
                (0xC0000199, 1808, "NOLOGON_WORKSTATION_TRUST_ACCOUNT", "use a user's account"),
                (0xC0000413, 1935, "AUTHENTICATION_FIREWALL_FAILED", "selectively")):
            with self.subTest(name):
                result = self.log_on(with_status(status))
                assert_refused(self, code, result)
                self.assertRegex(result.stderr, rf"\({code}, STATUS_{name}\)")
                self.assertIn(words, result.stderr)

    def test_a_name_that_the_server_does_not_answer_to(self):
        result = self.log_on(with_status(0xC00000BD))
        assert_refused(self, 52, result)
        self.assertIn("DisableStrictNameChecking", result.stderr)

    def test_a_status_without_a_name_is_the_servers_and_not_the_networks(self):
        result = self.log_on(with_status(0xC0009999))
        assert_refused(self, 59, result)
        self.assertIn("the server reported an error at SESSION_SETUP (59, NTSTATUS 0xC0009999)", result.stderr)

    def test_a_server_that_hangs_up_at_the_log_on_may_want_kerberos(self):
        result = self.log_on(tampering.becomes(CUT))
        assert_refused(self, 64, result)
        self.assertIn("Kerberos", result.stderr)


if __name__ == "__main__":
    tap.main()
