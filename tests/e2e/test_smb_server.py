"""netsessiond's SMB server on the wire: every dialect, signing algorithm and cipher by rpcclient, impacket's dialects, an
opening in SMB1, sessions that take the place of others, and clients that mean no good."""
import contextlib
import itertools
import socket
import struct
import subprocess
import time
import unittest
import unittest.mock

from impacket import nmb, smb3
from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL
from impacket.smb3structs import SMB2_READ, SMB2Read, SMB2SessionSetup
from impacket.smbconnection import SMBConnection, SessionError

from lab import frames, raw_smb, sessions, tap
from lab.cli import is_interim
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.relay import TO_CLIENT, Relay
from lab.wait_until import HANG_S

ENCRYPTION, SIGNING = 2, 8  # negotiate contexts, [MS-SMB2] 2.2.3.1
CIPHERS = {"AES-128-CCM": 1, "AES-128-GCM": 2, "AES-256-CCM": 3, "AES-256-GCM": 4}
ALGORITHMS = {"HMAC-SHA256": 0, "AES-128-CMAC": 1, "AES-128-GMAC": 2}
FLAG_SIGNED = 8
SEALED = b"\xfdSMB"
STATUS_CANCELLED = 0xC0000120
MIB = 1 << 20

# (name in smb.conf, on the wire)
DIALECTS = [("SMB2_02", 0x0202), ("SMB2_10", 0x0210), ("SMB3_00", 0x0300), ("SMB3_02", 0x0302), ("SMB3_11", 0x0311)]

# 0.10 knows 3.1.1, too, but signs wrongly there: Samba denies it the tree as well.
IMPACKETS_DIALECTS = [0x0202, 0x0210, 0x0300]


class Witness:
    """A relay's tamper that changes nothing: what was negotiated, how it began, what was neither signed nor sealed, and
    how many messages were sealed."""

    def __init__(self):
        self.first = self.dialect = self.contexts = None
        self.bare, self.sealed, self._logged_on = [], 0, False

    def __call__(self, direction, message, _):
        self.first = self.first or message
        if message[:4] == SEALED:
            self.sealed += 1
            return message
        command = frames.command(message)
        if direction == TO_CLIENT and command == frames.NEGOTIATE:
            self.dialect, self.contexts = frames.negotiated(message)
        if direction == TO_CLIENT and command == frames.SESSION_SETUP and frames.status(message) == 0:
            self._logged_on = True
        if self._logged_on and not is_interim(message):
            self.bare += [(direction, of) for of, flags in frames.messages_in(message) if not flags & FLAG_SIGNED]
        return message

    def chosen(self, context):
        """The number of the algorithm that the server picked, None where it picks none."""
        data = self.contexts.get(context)
        return data and struct.unpack("<HH", data)[1]


class Algorithms(unittest.TestCase):
    """By rpcclient, which takes what smb.conf says and nothing else."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice"]))
        cls.strict = cls.enterClassContext(Netsessiond(["alice"], encryption="require"))
        for server in (cls.server, cls.strict):
            cls.enterClassContext(sessions.held(server, [sessions.Wanted("alice", "127.0.0.7")] * 3))

    def ask(self, server, *options):
        """Asks through a relay. Gives what was said, and the witness."""
        witness = Witness()
        with Relay(server.host, server.port, tamper=witness) as relay:
            done = subprocess.run(
                [*server.tool("rpcclient", "-A", server.credentials_file(server.administrator), *options),
                 f"--port={relay.port}", relay.host, "-c", sessions.netsessenum("127.0.0.7", "alice", 502)],
                text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=HANG_S, check=False)
        return done.stdout + done.stderr, witness

    def only(self, protocol, **lists):
        """The options that leave one protocol, and one algorithm of each kind."""
        options = {"client ipc min protocol": protocol, "client ipc max protocol": protocol,
                   "client min protocol": protocol, "client max protocol": protocol,
                   **{f"client smb3 {kind} algorithms": name for kind, name in lists.items()}}
        return [f"--option={key}={value}" for key, value in options.items()]

    def test_every_dialect_and_signing_algorithm(self):
        for protocol, number in DIALECTS:
            for algorithm in ALGORITHMS if number == 0x0311 else [None]:
                with self.subTest(protocol=protocol, algorithm=algorithm):
                    lists = {"signing": algorithm} if algorithm else {}
                    said, witness = self.ask(self.server, *self.only(protocol, **lists))
                    self.assertIn("Received 3 entries", said)
                    self.assertEqual((number, [], 0), (witness.dialect, witness.bare, witness.sealed))
                    self.assertEqual(algorithm and ALGORITHMS[algorithm], witness.chosen(SIGNING))

    def test_every_cipher_for_clients_that_want_it(self):
        for protocol, cipher in [("SMB3_00", None), ("SMB3_02", None), *(("SMB3_11", name) for name in CIPHERS)]:
            with self.subTest(protocol=protocol, cipher=cipher):
                lists = {"encryption": cipher} if cipher else {}
                said, witness = self.ask(self.server, "--client-protection=encrypt", *self.only(protocol, **lists))
                self.assertIn("Received 3 entries", said)
                self.assertEqual(cipher and CIPHERS[cipher], witness.chosen(ENCRYPTION))
                self.assertEqual([], witness.bare)
                self.assertLess(8, witness.sealed)

    def test_encryption_for_all_where_the_server_wants_it(self):
        for protocol, _ in DIALECTS:
            with self.subTest(protocol):
                said, witness = self.ask(self.strict, *self.only(protocol))
                if protocol.startswith("SMB2"):
                    self.assertIn("NT_STATUS_ACCESS_DENIED", said)
                else:
                    self.assertIn("Received 3 entries", said)
                    self.assertLess(8, witness.sealed)

    def test_an_opening_in_smb1(self):
        options = [option.replace("min protocol=SMB3_11", "min protocol=NT1") for option in self.only("SMB3_11")]
        said, witness = self.ask(self.server, *options)
        self.assertEqual(frames.SMB1_MAGIC, witness.first[:4])
        self.assertIn("Received 3 entries", said)
        self.assertEqual(0x0311, witness.dialect)

    def test_impacket_at_its_dialects(self):
        for number in IMPACKETS_DIALECTS:
            with self.subTest(hex(number)):
                connection = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port, timeout=HANG_S,
                                           preferredDialect=number)
                with contextlib.closing(connection):
                    connection.login("root", self.server.password("root"), self.server.domain)
                    self.assertEqual(number, connection.getDialect())
                    tree = connection.connectTree("IPC$")
                    connection.closeFile(tree, connection.openFile(tree, "srvsvc"))


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice", "bob"]))

    def log_on(self, user, previous=0):
        """A session of impacket's that takes the place of another."""
        def setup():
            request = SMB2SessionSetup()
            request["PreviousSessionId"] = previous
            return request

        connection = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port, timeout=HANG_S)
        self.addCleanup(connection.close)
        with unittest.mock.patch.object(smb3, "SMB2SessionSetup", setup):
            connection.login(user, self.server.password(user), self.server.domain)
        return connection

    def users(self):
        rows = sessions.enumerate_with_impacket(self.server, level=1).rows
        return sorted(row["user"] for row in rows if row["user"] != "root")

    def test_a_session_replaces_the_dead_one_of_the_same_user(self):
        dead = self.log_on("alice")
        self.assertEqual(["alice"], self.users())
        self.log_on("alice", previous=session_id(dead))
        self.assertEqual(["alice"], self.users())
        with self.assertRaises((SessionError, nmb.NetBIOSError)):
            dead.connectTree("IPC$")

    def test_a_session_replaces_no_session_of_another_user(self):
        other = self.log_on("alice")
        self.log_on("bob", previous=session_id(other))
        self.assertEqual(["alice", "bob"], self.users())
        other.connectTree("IPC$")

    def log_on_beside(self, smb, user):
        """One more session on a connection of impacket's, which knows that one from then on."""
        smb._Session["SessionID"] = 0
        smb._Session["SigningActivated"] = smb._Session["SessionFlags"] = False
        SMBConnection(existingConnection=smb).login(user, self.server.password(user), self.server.domain)

    def test_a_request_pending_in_a_closed_session_is_answered_at_once(self):
        connection = self.log_on("alice")
        smb, tree = connection.getSMBServer(), connection.connectTree("IPC$")
        packet, read = smb.SMB_PACKET(), SMB2Read()
        read["FileID"], read["Length"] = connection.openFile(tree, "srvsvc"), 100
        packet["Command"], packet["TreeID"], packet["Data"] = SMB2_READ, tree, read
        waiting = smb.sendSMB(packet)
        keys = dict(smb._Session)
        self.log_on_beside(smb, "bob")
        with bound(self.server.socket) as dce:
            srvs.hNetrSessionDel(dce, NULL, "alice\0")
        smb._Session = keys
        self.assertEqual(STATUS_CANCELLED, smb.recvSMB(waiting)["Status"])
        self.assertEqual(["bob"], self.users())

    def test_a_connection_has_several_sessions_and_ends_them_all(self):
        smb = self.log_on("alice").getSMBServer()
        self.log_on_beside(smb, "bob")
        self.assertEqual(["alice", "bob"], self.users())
        smb.get_socket().close()
        for _ in range(100):
            if not self.users():
                break
            time.sleep(0.05)
        self.assertEqual([], self.users())


def session_id(connection):
    return connection.getSMBServer()._Session["SessionID"]


def echo(message_id):
    """An ECHO of no session, framed."""
    return frames.framed(raw_smb.header(raw_smb.ECHO, message_id, credits=1, charge=0) + raw_smb.empty())


class NoGood(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice"]))

    def connect(self):
        connection = self.enterContext(socket.create_connection((self.server.host, self.server.port), timeout=HANG_S))
        return connection

    def half_logged_on(self):
        """Has used two message ids, and may send ECHO."""
        smb = self.enterContext(raw_smb.RawSmb(self.server))
        smb.negotiate(0x0302)
        smb.begin_log_on()
        return smb.socket

    def test_bytes_that_are_no_smb_end_their_connection_and_no_other(self):
        good = self.half_logged_on()
        before = self.server.counters["smb_malformed"]
        bad = [b"GET / HTTP/1.1\r\n\r\n", b"\x81\0\0\x44" + bytes(68), frames.framed(b"\xfeSMB"), frames.framed(b""),
               b"\0\xff\xff\xff", frames.framed(SEALED + bytes(80)), frames.framed(b"\xfcSMB" + bytes(80)), echo(0),
               frames.framed(frames.smb1_negotiate("NT LM 0.12")), frames.framed(frames.smb2_negotiate(0x0302)) * 2]
        for data in bad:
            with self.subTest(data[:20]):
                connection = self.connect()
                connection.sendall(data)
                while connection.recv(4096):
                    pass
        self.assertEqual(before + len(bad), self.server.counters["smb_malformed"])
        good.sendall(echo(2))
        self.assertEqual(0, frames.status(frames.read_frame(good)))

    def test_netsessiond_does_not_read_from_a_client_that_does_not_read(self):
        deaf = self.half_logged_on()
        deaf.settimeout(2)
        made_before, sent = self.server.counters["smb_bytes_out"], 0
        ids = itertools.count(2)
        with self.assertRaises(TimeoutError):
            while sent < 256 * MIB:
                batch = b"".join(echo(next(ids)) for _ in range(1000))
                deaf.sendall(batch)
                sent += len(batch)
        # A MiB of our own, and what the kernel keeps for either end.
        self.assertLess(self.server.counters["smb_bytes_out"] - made_before, 32 * MIB)
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)
        # What was asked is answered in its order as soon as it is read.
        deaf.settimeout(20)
        for message_id in range(2, 5002):
            message = frames.read_frame(deaf)
            self.assertEqual((raw_smb.ECHO, message_id), (frames.command(message), struct.unpack_from("<Q", message, 24)[0]))

    def test_a_message_that_comes_byte_by_byte_is_understood(self):
        slow = self.connect()
        slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        setup = raw_smb.header(frames.SESSION_SETUP, 1) + raw_smb.session_setup(b"no token")
        for byte in frames.framed(frames.smb2_negotiate(0x0311)) + frames.framed(setup):
            slow.sendall(bytes([byte]))
        self.assertEqual(frames.NEGOTIATE, frames.command(frames.read_frame(slow)))
        self.assertEqual(frames.SESSION_SETUP, frames.command(frames.read_frame(slow)))


if __name__ == "__main__":
    tap.main()
