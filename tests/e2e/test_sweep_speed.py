"""What a sweep costs: thousands of hosts in 127.0.0.0/8 of a network namespace, netsessiond on all of them. One in ten refuses
its port, one in twenty accepts and says nothing, one in twenty has no name. Compared with impacket in the same run."""
import concurrent.futures
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest

from lab import command, sessions, tap
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.sessions import Wanted
from lab.wait_until import calm

HOSTS, IN_FLIGHT, DEADLINE_S = 10_000, 2_000, 20
WORKERS, IMPACKET_HOSTS, ROUNDS = 10, 100, 3
MANY = 19_000
ENTER = ("unshare", "--net", "--mount", "sh", "-ec",
         'ip link set lo up; echo nameserver 127.0.0.1 > "$0"; mount --bind "$0" /etc/resolv.conf; exec "$@"')


def serve_dns():
    """A name server that knows no name."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 53))

    def serve():
        while True:
            query, client = listener.recvfrom(512)
            listener.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], client)
    threading.Thread(target=serve, daemon=True).start()


def serve_silence(port):
    """Accepts, and says nothing."""
    listener = socket.create_server(("0.0.0.0", port), backlog=4096)
    held = []

    def serve():
        while True:
            held.append(listener.accept()[0])
    threading.Thread(target=serve, daemon=True).start()


class Costs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        serve_dns()
        cls.port, cls.silent, cls.closed = free_port(), free_port(), free_port()
        serve_silence(cls.silent)
        cls.server = cls.enterClassContext(Netsessiond(
            listen=f"0.0.0.0:{cls.port}", max_connections=MANY, max_connections_per_address=MANY,
            max_unauthenticated_connections=MANY, max_unauthenticated_connections_per_address=MANY))
        cls.server.port = cls.port
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7")]))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))

    def host(self, number):
        address = f"127.{1 + number // 60000}.{number // 250 % 240}.{1 + number % 250}"
        kind = number % 20
        return (f"{address}:{self.closed}" if kind < 2 else f"{address}:{self.silent}" if kind == 2
                else f"no-such-name-{number}.example" if kind == 3 else f"{address}:{self.port}")

    def sweep(self, count):
        """(outcomes, seconds, CPU seconds, resident MB)"""
        hosts = self.folder / "hosts"
        hosts.write_text("\n".join(map(self.host, range(count))))
        before = os.times()
        result = command.run("-f", "%M", "--", command.built(), "sweep", "-A", self.server.credentials_file("root"), "--hosts", hosts,
                             "--db", self.folder / f"{count}.db", "-u", "alice", "-o", "jsonl", "--concurrency", IN_FLIGHT,
                             "--timeout", DEADLINE_S, program="/usr/bin/time")
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return result.jsonl[-1]["outcomes"], result.seconds, cpu, int(result.stderr.split()[-1]) / 1000

    def test_ten_thousand_hosts_cost_as_much_each_as_a_hundred_and_no_more_memory_than_allowed(self):
        costs = {}
        for count in (100, 1000, HOSTS):
            outcomes, seconds, cpu, resident = self.sweep(count)
            self.assertEqual({"answered": count * 16 // 20, "unreachable": count // 10, "no_such_name": count // 20,
                              "timed_out": count // 20}, outcomes)
            costs[count] = cpu / count
            print(f"# {count} hosts: {seconds:.1f} s with a deadline of {DEADLINE_S} s, {1e6 * cpu / count:.0f} us of CPU each, "
                  f"{resident:.0f} MB")
        self.assertLess(resident, 150)
        self.assertLess(costs[HOSTS], 2 * costs[1000])
        # The time of the hosts that answer, and one deadline.
        self.assertLess(seconds, DEADLINE_S + calm(HOSTS / 100))

    def impacket(self):
        """(hosts a second, CPU seconds a host)"""
        numbers = [number for number in range(2 * IMPACKET_HOSTS) if number % 20 > 3][:IMPACKET_HOSTS]

        def ask(number):
            host = self.host(number).rpartition(":")[0]
            return sessions.enumerate_with_impacket(types.SimpleNamespace(
                host=host, port=self.port, domain=self.server.domain, administrator="root", password=self.server.password), level=10)
        began, cpu = time.monotonic(), time.process_time()
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(ask, numbers))
        return IMPACKET_HOSTS / (time.monotonic() - began), (time.process_time() - cpu) / IMPACKET_HOSTS

    def netsession(self):
        hosts = self.folder / "answering"
        hosts.write_text("\n".join(self.host(number) for number in range(HOSTS // 2) if number % 20 > 3))
        before = os.times()
        result = command.run("sweep", "--no-db", "-A", self.server.credentials_file("root"), "--hosts", hosts, "-u", "alice", "-q",
                             "-o", "jsonl", "--concurrency", IN_FLIGHT)
        after, answered = os.times(), result.jsonl[-1]["outcomes"]["answered"]
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return answered / result.seconds, cpu / answered

    def test_a_host_costs_a_tenth_of_what_it_costs_impacket(self):
        """Both are bound by the processor. How many hosts that is in a second depends on who else wants it; so does the rate of
        a loop, which waits for its turn more often than a program that computes all the time."""
        rounds = [(self.impacket(), self.netsession()) for _ in range(ROUNDS)]
        (impacket, impacket_cpu), (ours, our_cpu) = (map(sorted, zip(*side)) for side in zip(*rounds))
        print(f"# {ours[-1]:.0f} hosts a second, {1e3 * our_cpu[0]:.2f} ms each; impacket with {WORKERS} workers "
              f"{impacket[-1]:.0f}, {1e3 * impacket_cpu[0]:.1f} ms each: {impacket_cpu[0] / our_cpu[0]:.0f} times")
        self.assertGreater(impacket_cpu[0], 10 * our_cpu[0])


if __name__ == "__main__":
    if "inside" not in sys.argv:
        with tempfile.NamedTemporaryFile(dir="/tmp") as resolver:
            sys.exit(subprocess.run([*ENTER, resolver.name, sys.executable, __file__, "inside"], check=False).returncode)
    sys.argv.remove("inside")
    tap.main()
