"""What a process is given - its standard files, limits and libraries - and what the programs make of little or none.
The situations are those of cron jobs, containers and services."""
import os
import pathlib
import resource
import subprocess
import tempfile
import unittest

from fixtures.programs import Programs
from lab import command, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.wait_until import HANG_S, wait_until

# Gives the computer a name, in a namespace of its own, and runs a program there.
RENAME = 'printf %s "$1" > /proc/sys/kernel/hostname; shift; exec "$@"'

NO_MD4 = {"OPENSSL_MODULES": "/nonexistent"}  # OpenSSL has MD4 and RC4 in its legacy provider, which is not found then


def run(*arguments, program="netsession", closed=(), limit=None, stdout=subprocess.PIPE, env=None):
    """Runs a program without these standard files, or with so many file descriptors."""
    def prepare():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        for number in closed:
            os.close(number)
    return subprocess.run([command.built(program), *map(str, arguments)], env=command.environment(env), text=True,
                          stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False,
                          timeout=HANG_S, preexec_fn=prepare)  # pylint: disable=subprocess-popen-preexec-fn


class StandardFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.list = ["list", "-A", cls.server.credentials_file("root"), address(cls.server)]

    def test_without_standard_input_or_error_the_answer_is_the_same(self):
        for closed in ((0,), (2,), (0, 2)):
            with self.subTest(closed=closed):
                result = run(*self.list, closed=closed)
                self.assertEqual((0, ""), (result.returncode, result.stderr))
                self.assertRegex(result.stdout, r"(?m)^127\.0\.0\.1  root ")

    def test_without_standard_output_the_command_fails(self):
        result = run(*self.list, closed=(1,))
        self.assertEqual((3, "netsession: cannot write the output: Bad file descriptor\n"),
                         (result.returncode, result.stderr))
        self.assertEqual(3, run(*self.list, closed=(0, 1, 2)).returncode)

    def test_no_message_on_standard_error_reaches_a_server(self):
        silent = f"127.0.0.1:{free_port()}"
        result = run(*self.list, silent, "-v", closed=(0, 2))
        self.assertEqual((1, ""), (result.returncode, result.stderr))
        self.assertIn("root", result.stdout)

    def test_netsessiond_serves_without_standard_files(self):
        with tempfile.TemporaryDirectory() as folder:
            local, configuration = f"{folder}/local.sock", pathlib.Path(folder) / "conf"
            configuration.write_text(f"[audit]\nfile = {folder}/audit\n")
            command_line = [command.built("netsessiond"), "--config", configuration, "--demo", "3", "--listen", f"127.0.0.1:{free_port()}",
                            "--socket", local, "--publish-socket", f"{folder}/publish.sock", "--user", "root"]
            with subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *map(str, command_line)],
                                  env=command.environment()) as daemon:
                try:
                    wait_until(lambda: command.run("list", env={"NETSESSION_SOCKET": local}).exit == 0)
                    listed = command.run("list", "-o", "jsonl", env={"NETSESSION_SOCKET": local})
                    self.assertEqual(3, len(listed.jsonl), listed)
                finally:
                    daemon.terminate()
            self.assertEqual(0, daemon.returncode)

    def test_netsessiond_does_not_start_without_the_output_for_its_audit_log(self):
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", command.built("netsessiond"), "--listen", "127.0.0.1:1",
                               "--user", "root", "--check"], env=command.environment(), stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn('[audit] file (the default) cannot be "-": standard output is closed', done.stderr)

    def test_netsession_samba_does_without_standard_files(self):
        expected = run("status", program="netsession-samba").returncode
        self.assertEqual(expected, run("status", program="netsession-samba", closed=(0, 2)).returncode)

    def test_output_that_is_lost_is_reported(self):
        commands = (("netsession", "list", *self.list[1:]), ("netsession", "doctor", *self.list[1:]),
                    ("netsession", "doctor", "-o", "json", *self.list[1:]), ("netsession", "--help"),
                    ("netsession", "list", "--help"), ("netsession", "--version"),
                    ("netsession", "--describe", "man"), ("netsessiond", "--help"),
                    ("netsessiond", "--describe", "sample"), ("netsession-samba", "--describe", "bash"))
        for program, *arguments in commands:
            with self.subTest(program, arguments=arguments), open("/dev/full", "w", encoding="ascii") as full:
                result = run(*arguments, program=program, stdout=full)
                self.assertIn(result.returncode, (1, 3))
                self.assertEqual(f"{program}: cannot write the output: No space left on device\n", result.stderr)

    def test_a_watch_ends_when_nobody_reads_its_events_any_more(self):
        with subprocess.Popen([command.built(), "watch", "--every", "60", "-o", "jsonl", *self.list[1:]], text=True,
                              env=command.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
            self.assertIn('"started"', watch.stdout.readline())
            watch.stdout.close()
            self.assertEqual(-13, watch.wait(HANG_S / 2))  # SIGPIPE, as with the next event

    def test_a_reader_that_wants_one_line_gets_it_and_no_message(self):
        result = subprocess.run(["bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "bash", command.built(),
                                 *map(str, self.list), "-o", "jsonl"], text=True, capture_output=True, check=False,
                                env=command.environment(), timeout=HANG_S)
        self.assertEqual(1, len(result.stdout.splitlines()))
        self.assertEqual("", result.stderr)
        self.assertIn(result.returncode, (0, 128 + 13))


class FileDescriptors(unittest.TestCase):
    def test_few_file_descriptors_do_for_many_servers(self):
        with SambaServer() as server:
            arguments = ["list", "-o", "jsonl", "-A", server.credentials_file("root"), *[address(server)] * 20]
            for limit in (64, 24):
                with self.subTest(limit=limit):
                    result = run(*arguments, limit=limit)
                    self.assertEqual((0, ""), (result.returncode, result.stderr))


class Threads(unittest.TestCase):
    def test_a_limit_of_threads_is_named(self):
        alone = ["setpriv", "--reuid=65534", "--clear-groups", "prlimit", "--nproc=1"]  # root has no such limit
        if subprocess.run([*alone, "test", "-x", command.built()], check=False).returncode != 0:
            self.skipTest("other users cannot run what is built here")
        result = command.run("list", "-N", "localhost:1", inside=alone)
        self.assertEqual(3, result.exit)
        self.assertRegex(result.stderr, r"out of memory at resolve \(8\): [^\n]* memory or threads: see [^\n]*ulimit -u")


class OpenSSL(unittest.TestCase):
    def test_ntlm_needs_no_legacy_provider(self):
        with SambaServer() as samba, Netsessiond(inside=["env", *(f"{name}={value}" for name, value in NO_MD4.items())]) as ours:
            for server in (samba, ours):
                for how in ((), ("--encrypt",)):
                    result = run("list", *how, "-A", server.credentials_file("root"), address(server), env=NO_MD4)
                    self.assertEqual((0, ""), (result.returncode, result.stderr))


class GssNtlmssp(unittest.TestCase):
    """What gss-ntlmssp takes from the environment of the process, and from that of the computer."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.list = ["list", "-A", cls.server.credentials_file("root"), address(cls.server)]

    def test_an_environment_that_demands_ntlm_version_1_is_overruled(self):
        for level in ("0", "1", "2", "5", "nonsense"):
            with self.subTest(level):
                result = run(*self.list, env={"LM_COMPAT_LEVEL": level})
                self.assertEqual((0, ""), (result.returncode, result.stderr))

    def test_a_program_of_the_library_is_told_of_the_variable(self):
        with Programs() as programs:
            program = programs.compile("ask_many.c", "netsession")
            result = command.run(self.server.credentials_file("root"), 10000, address(self.server), program=program,
                                 env={"LM_COMPAT_LEVEL": "1"})
            self.assertRegex(result.stdout, r"status 50 .*the environment variable LM_COMPAT_LEVEL demands NTLM "
                                            r"version 1, which proves nothing; unset LM_COMPAT_LEVEL")

    def test_netsessiond_accepts_ntlm_version_2_whatever_the_variable_says(self):
        with Netsessiond(inside=["env", "LM_COMPAT_LEVEL=1"]) as server:
            result = command.run("list", "-A", server.credentials_file("root"), address(server))
            self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_a_computer_with_a_long_name_is_told_so(self):
        for length, exit_status in ((63, 0), (64, 3)):
            with self.subTest(length=length):
                result = subprocess.run(["unshare", "--uts", "sh", "-c", RENAME, "sh", "x" * length, command.built(),
                                         *map(str, self.list)], text=True, capture_output=True, check=False,
                                        env=command.environment(), timeout=HANG_S)
                self.assertEqual(exit_status, result.returncode, result)
                if exit_status != 0:
                    self.assertRegex(result.stderr, r"\(50\): .*name of this computer, which is longer than 63 bytes")

    def test_netsessiond_on_a_computer_with_a_long_name_says_why_there_is_no_ntlm(self):
        with tempfile.TemporaryDirectory() as folder:
            users, configuration = f"{folder}/users", f"{folder}/netsessiond.conf"
            for path, text in ((users, "LAB:alice:secret\n"), (configuration, f"[auth]\nntlm_users = {users}\n")):
                with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                    file.write(text)
            result = subprocess.run(["unshare", "--uts", "sh", "-c", RENAME, "sh", "x" * 64,
                                     command.built("netsessiond"), "--user", "root", "--check", "--config", configuration],
                                    text=True, capture_output=True, check=False, timeout=HANG_S)
            self.assertNotEqual(0, result.returncode)
            self.assertIn("name of this computer, which is longer than 63 bytes", result.stderr)


if __name__ == "__main__":
    tap.main()
