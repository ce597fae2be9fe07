"""No source of connections shuts out the others: addresses at the SMB endpoint, users at the Unix sockets."""
import contextlib
import os
import pwd
import socket
import threading
import time
import unittest

from lab import command, frames, raw_smb, sessions, tap
from lab.cli import address
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.process import resident_mib
from lab.server import StartFailed
from lab.wait_until import HANG_S, calm, wait_until, wait_until_equal

FLOODERS = [f"127.0.66.{number}" for number in range(1, 13)]
USERS = range(50001, 50010)  # no account has these numbers


def is_closed(peer):
    """Whether the server has closed a connection on which it sent nothing."""
    peer.settimeout(0)
    try:
        return peer.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@contextlib.contextmanager
def user(uid):
    """Unix sockets that are connected here are those of this user."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


class Addresses(unittest.TestCase):
    def flood(self, server, source, count, data=b""):
        """Opens so many connections from an address, which send data and say no more."""
        peers = []
        for _ in range(count):
            peer = self.enterContext(socket.socket())
            peer.bind((source, 0))
            peer.settimeout(HANG_S)
            peer.connect((server.host, server.port))
            with contextlib.suppress(ConnectionError):
                peer.sendall(data)
            peers.append(peer)
        return peers

    def lists(self, server):
        done = command.run("list", "-A", server.credentials_file("root"), address(server))
        self.assertEqual(0, done.exit, done)

    def list_s(self, server, count=5):
        """The median time of a list."""
        times = []
        for _ in range(count):
            started_at = time.perf_counter()
            self.lists(server)
            times.append(time.perf_counter() - started_at)
        return sorted(times)[count // 2]

    def test_one_address_has_so_many_connections_without_a_log_on(self):
        with Netsessiond(max_unauthenticated_connections_per_address=20) as server:
            peers = self.flood(server, FLOODERS[0], 50)
            wait_until_equal(30, lambda: sum(map(is_closed, peers)))
            self.lists(server)
            counters = server.counters
            self.assertEqual((30, 20), (counters["smb_refused"], counters["smb_connections_now"]))
            self.assertRegex(server.said, rf"SMB connection from {FLOODERS[0]} refused: too many connections from this address "
                                          r"without a log-on")

    def test_one_address_has_so_many_connections_in_all(self):
        with Netsessiond(max_connections_per_address=3) as server, \
                sessions.held(server, [sessions.Wanted("alice", "127.0.0.7")] * 3):
            self.assertTrue(wait_until(lambda: is_closed(self.flood(server, "127.0.0.7", 1)[0])))
            self.lists(server)

    def test_a_network_of_64_bits_is_one_source(self):
        with Netsessiond(max_unauthenticated_connections_per_address=1) as server:
            first, second = (self.enterContext(socket.create_connection((server.host6, server.port))) for _ in range(2))
            wait_until(lambda: is_closed(second))
            self.assertFalse(is_closed(first))
            self.lists(server)  # from an IPv4 address

    def test_silent_connections_from_many_addresses_leave_an_administrator_his_place(self):
        with Netsessiond(max_unauthenticated_connections=200) as server:
            quiet_s = self.list_s(server)
            for source in FLOODERS:
                self.flood(server, source, 60)
            self.assertLess(self.list_s(server), calm(3 * quiet_s + 0.05))
            counters = server.counters
            self.assertLessEqual(counters["smb_connections_now"], 200)
            self.assertGreater(counters["smb_refused"], 0)

    def test_a_connection_takes_8_kib_until_it_has_negotiated(self):
        count = 1000
        with Netsessiond(max_unauthenticated_connections=2 * count, max_connections_per_address=count,
                         max_unauthenticated_connections_per_address=count) as server:
            self.lists(server)
            before_mib = resident_mib(server.pid)
            self.flood(server, FLOODERS[0], count, (4092).to_bytes(4, "big") + b"\xfeSMB" + bytes(4000))
            wait_until_equal(count, lambda: server.counters["smb_connections_now"])
            self.assertLess((resident_mib(server.pid) - before_mib) * 1024 / count, 8)
            for peer in self.flood(server, FLOODERS[1], 10, (4093).to_bytes(4, "big")):
                wait_until(lambda peer=peer: is_closed(peer))

    def test_connections_that_have_only_negotiated_are_no_better_than_silent_ones(self):
        with Netsessiond(max_unauthenticated_connections=40, max_connections=40) as server:
            for source in FLOODERS[:5]:
                self.flood(server, source, 20, frames.framed(frames.smb2_negotiate(0x0202)))
            for _ in range(20):
                self.lists(server)
            self.assertGreater(server.counters["smb_evicted"] + server.counters["smb_refused"], 0)


class Hosts(unittest.TestCase):
    def admitted(self, server, *addresses):
        """Those of the addresses whose connections stay."""
        peers = {}
        for source in addresses:
            peers[source] = self.enterContext(socket.create_connection(
                (server.host6 if ":" in source else server.host, server.port), source_address=(source, 0)))
        wait_until(lambda: server.counters["smb_connections"] >= len(addresses))
        time.sleep(0.1)
        return [source for source, peer in peers.items() if not is_closed(peer)]

    def test_networks_are_allowed_and_denied(self):
        some = ("127.0.0.1", "127.0.0.9", "127.1.0.1", "::1")
        for allow, deny, admitted in (("", "", some), ("127.0.0.0/24", "", some[:2]), ("", "127.0.0.8/29", (some[0], *some[2:])),
                                      ("127.0.0.9", "192.0.2.0/24", (some[1],)), ("::1", "", some[3:]),
                                      ("", "0.0.0.0/0, ::/0", ())):
            with self.subTest(allow=allow, deny=deny), Netsessiond() as server:
                server.options |= {"hosts_allow": allow, "hosts_deny": deny}
                self.assertIn("was reloaded", server.reload())
                self.assertEqual(list(admitted), self.admitted(server, *some))

    def test_what_is_no_network_stops_the_start(self):
        for value in ("127.0.0.1/8", "10.0.0.0/33", "fs1", "10.0.0.0/", "::/129", "1.2.3"):
            with self.subTest(value), self.assertRaises(StartFailed) as failed, Netsessiond(hosts_allow=value):
                pass
            self.assertIn("hosts_allow cannot be", "".join(failed.exception.__notes__))

    def test_an_earlier_dialect_than_the_configured_one_is_refused(self):
        with Netsessiond(min_dialect="3.0") as server:
            for dialect, expected in ((0x0202, raw_smb.NOT_SUPPORTED), (0x0210, raw_smb.NOT_SUPPORTED),
                                      (0x0300, raw_smb.SUCCESS), (0x0302, raw_smb.SUCCESS)):
                with self.subTest(hex(dialect)), raw_smb.RawSmb(server) as smb:
                    smb.say(frames.smb2_negotiate(dialect))
                    self.assertEqual(expected, raw_smb.status(smb.hear()))
            self.assertEqual(0, sessions.enumerate_with_impacket(server).status)  # begins by SMB1's NEGOTIATE


class Guesses(unittest.TestCase):
    @contextlib.contextmanager
    def guessing(self, server, user, source, at_once=8):
        """While it lasts, so many threads guess the user's password from the address. Gives the times of refusals."""
        refused, is_over = [], threading.Event()

        def guess():
            while not is_over.is_set():
                with contextlib.suppress(OSError, EOFError), raw_smb.RawSmb(server, source=source) as smb:
                    smb.negotiate(0x0210)
                    begun = smb.begin_log_on()
                    smb.socket.settimeout(2)
                    if raw_smb.status(smb.finish_log_on(begun, user, "wrong")) != raw_smb.SUCCESS:
                        refused.append(time.monotonic())

        threads = [threading.Thread(target=guess) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        try:
            yield refused
        finally:
            is_over.set()
            for thread in threads:
                thread.join()

    def log_on_s(self, server, user, source=None):
        """How long a log-on takes."""
        started_at = time.monotonic()
        with raw_smb.RawSmb(server, source=source) as smb:
            smb.negotiate(0x0210)
            smb.log_on(user)
        return time.monotonic() - started_at

    def test_one_address_guesses_less_than_once_a_second_after_twenty_failures(self):
        with Netsessiond(["alice"]) as server, self.guessing(server, "alice", FLOODERS[0]) as refused:
            wait_until(lambda: len(refused) >= 9)
            before = len(refused)
            time.sleep(8)
            self.assertLess(len(refused) - before, 5)
            self.assertLess(self.log_on_s(server, "alice"), calm(2 + 2))  # from another address: at most a short delay
            self.assertGreater(server.counters["log_ons_delayed"], 0)

    def test_guessing_locks_nobody_out_from_where_he_has_logged_on_before(self):
        with Netsessiond(["alice", "bob"]) as server:
            self.log_on_s(server, "alice", FLOODERS[0])
            with self.guessing(server, "alice", FLOODERS[1]) as first, self.guessing(server, "bob", FLOODERS[0]) as second:
                wait_until(lambda: len(first) >= 9 and len(second) >= 9)
                for _ in range(5):
                    self.assertLess(self.log_on_s(server, "alice", FLOODERS[0]), calm(0.2))

    def test_refusals_that_repeat_do_not_fill_the_audit_log(self):
        with Netsessiond(["alice"]) as server:
            for _ in range(40):
                with raw_smb.RawSmb(server, source=FLOODERS[0]) as smb:
                    smb.negotiate(0x0210)
                    smb.ask(raw_smb.SESSION_SETUP, raw_smb.session_setup(b"no token"))
            wait_until_equal(40, lambda: server.counters["log_ons_refused"])
            self.assertEqual(5, len(server.audit))
            server.reload()  # the file is closed, with what was counted
            last = server.audit[-1]
            self.assertEqual((35, FLOODERS[0], "log-on"), (last["repeated"], last["address"], last["operation"]))

    def test_unknown_users_are_guessed_at_no_faster(self):
        with Netsessiond(["alice"]) as server, self.guessing(server, "nobody-of-this-name", FLOODERS[0]) as refused:
            wait_until(lambda: len(refused) >= 9)
            before = len(refused)
            time.sleep(5)
            self.assertLess(len(refused) - before, 5)


class Users(unittest.TestCase):
    def connect(self, path, count=1):
        peers = []
        for _ in range(count):
            peer = self.enterContext(socket.socket(socket.AF_UNIX))
            peer.connect(str(path))
            peers.append(peer)
        return peers

    def test_nine_users_do_not_keep_a_publisher_out(self):
        with Netsessiond() as server:
            for uid in USERS:
                with user(uid):
                    self.connect(server.publish_socket, 8)
            wait_until(lambda: server.counters["publishers_refused"] > 0)
            for _ in range(10):
                [root] = self.connect(server.publish_socket)
                time.sleep(0.01)
                self.assertFalse(is_closed(root))
                root.close()

    def test_five_users_do_not_keep_root_out_of_the_local_endpoint(self):
        with Netsessiond(max_local_connections=40) as server:
            for uid in USERS[:5]:
                with user(uid):
                    self.connect(server.socket, 12)
            wait_until(lambda: server.counters["local_refused"] > 0)
            for _ in range(5):
                with bound(server.socket):
                    pass

    def test_a_user_who_may_list_sessions_has_a_reserved_place_from_the_second_time_on(self):
        with Netsessiond(max_local_connections=40, administrators="root, games") as server:
            games = pwd.getpwnam("games").pw_uid
            with user(games), bound(server.socket):  # it is answered: the user was looked up
                pass
            wait_until_equal(0, lambda: server.counters["local_connections_now"])
            for uid in USERS[:5]:
                with user(uid):
                    self.connect(server.socket, 12)
            wait_until_equal(35, lambda: server.counters["local_connections_now"])
            with user(games):
                peers = self.connect(server.socket, 3)
            wait_until_equal(38, lambda: server.counters["local_connections_now"])
            self.assertFalse(any(map(is_closed, peers)))


class Descriptors(unittest.TestCase):
    def test_a_flood_of_smb_connections_leaves_the_local_endpoint_its_descriptors(self):
        most = {"max_connections": 5000, "max_connections_per_address": 5000, "max_unauthenticated_connections": 5000,
                "max_unauthenticated_connections_per_address": 5000, "max_local_connections": 50}
        with Netsessiond(inside=("prlimit", "--nofile=400:400"), **most) as server:
            peers = []
            for _ in range(600):
                peer = self.enterContext(socket.create_connection((server.host, server.port)))
                peers.append(peer)
            wait_until(lambda: sum(map(is_closed, peers)) > 0)
            for _ in range(10):
                with bound(server.socket):
                    pass
            self.assertIn("warning: the system allows 400 file descriptors", server.said)


if __name__ == "__main__":
    tap.main()
