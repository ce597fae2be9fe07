"""No source of connections shuts out the others: addresses at the SMB endpoint, users at the Unix sockets."""
import contextlib
import os
import pwd
import socket
import time
import unittest

from lab import command, frames, sessions, tap
from lab.cli import address
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.process import resident_mib
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
            with user(games):
                [first] = self.connect(server.socket)
            wait_until(lambda: server.counters["local_connections_now"] == 1)
            time.sleep(0.2)
            first.close()
            for uid in USERS[:5]:
                with user(uid):
                    self.connect(server.socket, 12)
            wait_until(lambda: server.counters["local_refused"] > 0)
            with user(games):
                peers = self.connect(server.socket, 3)
            with user(USERS[8]):
                [other] = self.connect(server.socket)
            wait_until(lambda: is_closed(other))
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
