#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`make install`, and a program built against what it installed."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from lab import tap

SOURCES = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = r"""
#include <stdio.h>
#include <windows.h>
#include <lm.h>
#include <netsession.h>

int main(void)
{
	LPSESSION_INFO_10 sessions;
	DWORD count, total, resume = 0;
	NET_API_STATUS status = NetSessionEnum(NULL, NULL, NULL, 10, (LPBYTE *)&sessions,
	                                       MAX_PREFERRED_LENGTH, &count, &total, &resume);

	printf("%u %s\n", (unsigned)status, netsession_last_error_text());
	return NetApiBufferFree(sessions) != NERR_Success;
}
"""


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installed = cls.enterClassContext(Installed())

    def test_a_program_finds_headers_and_libraries_by_pkg_config(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        source, program = folder / "program.c", folder / "program"
        source.write_text(PROGRAM)
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", source, *self.installed.flags("netapi32"), "-o", program],
                       check=True)
        done = subprocess.run([program], env=self.installed.run_environment(), check=True, text=True,
                              capture_output=True)
        self.assertRegex(done.stdout, r"^2114 .*start netsessiond on this computer")

    def test_the_command_is_there(self):
        done = subprocess.run([self.installed.only("netsession"), "--version"], text=True, capture_output=True,
                              check=True, env=self.installed.run_environment())
        self.assertRegex(done.stdout, r"^netsession \d+\.\d+\.\d+\n$")


class AnotherPrefix(unittest.TestCase):
    """`make install` of a build that was configured for another PREFIX, with what its programs and files then name."""

    PREFIX = pathlib.Path("/opt/netsession-tests")

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="netsession-", dir="/tmp")))
        cls.build = cls.folder / "build"
        cls.make(cls.build / "build.ninja")
        # Nothing of this depends on how fast the programs are.
        subprocess.run(["meson", "configure", cls.build, "-Doptimization=0", "-Ddebug=false"], check=True,
                       stdout=subprocess.DEVNULL)
        cls.first = cls.make_install("first")
        cls.other = cls.make_install("other", f"PREFIX={cls.PREFIX}")

    @classmethod
    def make(cls, target, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(["make", "-C", SOURCES, f"BUILD={cls.build}", "PACKAGES=installed", target, *arguments],
                              env=environment, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        return done.stdout

    @classmethod
    def make_install(cls, folder, *arguments):
        return cls.make("install", f"DESTDIR={cls.folder / folder}", *arguments)

    def installed(self, name, folder="other"):
        found = [path for path in (self.folder / folder).rglob(name) if path.is_file()]
        self.assertEqual(1, len(found), found)
        return found[0]

    def test_only_what_is_installed_is_built(self):
        self.assertIn("Compiling C object", self.first)
        self.assertNotRegex(self.first, r"Compiling C object (tests|bench|fuzz)/")

    def test_another_prefix_builds_nothing_anew(self):
        self.assertNotRegex(self.other, "Compiling|Linking")

    def test_what_is_built_is_installed_below_the_prefix_and_nowhere_else(self):
        other = self.folder / "other"
        self.assertEqual([other / self.PREFIX.relative_to("/")],
                         [path for path in (other / "opt").iterdir()])
        self.assertEqual([other / "opt"], list(other.iterdir()))
        names = {path.name for path in other.rglob("*") if path.is_file()}
        self.assertEqual({path.name for path in (self.folder / "first").rglob("*") if path.is_file()}, names)

    def test_the_prefix_is_where_files_name_it(self):
        for name, folder in (("netsessiond.service", "sbin"), ("netsession-samba.service", "sbin")):
            self.assertRegex(self.installed(name).read_text(), rf"(?m)^ExecStart={self.PREFIX}/{folder}/netsession")
        for name in ("netsession.pc", "netapi32.pc", "netapi32-msvc.pc"):
            self.assertIn(f"prefix={self.PREFIX}\n", self.installed(name).read_text())
        for name in ("netsessiond.service", "netsession.pc"):
            self.assertNotIn("/usr/local", self.installed(name).read_text())

    def test_programs_and_their_manual_pages_keep_the_folders_of_the_system(self):
        self.assertIn("/etc/netsession/netsessiond.conf", self.installed("netsessiond.8").read_text())
        self.assertIn("/var/lib/netsession", self.installed("netsession-samba.8").read_text())
        helped = subprocess.run([self.installed("netsessiond"), "--help"], text=True, capture_output=True, check=True)
        self.assertRegex(helped.stdout, r"(?<!\S)/etc/netsession/netsessiond\.conf")

    def test_the_command_finds_its_libraries_wherever_it_is(self):
        environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        done = subprocess.run([self.installed("netsession"), "--version"], text=True, capture_output=True, check=False,
                              env=environment)
        self.assertRegex(done.stdout, r"^netsession \d+\.\d+\.\d+\n$", done.stderr)

    def test_another_folder_for_the_configuration_compiles_what_names_it(self):
        built = self.make_install("etc", "SYSCONFDIR=/opt/etc")
        compiled = re.findall(r"Compiling C object \S*?src_(\S+)\.c\.o", built)
        self.assertTrue(compiled)
        self.assertLessEqual(set(compiled), {"daemon_settings", "daemon_command_line", "samba_setup_command_line"})
        self.assertIn("/opt/etc/netsession/netsessiond.conf", self.installed("netsessiond.8", "etc").read_text())


if __name__ == "__main__":
    tap.main()
