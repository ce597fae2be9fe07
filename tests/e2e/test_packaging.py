"""What is installed for systemd, judged by systemd's own programs; and that what the service forbids is not needed."""
import pathlib
import re
import subprocess
import tempfile
import unittest

from asking import address, command
from installed import Installed
from lab import sessions, tap
from lab.netsessiond import Netsessiond

SOCKETS = {"netsessiond-smb.socket": "smb", "netsessiond-local.socket": "local", "netsessiond-feed.socket": "feed"}


def said_of(text, key):
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], text=True, capture_output=True, check=False)


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed = cls.enterClassContext(Installed())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.units = {}
        for name in ("netsessiond.service", *SOCKETS):
            text = installed.only(name).read_text()
            # As if it were installed where the unit says.
            cls.units[name] = re.sub(r"^ExecStart=\S+", f"ExecStart={installed.only('netsessiond')}", text, flags=re.MULTILINE)
            (cls.folder / name).write_text(cls.units[name])
        cls.service = installed.only("netsessiond.service").read_text()
        cls.users = installed.only("netsession.conf")
        cls.allowed = cls.system_calls(*said_of(cls.service, "SystemCallFilter"))

    @classmethod
    def system_calls(cls, granted, forbidden):
        def members(words):
            found = set()
            for word in words:
                if word.startswith("@"):
                    lines = analyze("syscall-filter", word).stdout.splitlines()[1:]
                    found |= members([line.strip() for line in lines if not line.lstrip().startswith("#")])
                elif word:
                    found.add(word)
            return found
        assert forbidden[0] == "~"
        return members(granted.split()) - members(forbidden[1:].split())

    def test_they_are_good(self):
        done = analyze("verify", "--man=no", *(self.folder / name for name in self.units))
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_the_service_is_exposed_to_little(self):
        done = analyze("security", "--offline=yes", "--threshold=20", self.folder / "netsessiond.service")
        self.assertEqual(0, done.returncode, done.stdout[-200:])

    def test_each_socket_has_the_name_that_netsessiond_takes_it_by(self):
        for name, door in SOCKETS.items():
            self.assertEqual(([door], ["netsessiond.service"]), (said_of(self.units[name], "FileDescriptorName"),
                                                                 said_of(self.units[name], "Service")))

    def test_its_user_is_made(self):
        done = subprocess.run(["systemd-sysusers", "--dry-run", self.users], text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(["netsession"], said_of(self.service, "User"))
        self.assertIn(" netsession ", self.users.read_text())

    def test_what_it_does_is_what_the_service_allows(self):
        """System calls as strace sees them, from the first one to the last."""
        if b"__asan_init" in command.built("netsessiond").read_bytes():
            self.skipTest("the sanitizers do other calls, and not below strace")
        with tempfile.NamedTemporaryFile("r") as trace:
            with Netsessiond(["alice"], sessions=10, inside=("strace", "-f", "-qq", "-o", trace.name)) as server:
                self.assertEqual(0, command.run("list", "-A", server.credentials_file("root"), address(server)).exit)
                self.assertEqual(0, command.run("list", env={"NETSESSION_SOCKET": str(server.socket)}).exit)
                with sessions.held(server, [sessions.Wanted("alice")]):
                    server.reload()
            text = trace.read()
        called = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
        self.assertLess(20, len(called))
        # It raises a limit where it may; the service has raised it already.
        self.assertEqual(set(), called - self.allowed - {"prlimit64", "execve", "arch_prctl"})
        self.assertNotRegex(text, r"PROT_WRITE\|PROT_EXEC")
        families = set(re.findall(r"socket\((AF_\w+)", text))
        self.assertLessEqual(families, set(said_of(self.service, "RestrictAddressFamilies")[0].split()))


if __name__ == "__main__":
    tap.main()
