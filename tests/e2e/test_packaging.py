"""What is installed for systemd, judged by systemd's own programs; and that what the service forbids is not needed."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from lab import command, sessions, tap
from lab.cli import address
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer

SERVICES = {"netsessiond.service": 20, "netsession-samba.service": 25, "netsession-metrics.service": 20,
            "netsession-sweep.service": 20}  # and how exposed it may be, in tenths
SOCKETS = {"netsessiond-smb.socket": "smb", "netsessiond-local.socket": "local", "netsessiond-publish.socket": "publish"}

# Of a lab's folder, what a process may still write to.
READ_ONLY = """
for place in relay lock log; do mount --bind "$0/$place" "$0/$place"; done
mount -o remount,bind,ro /
exec "$@"
"""


def said_of(text, key):
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def read(name):
    return (command.REPOSITORY / name).read_text()


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], text=True, capture_output=True, check=False)


TIMERS = ("netsession-metrics.timer", "netsession-sweep.timer")


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed = cls.enterClassContext(Installed())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.units = {}
        for name in (*SERVICES, *SOCKETS, *TIMERS):
            text = installed.only(name).read_text()
            # As if it were installed where the unit says.
            cls.units[name] = re.sub(r"^(Exec\w+=)\S*/(netsession\S*)",
                                     lambda found: f"{found[1]}{installed.only(found[2])}", text, flags=re.MULTILINE)
            (cls.folder / name).write_text(cls.units[name])
        cls.service = installed.only("netsessiond.service").read_text()
        cls.samba_service = installed.only("netsession-samba.service").read_text()
        cls.users = installed.only("netsession.conf")

    @classmethod
    def system_calls(cls, granted, forbidden, more=""):
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
        return members(granted.split()) - members(forbidden[1:].split()) | members(more.split())

    def test_they_are_good(self):
        done = analyze("verify", "--man=no", *(self.folder / name for name in self.units))
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_the_services_are_exposed_to_little(self):
        for name, threshold in SERVICES.items():
            done = analyze("security", "--offline=yes", f"--threshold={threshold}", self.folder / name)
            self.assertEqual(0, done.returncode, done.stdout[-200:])

    def test_each_socket_has_the_name_that_netsessiond_takes_it_by(self):
        for name, endpoint in SOCKETS.items():
            self.assertEqual(([endpoint], ["netsessiond.service"]), (said_of(self.units[name], "FileDescriptorName"),
                                                                 said_of(self.units[name], "Service")))

    def test_its_user_is_made(self):
        done = subprocess.run(["systemd-sysusers", "--dry-run", self.users], text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(["netsession"], said_of(self.service, "User"))
        self.assertIn(" netsession ", self.users.read_text())

    def judge(self, service, trace):
        """System calls as strace saw them, from the first one to the last."""
        called = set(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))
        self.assertLess(20, len(called))
        # It raises a limit where it may; the service has raised it already.
        allowed = self.system_calls(*said_of(service, "SystemCallFilter")) | {"prlimit64", "execve", "arch_prctl"}
        self.assertEqual(set(), called - allowed)
        self.assertNotRegex(trace, r"PROT_WRITE\|PROT_EXEC")
        families = set(re.findall(r"socket\((AF_\w+)", trace))
        self.assertLessEqual(families, set(said_of(service, "RestrictAddressFamilies")[0].split()))

    def test_what_it_does_is_what_the_service_allows(self):
        if b"__asan_init" in command.built("netsessiond").read_bytes():
            self.skipTest("the sanitizers do other calls, and not below strace")
        with tempfile.NamedTemporaryFile("r") as trace:
            with Netsessiond(["alice"], sessions=10, inside=("strace", "-f", "-qq", "-o", trace.name)) as server:
                self.assertEqual(0, command.run("list", "-A", server.credentials_file("root"), address(server)).exit)
                self.assertEqual(0, command.run("list", env={"NETSESSION_SOCKET": str(server.socket)}).exit)
                with sessions.held(server, [sessions.Wanted("alice")]):
                    server.reload()
            self.judge(self.service, trace.read())

    def test_what_netsession_samba_does_is_what_its_service_allows(self):
        """It and the programs of Samba that it runs, with the capability that the service leaves them, and where they
        may write to its own folder, to where Samba's databases and messages are, and to no other place."""
        if b"__asan_init" in command.built("netsession-samba").read_bytes():
            self.skipTest("the sanitizers do other calls, and not below strace")
        [capabilities] = said_of(self.samba_service, "CapabilityBoundingSet")
        kept = capabilities.removeprefix("CAP_").lower()
        with SambaServer(relayed=True, users=["mail"]) as samba:
            samba.relay_directory.mkdir(mode=0o700)  # as StateDirectory= does
            trace = samba.folder / samba.log / "trace"
            inside = ("unshare", "--mount", "sh", "-ec", READ_ONLY, samba.folder, "setpriv", f"--bounding-set=-all,+{kept}",
                      "--no-new-privs", "strace", "-f", "-qq", "-A", "-o", trace)
            # Below strace, on a busy machine, a poll takes longer than callers wait by default.
            service = self.enterContext(Netsessiond((), publishers="root", refresh_timeout_ms=60000))
            local = {"NETSESSION_SOCKET": str(service.socket)}
            with NetsessionSamba(samba, service.publish_socket, inside=inside) as relay:
                with sessions.held(samba, [sessions.Wanted("mail")]):
                    self.assertEqual(0, command.run("list", "-l", "10", "-A", samba.credentials_file("root"),
                                                    address(samba)).exit)
                    relay.await_state(lambda state: state["publish_polls"] > 0)
                    self.assertIn("mail", command.run("list", "-l", "10", env=local).stdout)
                    self.assertEqual(0, command.run("close", "--yes", "--user", "mail", env=local).exit)
                    relay.await_state(lambda state: state["publish_closed"] == 1 and state["publish_sessions"] == 0)
                relay.kill()
                done = command.run("release", "--directory", relay.directory, program="netsession-samba", inside=inside)
                self.assertEqual(0, done.exit, done)
                self.assertTrue(relay.srvsvc.is_symlink())
                relay.start()
            self.judge(self.samba_service, trace.read_text())


class Versions(unittest.TestCase):
    """Versions, dependencies and lists of files that stand in several files."""

    VERSION = said_of(read("meson.build").replace("    version: '", "version=").replace("',", ""), "version")[0]
    SPEC = "packaging/rpm/netsession.spec"

    def test_packages_and_changelog_have_the_version_of_meson(self):
        self.assertTrue(read("packaging/debian/changelog").startswith(f"netsession ({self.VERSION}) "))
        self.assertRegex(read(self.SPEC), rf"(?m)^Version: +{re.escape(self.VERSION)}$")
        self.assertRegex(read(self.SPEC), rf"(?m)^\* .* - {re.escape(self.VERSION)}-1$")
        self.assertRegex(read("CHANGELOG.md"), rf"(?m)^## {re.escape(self.VERSION)}$")

    def test_what_the_debian_packages_are_built_with_is_installed_by_make_deb(self):
        listed = {package for purpose, packages in re.findall(r"(?m)^(build|deb) +(\S+)", read("packaging/debian-packages"))
                  for package in packages.split("|")}
        field = re.search(r"(?ms)^Build-Depends: (.*?)^\w", read("packaging/debian/control"))[1]
        needed = set(re.findall(r"(?:^|[,|])\s*([a-z][a-z0-9.+-]*)", field)) - {"debhelper-compat"}
        self.assertGreater(len(needed), 8)
        self.assertEqual(set(), needed - listed)

    @unittest.skipUnless(shutil.which("rpmlint") and shutil.which("rpm"), "rpmlint or rpm, which it runs, is not installed")
    def test_rpmlint_accepts_the_spec_file(self):
        done = subprocess.run(["rpmlint", "--config", command.REPOSITORY / "packaging/rpm/rpmlint.toml",
                               command.REPOSITORY / self.SPEC], text=True, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertIn("0 errors, 0 warnings", done.stdout)

    def test_the_spec_file_has_each_file_that_is_installed(self):
        """By its name; make rpm also compares folders."""
        files = "\n".join(re.findall(r"(?ms)^%files.*?\n(.*?)(?=^%(?:files|changelog))", read(self.SPEC)))
        patterns = {re.sub(r"\*$", "", line.split("/")[-1]) for line in files.splitlines() if line.startswith(("%{", "%config"))}
        with Installed() as installed:
            names = {path.relative_to(installed.folder) for path in installed.folder.rglob("*") if not path.is_dir()}
        left = [name for name in names if "wine" not in str(name) and "include/netapi32" not in str(name)
                and "cmake/netsession" not in str(name) and name.suffix != ".3" and not name.match("lib/*/netsession/*")
                and name.name.removesuffix(".bash") not in patterns]
        self.assertEqual([], left)


if __name__ == "__main__":
    tap.main()
