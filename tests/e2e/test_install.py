#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`make install`, and a program built against what it installed."""
import pathlib
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from lab import tap

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


if __name__ == "__main__":
    tap.main()
