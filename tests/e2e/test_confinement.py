"""The rights with which netsessiond runs: its user where root starts it, and the files and system calls that it keeps."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.wait_until import wait_until

USER = "games"
HAS_LANDLOCK = "landlock" in subprocess.run(
    ["unshare", "--mount", "sh", "-c", "mount -t securityfs none /sys/kernel/security; cat /sys/kernel/security/lsm"],
    text=True, capture_output=True, check=False).stdout
IS_SANITIZED = re.search(rb"__[at]san_init", command.built("netsessiond").read_bytes()) is not None


def status_of(server):
    """{field: its words} of each thread of netsessiond."""
    for path in pathlib.Path(f"/proc/{server.pid}/task").glob("*/status"):
        yield {name: value.split() for name, value in re.findall(r"^(\w+):\s*(.*)$", path.read_text(), re.MULTILINE)}


def listed(server, user="root", **options):
    return command.run("list", "-o", "json", "-A", server.credentials_file(user, **options), address(server))


def check(*arguments):
    return command.run("--check", *arguments, program="netsessiond")


@contextlib.contextmanager
def folder_of(user):
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        shutil.chown(name, user)
        yield pathlib.Path(name)


def free_low_port():
    for port in range(600, 1000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port below 1024 is free")


class User(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice"], user=USER))

    def test_all_of_it_runs_as_that_user_without_any_capability(self):
        entry = pwd.getpwnam(USER)
        self.assertEqual(0, listed(self.server).exit)  # so that it has threads for log-ons
        found = list(status_of(self.server))
        self.assertLess(1, len(found))
        for status in found:
            self.assertEqual([str(entry.pw_uid)] * 4, status["Uid"])
            self.assertEqual([str(entry.pw_gid)] * 4, status["Gid"])
            self.assertEqual([str(entry.pw_gid)], status["Groups"])
            for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertEqual(0, int(status[kind][0], 16), kind)
        self.assertIn(f"running as the user {USER} ([server] user)\n", self.server.said)

    def test_it_accepts_log_ons_before_and_after_a_reload(self):
        self.assertEqual(0, listed(self.server).exit)
        self.server.set_password("root", "Another-1")
        self.assertIn("was reloaded", self.server.reload())
        self.assertEqual(0, listed(self.server).exit)
        self.assertEqual([0, 0], [line["status"] for line in self.server.audit if line["operation"] == "log-on"])

    def test_it_begins_a_new_audit_log_after_the_old_one_was_renamed(self):
        audit = self.server.folder / self.server.log / "audit"
        listed(self.server)
        audit.rename(audit.with_name("audit.1"))
        listed(self.server)
        self.assertEqual(["log-on", "NetrSessionEnum"], [line["operation"] for line in self.server.audit])
        self.assertEqual(USER, audit.owner())

    def test_an_audit_log_that_it_cannot_begin_anew_goes_on_and_the_log_says_so_once(self):
        audit = self.server.folder / self.server.log / "audit"
        renamed = audit.with_name("audit.1")
        shutil.chown(audit.parent, "root")
        audit.rename(renamed)
        for _ in range(2):
            listed(self.server)
        self.assertEqual(4, len(renamed.read_text().splitlines()))
        self.assertEqual(1, self.server.said.count("a new one cannot be opened: Permission denied"))
        shutil.chown(audit.parent, USER)
        listed(self.server)
        self.assertEqual(2, len(self.server.audit))

    def test_its_sockets_are_the_users_and_go_with_it(self):
        for path in (self.server.socket, self.server.publish_socket):
            self.assertEqual(USER, path.owner())
        self.assertEqual(0, self.server.terminate())
        self.assertFalse(self.server.socket.exists() or self.server.publish_socket.exists())
        self.server.start()

    def test_a_file_that_the_user_may_not_read_is_refused_and_the_user_is_named(self):
        shutil.chown(self.server.ntlm_users, "root")
        complaint = rf'ntlm_users cannot be "{self.server.ntlm_users}": it cannot be read: Permission denied; ' \
            rf"netsessiond runs as the user {USER}"
        self.assertRegex(check("--config", self.server.configuration).stderr, rf"\Anetsessiond: .*{complaint}\n\Z")
        [said] = self.server.await_said(r".*was not reloaded", lambda: self.server.signal(signal.SIGHUP))
        self.assertRegex(said, complaint)

    def test_a_change_of_the_user_needs_a_restart(self):
        text = self.server.configuration.read_text()
        self.server.configuration.write_text(text.replace(f"user = {USER}\n", "user = daemon\n"))
        self.server.await_said(r"the change of \[server\] user takes effect when netsessiond restarts",
                               lambda: self.server.signal(signal.SIGHUP))


class Start(unittest.TestCase):
    def test_it_listens_at_ports_that_only_root_may_use(self):
        port = free_low_port()
        with Netsessiond(["alice"], user=USER, listen=f"127.0.0.1:{port}") as server:
            server.port = port
            wait_until(lambda: listed(server).exit == 0)

    def test_a_user_that_does_not_exist_is_named_with_what_to_do(self):
        result = check("--user", "no-such-user")
        self.assertEqual((1, 'netsessiond: --user cannot be "no-such-user": this computer has no such user; create it '
                          "(systemd-sysusers does so for netsession), or name another one, or root\n"),
                         (result.exit, result.stderr))

    def test_the_user_is_read_from_the_configuration(self):
        with folder_of(USER) as folder:
            (folder / "conf").write_text("\n[server]\nuser = no-such-user\n")
            self.assertIn(f'{folder}/conf:3: [server] user cannot be "no-such-user"',
                          check("--config", folder / "conf").stderr)

    def test_a_check_leaves_the_folder_of_the_sockets_alone(self):
        """A daemon may be using it."""
        for made, expected in (("", "none"), ("mkdir /run/netsession;", "root"),
                               ("mkdir /run/netsession; chown daemon /run/netsession;", "daemon")):
            with self.subTest(made):
                done = subprocess.run(
                    ["unshare", "--mount", "sh", "-ec", f'mount -t tmpfs none /run; {made} "$@"; '
                     "stat -c %U /run/netsession 2> /dev/null || echo none", "sh", command.built("netsessiond"), "--check",
                     "--user", USER], env=command.environment(), text=True, capture_output=True, check=False)
                self.assertEqual((f"{expected}\n", ""), (done.stdout, done.stderr))

    def test_somebody_else_than_root_stays_who_they_are(self):
        done = subprocess.run(["setpriv", "--reuid=games", "--regid=games", "--clear-groups", command.built("netsessiond"),
                               "--check", "--user", "no-such-user"], env=command.environment(), text=True,
                              capture_output=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))


class Sandbox(unittest.TestCase):
    def test_every_thread_has_a_filter_for_system_calls_and_no_way_to_more_rights(self):
        with Netsessiond(["alice"]) as server:
            self.assertEqual(0, listed(server).exit)
            found = list(status_of(server))
            self.assertLess(1, len(found))
            for status in found:
                self.assertEqual((["1"], ["2"]), (status["NoNewPrivs"], status["Seccomp"]))

    def test_files_elsewhere_can_be_used_after_a_restart_and_the_log_says_so(self):
        if not HAS_LANDLOCK:
            self.skipTest("this kernel has no Landlock")
        if IS_SANITIZED:
            self.skipTest("the sanitizers read files everywhere")
        with folder_of("root") as elsewhere, Netsessiond(["alice"]) as server:
            self.assertIn("files are restricted by Landlock, system calls by seccomp\n", server.said)
            shutil.copy(server.ntlm_users, elsewhere / "users")
            os.chmod(elsewhere / "users", 0o600)
            server.options["ntlm_users"] = elsewhere / "users"
            said = server.reload()
            self.assertIn("it cannot be read: Permission denied; netsessiond runs as the user root; a file in a folder that "
                          "the configuration did not name when netsessiond started can be opened after a restart; the "
                          "configuration was not reloaded", said)
            self.assertEqual(0, listed(server).exit)  # by the users that it has
            server.restart()
            self.assertEqual(0, listed(server).exit)

    def test_files_may_be_links_to_other_folders(self):
        with folder_of("root") as folder, folder_of("root") as elsewhere:
            (elsewhere / "users").touch(0o600)
            (elsewhere / "users").write_text("LAB:bob:Secret-1\n")
            (elsewhere / "conf").write_text(f"[server]\nuser = root\n[auth]\nmechanisms = ntlm\nntlm_users = {folder}/users\n")
            for name in ("users", "conf"):
                (folder / name).symlink_to(elsewhere / name)
            result = check("--config", folder / "conf")
            self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_a_kernel_without_landlock_is_named_in_the_log(self):
        """strace answers for the kernel."""
        if IS_SANITIZED:
            self.skipTest("the sanitizers do not work below strace")
        with Netsessiond(["alice"], inside=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=landlock_create_ruleset",
                                            "-e", "inject=landlock_create_ruleset:error=ENOSYS")) as server:
            self.assertIn("notice: files are not restricted, because this kernel has no Landlock, system calls are restricted "
                          "by seccomp\n", server.said)
            self.assertEqual(0, listed(server).exit)

    def test_it_opens_no_file_in_vain_while_it_serves(self):
        """What the sandbox refuses is what nothing asks for: else a log-on might fail where another library is installed."""
        if IS_SANITIZED:
            self.skipTest("the sanitizers do not work below strace")
        with tempfile.NamedTemporaryFile("r") as trace:
            with Netsessiond(["alice"], inside=("strace", "-f", "-qq", "-e", "trace=file,socket", "-o", trace.name)) as server:
                self.assertEqual(0, listed(server).exit)
                self.assertEqual(0, command.run("list", env={"NETSESSION_SOCKET": str(server.socket)}).exit)
                with sessions.held(server, [sessions.Wanted("alice")]):
                    server.reload()
            called = trace.read()
        self.assertIn('"/etc/passwd"', called)
        self.assertEqual([], re.findall(r".* = -1 (?:EACCES|EPERM|EAFNOSUPPORT).*", called))


if __name__ == "__main__":
    tap.main()
