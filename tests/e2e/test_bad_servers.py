"""Servers, networks and credentials that are not as they should be: the command always ends in time, with one line
that says what happened."""
import concurrent.futures
import itertools
import pathlib
import shutil
import struct
import tempfile
import unittest

from lab import command, frames, odd_servers, sessions, tampering, tap
from lab.cli import address, run_list, assert_refused, is_interim
from lab.ports import free_port
from lab.relay import CUT, STALL, SWALLOW, TO_CLIENT, TO_SERVER, Raw, Relay
from lab.lost_network import LOST
from lab.samba import SambaServer
from lab.wait_until import calm

MORE_S = 0.5  # that an ending may take beyond the deadline
TRUST = 1265  # ERROR_DOWNGRADE_DETECTED


class Client(unittest.TestCase):
    """Without a lab server: credentials that nobody will check."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.credentials = cls.folder / "credentials"
        cls.credentials.touch(0o600)
        cls.credentials.write_text("username = nobody\npassword = nothing\n")

    def list(self, server, *arguments, **options):
        return command.run("list", "-A", self.credentials, *arguments, server, **options)

    def in_lost_network(self):
        return ["unshare", "--net", "--mount", "sh", "-ec", LOST, "sh", self.folder]


class Unreachable(Client):
    def test_a_name_that_nobody_knows_is_53_at_once(self):
        nobody_to_ask = ["unshare", "--net"]
        result = self.list("fs1.invalid", inside=nobody_to_ask)
        assert_refused(self, 53, result, "fs1.invalid")
        self.assertLess(result.seconds, calm(1))

    def test_a_silent_name_service_is_waited_for_until_the_deadline_only(self):
        result = self.list("fs1.invalid", "--timeout", "0.5", inside=self.in_lost_network())
        assert_refused(self, 1460, result, "fs1.invalid")
        self.assertIn("DNS", result.stderr)
        self.assertLess(result.seconds, calm(0.5 + MORE_S))

    def test_a_silent_host_is_waited_for_until_the_deadline_only(self):
        result = self.list("192.0.2.7", "--timeout", "0.5", inside=self.in_lost_network())
        assert_refused(self, 1460, result, "192.0.2.7")
        self.assertIn("firewall", result.stderr)
        self.assertLess(result.seconds, calm(0.5 + MORE_S))

    def test_a_network_without_a_route_is_53_at_once(self):
        result = self.list("192.0.2.7", inside=["unshare", "--net"])
        assert_refused(self, 53, result, "192.0.2.7")
        self.assertLess(result.seconds, calm(1))

    def test_a_closed_port_is_53_at_once(self):
        for host in ("127.0.0.1", "[::1]", "localhost"):
            with self.subTest(host):
                server = f"{host}:{free_port()}"
                result = self.list(server)
                assert_refused(self, 53, result, server)
                self.assertLess(result.seconds, calm(1))

    def test_a_silent_port_is_1460_at_the_deadline(self):
        with odd_servers.silent() as server:
            result = self.list(address(server), "--timeout", "1")
        assert_refused(self, 1460, result, address(server))
        self.assertGreaterEqual(result.seconds, 1)
        self.assertLess(result.seconds, calm(1.3))


class OtherProtocols(Client):
    def refuses(self, status, server):
        result = self.list(address(server), "--timeout", "5")
        assert_refused(self, status, result, address(server))
        self.assertLess(result.seconds, calm(1))

    def test_what_does_not_speak_smb_is_58(self):
        for make in (odd_servers.ssh, odd_servers.http, odd_servers.huge_frame):
            with self.subTest(make.__name__), make() as server:
                self.refuses(58, server)

    def test_garbage_in_frames_is_58(self):
        for garbage in (b"", b"\xfe", b"\xfeSMB", b"\xfeSMB" + bytes(60), b"\xfdSMB" + bytes(200), bytes(4000),
                        b"\xff" * 4000):
            with self.subTest(garbage[:5]), odd_servers.answers(frames.framed(garbage)) as server:
                self.refuses(58, server)

    def test_smb1_alone_is_384(self):
        with odd_servers.smb1_answer() as server:
            self.refuses(384, server)

    def test_a_samba_that_speaks_smb1_alone_is_384(self):
        with odd_servers.smb1_only_samba() as server:
            assert_refused(self, 384, run_list(server), address(server))

    def test_closing_at_once_is_64(self):
        with odd_servers.closes_at_once() as server:
            self.refuses(64, server)

    def test_it_ends_well_however_often_the_server_is_quicker_than_the_log_on(self):
        with odd_servers.ssh() as server:
            self.assertEqual({3}, {self.list(address(server)).exit for _ in range(50)})


class Negotiations(Client):
    """What a server says in NEGOTIATE is compared with what was offered, and its numbers with what can be."""

    def refuses(self, words, dialect, **said):
        with self.subTest(words), odd_servers.answers_negotiate(dialect, **said) as server:
            result = self.list(address(server), "--timeout", "5")
            assert_refused(self, 58, result, address(server))
            self.assertIn(words, result.stderr)
            self.assertIn("at NEGOTIATE", result.stderr)
            self.assertLess(result.seconds, calm(1))
            doctor = command.run("doctor", "-A", self.credentials, "-o", "json", address(server))
            self.assertEqual(58, doctor.json["status"])
            self.assertIn(words, doctor.json["findings"][-1]["text"])

    def test_a_dialect_that_was_not_offered_is_58(self):
        for dialect in (0, 0x0100, 0x02FF, 0x0310, 0xFFFF):
            self.refuses(f"the server chose dialect 0x{dialect:04X}, which was not offered", dialect)

    def test_a_size_that_no_call_fits_into_is_58(self):
        for name in ("transact", "read", "write"):
            for size in (0, 1, 4095):
                self.refuses(f"the server announces a Max{name.title()}Size of {size} bytes", 0x0202, **{name: size})

    def test_contexts_that_do_not_answer_the_offer_are_58(self):
        def list_of(kind, *numbers):
            return kind, struct.pack(f"<{len(numbers) + 1}H", len(numbers), *numbers)

        def compression(*numbers):
            return 3, struct.pack(f"<HHI{len(numbers)}H", len(numbers), 0, 0, *numbers)
        sha = frames.PREAUTH_SHA512
        for words, *contexts in (
                ("without a preauthentication integrity context",),
                ("without a preauthentication integrity context", (1, struct.pack("<HHH", 1, 0, 2))),
                ("without a preauthentication integrity context", (1, struct.pack("<HHHH", 2, 0, 1, 1))),
                ("occurs twice", sha, sha),
                ("occurs twice", sha, list_of(2, 1), list_of(2, 1)),
                ("occurs twice", sha, list_of(8, 1), list_of(8, 1)),
                ("occurs twice", sha, compression(0), compression(0)),
                ("the server did not choose one cipher", sha, list_of(2, 1, 2)),
                ("the server did not choose one cipher", sha, (2, struct.pack("<HH", 0, 1))),
                ("the server chose cipher 0x0005", sha, list_of(2, 5)),
                ("the server chose cipher 0x8001", sha, list_of(2, 0x8001)),
                ("the server did not choose one signing algorithm", sha, list_of(8, 1, 2)),
                ("the server chose signing algorithm 0x0003", sha, list_of(8, 3)),
                ("lists no algorithm", sha, compression()),
                ("compression or an RDMA transform", sha, compression(1)),
                ("compression or an RDMA transform", sha, compression(0, 1)),
                ("compression or an RDMA transform", sha, (7, struct.pack("<HHIH", 1, 0, 0, 1))),
                ("the message is cut off", sha, (2, b"\1"))):
            self.refuses(words, 0x0311, contexts=contexts)

    def test_doctor_counts_no_dialect_that_was_not_offered(self):
        with odd_servers.answers_negotiate(0x0202) as server:
            result = command.run("doctor", "-A", self.credentials, "-o", "json", address(server), "--timeout", "1")
        dialects = next(finding for finding in result.json["findings"] if finding["step"] == "dialects")
        self.assertEqual(("notice", "2.0.2"), (dialects["verdict"], dialects["text"]))
        self.assertIn("offered 3.1.1 alone: unexpected answer at NEGOTIATE (58): the server chose dialect 2.0.2, which was", dialects["advice"])

    def test_doctor_reports_what_a_server_does_not_announce(self):
        for dialect, contexts, advice in ((0x0210, (), "needs SMB 3.0"),
                                          (0x0311, [frames.PREAUTH_SHA512], "enable encryption on the server")):
            with odd_servers.answers_negotiate(dialect, contexts=contexts, security_mode=0, capabilities=0xFFFFFFBF) as server:
                result = command.run("doctor", "-N", "-o", "json", address(server), "--timeout", "1")
            found = {finding["step"]: finding for finding in result.json["findings"]}
            self.assertIn("not announced by the server", found["signing"]["text"])
            self.assertEqual("not offered", found["encryption"]["text"])
            self.assertIn(advice, found["encryption"]["advice"])

    def test_doctor_takes_neither_silence_nor_an_end_for_a_no(self):
        def answer(connection, waits):
            offer = frames.read_frame(connection)
            if struct.unpack_from("<H", offer, 66)[0] > 1:
                connection.sendall(frames.framed(frames.smb2_negotiate_response(0x0210)))
            if waits:
                connection.recv(1)
        for waits, words in ((True, "timed out at NEGOTIATE (1460)"), (False, "connection lost at NEGOTIATE (64)")):
            with odd_servers.OddServer(lambda connection: answer(connection, waits)) as server:
                result = command.run("doctor", "-N", "-o", "json", address(server), "--timeout", "0.3")
            dialects = next(finding for finding in result.json["findings"] if finding["step"] == "dialects")
            self.assertEqual("notice", dialects["verdict"])
            self.assertIn(f"offered 3.1.1 alone: {words}", dialects["advice"])


class Sizes(unittest.TestCase):
    """A real server's: Samba announces what smb.conf says."""

    def test_a_samba_that_announces_little_is_listed_and_doctor_notes_it(self):
        few = {"smb2 max read": 4096, "smb2 max write": 4100, "smb2 max trans": 5000}
        with SambaServer(few) as server, sessions.held(server, sessions.crowd(80, server.users)):
            result = run_list(server, "-l", 1, "-o", "json")
            self.assertEqual((0, 81), (result.exit, len(result.sessions)), result)
            doctor = command.run("doctor", "-o", "json", "-A", server.credentials_file("root"), address(server))
            sizes = next(finding for finding in doctor.json["findings"] if finding["step"] == "sizes")
            self.assertEqual(("notice", "READ 4096, WRITE 4100, transactions 5000 bytes at most"),
                             (sizes["verdict"], sizes["text"]))
            self.assertEqual(0, doctor.exit)

    def test_a_samba_that_announces_nothing_is_58_at_once(self):
        for name, words in (("read", "MaxReadSize"), ("write", "MaxWriteSize"), ("trans", "MaxTransactSize")):
            with SambaServer({f"smb2 max {name}": 0}) as server:
                result = run_list(server)
                assert_refused(self, 58, result, address(server))
                self.assertIn(f"the server announces a {words} of 0 bytes", result.stderr)


class LogOn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def test_a_wrong_password_is_1326(self):
        wrong = self.server.credentials_file("root", "wrong")
        result = command.run("list", "-A", wrong, address(self.server))
        assert_refused(self, 1326, result, address(self.server))
        self.assertIn("STATUS_LOGON_FAILURE", result.stderr)

    def test_an_unknown_user_is_1326(self):
        path = self.server.folder / "stranger"
        path.touch(0o600)
        path.write_text("username = stranger\npassword = some\n")
        assert_refused(self, 1326, command.run("list", "-A", path, address(self.server)), address(self.server))

    def test_an_empty_password_is_1326_and_no_anonymous_log_on(self):
        path = self.server.folder / "empty"
        path.touch(0o600)
        path.write_text("username = root\npassword =\n")
        assert_refused(self, 1326, command.run("list", "-A", path, address(self.server)), address(self.server))

    def test_to_be_made_a_guest_is_1326(self):
        with SambaServer({"map to guest": "bad user"}) as server:
            path = server.folder / "stranger"
            path.touch(0o600)
            path.write_text("username = stranger\npassword = some\n")
            result = command.run("list", "-A", path, address(server))
        assert_refused(self, 1326, result, address(server))
        self.assertIn("guest", result.stderr)

    def test_without_credentials_it_is_1312_and_kinit_is_advised(self):
        result = command.run("list", address(self.server))
        assert_refused(self, 1312, result, address(self.server))
        self.assertIn("kinit", result.stderr)


class CredentialsFiles(Client):
    def refuses(self, status, path, reason):
        result = command.run("list", "-A", path, "127.0.0.1")
        self.assertEqual((command.USAGE, ""), (result.exit, result.stdout), result)
        self.assertRegex(result.stderr, rf"\Anetsession: {path}:[^\n]*{reason}[^\n]* \({status}\)\n\Z")
        self.assertNotIn("secret", result.stderr)

    def written(self, text, mode=0o600):
        path = self.folder / "written"
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_bytes(text)
        path.chmod(mode)
        return path

    def test_a_file_that_others_may_read_is_refused(self):
        for mode in (0o640, 0o604, 0o644, 0o620, 0o602):
            with self.subTest(oct(mode)):
                self.refuses(5, self.written(b"username = root\npassword = secret\n", mode), "chmod 600")

    def test_a_file_of_another_user_is_refused(self):
        path = self.written(b"username = root\npassword = secret\n")
        shutil.chown(path, "games")
        self.refuses(5, path, "it belongs to another user: chown it to yourself or to root")

    def test_a_missing_file_is_told(self):
        self.refuses(2, self.folder / "missing", "no such file")

    def test_what_is_no_file_is_told(self):
        folder = self.folder / "folder"
        folder.mkdir(0o700)
        self.refuses(5, folder, "cannot be read")

    def test_what_is_not_of_that_form_is_told(self):
        for text, reason in ((b"", "username"), (b"username = root\n", "password"), (b"password = secret\n", "username"),
                             (b"username =\npassword = secret\n", "1: the username is empty"), (b"secret", "1: .*username"),
                             (b"username = root\0\npassword = secret\n", "1: .* NUL"),
                             (b"password = secret\nusername = \xff\n", "2: .* UTF-8"),
                             (b"username = root\npassword = secret" + b"x" * 70000 + b"\n", "64 KiB")):
            with self.subTest(text[:40]):
                self.refuses(87, self.written(text), reason)

    def test_a_bad_file_in_the_environment_is_told_too(self):
        path = self.written(b"username = root\npassword = secret\n", 0o644)
        result = command.run("list", "127.0.0.1", env={"NETSESSION_CREDENTIALS": str(path)})
        assert_refused(self, 5, result, "127.0.0.1")
        self.assertIn("chmod 600", result.stderr)

    def test_a_refused_file_is_not_a_matter_of_the_servers_administrators(self):
        result = command.run("list", "-A", self.written(b"username = a\npassword = b\n", 0o644), "127.0.0.1")
        self.assertNotIn("administrator", result.stderr)


def at(direction, index, change):
    """As tampering.at, but interim answers do not count."""
    seen = itertools.count()

    def tamper(towards, message, _):
        if towards != direction or is_interim(message) or next(seen) != index:
            return message
        return change(message)

    return tamper


def unsigned(message):
    """The message without its signature, and without the flag that promises one."""
    changed = bytearray(message)
    struct.pack_into("<I", changed, 16, struct.unpack_from("<I", changed, 16)[0] & ~8)
    changed[48:64] = bytes(16)
    return bytes(changed)


def dialect_3_0(message):
    """A NEGOTIATE answer that picks another dialect."""
    changed = bytearray(message)
    struct.pack_into("<H", changed, 68, 0x0300)
    return bytes(changed)


class BadNetwork(unittest.TestCase):
    """Through a relay that does something to one message of a conversation, to each of them in turn.

    With so many sessions held, an answer needs READs too.
    """

    # To the server: NEGOTIATE, 2 SESSION_SETUP, the compound that opens the pipe, NetrSessionEnum, READ. To the
    # client the compound is answered in two messages.
    MESSAGES = [*((TO_SERVER, index) for index in range(6)), *((TO_CLIENT, index) for index in range(7))]
    LAST_SETUP, *SIGNED = range(2, 7)  # of those to the client: signed, and the log-on's last is the first of them

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, sessions.crowd(80, cls.server.users)))
        cls.credentials = cls.server.credentials_file("root")
        run_list(cls.server)  # the first open of a pipe takes longer

    def through(self, tamper, timeout_s=5.0):
        with Relay(self.server.host, self.server.port, tamper=tamper) as relay:
            return command.run("list", "-A", self.credentials, "-l", 1, "--timeout", timeout_s, address(relay))

    def ends_badly(self, result, timeout_s=5.0, status=r"\d+"):
        assert_refused(self, status, result)
        self.assertLess(result.seconds, calm(timeout_s + MORE_S))

    def every_message(self, change, status=r"\d+"):
        for direction, index in self.MESSAGES:
            with self.subTest(direction, index=index):
                self.ends_badly(self.through(at(direction, index, change)), status=status)

    def test_the_conversation_has_the_messages_that_are_tampered_with(self):
        seen = []

        def note(direction, message, _):
            seen.append((direction, is_interim(message)))
            return message

        self.assertEqual(0, self.through(note).exit)
        self.assertEqual(self.MESSAGES, [*((TO_SERVER, n) for n in range(seen.count((TO_SERVER, False)))),
                                         *((TO_CLIENT, n) for n in range(seen.count((TO_CLIENT, False))))])

    def test_cut_before_any_message_is_64(self):
        self.every_message(tampering.becomes(CUT), status=64)

    def test_cut_inside_any_message_ends_badly(self):
        self.every_message(lambda message: Raw(frames.framed(message)[:len(message) // 2], CUT), status=64)

    def test_any_message_cut_short_ends_badly(self):
        for name, shorter in (("by one byte", lambda message: message[:-1]),
                              ("to its header", tampering.truncate(64)),
                              ("inside its header", tampering.truncate(40)),
                              ("to nothing", tampering.truncate(0))):
            with self.subTest(name):
                self.every_message(shorter)

    def test_garbage_in_place_of_any_message_ends_badly(self):
        for garbage in (b"\xa5" * 300, bytes(300), b"\xfeSMB" + b"\xff" * 300):
            with self.subTest(garbage[:5]):
                self.every_message(tampering.becomes(garbage))

    def test_garbage_without_a_frame_ends_badly(self):
        self.every_message(tampering.becomes(Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10, CUT)))

    def test_any_message_twice_its_length_ends_badly(self):
        self.every_message(lambda message: message + message)

    def all_at_once(self, changes, timeout_s):
        tampers = [at(direction, index, change) for direction, index in self.MESSAGES for change in changes]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda tamper: self.through(tamper, timeout_s), tampers))

    def test_silence_in_place_or_amid_any_message_is_1460_at_the_deadline(self):
        def half(message):
            return Raw(frames.framed(message)[:len(message) // 2], STALL)
        for result in self.all_at_once([tampering.becomes(STALL), half], 0.7):
            self.ends_badly(result, 0.7, status=1460)
            self.assertGreaterEqual(result.seconds, 0.7)

    def test_any_message_lost_ends_badly(self):
        for result in self.all_at_once([tampering.becomes(SWALLOW)], 0.7):
            self.ends_badly(result, 0.7)

    def test_a_changed_byte_in_any_signed_answer_is_1265(self):
        for index in self.SIGNED:
            for offset in (8, 24, 48, 63, 66, -1):  # status, message id, signature, its end, body, last byte
                with self.subTest(index=index, offset=offset):
                    result = self.through(at(TO_CLIENT, index, tampering.flip(offset)))
                    self.ends_badly(result, status=58 if offset == 24 else TRUST)

    def test_a_changed_end_of_the_log_on_is_refused(self):
        for offset, status in ((48, TRUST), (63, TRUST), (-1, TRUST), (8, 59), (66, 1326)):
            with self.subTest(offset=offset):
                self.ends_badly(self.through(at(TO_CLIENT, self.LAST_SETUP, tampering.flip(offset))), status=status)

    def test_a_signature_left_out_of_any_signed_answer_is_1265(self):
        for index in (self.LAST_SETUP, *self.SIGNED):
            with self.subTest(index=index):
                self.ends_badly(self.through(at(TO_CLIENT, index, unsigned)), status=TRUST)

    def test_a_changed_byte_in_the_negotiation_is_noticed(self):
        for direction, offset in ((TO_SERVER, 70), (TO_SERVER, -1), (TO_CLIENT, 70), (TO_CLIENT, 80), (TO_CLIENT, -1)):
            with self.subTest(direction, offset=offset):
                self.ends_badly(self.through(at(direction, 0, tampering.flip(offset))))

    def test_another_dialect_than_the_server_picked_is_noticed(self):
        self.ends_badly(self.through(at(TO_CLIENT, 0, dialect_3_0)))

    def test_a_changed_log_on_is_refused(self):
        for direction, index in ((TO_SERVER, 1), (TO_SERVER, 2), (TO_CLIENT, 1)):
            for offset in (100, 120, -1):
                with self.subTest(direction, index=index, offset=offset):
                    self.ends_badly(self.through(at(direction, index, tampering.flip(offset))))


if __name__ == "__main__":
    tap.main()
