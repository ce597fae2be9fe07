"""netsession-samba's check, enable, disable and status: what they make of smb.conf, judged by Samba's own programs and a
real smbd, and that nothing breaks a server in between."""
import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import random
import re
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import unittest

from lab import cli, command, tap
from lab.netsession_samba import NetsessionSamba
from lab.samba import SambaServer
from lab.wait_until import HANG_S, wait_until

SAYS = "external_rpc_pipe:socket_dir"
OTHER_PIPES = {"lsarpc", "samr", "winreg"}
SAMBAS_OWN = pathlib.Path("/run/samba/ncalrpc/np")  # where smb.conf says no other place
DONE, FAILED, USAGE, NOT_RUNNING = range(4)


class StandIn:
    """Something that listens where smbd will look, as the relay does, with links to Samba's other pipes beside it. It
    closes whoever comes, and counts."""

    def __init__(self, directory, pipes=SAMBAS_OWN):
        self.directory, self.pipes = pathlib.Path(directory), pathlib.Path(pipes)
        self.came, self.thread = 0, None

    @property
    def srvsvc(self):
        return self.directory / "np" / "srvsvc"

    def __enter__(self):
        (self.directory / "np").mkdir(parents=True, mode=0o700)
        there = {path.name for path in self.pipes.iterdir()} if self.pipes.exists() else set()
        for name in (there | OTHER_PIPES) - {"srvsvc"}:
            (self.directory / "np" / name).symlink_to(self.pipes / name)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.srvsvc))
        self.listener.listen()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.listener.accept()[0].close()
                self.came += 1

    def die(self):
        """Leaves its socket behind."""
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.listener.close()

    def __exit__(self, *_):
        self.die()
        shutil.rmtree(self.directory, ignore_errors=True)


def effective(configuration):
    """The directory as testparm tells it; None: it is not said."""
    done = subprocess.run(["testparm", "-s", "-v", configuration], text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    found = re.findall(rf"^\t{SAYS} = (.*)$", done.stdout, re.MULTILINE)
    return found[0] if found else None


def posix_acl(*entries):
    """An ACL as the kernel has it in an extended attribute, version 2: (tag, permissions, user or group)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


class SmbConf(unittest.TestCase):
    """A file that no smbd runs with."""

    def setUp(self):
        # Directly in /tmp, since paths of Unix sockets are short.
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="netsession-lab-", dir="/tmp")))
        self.etc = self.folder / "etc"
        self.etc.mkdir()
        self.conf = self.etc / "smb.conf"
        self.relay = self.enterContext(StandIn(self.folder / "relay"))

    def run_command(self, name, *arguments, conf=None, **options):
        return command.run(name, "--smb-conf", conf or self.conf, "--directory", self.relay.directory, *arguments,
                           program="netsession-samba", **options)

    def good(self, name, *arguments, **options):
        result = self.run_command(name, *arguments, **options)
        self.assertEqual((DONE, ""), (result.exit, result.stderr), result)
        return result.stdout

    def refused(self, pattern, name="enable", **options):
        """Says why in one line, and changes nothing."""
        before = {path: path.read_bytes() for path in self.etc.iterdir() if path.is_file()}
        result = self.run_command(name, **options)
        self.assertEqual((FAILED, ""), (result.exit, result.stdout), result)
        self.assertRegex(result.stderr, pattern)
        self.assertEqual(before, {path: path.read_bytes() for path in self.etc.iterdir() if path.is_file()})
        return result

    def backups(self):
        return sorted(self.etc.glob("smb.conf.before-*"))

    def there_and_back(self, text):
        self.conf.write_bytes(text)
        self.good("enable")
        self.assertEqual(str(self.relay.directory), effective(self.conf))
        self.assertNotEqual(text, self.conf.read_bytes())
        self.good("disable")
        self.assertEqual(text, self.conf.read_bytes())
        for backup in self.backups():
            backup.unlink()


class Files(SmbConf):
    def test_disable_leaves_what_enable_found(self):
        (self.etc / "more.conf").write_text("workgroup = LAB\n")
        include = f"include = {self.etc}/more.conf".encode()
        texts = {
            "ordinary": b"[global]\n\tworkgroup = LAB\n[share]\n\tpath = /srv\n",
            "empty": b"",
            "crlf": b"# head\r\n[global]\r\nworkgroup = LAB\r\n",
            "no final newline": b"[global]\nworkgroup = LAB",
            "a header alone": b"[global]",
            "a byte order mark": b"\xef\xbb\xbf[global]\nworkgroup = LAB\n",
            "no [global]": b"workgroup = LAB\n[share]\npath = /srv\n",
            "odd spaces": b"\n \t[ GLO bal ] what\n\t workgroup\t=\tLAB\n",
            "other headers": b"[g\tlobal]\nworkgroup = LAB\n\f\v[global] \t\nnetbios name = FS1\n[global]x = y\ndeadtime = 5\n",
            "several": b"[global]\nworkgroup = LAB\n[share]\npath = /srv\n[GLOBALS]\nnetbios name = FS1\n",
            "include before and behind": include + b"\n[global]\n" + include + b"\n[share]\n" + include,
            "continued": b"[global]\nserver string = a \\\n[global]\\\n\\ \n b\n[global]\\\n x\nworkgroup = LAB\n",
            "tabs and blanks at the end": b"\t[global]\t \nworkgroup = LAB \t\n\t\n \n",
            "long lines": b"[global]\n# " + b"x" * 100000 + b"\nserver string = " + b"y" * 100000 + b"\n",
        }
        for name, text in texts.items():
            with self.subTest(name):
                self.there_and_back(text)

    def test_any_text_that_samba_takes_is_taken(self):
        """Where it goes into the text, Samba sees it: texts out of what could mislead."""
        words = [b"[global]", b"\n", b"\n", b"\n", b"\r\n", b"\\\n", b"\\ \n", b"\\", b" ", b"\t", b"#", b";", b"a:b = c",
                 b"[share]\n", b"[GLOBAL]\n", b"\nserver string = ", b"]"]
        chance = random.Random(5)
        taken = 0
        for _ in range(30):
            text = b"".join(chance.choices(words, k=chance.randrange(1, 14)))
            self.conf.write_bytes(text)
            if subprocess.run(["testparm", "-s", self.conf], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL).returncode == 0:
                with self.subTest(text):
                    self.there_and_back(text)
                taken += 1
        self.assertLess(10, taken)

    def test_changes_made_in_between_stay(self):
        self.conf.write_bytes(b"[global]\nworkgroup = LAB\n")
        self.good("enable")
        text = self.conf.read_bytes()
        self.conf.write_bytes(b"# mine\n" + text.replace(b"LAB", b"NEW") + b"[more]\npath = /\n")
        self.good("disable")
        self.assertEqual(b"# mine\n[global]\nworkgroup = NEW\n[more]\npath = /\n", self.conf.read_bytes())

    def test_enabling_and_disabling_twice_changes_nothing(self):
        self.conf.write_bytes(b"[global]\n")
        self.good("enable")
        enabled = self.conf.read_bytes()
        self.assertEqual("Already enabled.\n", self.good("enable"))
        self.assertEqual(enabled, self.conf.read_bytes())
        self.good("disable")
        self.assertRegex(self.good("disable"), "^Not enabled in ")
        self.assertEqual(2, len(self.backups()))

    def test_each_backup_is_kept_as_the_file_was(self):
        self.conf.write_bytes(b"[global]\n")
        self.conf.chmod(0o640)
        before = [self.conf.read_bytes()]
        for name in ("enable", "disable", "enable", "disable"):
            said = self.good(name)
            self.assertIn(said.splitlines()[0].partition("Backup: ")[2], map(str, self.backups()))
            before.append(self.conf.read_bytes())
        self.assertEqual(sorted(before[:4]), sorted(backup.read_bytes() for backup in self.backups()))
        self.assertEqual({0o640}, {stat.S_IMODE(backup.stat().st_mode) for backup in self.backups()})

    def test_owner_mode_acl_and_attributes_stay(self):
        self.conf.write_bytes(b"[global]\n")
        os.chown(self.conf, 1, 2)
        self.conf.chmod(0o640)
        os.setxattr(self.conf, "user.note", b"kept")
        # user::rw-, user:3:r--, group::r--, mask::r--, other::---
        acl = posix_acl((1, 6, -1), (2, 4, 3), (4, 4, -1), (16, 4, -1), (32, 0, -1))
        os.setxattr(self.conf, "system.posix_acl_access", acl)
        before = self.conf.stat()
        self.good("enable")
        for path in (self.conf, *self.backups()):
            now = path.stat()
            self.assertEqual((before.st_mode, 1, 2), (now.st_mode, now.st_uid, now.st_gid))
            self.assertEqual(b"kept", os.getxattr(path, "user.note"))
            self.assertEqual(acl, os.getxattr(path, "system.posix_acl_access"))
        self.assertEqual(before.st_mtime_ns, self.backups()[0].stat().st_mtime_ns)

    def test_a_link_stays_and_its_file_is_changed(self):
        target = self.folder / "real.conf"
        target.write_bytes(b"[global]\n")
        self.conf.symlink_to("../real.conf")
        self.assertIn(f"note  smb.conf      {self.conf} is a link; the file to change is {target}\n", self.good("check"))
        self.good("enable")
        self.assertTrue(self.conf.is_symlink())
        self.assertEqual(str(self.relay.directory), effective(target))
        self.good("disable")
        self.assertEqual(b"[global]\n", target.read_bytes())

    def test_a_setting_of_somebody_else_is_not_touched(self):
        self.conf.write_bytes(b"[global]\n external_RPC_pipe : socket_dir = /run/x\n")
        self.refused(rf"smb.conf: line 2 of {self.conf} sets {SAYS} = /run/x, which netsession-samba did not write: remove")
        self.refused("which netsession-samba did not write: remove that line", "disable")
        self.conf.write_bytes(b"[global]\nexternal_rpc_\\\npipe:socket_dir = /run/z\n")
        self.refused(f"sets {SAYS} = /run/z, which netsession-samba did not write: remove")
        (self.etc / "more.conf").write_text(f"{SAYS} = /run/y\n")
        self.conf.write_text(f"[global]\ninclude = {self.etc}/more.conf\n")
        self.refused(f"a file or registry that {self.conf} includes sets {SAYS} = /run/y, which netsession-samba did not "
                     "write")

    def test_our_directory_that_somebody_else_has_set_is_as_good(self):
        """A server whose smb.conf is made from something else, by hand, or by an included file."""
        ours = f"{SAYS} = {self.relay.directory}\n"
        (self.etc / "more.conf").write_text(ours)
        for text, place in ((f"[global]\n{ours}", f"line 2 of {self.conf}"),
                            (f"[global]\ninclude = {self.etc}/more.conf\n", f"a file or registry that {self.conf} includes")):
            self.conf.write_text(text)
            said = self.good("check")
            self.assertIn(f"ok    smb.conf      enabled by {place}, which netsession-samba did not write\n", said)
            self.assertTrue(said.endswith("\nEnabled.\n"), said)
            self.assertEqual("Already enabled.\n", self.good("enable"))
            self.assertEqual(text, self.conf.read_text())
            self.refused(f"it is enabled by {place}, which netsession-samba did not write: remove {SAYS} = "
                         f"{self.relay.directory} there", "disable")
            self.assertIn("ok    smb.conf      enabled by ", self.run_command("status").stdout)

    def test_a_contrary_setting_behind_the_block_is_found(self):
        """An include that only shows itself behind the block."""
        self.conf.write_text(f"[global]\ninclude = {self.etc}/more.conf\n")
        self.good("enable")
        (self.etc / "more.conf").write_text(f"{SAYS} = /run/y\n")
        self.refused(f"a file or registry that {self.conf} includes overrides it by {SAYS} = /run/y: remove that line")

    def test_a_block_that_was_changed_is_not_touched(self):
        self.conf.write_bytes(b"[global]\n")
        self.good("enable")
        text = self.conf.read_bytes()
        self.conf.write_bytes(text.replace(f"{SAYS} = ".encode(), f"{SAYS}=".encode()))
        for name in ("enable", "disable"):
            self.refused("smb.conf: the block of netsession-samba was changed at line 1 of", name)
        self.conf.write_bytes(text.replace(b"# netsession-samba: end\n", b""))
        self.refused("the block of netsession-samba was changed at line 1 of", "disable")
        self.conf.write_bytes(text + text)
        self.refused("was changed at line 6 of .*: remove all lines that begin with # netsession-samba:", "disable")
        self.conf.write_bytes(text)
        self.good("disable")

    def test_a_block_that_has_come_into_a_share_is_told_of_and_taken_out(self):
        """As earlier versions made it, without a [global] of its own."""
        share = b"[share]\npath = /srv\n"
        self.conf.write_bytes(share)
        self.good("enable")
        block = self.conf.read_bytes().removesuffix(share).replace(b"[global]\n", b"")
        self.conf.write_bytes(share + block)
        self.refused("the block at line 3 of .* has no effect where it stands: run netsession-samba disable")
        self.good("disable")
        self.assertEqual(share, self.conf.read_bytes())

    def test_another_directory_is_not_taken_for_ours(self):
        self.conf.write_bytes(b"[global]\n")
        self.good("enable")
        with StandIn(self.folder / "other") as other:
            result = self.run_command("enable", "--directory", other.directory)
            self.assertEqual(FAILED, result.exit)
            self.assertIn(f"enabled with another directory, {self.relay.directory}, at line 1", result.stderr)

    def test_a_directory_that_smb_conf_cannot_say_is_refused(self):
        self.conf.write_bytes(b"[global]\n")
        for name, why in {"%m": "contains one of", "a  b": "has blanks", "x" * 80: "is too long"}.items():
            result = self.run_command("enable", "--directory", f"{self.folder}/{name}")
            self.assertEqual(FAILED, result.exit)
            self.assertIn(f"{name} {why}", result.stderr)
        self.assertEqual(USAGE, self.run_command("enable", "--directory", "relative").exit)
        with StandIn(self.folder / "one blank; #é") as odd:
            self.assertEqual(DONE, self.run_command("enable", "--directory", odd.directory).exit)
            self.assertEqual(str(odd.directory), effective(self.conf))

    def test_smbd_is_never_pointed_to_a_relay_that_does_not_run(self):
        self.conf.write_bytes(b"[global]\n")
        self.relay.die()
        self.refused("srvsvc is a socket at which no process listens; run systemctl start netsession-samba")
        self.relay.srvsvc.unlink()
        self.refused("srvsvc does not exist; run systemctl start")
        self.relay.srvsvc.symlink_to(self.folder / "ncalrpc/np/srvsvc")
        self.refused("srvsvc is a link to Samba's own socket; run systemctl start")
        shutil.rmtree(self.relay.directory)
        self.refused("srvsvc does not exist; run systemctl start")

    def test_a_pipe_that_has_no_link_is_not_taken_from_callers(self):
        self.conf.write_text(f"[global]\nncalrpc dir = {self.folder}/ncalrpc\n")
        (self.folder / "ncalrpc/np").mkdir(parents=True)
        for name in OTHER_PIPES:
            (self.relay.directory / "np" / name).unlink()
        with socket.socket(socket.AF_UNIX) as pipe:
            pipe.bind(f"{self.folder}/ncalrpc/np/newpipe")
            self.refused("links: newpipe has no link")
            (self.relay.directory / "np/newpipe").write_text("")
            self.refused("links: .*/np/newpipe is not a link to .*: remove it")
            (self.relay.directory / "np/newpipe").unlink()
            (self.relay.directory / "np/newpipe").symlink_to(f"{self.folder}/ncalrpc/np/newpipe")
            self.good("enable")

    def test_a_folder_that_others_may_write_to_is_refused(self):
        self.conf.write_bytes(b"[global]\n")
        (self.relay.directory / "np").chmod(0o770)
        self.refused("np is writable by users other than root")
        (self.relay.directory / "np").chmod(0o700)
        os.chown(self.relay.directory, 1, -1)
        self.refused("relay does not belong to root")

    def test_a_folder_that_others_may_replace_is_refused(self):
        self.conf.write_bytes(b"[global]\n")
        self.relay.directory.parent.chmod(0o777)
        self.addCleanup(self.relay.directory.parent.chmod, 0o700)
        self.refused(f"can be replaced by users other than root, who may change {self.relay.directory.parent}")

    def test_disable_needs_neither_the_directory_nor_a_samba_that_understands(self):
        text = b"[global]\nworkgroup = LAB\n"
        self.conf.write_bytes(text)
        self.good("enable")
        shutil.rmtree(self.relay.directory)
        self.good("disable")
        self.assertEqual(text, self.conf.read_bytes())
        self.relay.directory.mkdir()
        with StandIn(self.relay.directory / "again") as again:
            self.good("enable", "--directory", again.directory)
        self.conf.write_bytes(self.conf.read_bytes() + b"[broken\n")
        result = self.run_command("disable")
        self.assertEqual(DONE, result.exit, result)
        self.assertRegex(result.stderr, "Samba could not be asked: .*testparm ended with exit status 1")
        self.assertEqual(text + b"[broken\n", self.conf.read_bytes())

    def test_a_file_that_smbd_would_leave_for_another_is_refused(self):
        self.conf.write_text(f"[global]\nconfig file = {self.etc}/other.conf\n")
        self.refused(f"sets config file = {self.etc}/other.conf, which smbd reads instead: use --smb-conf "
                     f"{self.etc}/other.conf")

    def test_a_complaint_of_testparm_about_settings_that_smbd_takes_is_no_obstacle(self):
        text = b"[global]\nwins support = yes\nwins server = 127.0.0.9\n"
        self.conf.write_bytes(text)
        done = subprocess.run(["testparm", "-s", self.conf], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(1, done.returncode)
        self.good("enable")
        self.assertIn(str(self.relay.directory).encode(), self.conf.read_bytes())
        self.good("disable")
        self.assertEqual(text, self.conf.read_bytes())

    def test_only_one_netsession_samba_at_a_time_changes_the_file(self):
        self.conf.write_bytes(b"[global]\n")
        lock = self.etc / "smb.conf.netsession-samba-lock"
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.refused(f"smb.conf is being changed by another netsession-samba, which holds {lock}")
        fcntl.flock(held, fcntl.LOCK_UN)  # as if it had been killed
        self.good("enable")
        self.assertFalse(lock.exists())

    def test_two_at_once_leave_one_block(self):
        self.conf.write_bytes(b"[global]\n")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda _: self.run_command("enable"), range(6)))
        self.assertIn(DONE, [result.exit for result in results])
        self.assertEqual(1, self.conf.read_text().count(SAYS))
        self.assertEqual([], list(self.etc.glob("*-lock")) + list(self.etc.glob("*-new")))

    def give_user_3_all_that_is_new(self):
        """By the folder's default ACL: user::rwx, user:3:rwx, group::rwx, mask::rwx, other::rwx."""
        os.setxattr(self.etc, "system.posix_acl_default",
                    posix_acl((1, 7, -1), (2, 7, 3), (4, 7, -1), (16, 7, -1), (32, 7, -1)))

    def test_nobody_else_can_keep_it_out(self):
        """Any user can open the folder and smb.conf for reading, and lock them."""
        self.conf.write_bytes(b"[global]\n")
        for path in (self.etc, self.conf):
            held = os.open(path, os.O_RDONLY)
            self.addCleanup(os.close, held)
            fcntl.flock(held, fcntl.LOCK_EX)
        # The lock file is seen from outside while the command stands still at its first write.
        lock = f"{self.conf}.netsession-samba-lock"
        self.give_user_3_all_that_is_new()
        running = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-e", "inject=fchown:delay_enter=2s",
                                    command.built("netsession-samba"), "enable", "--smb-conf", self.conf, "--directory",
                                    self.relay.directory], stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(lock))
        opened = subprocess.run(["setpriv", "--reuid=3", "--regid=3", "--clear-groups", "sh", "-c", f"exec 3<'{lock}'"],
                                check=False, capture_output=True)
        self.assertEqual(DONE, running.wait(HANG_S))
        self.assertNotEqual(0, opened.returncode)
        self.assertIn(b"ermission denied", opened.stderr)
        self.good("disable")

    def test_the_folders_default_acl_is_not_inherited(self):
        self.conf.write_bytes(b"[global]\n")
        self.conf.chmod(0o640)
        self.give_user_3_all_that_is_new()
        for name in ("enable", "disable"):
            self.good(name)
            for path in (self.conf, *self.backups()):
                with self.assertRaises(OSError):
                    os.getxattr(path, "system.posix_acl_access")
                self.assertEqual(0o640, stat.S_IMODE(path.stat().st_mode))

    def test_hard_links_and_immutable_or_mounted_files_are_refused(self):
        self.conf.write_bytes(b"[global]\n")
        os.link(self.conf, self.folder / "second")
        self.refused("has other hard links")
        (self.folder / "second").unlink()
        if subprocess.run(["chattr", "+i", self.conf], capture_output=True, check=False).returncode == 0:
            try:
                self.refused("is immutable or append-only: see lsattr")
            finally:
                subprocess.run(["chattr", "-i", self.conf], check=True)
        for mounts, story in (('mount --bind "$0/etc/smb.conf" "$0/etc/smb.conf"', "is a mount point of its own"),
                              ('mount --bind "$0/etc" "$0/etc"; mount -o remount,bind,ro "$0/etc"',
                               "on a read-only file system")):
            inside = ["unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', self.folder]
            self.conf.write_bytes(b"[global]\n")
            self.refused(rf"{story}.*; put {SAYS} = {self.relay.directory} into \[global\] of what it is made from instead",
                         inside=inside)
            self.conf.write_text(f"[global]\n{SAYS} = {self.relay.directory}\n")
            self.assertRegex(self.good("check", inside=inside), f"note  smb.conf      netsession-samba cannot change it: .*{story}")
            self.assertEqual("Already enabled.\n", self.good("enable", inside=inside))

    def test_only_root_may_run_it(self):
        result = self.run_command("check", inside=["setpriv", "--reuid=1", "--clear-groups"])
        self.assertEqual((FAILED, "netsession-samba: check must be run as root\n"), (result.exit, result.stderr))

    def test_check_shows_what_would_be_changed(self):
        self.conf.write_bytes(b"# head\n[global]\nworkgroup = LAB\n[share]\npath = /srv\n")
        said = self.good("check")
        self.assertIn(f"enable would change {self.conf} at line 1:\n    +# netsession-samba: begin", said)
        added = re.findall(r"^    \+(.*)\n", said, re.MULTILINE)
        self.assertIn("     # head\n     [global]\n\nReady for netsession-samba enable", said)
        self.good("enable")
        self.assertEqual([*added, "# head", "[global]", "workgroup = LAB", "[share]", "path = /srv"],
                         self.conf.read_text().splitlines())
        self.assertRegex(self.good("check"), r"ok    smb.conf      enabled at line 1 of .*\n(.*\n)*\nEnabled\.\n$")


class CommandLine(unittest.TestCase):
    COMMANDS = ("run", "check", "enable", "disable", "status", "release")

    def said(self, *arguments):
        result = command.run(*arguments, program="netsession-samba")
        self.assertEqual((DONE, ""), (result.exit, result.stderr), result)
        return result.stdout

    def test_help_and_the_manual_have_all_commands_and_options(self):
        page = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=".8"))
        page.write(self.said("--describe", "man"))
        page.flush()
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page.name], text=True, capture_output=True, check=False)
        self.assertEqual("", lint.stdout + lint.stderr)
        shown = subprocess.run(["mandoc", "-Tutf8", page.name], text=True, capture_output=True, check=True).stdout
        shown = re.sub(".\b", "", shown)
        for name in self.COMMANDS:
            self.assertIn(f"\n  {name} ", self.said("--help"))
            self.assertIn(f"netsession-samba {name}\n", shown)
            for option in re.findall(r"^  (--[\w-]+)", self.said(name, "--help"), re.MULTILINE):
                self.assertIn(option, shown)

    def test_unknown_and_invalid_arguments_are_refused(self):
        for arguments, story in ((["relay"], 'unknown command "relay"'), ([], "Usage: netsession-samba COMMAND"),
                                 (["check", "--max-pipes", "1"], "unknown option --max-pipes"),
                                 (["check", "more"], "unexpected argument more"),
                                 (["run", "--max-pipes"], "missing argument for option --max-pipes"),
                                 (["run", "--max-pipes", "0"],
                                  'invalid value "0" for --max-pipes: expected a number from 1 to 1000000'),
                                 (["run", "--log-level", "loud"],
                                  'invalid value "loud" for --log-level: expected error, warning, notice, info or debug'),
                                 (["--describe", "man5"],
                                  'invalid value "man5" for --describe: expected man, bash, zsh or fish')):
            result = command.run(*arguments, program="netsession-samba")
            self.assertEqual((USAGE, ""), (result.exit, result.stdout), result)
            self.assertIn(story, result.stderr)


class OtherPrograms(SmbConf):
    """Samba's programs are not as they should be. The scripts are found by PATH, which is looked at first."""

    def setUp(self):
        super().setUp()
        self.conf.write_bytes(b"[global]\n")

    def path_with(self, smbd):
        script = self.folder / "smbd"
        script.write_text(f"#!/bin/sh\n{smbd}\n")
        script.chmod(0o755)
        return {"PATH": f"{self.folder}:{os.environ['PATH']}"}

    def refused_with(self, smbd, pattern):
        return self.refused(pattern, env=self.path_with(smbd))

    def test_a_samba_before_4_16_does_not_fit_and_one_that_is_not_known_is_said_to_be(self):
        of_version = '[ $1 = -V ] && echo Version {} || exec /usr/sbin/smbd "$@"'.format
        for version in ("4.15.13-Ubuntu", "3.6.25"):
            self.refused_with(of_version(version), f"version: Samba {version} is too old: before 4.16")
        for version, said in (("4.16.0", "ok    version       Samba 4.16.0 is supported; tested versions: 4.17.12, 4.22.11 and 4.25.1\n"),
                              ("4.25.9", "ok    version       Samba 4.25.9 is supported"),
                              ("4.26.0pre1", "note  version       Samba 4.26.0pre1 is newer than 4.25, the last version"),
                              ("5.0.0", "note  version       Samba 5.0.0 is newer than 4.25, the last version tested\n")):
            self.assertIn(said, self.run_command("status", env=self.path_with(of_version(version))).stdout)
            self.assertIn(said, self.good("check", env=self.path_with(of_version(version))))
            self.assertEqual(version == "4.16.0", "note  publish       before 4.17 smbstatus has no --json" in
                             self.good("check", env=self.path_with(of_version(version))))

    def test_an_smbd_with_unexpected_output_is_reported(self):
        self.refused_with("echo Version unknown", "smbd -V prints no version")
        self.refused_with("echo >&2 cannot load; exit 1", "smbd ended with exit status 1: cannot load")
        self.refused_with("kill -9 $$", "smbd was ended by a signal")
        self.refused_with("exec yes", "smbd: the program wrote more than 4 MiB and was killed")

    def test_an_smbd_that_hangs_is_killed_with_all_its_processes(self):
        self.refused_with(f"sleep 1234 & echo $! > {self.folder}/pid; wait", "the program did not end within 20 s and was killed")
        left = pathlib.Path("/proc") / (self.folder / "pid").read_text().strip() / "stat"

        def is_over():
            """A process that was killed is there for a moment more, and a zombie until somebody collects it."""
            try:
                return left.read_text().rpartition(")")[2].split()[0] == "Z"
            except (FileNotFoundError, ProcessLookupError):
                return True

        wait_until(is_over)


class BrokenOff(SmbConf):
    """enable and disable that die, or fail, at any of the system calls by which they change something."""

    def setUp(self):
        if b"__asan_init" in command.built("netsession-samba").read_bytes():
            self.skipTest("the sanitizers do other calls, and not below strace")
        super().setUp()

    # Those that any program does are looked at where they mean these files.
    CALLS = {"fchown": False, "fchmod": False, "fsetxattr": False, "fremovexattr": False, "fsync": False, "utimensat": False, "flock": False,
             "rename": False, "unlink": False, "openat": True, "read": True, "write": True, "close": True}

    @property
    def files(self):
        return self.conf, f"{self.conf}.netsession-samba-new"

    def inject(self, name, what, *of):
        paths = [argument for path in of for argument in ("-P", path)]
        return self.run_command(name, inside=["strace", "-qq", "-o", "/dev/null", "-e", f"inject={what}", *paths])

    def each_call(self, name, what):
        """Runs it again and again, hitting a later call each time, until it is hit no more. Yields each result."""
        for call, is_of_files in self.CALLS.items():
            for number in range(1, 100):
                result = self.inject(name, f"{call}:{what}:when={number}", *(self.files if is_of_files else []))
                yield call, number, result
                if result.exit == DONE:
                    break

    def test_a_killed_command_leaves_the_old_file_or_the_new_one(self):
        old = b"[global]\nworkgroup = LAB\n"
        self.conf.write_bytes(old)
        os.setxattr(self.conf, "user.note", b"kept")
        self.good("enable")
        new = self.conf.read_bytes()
        killed = 0
        for name, before, after in (("enable", old, new), ("disable", new, old)):
            self.conf.write_bytes(before)
            for call, number, result in self.each_call(name, "signal=KILL"):
                self.assertIn(self.conf.read_bytes(), (before, after), (call, number))
                self.assertEqual(b"kept", os.getxattr(self.conf, "user.note"))
                killed += result.exit != DONE
                if self.conf.read_bytes() == after:
                    self.conf.write_bytes(before)
        self.assertLess(40, killed)
        # What was left behind is in nobody's way.
        self.conf.write_bytes(old)
        self.good("enable")
        self.good("disable")
        self.assertEqual([], list(self.etc.glob("*-new")) + list(self.etc.glob("*-lock")))

    def test_a_file_that_samba_does_not_take_is_never_put_in_place(self):
        """Whatever the reason: testparm reads nothing in the new file."""
        old = b"[global]\nworkgroup = LAB\n"
        self.conf.write_bytes(old)
        result = self.run_command("enable", inside=[
            "strace", "-f", "-qq", "-o", "/dev/null", "-P", f"{self.conf}.netsession-samba-new", "-e", "inject=read:error=EIO"])
        self.assertEqual(FAILED, result.exit)
        self.assertIn(f'with the new text Samba would still use {SAYS} = ""', result.stderr)
        self.assertEqual(old, self.conf.read_bytes())
        self.assertEqual([self.conf], list(self.etc.iterdir()))

    def test_a_failed_command_leaves_the_old_file_and_nothing_else(self):
        old = b"[global]\nworkgroup = LAB\n"
        self.conf.write_bytes(old)
        for what in ("write:error=ENOSPC", "fchown:error=EPERM", "fchmod:error=EPERM", "rename:error=EIO",
                     "fremovexattr:error=EPERM",
                     "fsync:error=EIO", "flistxattr:error=EIO", "utimensat:error=EIO"):
            result = self.inject("enable", what + ":when=1", *(self.files if self.CALLS.get(what.partition(":")[0]) else []))
            self.assertEqual(FAILED, result.exit, what)
            self.assertIn("cannot be", result.stderr, what)
            self.assertEqual(old, self.conf.read_bytes(), what)
            self.assertEqual([self.conf], list(self.etc.iterdir()), what)


class Registry(SmbConf):
    """A configuration that is in Samba's registry, which is covered by one of ours here."""

    COVER = """
for place in /run/samba /var/lib/samba /var/cache/samba /var/log/samba; do
    mkdir -p "$0$place" "$place"; mount --bind "$0$place" "$place"
done
mkdir -p /var/lib/samba/private
exec "$@"
"""

    def test_the_commands_for_the_registry_are_shown(self):
        covered = ["unshare", "--mount", "sh", "-ec", self.COVER, self.folder]
        self.conf.write_bytes(b"[global]\nconfig backend = registry\n")

        def net_conf(what, said):
            """Does as the command has told."""
            [arguments] = re.findall(rf"net conf ({what}) global {SAYS}(.*)", said)
            command_line = f"net conf {arguments[0]} global {SAYS}{arguments[1]}"
            subprocess.run([*covered, "sh", "-c", command_line], check=True, stdin=subprocess.DEVNULL)

        said = self.refused("in Samba's registry, which enable does not change", inside=covered).stderr
        net_conf("setparm", said)
        self.assertEqual("Already enabled.\n", self.good("enable", inside=covered))
        net_conf("delparm", self.refused("it is enabled in Samba's registry", "disable", inside=covered).stderr)
        self.good("disable", inside=covered)
        self.refused("in Samba's registry, which enable does not change", inside=covered)


class Server(unittest.TestCase):
    """A real smbd, which is never started again."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer(users=()))

    def run_command(self, name, directory=None, **options):
        return command.run(name, "--smb-conf", self.server.configuration, "--directory",
                           directory or self.server.relay_directory, program="netsession-samba", **options)

    def rpc(self, question):
        """By rpcclient. Returns whether it was answered, and what was said."""
        done = subprocess.run(
            self.server.tool("rpcclient", "-A", self.server.credentials_file("root"), self.server.host, "-c", question),
            text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=HANG_S)
        return done.returncode == 0, done.stdout + done.stderr

    def answers(self, question):
        is_answered, said = self.rpc(question)
        self.assertTrue(is_answered, said)
        return said

    def test_smbd_uses_the_relay_from_enable_to_disable(self):
        before = self.server.configuration.read_bytes()
        self.answers("netshareenumall")
        directory = self.server.folder / "standin"
        self.assertEqual(NOT_RUNNING, self.run_command("status", directory).exit)
        with StandIn(directory, self.server.pipes) as relay:
            said = self.run_command("enable", directory)
            self.assertEqual((DONE, ""), (said.exit, said.stderr), said)
            self.assertIn("smbd was told to reload it.\n", said.stdout)
            came = relay.came
            self.assertFalse(self.rpc("netshareenumall")[0])
            self.assertLess(came, relay.came)
            self.answers("lsaquery")  # by a link
            said = self.run_command("disable", directory)
            self.assertEqual((DONE, ""), (said.exit, said.stderr), said)
            self.assertEqual(before, self.server.configuration.read_bytes())
            came = relay.came
            self.answers("netshareenumall")
            self.assertEqual(came, relay.came)

    def expect_status(self, status, *patterns):
        result = self.run_command("status")
        self.assertEqual((status, ""), (result.exit, result.stderr), result)
        for pattern in patterns:
            self.assertRegex(result.stdout, pattern)

    def level_10(self):
        """Asks at the level that Samba does not know. Returns the exit status and what was said."""
        result = cli.run_list(self.server, "-l", "10")
        return result.exit, result.stdout + result.stderr

    def test_an_administrator_enables_stops_kills_releases_and_disables(self):
        """Start, check, enable, and back; and what callers see when it is stopped, and when it is killed."""
        before = self.server.configuration.read_bytes()
        self.assertIn("does not know that level", self.level_10()[1])
        with NetsessionSamba(self.server) as relay:
            self.expect_status(FAILED, "The relay is running but not enabled")
            self.assertEqual(FAILED, self.run_command("release").exit)
            said = self.run_command("check")
            self.assertEqual(DONE, said.exit, said)
            self.assertRegex(said.stdout, r"ok    links         \d+ to Samba's other pipes, of which Samba has opened \d+\n")
            self.assertEqual(DONE, self.run_command("enable").exit)
            self.assertEqual(0, self.level_10()[0])
            self.expect_status(DONE, r"ok    smb\.conf      enabled at line 1 of ", r"ok    smbd          running; its configuration "
                               rf"makes it open pipes in {self.server.relay_directory}/np\n", r"ok    run           pipes: [1-9]",
                               "ok    samba-dcerpcd listens at ", "The relay works.")
            relay.terminate()
            self.expect_status(NOT_RUNNING, "not running; .*/np/srvsvc is a link to Samba's own socket",
                               "The relay is not running; Samba serves all its pipes itself.")
            self.assertIn("does not know that level", self.level_10()[1])
            self.answers("netshareenumall")
            relay.start()
            self.assertEqual(0, self.level_10()[0])
            relay.kill()
            self.expect_status(FAILED, "wrong relay .* is a socket at which no process listens", "Something is wrong.")
            is_answered, said = self.rpc("netshareenumall")
            self.assertFalse(is_answered)
            self.assertIn("NT_STATUS_CONNECTION_REFUSED", said)
            self.answers("lsaquery")
            self.assertEqual(DONE, self.run_command("release").exit)
            self.answers("netshareenumall")
            relay.start()
            self.assertEqual(0, self.level_10()[0])
            self.assertEqual(DONE, self.run_command("disable").exit)
            self.assertEqual(before, self.server.configuration.read_bytes())
            self.assertIn("does not know that level", self.level_10()[1])

    def test_release_needs_only_the_links(self):
        """Neither Samba's programs, nor an smb.conf that they can read."""
        with NetsessionSamba(self.server) as relay:
            relay.kill()
            result = command.run("release", "--smb-conf", "/nonexistent", "--directory", relay.directory,
                                 program="netsession-samba", env={"PATH": "/nonexistent"})
            self.assertEqual((DONE, ""), (result.exit, result.stderr))
            self.assertEqual(self.server.pipes / "srvsvc", relay.srvsvc.readlink())
            shutil.rmtree(relay.directory)
            self.assertEqual(DONE, self.run_command("release").exit)
            relay.start()


if __name__ == "__main__":
    tap.main()
