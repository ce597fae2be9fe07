"""Many pipes at once through netsession-samba, and callers and services who keep others waiting, or try to."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from impacket.dcerpc.v5 import srvs, transport
from impacket.smbconnection import SMBConnection
from lab import command, sessions, tap
from lab.netsession_samba import NetsessionSamba
from lab.samba import SambaServer
from lab.wait_until import HANG_S, calm

CONNECTIONS, PIPES_OF_EACH, HELD = 10, 50, 50
PROMPT_S = 20  # for a call that nobody is to hold up, on a busy machine


def resident_kib(pid):
    """Its memory now."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


class ManyPipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.samba = cls.enterClassContext(SambaServer(relayed=True))
        cls.relay = cls.enterClassContext(NetsessionSamba(
            cls.samba, arguments=["--max-pipes-per-client", 2 * CONNECTIONS * PIPES_OF_EACH]))
        cls.enterClassContext(sessions.held(cls.samba, sessions.crowd(HELD, cls.samba.users)))

    @contextlib.contextmanager
    def connection(self):
        connection = SMBConnection(self.samba.host, self.samba.host, sess_port=self.samba.port, timeout=HANG_S)
        connection.login("root", self.samba.password("root"), self.samba.domain)
        with contextlib.closing(connection):
            yield connection

    def bound_pipe(self, connection):
        pipe = transport.SMBTransport(self.samba.host, self.samba.host, filename=r"\srvsvc", smb_connection=connection)
        dce = pipe.get_dce_rpc()
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        return dce

    def test_500_pipes_at_once_are_all_answered_and_cost_little(self):
        before = resident_kib(self.relay.pid)
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(self.connection()) for _ in range(CONNECTIONS)]
            # One after the other: of ten at a time, samba-dcerpcd 4.17.12 forgets some, also without a relay.
            pipes = [self.bound_pipe(connection) for connection in connections for _ in range(PIPES_OF_EACH)]
            self.assertEqual(CONNECTIONS * PIPES_OF_EACH, self.relay.state["pipes_now"])
            idle = resident_kib(self.relay.pid)
            for pipe in pipes:
                sessions.begin_enumeration(pipe, 10)
            answers = [sessions.end_enumeration(pipe, 10) for pipe in pipes]
        self.assertEqual({0}, {answer.status for answer in answers})
        self.assertEqual({HELD + CONNECTIONS}, {len(answer.rows) for answer in answers})
        print(f"# idle pipes cost {(idle - before) / len(pipes):.1f} KiB each")
        self.assertLess((idle - before) / len(pipes), 64)
        state = self.relay.await_state(lambda state: state["pipes_now"] == 0)
        self.assertEqual(0, state["held_bytes"])

    def test_a_caller_who_reads_nothing_holds_up_nobody_and_little(self):
        with self.connection() as slow_connection:
            slow = self.bound_pipe(slow_connection)
            for _ in range(40):  # smbd takes them, and he fetches no answer
                sessions.begin_enumeration(slow, 502)
            began = time.monotonic()
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=502).status)
            self.assertLess(time.monotonic() - began, calm(PROMPT_S))
            self.assertLess(self.relay.state["held_bytes"], 4 << 20)
            for _ in range(40):
                self.assertEqual(0, sessions.end_enumeration(slow, 502).status)


class Bounds(unittest.TestCase):
    def test_pipes_beyond_the_bound_are_refused_and_work_when_others_are_closed(self):
        with SambaServer(relayed=True) as samba, NetsessionSamba(samba, arguments=["--max-pipes", "2"]) as relay:
            with sessions.srvsvc(samba) as first, sessions.srvsvc(samba) as second:
                with self.assertRaisesRegex(Exception, "STATUS_CONNECTION_(DISCONNECTED|RESET)"):
                    sessions.enumerate_with_impacket(samba, level=10)
                self.assertGreater(relay.state["pipes_refused"], 0)
                for dce in (first, second):
                    self.assertEqual(0, sessions.enumerate_over(dce, 10).status)
            relay.await_state(lambda state: state["pipes_now"] == 0)
            self.assertEqual(0, sessions.enumerate_with_impacket(samba, level=10).status)


    def test_a_client_with_too_many_pipes_is_refused_and_others_are_served(self):
        bound = ["--max-pipes", 16, "--max-pipes-per-client", 3]
        with SambaServer(relayed=True) as samba, NetsessionSamba(samba, arguments=bound) as relay:
            with contextlib.ExitStack() as stack:
                with self.assertRaises(Exception):
                    for _ in range(8):  # each a connection of its own, and all from one address
                        dce = stack.enter_context(sessions.srvsvc(samba))
                        self.assertEqual(0, sessions.enumerate_over(dce, 10).status)
                self.assertGreater(relay.state["pipes_refused"], 0)
                self.assertLessEqual(relay.state["pipes_now"], 4)
                self.assertRegex(relay.said, r"client 127\.0\.0\.1: too many pipes of this client")
                other = command.run("list", "-l", 10, "-A", samba.credentials_file("root"), f"[{samba.host6}]:{samba.port}")
                self.assertEqual(0, other.exit, other)


class SlowSamba(unittest.TestCase):
    """What serves Samba's pipes does not answer: it is stopped."""

    def setUp(self):
        self.samba = self.enterContext(SambaServer(relayed=True))
        self.relay = self.enterContext(NetsessionSamba(self.samba))
        self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=10).status)

    def test_a_pipe_that_waits_for_samba_holds_up_no_other(self):
        with sessions.srvsvc(self.samba) as dce:
            stopped = self.samba.processes("rpcd_classic")
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            try:
                sessions.begin_enumeration(dce, 10)
                self.assertEqual(1, self.relay.await_state(lambda state: state["held_bytes"] > 0)["pipes_now"])
                done = subprocess.run(self.samba.tool("rpcclient", "-A", self.samba.credentials_file("root"),
                                                      self.samba.host, "-c", "netsessenum"),
                                      text=True, capture_output=True, check=False, timeout=PROMPT_S)
                self.assertIn("Received 2 entries", done.stdout, "another process of Samba's serves him")
            finally:
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)
            self.assertEqual(0, sessions.end_enumeration(dce, 10).status)

    def test_a_connection_closed_without_a_request_ends_its_pipe(self):
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.connect(str(self.relay.srvsvc))
        self.relay.await_state(lambda state: state["pipes_now"] == 0)
        self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=10).status)


if __name__ == "__main__":
    tap.main()
