"""`netsession metrics`: judged by promtool, and by the parser of Prometheus' own Python library."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_of
from prometheus_client.parser import text_string_to_metric_families as prometheus_of

from lab import command, sessions, tap
from lab.cli import address
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.wait_until import HANG_S, wait_until_equal

USERS = ("alice", "bob", "carol")
NOWHERE = "/nonexistent/netsession-samba"
# smbclient's names of the dialects, ours, and whether it is told to encrypt.
DIALECTS = [("SMB2_02", "2.0.2", False), ("SMB2_10", "2.1", False), ("SMB3_00", "3.0", False), ("SMB3_00", "3.0", True),
            ("SMB3_02", "3.0.2", False), ("SMB3_02", "3.0.2", True), ("SMB3_11", "3.1.1", False), ("SMB3_11", "3.1.1", True)]

# Runs a command where the folder $0 is a full disk with a file, and shows what is there afterwards.
FULL_DISK = """
mount -t tmpfs -o size=8k none "$0" && cd "$0" && echo before >x.prom
dd if=/dev/zero of=fill bs=1k count=100 2>/dev/null
"$@"
ls; cat x.prom
"""


def metrics(socket, *arguments, directory=NOWHERE, **options):
    return command.run("metrics", "--samba-directory", directory, *arguments, env={"NETSESSION_SOCKET": str(socket)},
                       **options)


def samples(text, parse=prometheus_of):
    """{(name, labels): value}; labels are a tuple of pairs."""
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in parse(text) for sample in family.samples}


def value_of(text, name, **labels):
    return samples(text)[name, tuple(sorted(labels.items()))]


@contextlib.contextmanager
def held_by_smbclient(server, protocol, is_encrypted):
    """A session of smbclient of this dialect, which has sent requests, until it is left."""
    protection = ["--client-protection=encrypt"] if is_encrypted else []
    line = server.tool("smbclient", f"//{server.host}/IPC$", "-A", server.credentials_file("alice"), "-m", protocol,
                       *protection)
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        try:
            yield
        finally:
            client.communicate(b"quit\n", timeout=HANG_S)


class OfNetsessiond(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(USERS, administrators="root"))

    def ask(self, *arguments, **options):
        result = metrics(self.server.socket, *arguments, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        return result.stdout

    def by_dialect(self):
        """{(dialect, encrypted): sessions}, without those that are 0."""
        return {(dict(labels)["dialect"], dict(labels)["encrypted"]): value
                for (name, labels), value in samples(self.ask()).items()
                if name == "netsessiond_smb_sessions_now" and value != 0}

    def test_promtool_has_nothing_to_complain_of(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.ask(), text=True, capture_output=True,
                              check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_both_formats_say_the_same(self):
        with sessions.held(self.server, [sessions.Wanted("bob")]):
            plain, open_ = self.ask(), self.ask("-o", "openmetrics")
            changing = re.compile(r"local_|audit")
            found = {key: value for key, value in samples(plain).items() if not changing.search(key[0])}
            self.assertGreater(len(found), 30)
            self.assertEqual(found, {key: value for key, value in samples(open_, openmetrics_of).items()
                                     if not changing.search(key[0])})
        self.assertTrue(open_.endswith("\n# EOF\n"))
        types = {family.name: family.type for family in openmetrics_of(open_)}
        self.assertEqual("counter", types["netsessiond_log_ons"])
        self.assertEqual("gauge", types["netsessiond_sessions_now"])

    def test_they_are_the_counters_that_netsessiond_logs(self):
        with sessions.held(self.server, sessions.crowd(5, USERS)):
            found = samples(self.ask())
            logged = self.server.counters
        for name in ("sessions_now", "smb_connections_now", "log_ons", "log_ons_refused", "smb_requests"):
            kind = "" if name.endswith("_now") else "_total"
            self.assertEqual(logged[name], found[f"netsessiond_{name}{kind}", ()], name)

    def test_sessions_are_counted_by_dialect_and_encryption_until_they_end(self):
        for protocol, dialect, is_encrypted in DIALECTS:
            with self.subTest(protocol, is_encrypted=is_encrypted):
                wait_until_equal({}, self.by_dialect)
                with held_by_smbclient(self.server, protocol, is_encrypted):
                    wait_until_equal({(dialect, "yes" if is_encrypted else "no"): 1.0}, self.by_dialect)
        wait_until_equal({}, self.by_dialect)

    def test_a_log_on_that_is_refused_is_counted(self):
        before = value_of(self.ask(), "netsessiond_log_ons_refused_total")
        wrong = self.enterContext(tempfile.NamedTemporaryFile("w"))
        wrong.write("username = alice\npassword = wrong\n")
        wrong.flush()
        self.assertEqual(3, command.run("list", "-A", wrong.name, address(self.server)).exit)
        self.assertEqual(before + 1, value_of(self.ask(), "netsessiond_log_ons_refused_total"))

    def test_no_user_and_no_client_is_in_them(self):
        with sessions.held(self.server, [sessions.Wanted("carol", "127.0.1.77")]):
            text = self.ask()
        self.assertNotIn("carol", text)
        self.assertNotIn("127.", text)
        self.assertLessEqual({label for _, labels in samples(text) for label, _ in labels},
                             {"dialect", "encrypted", "daemon"})

    def test_who_may_not_read_the_counters_is_told_so_and_gets_no_counters(self):
        result = metrics(self.server.socket, inside=("setpriv", "--reuid=daemon", "--regid=daemon", "--init-groups"))
        self.assertEqual(1, result.exit, result)
        self.assertRegex(result.stderr, r"\Anetsession: netsessiond: .*\(5\b")
        self.assertEqual({("netsession_up", (("daemon", "netsessiond"),)): 1.0}, samples(result.stdout))

    def test_what_does_not_run_is_down(self):
        for format_, parse in (("prometheus", prometheus_of), ("openmetrics", openmetrics_of)):
            result = metrics(self.server.folder / "nobody.sock", "-o", format_)
            self.assertEqual((0, ""), (result.exit, result.stderr), result)
            self.assertEqual({("netsession_up", (("daemon", "netsessiond"),)): 0.0}, samples(result.stdout, parse))


class File(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(USERS[:1], administrators="root"))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "netsession.prom"

    def test_everybody_can_read_it_and_nothing_else_is_left(self):
        for umask in (0o022, 0o077):
            previous = os.umask(umask)
            try:
                result = metrics(self.server.socket, "--file", self.file)
            finally:
                os.umask(previous)
            self.assertEqual((0, "", ""), (result.exit, result.stdout, result.stderr))
            self.assertEqual(0o644, stat.S_IMODE(self.file.stat().st_mode))
            self.assertEqual(["netsession.prom"], os.listdir(self.folder))
            self.assertEqual(1, value_of(self.file.read_text(), "netsession_up", daemon="netsessiond"))

    def test_it_is_another_file_each_time_so_a_reader_keeps_a_whole_one(self):
        metrics(self.server.socket, "--file", self.file)
        with self.file.open(encoding="ascii") as reader:
            before = self.file.read_text()
            metrics(self.server.socket, "--file", self.file)
            self.assertNotEqual(os.fstat(reader.fileno()).st_ino, self.file.stat().st_ino)
            self.assertEqual(before, reader.read())

    def test_a_folder_that_is_not_there_is_named(self):
        result = metrics(self.server.socket, "--file", self.folder / "none" / "x.prom")
        self.assertEqual((3, ""), (result.exit, result.stdout))
        self.assertRegex(result.stderr, r"\Anetsession: .*/none/x\.prom cannot be written: No such file or directory\n\Z")

    def test_a_full_disk_leaves_the_file_before(self):
        small = self.folder / "small"
        small.mkdir()
        result = metrics(self.server.socket, "--file", small / "x.prom",
                         inside=("unshare", "--mount", "sh", "-c", FULL_DISK, small))
        self.assertIn("x.prom cannot be written: No space left on device", result.stderr)
        self.assertEqual("fill\nx.prom\nbefore\n", result.stdout)


class OfNetsessionSamba(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.samba = cls.enterClassContext(SambaServer(relayed=True, users=["mail"]))
        cls.service = cls.enterClassContext(Netsessiond((), publishers="root"))
        cls.relay = cls.enterClassContext(NetsessionSamba(cls.samba, cls.service.publish_socket))

    def ask(self, *arguments, exit=0):
        result = metrics(self.service.socket, *arguments, directory=self.relay.directory)
        self.assertEqual((exit, ""), (result.exit, result.stderr), result)
        return result.stdout

    def test_promtool_has_nothing_to_complain_of(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.ask(), text=True, capture_output=True,
                              check=False)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_calls_of_the_relay_and_the_publisher_are_counted(self):
        self.relay.await_state(lambda state: state["publish"] == "connected")
        before = self.ask()
        self.assertEqual(1, value_of(before, "netsession_up", daemon="netsession-samba"))
        self.assertEqual(1, value_of(before, "netsession_samba_publisher_connected"))
        with sessions.held(self.samba, [sessions.Wanted("mail")]):
            self.assertEqual(0, command.run("list", "-l", "10", "-A", self.samba.credentials_file("root"),
                                            address(self.samba)).exit)
            after = self.ask()
        self.assertEqual(value_of(before, "netsession_samba_calls_intercepted_total") + 1,
                         value_of(after, "netsession_samba_calls_intercepted_total"))
        self.assertLess(value_of(before, "netsession_samba_pipes_total"), value_of(after, "netsession_samba_pipes_total"))
        self.assertNotIn("mail", after)

    def test_each_number_of_its_status_is_a_metric(self):
        state = self.relay.state
        numbers = [name for name, value in state.items() if isinstance(value, int) and name != "pid"]
        found = [name for name, _ in samples(self.ask()) if name.startswith("netsession_samba_")]
        self.assertEqual(len(numbers) + 2, len(found), (numbers, found))  # and two of the publisher's state

    def test_one_that_has_ended_is_down(self):
        self.relay.kill()
        try:
            text = self.ask()
            self.assertEqual(0, value_of(text, "netsession_up", daemon="netsession-samba"))
            self.assertNotIn("netsession_samba_", text)
        finally:
            self.relay.start()

    def test_who_is_not_root_is_told_that_they_are_left_out(self):
        self.samba.relay_directory.chmod(0o700)
        result = metrics(self.service.socket, directory=self.relay.directory,
                         inside=("setpriv", "--reuid=daemon", "--regid=daemon", "--init-groups"))
        self.assertIn("netsession-samba: only root can read its counters", result.stderr)
        self.assertNotIn("netsession-samba", result.stdout)


class OfAnOddDaemon(unittest.TestCase):
    """Instead of netsession-samba: a socket that sends what the test says, and then waits, or closes."""

    def ask(self, sent, is_closed):
        with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/status")
            listener.listen()
            with concurrent.futures.ThreadPoolExecutor() as pool:
                result = pool.submit(metrics, f"{folder}/nobody.sock", directory=folder)
                with listener.accept()[0] as connection:
                    connection.sendall(sent)
                    if is_closed:
                        connection.close()
                    result = result.result(HANG_S)
        self.assertEqual(0, value_of(result.stdout, "netsession_up", daemon="netsession-samba"), result)
        self.assertNotIn("netsession_samba_", result.stdout)
        return result.stderr

    def test_a_status_that_does_not_end_counts_as_none(self):
        self.assertRegex(self.ask(b"running_s: 7\nlinks: 3\npipes: 1", False), "cannot be read: Connection timed out\n")

    def test_one_that_is_too_long_counts_as_none(self):
        self.assertRegex(self.ask(b"links: 3\n" * 1000, True), "cannot be read: Message too long\n")

    def test_one_that_is_empty_counts_as_none(self):
        self.assertRegex(self.ask(b"", True), "cannot be read: No data available\n")

    def test_one_that_is_ended_while_a_daemon_does_not_answer_leaves_no_file(self):
        """As systemd does, when TimeoutStartSec has passed."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/status")
            listener.listen()
            written = pathlib.Path(folder) / "written"
            written.mkdir()
            line = [command.built(), "metrics", "--samba-directory", folder, "--file", written / "netsession.prom"]
            with subprocess.Popen(line, env=command.environment({"NETSESSION_SOCKET": f"{folder}/nobody.sock"})) as running:
                with listener.accept()[0]:
                    running.terminate()
                    self.assertEqual(-signal.SIGTERM, running.wait(HANG_S))
            self.assertEqual([], os.listdir(written))


if __name__ == "__main__":
    tap.main()
