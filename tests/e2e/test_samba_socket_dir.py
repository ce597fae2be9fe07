"""smbd finds all its pipes through links to Samba's own sockets, whether or not those are there."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from lab import command, tap
from lab.samba import SambaServer
from lab.wait_until import HANG_S, wait_until

LIBEXEC = next(path.parent for path in map(pathlib.Path, (
    "/usr/libexec/samba/samba-dcerpcd", "/usr/lib/x86_64-linux-gnu/samba/samba-dcerpcd")) if path.exists())

# What is asked over each pipe, and what rpcclient says when it was answered. Of some answers it shows no more than why
# they are none, which only Samba knows.
CALLS = {
    "lsarpc": ("lsaquery", "Domain Name: LABGRP"),
    "srvsvc": ("srvinfo", "platform_id"),
    "samr": ("enumdomusers", "user:[root]"),
    "winreg": ("winreg_enumkey HKLM", "WERR_INVALID_PARAMETER"),
    "spoolss": ("enumprinters", "No printers returned"),
    "netdfs": ("dfsversion", "dfs is present"),
    "eventlog": ("eventlog_readlog x", "NT_STATUS_OBJECT_PATH_INVALID"),
    "ntsvcs": ("ntsvcs_getversion", "version: 1024"),
}


@contextlib.contextmanager
def kept_folder(samba):
    """The folder's keeper, for as long as it lasts. Gives its process."""
    process = subprocess.Popen([command.built("tests/fixtures/hold_socket_dir"), samba.relay_directory, samba.pipes.parent,
                                LIBEXEC, samba.configuration], text=True, stdout=subprocess.PIPE)
    try:
        said = process.stdout.readline()
        if not re.fullmatch(r"[1-9]\d* links\n", said):
            raise AssertionError(f"it said {said!r}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"it ended with {process.returncode}")


class Links(unittest.TestCase):
    def setUp(self):
        self.samba = self.enterContext(SambaServer(relayed=True, options={"disable spoolss": "no"}))
        self.enterContext(kept_folder(self.samba))
        self.np = self.samba.relay_directory / "np"

    def rpcclient(self, what):
        """What rpcclient says."""
        done = subprocess.run(self.samba.tool("rpcclient", "-A", self.samba.credentials_file("root"), self.samba.host,
                                              "-c", what), text=True, capture_output=True, check=False, timeout=HANG_S)
        return done.stdout + done.stderr

    def assert_works(self, pipe):
        what, expected = CALLS[pipe]
        self.assertIn(expected, self.rpcclient(what), f"{pipe}: {what}")

    def links(self):
        """{name: target}. A link may be removed while they are read."""
        found = {}
        for link in self.np.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[link.name] = os.readlink(link)
        return found

    def end_services(self):
        """Kills samba-dcerpcd and its workers."""
        services = self.samba.processes("samba-dcerpcd")
        self.assertTrue(services)
        for pid in services + [pid for name in LIBEXEC.glob("rpcd_*") for pid in self.samba.processes(name.name)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.samba.processes("samba-dcerpcd"))

    def test_the_first_call_of_each_pipe_works_before_samba_dcerpcd_ever_ran(self):
        self.assertEqual([], list(self.samba.pipes.iterdir()))
        before = self.links()
        for number, pipe in enumerate(CALLS):
            if number > 0:
                self.end_services()
                shutil.rmtree(self.samba.pipes)
            self.assertFalse(self.samba.processes("samba-dcerpcd"))
            self.assert_works(pipe)
        self.assertEqual(before, self.links(), "Samba's programs list all that samba-dcerpcd listens at")
        wait_until(lambda: {path.name for path in self.samba.pipes.iterdir()} == set(before))

    def test_all_pipes_work_again_after_samba_dcerpcd_is_killed(self):
        self.assert_works("srvsvc")
        for pipe in CALLS:
            self.end_services()
            self.assertTrue(self.samba.pipes.is_dir(), "its sockets are there, dead")
            self.assert_works(pipe)

    def test_smbclient_lists_the_shares(self):
        done = subprocess.run(self.samba.tool("smbclient", "-A", self.samba.credentials_file("root"), "-L",
                                              self.samba.host), text=True, capture_output=True, check=False, timeout=HANG_S)
        self.assertRegex(done.stdout, rf"{self.samba.share}\s+Disk")

    def test_all_links_lead_to_sambas_sockets_of_their_names(self):
        links = self.links()
        self.assertEqual({name: str(self.samba.pipes / name) for name in links}, links)
        self.assertLessEqual({"srvsvc", "lsarpc", "samr", "winreg", "wkssvc", "netdfs", "initshutdown"}, set(links))

    def test_callers_at_once_find_their_pipes_while_samba_dcerpcd_starts(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            pipes = ["lsarpc", "srvsvc", "samr", "netdfs"]
            said = list(pool.map(lambda pipe: self.rpcclient(CALLS[pipe][0]), pipes))
        for pipe, text in zip(pipes, said):
            self.assertIn(CALLS[pipe][1], text)

    def test_a_pipe_that_is_new_has_its_link_at_once(self):
        self.assert_works("lsarpc")
        (self.samba.pipes / "lsarpc").rename(self.samba.pipes / "renamed")
        wait_until(lambda: self.links().get("renamed") == str(self.samba.pipes / "renamed"))
        (self.samba.pipes / "renamed").rename(self.samba.pipes / "lsarpc")
        wait_until(lambda: "renamed" not in self.links())
        self.assert_works("lsarpc")

    def test_links_outlive_netsession_samba(self):
        with contextlib.ExitStack() as stack:
            samba = stack.enter_context(SambaServer(relayed=True))
            with kept_folder(samba):
                pass
            done = subprocess.run(samba.tool("rpcclient", "-A", samba.credentials_file("root"), samba.host,
                                             "-c", "lsaquery; srvinfo"),
                                  text=True, capture_output=True, check=False, timeout=HANG_S)
            self.assertIn("Domain Name: LABGRP", done.stdout)
            self.assertIn("platform_id", done.stdout)


if __name__ == "__main__":
    tap.main()
