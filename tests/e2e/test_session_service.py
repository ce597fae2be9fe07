"""The NetBIOS session service, RFC 1002 4.3, around SMB: keep-alives, refusals, and port 139."""
import socket
import struct
import subprocess
import unittest

from impacket.smbconnection import SMBConnection

from fixtures.bad_messages import At
from lab import command, frames, odd_servers, raw_smb, sessions, tap
from lab.cli import address, assert_refused, run_list
from lab.netsessiond import Netsessiond
from lab.raw_smb import ECHO, PENDING, READ, SUCCESS, RawSmb, status
from lab.relay import TO_CLIENT, Raw, Relay
from lab.samba import SambaServer
from lab.wait_until import calm

REFUSES = "this server refuses connections from this computer"
SAMBA_AT_139, OURS_AT_139 = "127.93.0.1", "127.93.0.2"


def doctor(server):
    result = command.run("doctor", "-o", "json", "-A", server.credentials_file("root"), address(server))
    return {finding["step"]: finding for finding in result.json["findings"]}, result


# ---- the client ----

class Refused(unittest.TestCase):
    def test_a_samba_that_denies_this_computer_says_so(self):
        with SambaServer({"hosts deny": "ALL"}) as server:
            for _ in range(20):  # whoever is quicker
                result = run_list(server)
                assert_refused(self, 51, result, address(server))
                self.assertIn(REFUSES, result.stderr)
                self.assertIn("hosts deny", result.stderr)
            findings, result = doctor(server)
            self.assertEqual(("bad", 51), (findings["port"]["verdict"], findings["port"]["status"]))
            self.assertIn(REFUSES, findings["port"]["text"])
            self.assertEqual(3, result.exit)

    def test_each_reason_of_a_refusal_is_told(self):
        for code, error, text in ((0x80, 53, "no file server listens"), (0x81, 51, REFUSES),
                                  (0x82, 53, "does not have the NetBIOS name"), (0x83, 71, "try again later"),
                                  (0x8F, 51, REFUSES), (0x00, 51, REFUSES)):
            with self.subTest(hex(code)), odd_servers.refuses_session(code) as server:
                result = command.run("list", "-N", address(server))
                assert_refused(self, error, result, address(server))
                self.assertIn(text, result.stderr)
                self.assertIn(f"0x{code:02X}", result.stderr)

    def test_a_connection_that_is_closed_without_an_answer_has_three_reasons(self):
        with odd_servers.closes_at_once() as server:
            result = command.run("list", "-N", address(server))
            assert_refused(self, 64, result, address(server))
            self.assertIn("refuses connections from this computer, has too many connections, or does not support SMB2",
                          result.stderr)

    def test_doctor_recognises_a_samba_that_speaks_smb1_alone(self):
        with odd_servers.smb1_only_samba() as server:
            findings, _ = doctor(server)
        self.assertEqual(("bad", 384), (findings["port"]["verdict"], findings["port"]["status"]))


class KeepAlives(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, sessions.crowd(80, cls.server.users)))
        cls.credentials = cls.server.credentials_file("root")

    def lists(self, tamper, *arguments):
        with Relay(self.server.host, self.server.port, tamper=tamper) as relay:
            result = command.run("list", "-A", self.credentials, "-l", 1, "-o", "json", *arguments, address(relay))
        self.assertEqual((0, ""), (result.exit, result.stderr))
        return len(result.sessions)

    def test_a_list_is_complete_with_keep_alives_before_and_behind_every_message(self):
        def surround(direction, message, _):
            if direction != TO_CLIENT:
                return message
            return Raw(3 * frames.KEEP_ALIVE + frames.framed(message) + frames.KEEP_ALIVE)
        for arguments in ((), ("--encrypt",)):
            with self.subTest(arguments):
                self.assertEqual(81, self.lists(surround, *arguments))

    def test_a_list_is_complete_with_a_thousand_of_them_each_time(self):
        def flood(direction, message, _):
            return Raw(1000 * frames.KEEP_ALIVE + frames.framed(message)) if direction == TO_CLIENT else message
        self.assertEqual(81, self.lists(flood))

    def test_keep_alives_and_nothing_else_end_at_the_deadline(self):
        def answer(connection):
            while True:
                connection.sendall(1000 * frames.KEEP_ALIVE)
        with odd_servers.OddServer(answer) as server:
            result = command.run("list", "-A", self.credentials, "--timeout", 1, address(server))
        assert_refused(self, 1460, result, address(server))
        self.assertLess(result.seconds, calm(1.5))


class AtSambas139(Relay):
    """Port 139 of an address of its own: smbd accepts session requests at every port."""

    host = SAMBA_AT_139

    def __init__(self, host, port):
        super().__init__(host, port)
        self.port = 139


class At139(unittest.TestCase):
    def test_a_session_is_requested_first(self):
        first = []

        def answer(connection):
            first.append(connection.recv(4, socket.MSG_WAITALL))
            names = connection.recv(struct.unpack(">I", first[0])[0] & 0x1FFFF, socket.MSG_WAITALL)
            first.append(names)
            connection.sendall(b"\x83\0\0\1\x82")
        with odd_servers.OddServer(answer, SAMBA_AT_139, 139):
            result = command.run("list", "-N", f"{SAMBA_AT_139}:139")
        assert_refused(self, 53, result, f"{SAMBA_AT_139}:139")
        self.assertIn("at NetBIOS session (53)", result.stderr)
        self.assertEqual(frames.session_request(calling="NETSESSION"), b"".join(first))

        with SambaServer() as server:
            with AtSambas139(server.host, server.port):
                result = command.run("list", "-A", server.credentials_file("root"), f"{SAMBA_AT_139}:139")
                self.assertEqual((0, ""), (result.exit, result.stderr))
                findings = command.run("doctor", "-o", "json", "-A", server.credentials_file("root"),
                                       f"{SAMBA_AT_139}:139").json["findings"]
                self.assertEqual(set(), {finding["step"] for finding in findings if finding["verdict"] == "bad"})
                self.assertIn("3.1.1", next(f["text"] for f in findings if f["step"] == "dialects"))

    def test_a_samba_that_denies_this_computer_says_so_there_too(self):
        with SambaServer({"hosts deny": "ALL"}) as server:
            with AtSambas139(server.host, server.port):
                result = command.run("list", "-A", server.credentials_file("root"), f"{SAMBA_AT_139}:139")
        assert_refused(self, 51, result, f"{SAMBA_AT_139}:139")
        self.assertIn(REFUSES, result.stderr)

    def test_smbclient_impacket_and_this_client_reach_netsessiond_there(self):
        with Netsessiond(["alice"], policy="documented", listen=f"{OURS_AT_139}:139") as server:
            server.port = 139
            result = command.run("list", "-A", server.credentials_file("root"), f"{OURS_AT_139}:139")
            self.assertEqual((0, ""), (result.exit, result.stderr))
            impacket = SMBConnection("*SMBSERVER", OURS_AT_139, sess_port=139)
            impacket.login("alice", server.password("alice"), server.domain)
            impacket.logoff()
            smbclient = subprocess.run(
                [*server.tool("smbclient"), "--option=disable netbios=no", "--option=name resolve order=host", "-A", server.credentials_file("alice"),
                 f"//{OURS_AT_139}/IPC$", "-c", "exit"], text=True, capture_output=True, check=False,
                stdin=subprocess.DEVNULL)
            self.assertEqual(0, smbclient.returncode, smbclient)


# ---- netsessiond ----

class Server(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice"], policy="documented", log_on_timeout_s=2))

    def test_keep_alives_pass_within_an_exchange(self):
        with RawSmb(self.server) as smb:
            for piece in (b"\x85\0", b"\0\0", frames.KEEP_ALIVE):
                smb.socket.sendall(piece)
            smb.negotiate(0x0210)
            smb.socket.sendall(frames.KEEP_ALIVE)
            session = smb.log_on("root")
            tree = smb.connect_tree(session)
            at = At(smb, session, tree, smb.open_pipe(session, tree))
            self.assertEqual(PENDING, status(smb.ask(READ, raw_smb.read(at.file), session, tree)))
            smb.socket.sendall(5000 * frames.KEEP_ALIVE + b"\x85")
            smb.socket.sendall(b"\0\0\0")
            self.assertEqual(SUCCESS, status(smb.ask(ECHO, raw_smb.empty(), session)))

    def test_keep_alives_put_off_no_timeout_of_a_client_that_does_not_log_on(self):
        with RawSmb(self.server) as smb:
            smb.negotiate(0x0210)
            smb.socket.settimeout(0.1)
            with self.assertRaises((BrokenPipeError, ConnectionResetError, EOFError)):
                while True:
                    smb.socket.sendall(frames.KEEP_ALIVE)
                    try:
                        if not smb.socket.recv(1):
                            raise EOFError
                    except TimeoutError:
                        pass

    def test_a_session_request_is_accepted_at_every_port(self):
        with RawSmb(self.server) as smb:
            smb.socket.sendall(frames.session_request())
            self.assertEqual(frames.POSITIVE_SESSION_RESPONSE, smb.socket.recv(4, socket.MSG_WAITALL))
            smb.negotiate(0x0311)

    def test_what_no_client_sends_ends_the_connection(self):
        for packet in (b"\x82\0\0\0", b"\x83\0\0\1\x81", b"\x84\0\0\0", b"\x86\0\0\0", b"\x81\0\0\4abcd",
                       b"\x81\1\xff\xff", b"\x85\0\0\1\0", 2 * frames.session_request()):
            with self.subTest(packet[:8]), RawSmb(self.server) as smb:
                smb.socket.sendall(packet)
                self.assertIsNone(smb.hear() or None)


if __name__ == "__main__":
    tap.main()
