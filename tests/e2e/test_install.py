#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`make install`, and a program built against what it installed."""
import pathlib
import subprocess
import tempfile
import unittest

import asking  # noqa: F401  (makes lab importable)
from lab import command, tap

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
        cls.destination = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run(["meson", "install", "-C", command.built(""), "--no-rebuild", "--quiet",
                        "--destdir", cls.destination], check=True, stdout=subprocess.DEVNULL)

    def only(self, name):
        """The path of the one installed file of that name."""
        found = list(self.destination.rglob(name))
        self.assertEqual(1, len(found), found)
        return found[0]

    def test_a_program_finds_headers_and_libraries_by_pkg_config(self):
        source, program = self.destination / "program.c", self.destination / "program"
        source.write_text(PROGRAM)
        environment = {"PKG_CONFIG_PATH": str(self.only("netapi32.pc").parent),
                       "PKG_CONFIG_SYSROOT_DIR": str(self.destination), "PATH": "/usr/bin:/bin"}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "netapi32"], env=environment, check=True, text=True,
                               capture_output=True).stdout.split()
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", source, *flags, "-o", program], check=True)
        done = subprocess.run([program], env={"LD_LIBRARY_PATH": str(self.only("libnetapi32.so").parent)}, check=True,
                              text=True, capture_output=True)
        self.assertRegex(done.stdout, r"^2114 .*no session service runs")

    def test_the_command_is_there(self):
        done = subprocess.run([self.only("netsession"), "--version"], text=True, capture_output=True, check=True,
                              env={"LD_LIBRARY_PATH": str(self.only("libnetsession.so").parent)})
        self.assertRegex(done.stdout, r"^netsession \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    tap.main()
