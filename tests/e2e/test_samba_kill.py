"""netsession-samba, Samba's RPC services or smbd die in the middle of it all: what callers see, and that all comes back."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from lab.cli import run_list, assert_refused
from impacket.nmb import NetBIOSError
from impacket.smbconnection import SessionError
from lab import sessions, tap
from lab.netsession_samba import NetsessionSamba
from lab.samba import SambaServer
from lab.wait_until import HANG_S, calm, wait_until

SOON_S = 30
INVALID_LEVEL = 124


class WithoutHelpers(unittest.TestCase):
    def test_the_log_says_who_has_to_start_samba_dcerpcd(self):
        samba = self.enterContext(SambaServer({"rpc start on demand helpers": "no"}, relayed=True))
        relay = self.enterContext(NetsessionSamba(samba))

        def call():
            with self.assertRaises(SessionError):
                sessions.enumerate_with_impacket(samba)
        relay.await_said("its socket does not exist; start samba-dcerpcd, which smbd does not start: rpc start on demand "
                         "helpers = no\n", call)


class Killed(unittest.TestCase):
    def setUp(self):
        self.samba = self.enterContext(SambaServer(relayed=True))
        self.relay = self.enterContext(NetsessionSamba(self.samba))

    def rpcclient(self, what):
        """What rpcclient says."""
        done = subprocess.run(self.samba.tool("rpcclient", "-A", self.samba.credentials_file("root"), self.samba.host,
                                              "-c", what), text=True, capture_output=True, check=False, timeout=HANG_S)
        return done.stdout + done.stderr

    def assert_all_works(self):
        for level in (0, 1, 2, 10, 502):
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=level).status)
        self.assertIn("Samba 4.", self.rpcclient("srvinfo"))
        self.assertIn("Domain Name: LABGRP", self.rpcclient("lsaquery"))

    @contextlib.contextmanager
    def call_that_hangs(self):
        """A caller who waits for his answer, since what serves him is stopped; it goes on at the end, if it is there.
        Gives his association."""
        with sessions.srvsvc(self.samba) as dce:
            self.assertEqual(0, sessions.enumerate_over(dce, 10).status)
            stopped = self.samba.processes("rpcd_classic")
            self.assertTrue(stopped)
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            try:
                sessions.begin_enumeration(dce, 10)
                self.relay.await_state(lambda state: state["held_bytes"] > 0)
                yield dce
            finally:
                for pid in stopped:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGCONT)

    def is_answered(self):
        try:
            return sessions.enumerate_with_impacket(self.samba, level=10).status == 0
        except (SessionError, NetBIOSError):
            return False

    def assert_it_breaks(self, dce):
        """The caller gets no answer, and no wrong one."""
        with self.assertRaises((SessionError, NetBIOSError, OSError)):
            sessions.end_enumeration(dce, 10)

    def test_a_relay_killed_in_mid_call_breaks_its_pipes_and_a_new_one_serves_all_again(self):
        self.assert_all_works()
        with self.call_that_hangs() as dce:
            self.relay.kill()
            self.assert_it_breaks(dce)
        self.relay.start()
        self.assert_all_works()

    def test_without_the_relay_srvsvc_is_refused_cleanly_and_other_pipes_are_served(self):
        self.assert_all_works()
        self.relay.kill()
        self.assertTrue(self.relay.srvsvc.is_socket())
        began = time.monotonic()
        self.assertIn("NT_STATUS_CONNECTION_REFUSED", self.rpcclient("srvinfo"))
        self.assertLess(time.monotonic() - began, calm(SOON_S))
        assert_refused(self, 1225, run_list(self.samba))
        self.assertIn("Domain Name: LABGRP", self.rpcclient("lsaquery"))
        self.relay.start()
        self.assert_all_works()

    def test_a_relay_that_is_terminated_leaves_srvsvc_to_samba(self):
        self.assert_all_works()
        self.assertEqual(0, self.relay.terminate())
        self.assertTrue(self.relay.srvsvc.is_symlink())
        self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=1).status)
        self.assertEqual(INVALID_LEVEL, sessions.enumerate_with_impacket(self.samba, level=10).status)
        self.assertIn("Samba 4.", self.rpcclient("srvinfo"))
        self.relay.start()
        self.assert_all_works()

    def test_a_relay_whose_folder_is_emptied_ends_and_leaves_srvsvc_to_samba(self):
        self.assert_all_works()
        self.relay.await_said("np/srvsvc was removed, so smbd cannot reach the relay", lambda: shutil.rmtree(self.relay.srvsvc.parent))
        self.assertEqual(1, self.relay.wait())
        self.assertTrue(self.relay.srvsvc.is_symlink())
        self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=1).status)
        self.relay.start()
        self.assert_all_works()

    def test_a_relay_that_is_terminated_answers_pending_calls(self):
        with self.call_that_hangs() as dce:
            self.relay.await_said("stopping; ", lambda: self.relay.signal(signal.SIGTERM))
            for pid in self.samba.processes("rpcd_classic"):
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(0, sessions.end_enumeration(dce, 10).status)
        self.assertEqual(0, self.relay.wait())
        self.relay.start()

    def test_the_next_caller_starts_a_samba_dcerpcd_that_was_killed_in_mid_call(self):
        self.assert_all_works()
        with self.call_that_hangs() as dce:
            for pid in self.samba.processes("samba-dcerpcd") + self.samba.processes("rpcd_classic"):
                os.kill(pid, signal.SIGKILL)
            self.assert_it_breaks(dce)
        refused = self.relay.state["pipes_without_samba"]
        self.assert_all_works()
        self.assertEqual(refused + 1, self.relay.state["pipes_without_samba"], "one stale socket was met")

    def test_the_next_caller_starts_a_samba_dcerpcd_that_was_killed_between_calls(self):
        self.assert_all_works()
        for pid in self.samba.processes("samba-dcerpcd"):
            os.kill(pid, signal.SIGKILL)
        self.assert_all_works()

    def test_an_smbd_killed_in_mid_call_ends_the_pipe_of_its_caller_only(self):
        with sessions.srvsvc(self.samba) as other:
            before = set(self.samba.processes("smbd"))
            with self.call_that_hangs() as dce:
                [his] = set(self.samba.processes("smbd")) - before
                os.kill(his, signal.SIGKILL)
                self.assert_it_breaks(dce)
            self.relay.await_state(lambda state: state["pipes_now"] == 1 and state["held_bytes"] == 0)
            self.assertEqual(0, sessions.enumerate_over(other, 10).status)
        self.assert_all_works()

    def test_the_relay_follows_samba_to_another_ncalrpc_dir(self):
        """As after an upgrade: smbd is restarted, and netsession-samba is not."""
        for number, tell in ((1, lambda: None), (2, lambda: self.relay.signal(signal.SIGHUP))):
            new = self.samba.folder / f"ncalrpc{number}"
            new.mkdir()
            text = self.samba.configuration.read_text()
            self.samba.configuration.write_text(re.sub("ncalrpc dir = .*", f"ncalrpc dir = {new}", text))
            self.samba.restart()
            self.relay.await_said(f"Samba's pipes are in {new}/np now, no longer in ",
                                  lambda: (tell(), self.is_answered()))
            wait_until(self.is_answered)
            self.assertEqual(f"{new}/np/srvsvc", self.relay.state["upstream"])
            self.assertEqual({str(new / "np")}, {str(link.readlink().parent) for link in self.relay.srvsvc.parent.iterdir()
                                                 if link.is_symlink()})

    def test_a_restarted_smbd_uses_the_same_relay(self):
        with self.call_that_hangs() as dce:
            self.samba.restart()
            self.assert_it_breaks(dce)
        self.relay.await_state(lambda state: state["pipes_now"] == 0 and state["held_bytes"] == 0)
        self.assert_all_works()


if __name__ == "__main__":
    tap.main()
