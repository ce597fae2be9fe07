#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""examples/, built by the very lines of its README.md, and run against a real server."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from fixtures.programs import run
from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import wait_until

EXAMPLES = command.REPOSITORY / "examples"
BUILD_LINES = re.findall(r"^    ((?:cc|clang|x86_64-w64-mingw32-gcc) .*)$", (EXAMPLES / "README.md").read_text(), re.M)
HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "::1")]


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installed = cls.enterClassContext(Installed())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="netsession-examples-")))
        for source in EXAMPLES.glob("*.c"):
            shutil.copy(source, cls.folder)

    def build(self, tool, source="list_sessions.c"):
        """Runs the README's line that begins with the tool and compiles the source, in silence."""
        if not shutil.which(tool):
            self.skipTest(f"needs {tool}")
        line, = (line for line in BUILD_LINES if line.startswith(tool + " ") and source in line.split())
        done = subprocess.run(line, shell=True, cwd=self.folder, text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=self.installed.build_environment())
        self.assertEqual((0, ""), (done.returncode, done.stdout), line)
        return self.folder / re.search(r" -o (\S+)", line)[1]

    def check_is_for_windows(self, program):
        content = program.read_bytes()
        self.assertEqual(b"MZ", content[:2])
        self.assertIn(b"NetSessionEnum\0", content)
        self.assertIn(b"netapi32.dll\0", content.lower())

    def test_list_sessions_lists_on_unix_what_impacket_is_told(self):
        program = self.build("cc")
        with SambaServer() as server, sessions.held(server, HELD):
            def ask(user, *arguments):
                environment = {"NETSESSION_CREDENTIALS": str(server.credentials_file(user))}
                result = run(program, rf"\\{address(server)}", *arguments,
                             env=self.installed.run_environment() | environment)
                return result.exit, result.stdout, result.stderr

            told = sorted([row["client"], row["user"], str(row["num_opens"])]
                          for row in sessions.enumerate_with_impacket(server).rows)
            status, listed, errors = ask("root")
            *rows, total = listed.splitlines()
            self.assertEqual((0, "", f"{len(told)} in all"), (status, errors, total))
            self.assertEqual(told, sorted(row.split()[:3] for row in rows))
            self.assertEqual((1, "nobody of that name\n", ""), ask("root", "", "Zoë"))
            self.assertEqual((1, "", f"\\\\{address(server)} does not let you ask (5)\n"), ask("mail"))

    def test_list_sessions_is_built_for_windows_by_gcc(self):
        self.check_is_for_windows(self.build("x86_64-w64-mingw32-gcc"))

    @unittest.skipUnless(shutil.which("ld.lld") and os.path.exists("/usr/lib/gcc/x86_64-w64-mingw32"),
                         "needs lld, gcc-mingw-w64-x86-64-win32")
    def test_list_sessions_is_built_for_windows_by_clang(self):
        self.check_is_for_windows(self.build("clang"))

    def test_publisher_publishes_what_it_reads(self):
        program = self.build("cc", "publisher.c")
        with Netsessiond((), publishers="root") as service:
            environment = self.installed.run_environment() | {"NETSESSION_PUBLISH_SOCKET": str(service.publish_socket)}
            with subprocess.Popen([program], env=os.environ | environment, text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, bufsize=1) as publisher:
                publisher.stdin.write("put 1 10.0.0.7 alice 2\n")
                self.assertEqual(0, self.closed(service, "alice").exit)
                self.assertEqual("close 1\n", publisher.stdout.readline())
                publisher.stdin.close()
            self.assertEqual(0, publisher.returncode)

    @staticmethod
    def closed(service, user):
        """The result of closing the user's sessions, once they are there."""
        def close():
            result = command.run("close", "-u", user, "--yes", env={"NETSESSION_SOCKET": str(service.socket)})
            return result if result.exit == 0 else None
        return wait_until(close)

    def test_every_line_of_the_readme_is_tried(self):
        self.assertEqual(["cc", "x86_64-w64-mingw32-gcc", "clang", "cc"], [line.split()[0] for line in BUILD_LINES])


if __name__ == "__main__":
    tap.main()
