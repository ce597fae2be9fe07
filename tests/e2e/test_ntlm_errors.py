"""What `netsession list` does with NTLM servers that grant less than others, each a real Samba set up so, and what it
says where that is not enough."""
import pathlib
import socket
import tempfile
import unittest

from lab import command, spnego, tap
from lab.cli import address, assert_refused, run_list
from lab.ports import free_port
from lab.process import Process
from lab.relay import TO_CLIENT, Relay
from lab.samba import SambaServer
from lab.wait_until import wait_until

IMPACKET_SERVER = """
import sys
from impacket import ntlm, smbserver
server = smbserver.SimpleSMBServer("127.0.0.1", int(sys.argv[1]))
server.setSMB2Support(True)
server.addShare("SHARE", sys.argv[2])
server.addCredential("bob", 0, ntlm.compute_lmhash("a password"), ntlm.compute_nthash("a password"))
server.setLogFile("")
server.start()
"""
FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class Ntlm(unittest.TestCase):
    def serve(self, **options):
        """A Samba with these options of its NTLM: keyexchange, 128bit, 56bit, ntlm2, alwayssign."""
        return self.enterContext(SambaServer({f"ntlmssp_server:{name}": value for name, value in options.items()}))

    def test_keys_that_smb_makes_itself_need_no_key_exchange_and_no_128_bits(self):
        for options in ({"keyexchange": "no"}, {"128bit": "no"}, {"128bit": "no", "56bit": "no", "keyexchange": "no"}):
            with self.subTest(options):
                result = run_list(self.serve(**options), "--encrypt")
                self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_a_server_without_session_security_is_told_so_and_what_to_set(self):
        server = self.serve(ntlm2="no")
        result = run_list(server)
        assert_refused(self, 50, result, address(server))
        self.assertIn("does not grant NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY", result.stderr)
        self.assertIn("ntlmssp_server:ntlm2 = no", result.stderr)
        self.assertNotIn("tampered", result.stderr)

    def test_a_server_that_grants_no_signing_is_told_so_and_a_null_session_does_without(self):
        server = self.serve()

        def without_signing(towards, message, _):
            at = message.find(b"NTLMSSP\0\2\0\0\0") + 20
            if towards != TO_CLIENT or at < 20:
                return message
            return message[:at] + bytes([message[at] & ~spnego.SIGN]) + message[at + 1:]

        with Relay(server.host, server.port, tamper=without_signing) as relay:
            result = run_list(server, of=relay)
            assert_refused(self, 50, result, address(relay))
            self.assertIn("does not grant NTLMSSP_NEGOTIATE_SIGN, so nothing would prove", result.stderr)
            assert_refused(self, 5, command.run("list", "-N", address(relay)), address(relay))
            doctor = command.run("doctor", "-o", "json", "-A", server.credentials_file(server.administrator), address(relay))
            self.assertIn("NTLMSSP_NEGOTIATE_SIGN", doctor.json["findings"][-1]["text"])
            self.assertIn("or use Kerberos", doctor.json["findings"][-1]["advice"])

    def test_impackets_server_grants_no_signing_and_no_null_session(self):
        """A file server that people do run: it never signs."""
        port, name = free_port(), "bob.credentials"
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / name).touch(0o600)
        (folder / name).write_text("username = bob\npassword = a password\n")
        process = Process(["/usr/bin/python3", "-c", IMPACKET_SERVER, port, folder], folder / "log")
        self.addCleanup(process.stop)

        def can_connect():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0

        wait_until(can_connect)
        server = f"127.0.0.1:{port}"
        result = command.run("list", "-A", folder / name, server)
        assert_refused(self, 50, result, server)
        self.assertIn("does not grant NTLMSSP_NEGOTIATE_SIGN, so nothing would prove", result.stderr)
        result = command.run("list", "-N", server)
        assert_refused(self, 1326, result, server)
        self.assertIn("does not accept anonymous log-ons", result.stderr)
        self.assertNotIn("password", result.stderr)

    def test_a_null_session_cannot_be_encrypted_and_why(self):
        server = self.serve()
        result = command.run("list", "-N", "--encrypt", address(server))
        assert_refused(self, 50, result, address(server))
        self.assertIn("a null session has no key to encrypt with; log on as a user", result.stderr)

    def test_doctor_says_of_a_null_session_that_it_is_not_signed(self):
        server = self.serve()
        result = command.run("doctor", "-N", "-o", "json", address(server))
        [signing] = [finding for finding in result.json["findings"] if finding["step"] == "signing"]
        self.assertIn("neither signed nor encrypted", signing["advice"])
        self.assertNotIn("always signs", result.stdout)

    def test_a_null_session_does_not_need_it(self):
        server = self.serve(ntlm2="no", keyexchange="no")
        assert_refused(self, 5, command.run("list", "-N", address(server)), address(server))  # it got as far as the call

    def test_a_clock_two_days_ahead_shows_both_clocks(self):
        server = self.serve()
        result = run_list(server, env={"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+2d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        assert_refused(self, 1398, result, address(server))
        self.assertRegex(result.stderr, r"2 days ahead of the server's \([0-9-]+ [0-9:]+ UTC here, [0-9-]+ [0-9:]+ UTC there")

    def test_a_wrong_password_is_not_blamed_on_clocks_that_differ_a_little(self):
        server = self.serve()
        for offset, is_told in (("+10m", False), ("-40m", True)):
            with self.subTest(offset):
                result = command.run("list", "-A", server.credentials_file(server.administrator, "wrong"), address(server), env={
                    "LD_PRELOAD": str(FAKETIME), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
                assert_refused(self, 1326, result, address(server))
                self.assertEqual(is_told, "40 minutes behind" in result.stderr)
                self.assertIn("check user, domain and password", result.stderr)


if __name__ == "__main__":
    tap.main()
