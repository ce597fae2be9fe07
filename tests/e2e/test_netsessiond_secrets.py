"""What netsessiond knows of passwords, it keeps from its memory, its logs, its environment and its command line."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab import command, tap
from lab.netsessiond import Netsessiond

PASSWORD = "Zq7-unmistakable-9x"
PAGE = os.sysconf("SC_PAGESIZE")


def md4(data):
    return subprocess.run(["openssl", "dgst", "-md4", "-provider", "legacy", "-provider", "default", "-binary"],
                          input=data, capture_output=True, check=True).stdout


def page_of(memory, at):
    """Zeros for one that nobody can read: from glibc 2.42 on stacks have guard pages that maps does not show."""
    try:
        return os.pread(memory.fileno(), PAGE, at)
    except OSError:
        return bytes(PAGE)


class Secrets(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice"], {"alice": PASSWORD}, log_level="debug"))
        utf16 = PASSWORD.encode("utf-16-le")
        nt_hash = md4(utf16)  # as good as the password, to who logs on by NTLM
        self.secrets = [PASSWORD.encode(), utf16, nt_hash, nt_hash.hex().encode(), nt_hash.hex().upper().encode()]

    def memory(self):
        """All that it can read itself."""
        process = pathlib.Path(f"/proc/{self.server.pid}")
        with open(process / "mem", "rb") as memory:
            for first, last in re.findall(r"^(\w+)-(\w+) r(?!.*\[v)", (process / "maps").read_text(), re.MULTILINE):
                yield b"".join(page_of(memory, at) for at in range(int(first, 16), int(last, 16), PAGE))

    def in_memory(self, *wanted):
        return [what for what in wanted if any(what in part for part in self.memory())]

    def log_on(self, password=None):
        file = self.server.credentials_file("alice", password=password)
        return command.run("list", "-A", file, f"127.0.0.1:{self.server.port}")

    def check(self):
        self.assertEqual([b"alice"], self.in_memory(b"alice"))  # it is the right memory
        self.assertEqual([], self.in_memory(*self.secrets))

    def test_nothing_is_left_in_its_memory(self):
        self.check()
        self.assertIn("access denied", self.log_on().stderr)
        self.check()
        self.log_on(password="another")
        self.check()
        self.server.reload()
        self.check()

    def test_nothing_is_said_of_it(self):
        self.log_on()
        self.log_on(password=PASSWORD + "-not-quite")
        self.server.reload()
        process = pathlib.Path(f"/proc/{self.server.pid}")
        said = [self.server.said.encode(), str(self.server.audit).encode(), (process / "cmdline").read_bytes(),
                (process / "environ").read_bytes()]
        for secret in self.secrets:
            self.assertFalse(any(secret in text for text in said))
        self.assertEqual([1326], [line["status"] for line in self.server.audit
                                  if line["operation"] == "log-on" and line["status"] != 0])


class OtherProcesses(unittest.TestCase):
    def test_another_process_of_its_user_sees_neither_its_memory_nor_its_files(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        shutil.chown(folder, "games")
        as_games = ("setpriv", "--reuid=games", "--regid=games", "--clear-groups")
        (folder / "conf").write_text("")
        process = subprocess.Popen([*as_games, command.built("netsessiond"), "--config", folder / "conf", "--listen", "",
                                    "--socket", folder / "local", "--publish-socket", ""], stderr=subprocess.PIPE, text=True,
                                   env=command.environment())
        with process:
            while "is ready" not in process.stderr.readline():
                self.assertIsNone(process.poll())
            for name in ("mem", "environ", "fd/0", "maps"):
                with self.subTest(name):
                    done = subprocess.run([*as_games, "head", "-c", "1", f"/proc/{process.pid}/{name}"], text=True,
                                          capture_output=True, check=False)
                    self.assertIn("Permission denied", done.stderr)
            process.terminate()


if __name__ == "__main__":
    tap.main()
