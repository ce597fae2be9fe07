"""netsessiond under the load that it is made for. The figures are printed.

What takes time is compared within one run, since the machine is at other work, too.
"""
import statistics
import subprocess
import sys
import time
import unittest

from impacket.dcerpc.v5 import srvs, transport
from impacket.smbconnection import SMBConnection

from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.process import resident_mib
from lab.wait_until import HANG_S

IDLE, BURST = 10000, 1000
FEW, MANY = 1000, 1000000
PAGES, SERIES, RATIO = 60, 8, 1.5
PAGE_BYTES = 100 * 150  # of some hundred sessions: level 502 and their texts
TABLE_MIB = 200
OURS = 32  # connections that are ours: who asks, how many are there


class Holder:
    """A context manager: log-ons that are held, each on a connection of its own (hold_log_ons.c)."""

    def __init__(self, server, count, at_once):
        self._command = [command.built("tests/fixtures/hold_log_ons"), server.credentials_file("alice"), address(server),
                         str(count), str(at_once)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started_at = time.monotonic()
        self.said = self._process.stdout.readline().strip()
        self.seconds = time.monotonic() - started_at
        return self

    def __exit__(self, *_):
        self._process.communicate(timeout=HANG_S)


def say(text):
    print(f"# {text}", file=sys.stderr)


class Connections(unittest.TestCase):
    def setUp(self):
        most = IDLE + BURST + OURS
        self.server = self.enterContext(Netsessiond(
            max_connections=most, max_connections_per_address=most, max_unauthenticated_connections=4 * BURST,
            max_unauthenticated_connections_per_address=4 * BURST))

    def list_ms(self):
        started_at = time.perf_counter()
        done = command.run("list", "-l", "502", "-u", "root", "-A", self.server.credentials_file("root"),
                           address(self.server))
        self.assertEqual(0, done.exit, done)
        return (time.perf_counter() - started_at) * 1000

    def test_ten_thousand_idle_clients_are_held_and_do_not_slow_others(self):
        before_ms = statistics.median(self.list_ms() for _ in range(9))
        before_mib = resident_mib(self.server.pid)
        with Holder(self.server, IDLE, 64) as idle:
            self.assertEqual(f"held {IDLE} failed 0", idle.said)
            with_them_ms = statistics.median(self.list_ms() for _ in range(9))
            mib = resident_mib(self.server.pid) - before_mib
            say(f"{IDLE} log-ons in {idle.seconds:.1f} s, {mib * 1024 / IDLE:.1f} KiB each; a list takes "
                f"{with_them_ms:.1f} ms, {before_ms:.1f} ms without them")
            self.assertEqual(IDLE, self.server.counters["smb_connections_now"])
            self.assertLess(mib * 1024 / IDLE, 32)
            self.assertLess(with_them_ms, 3 * before_ms + 5)

    def test_a_burst_of_a_thousand_log_ons_has_no_error(self):
        with Holder(self.server, BURST, BURST) as burst:
            self.assertEqual(f"held {BURST} failed 0", burst.said)
            say(f"{BURST} log-ons at once in {burst.seconds:.2f} s")
        self.assertEqual(0, self.server.counters["log_ons_refused"])


class Pages(unittest.TestCase):
    """Through the whole server, by an impacket that reads no further than the bytes: its decoder costs more."""

    def pages_ms(self, server, count):
        """The times of pages at random places, from all over the ids."""
        connection = SMBConnection(server.host, server.host, sess_port=server.port, timeout=HANG_S)
        connection.login("root", server.password("root"), server.domain)
        pipe = transport.SMBTransport(server.host, server.host, filename=r"\srvsvc", smb_connection=connection)
        dce = pipe.get_dce_rpc()
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        times = []
        for number in range(PAGES):
            request = srvs.NetrSessionEnum()
            request["ServerName"] = request["ClientName"] = request["UserName"] = sessions.NULL
            request["InfoStruct"]["Level"] = request["InfoStruct"]["SessionInfo"]["tag"] = 502
            request["InfoStruct"]["SessionInfo"]["Level502"]["Buffer"] = sessions.NULL
            request["PreferedMaximumLength"] = PAGE_BYTES
            request["ResumeHandle"] = (number * 7919 * 104729) % (count - 200) + 1
            started_at = time.perf_counter()
            dce.call(request.opnum, request)
            stub = dce.recv()
            times.append((time.perf_counter() - started_at) * 1000)
            self.assertGreater(len(stub), 50 * 100)
        connection.close()
        return times

    def test_a_page_costs_the_same_among_a_thousand_and_a_million_sessions(self):
        with Netsessiond(sessions=FEW) as few, Netsessiond(sessions=MANY) as many:
            ratios = []
            while len(ratios) < SERIES and min(ratios, default=RATIO + 1) > RATIO:
                few_ms = statistics.median(self.pages_ms(few, FEW))
                many_ms = statistics.median(self.pages_ms(many, MANY))
                ratios.append(many_ms / few_ms)
                say(f"a page: {few_ms:.2f} ms among {FEW}, {many_ms:.2f} ms among {MANY}, ratio {ratios[-1]:.2f}")
            mib = resident_mib(many.pid)
            say(f"{MANY} sessions: {mib:.0f} MiB resident in all")
            self.assertLessEqual(min(ratios), RATIO)
            self.assertLess(mib, TABLE_MIB + 60)  # the program and the demo's own notes


if __name__ == "__main__":
    tap.main()
