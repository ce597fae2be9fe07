#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Windows programs, built by mingw-w64, that run under Wine with the bridge of netsession-wine, against real servers."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from fixtures.installed import Installed
from fixtures.transcripts import Shell, missing, transcripts
from lab import command, sessions, tap, wine
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.sessions import Wanted

SAMPLES = command.REPOSITORY / "tests/samples"
PROGRAMS = command.REPOSITORY / "tests/fixtures/wine"
EXAMPLE = command.REPOSITORY / "examples/list_sessions.c"
SPEC = (command.REPOSITORY / "compat/wine/netapi32.spec").read_text()
NAMES = re.findall(r"^@ stdcall (\w+)\(", SPEC, re.M)
FORWARDED = re.findall(r"^@ stdcall (\w+)\(\) netapi32_wine\.\1$", SPEC, re.M)
HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "127.0.0.8"), Wanted("man", "::1", 1)]
HELD_AT_OURS = [Wanted("mail", "127.0.0.7"), Wanted("games", "127.0.0.8"), Wanted("games", "::1")]
TIMES = ("active_seconds", "idle_seconds")
COLUMNS = {0: ("client",), 1: ("client", "user", "num_opens", *TIMES),
           2: ("client", "user", "num_opens", *TIMES, "client_type"), 10: ("client", "user", *TIMES),
           502: ("client", "user", "num_opens", *TIMES, "client_type", "transport")}


def windows_dll(text, processor=0x8664):
    """A file that begins as a DLL of Windows does, and is one no further."""
    header = b"MZ".ljust(0x3c, b"\0") + (0x80).to_bytes(4, "little")
    return header.ljust(0x80, b"\0") + b"PE\0\0" + processor.to_bytes(2, "little") + text


def contents(folder):
    """{name: what it holds, or where the link leads} of a folder's files for netapi32."""
    return {path.name: path.readlink() if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.iterdir() if "netapi32" in path.name or path.name.startswith("netsession")}


class Install(unittest.TestCase):
    """netsession-wine in folders that look like prefixes."""

    @classmethod
    def setUpClass(cls):
        cls.installed = cls.enterClassContext(Installed())

    def setUp(self):
        self.prefix = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.system32 = self.prefix / "drive_c/windows/system32"
        self.system32.mkdir(parents=True)
        self.dll = self.system32 / "netapi32.dll"
        self.dll.write_bytes(windows_dll(b"first"))

    def run_program(self, *arguments, env=None):
        done = command.run(*arguments, program=self.installed.only("netsession-wine"), env=env)
        return done.exit, done.stdout, done.stderr

    def refused(self, *arguments, env=None):
        """The message of a command that has changed nothing."""
        before = contents(self.system32)
        status, output, message = self.run_program(*arguments, env=env)
        self.assertEqual((1, "", before), (status, output, contents(self.system32)))
        return message

    def test_it_installs_and_removes_as_often_as_one_likes(self):
        before = contents(self.system32)
        self.assertEqual((0, f"Not installed in {self.prefix}: nothing was changed.\n", ""),
                         self.run_program("remove", self.prefix))
        self.assertEqual((0, f"Installed in {self.prefix}.\n", ""), self.run_program("install", self.prefix))
        there = contents(self.system32)
        self.assertEqual({"netapi32.dll", "netapi32.dll.before-netsession", "netapi32_wine.dll", "libnetapi32.so.1"},
                         set(there))
        self.assertEqual(self.installed.only("netapi32.dll.so").read_bytes(), self.dll.read_bytes())
        self.assertEqual((0, f"Installed in {self.prefix} again.\n", ""), self.run_program("install", self.prefix))
        self.assertEqual(there, contents(self.system32))
        self.assertEqual((0, f"Removed from {self.prefix}.\n", ""), self.run_program("remove", self.prefix))
        self.assertEqual(before, contents(self.system32))

    def test_the_prefix_is_that_of_wine(self):
        for environment in ({"WINEPREFIX": str(self.prefix)}, {"HOME": str(self.prefix / "home")}):
            (self.prefix / "home").mkdir(exist_ok=True)
            (self.prefix / "home/.wine").symlink_to(self.prefix) if "HOME" in environment else None
            status, output, _ = self.run_program("install", env=environment)
            self.assertEqual((0, "Installed in "), (status, output[:13]))
            self.assertEqual(0, self.run_program("remove", env=environment)[0])

    def test_a_dll_that_came_later_is_kept(self):
        self.run_program("install", self.prefix)
        self.dll.write_bytes(windows_dll(b"later"))
        self.assertEqual((0, f"Installed in {self.prefix}.\n", ""), self.run_program("install", self.prefix))
        self.run_program("remove", self.prefix)
        self.assertEqual(windows_dll(b"later"), self.dll.read_bytes())
        self.run_program("install", self.prefix)
        self.dll.write_bytes(windows_dll(b"last"))
        self.assertEqual(0, self.run_program("remove", self.prefix)[0])
        self.assertEqual((windows_dll(b"last"), {"netapi32.dll"}), (self.dll.read_bytes(), set(contents(self.system32))))

    def test_what_is_no_prefix_for_64_bit_programs_is_refused(self):
        for verb in ("install", "remove"):
            self.assertRegex(self.refused(verb, self.prefix / "drive_c"), r"is no Wine prefix.*WINEPREFIX=\S+ wineboot\n")
        for processor, why in ((0x14c, "is a prefix for 32-bit programs.*WINEARCH=win64\n"), (0xaa64, "neither a DLL of Wine")):
            self.dll.write_bytes(windows_dll(b"", processor))
            self.assertRegex(self.refused("install", self.prefix), why)

    def test_the_prefix_of_another_user_is_refused(self):
        shutil.chown(self.system32, "games")
        for verb in ("install", "remove"):
            self.assertRegex(self.refused(verb, self.prefix), "belongs to another user: run this as that user\n")

    def test_files_of_others_are_not_replaced(self):
        for start in (b"", b"MZ", b"MZ".ljust(0x3c) + b"\xff\xff\xff\xff"):
            self.dll.write_bytes(start)
            self.assertRegex(self.refused("install", self.prefix), "neither a DLL of Wine nor installed by this program")
        self.dll.write_bytes(b"\x7fELF of somebody else")
        self.assertRegex(self.refused("install", self.prefix), "neither a DLL of Wine nor installed by this program")
        self.assertRegex(self.refused("remove", self.prefix), "the DLL to put back, is not there: remove netapi32.dll")
        self.dll.unlink()
        self.assertRegex(self.refused("install", self.prefix), "has no netapi32.dll: run WINEPREFIX=\\S+ wineboot -u")
        self.dll.write_bytes(windows_dll(b"first"))
        (self.system32 / "netapi32_wine.dll").write_bytes(b"MZ of somebody else")
        self.assertRegex(self.refused("install", self.prefix), "netapi32_wine.dll cannot be changed: File exists")

    def test_the_directory_of_wine_can_be_named(self):
        elsewhere = self.prefix / "elsewhere"
        elsewhere.mkdir()
        self.assertRegex(self.refused("install", "--wine-directory", elsewhere, self.prefix), "has no netapi32.dll that can be read")
        (elsewhere / "netapi32.dll").touch()
        self.assertEqual(0, self.run_program("install", "--wine-directory", elsewhere, self.prefix)[0])
        self.assertEqual(elsewhere / "netapi32.dll", (self.system32 / "netapi32_wine.dll").readlink())


class Programs(unittest.TestCase):
    """Against Samba, and against netsessiond for what Samba lacks."""

    @classmethod
    def setUpClass(cls):
        cls.installed = cls.enterClassContext(Installed())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="netsession-exe-")))
        cls.wine = cls.enterClassContext(wine.WinePrefix())
        cls.before = contents(cls.wine.system32)
        cls.exports_before = cls.run_exports()
        done = cls.run_netsession_wine("install")
        assert done.exit == 0, done
        cls.samba = cls.enterClassContext(SambaServer())
        cls.ours = cls.enterClassContext(Netsessiond(("mail", "games")))
        cls.enterClassContext(sessions.held(cls.samba, HELD))

    @classmethod
    def tearDownClass(cls):
        cls.run_netsession_wine("remove")
        assert contents(cls.wine.system32) == cls.before

    @classmethod
    def run_netsession_wine(cls, verb):
        return command.run(verb, cls.wine.folder, program=cls.installed.only("netsession-wine"))

    @classmethod
    def build(cls, source):
        """The program for Windows that mingw-w64 makes of a source."""
        program = cls.folder / f"{source.stem}.exe"
        if not program.exists():
            subprocess.run([wine.COMPILER, "-O2", "-w", "-municode", "-D__USE_MINGW_ANSI_STDIO=0", source, "-o", program,
                            "-lnetapi32"], check=True)
        return program

    @classmethod
    def run_exports(cls):
        done = cls.wine.run(cls.build(PROGRAMS / "exports.c"), *NAMES)
        assert done.exit == 0, done
        return done.stdout

    def run_at(self, server, source, *arguments, user="root", env=None):
        """Runs a program, which gets the server as its first argument."""
        environment = {"NETSESSION_CREDENTIALS": str(server.credentials_file(user))} if user else {}
        return self.wine.run(self.build(source), rf"\\{address(server)}", *arguments, env=environment | (env or {}))

    def run_sample(self, server, name, *arguments, **options):
        return self.run_at(server, SAMPLES / f"{name}.c", *arguments, **options)

    def rows_of(self, server, level):
        """The sessions as impacket is told, without the times."""
        return sorted([str(row[column]) for column in COLUMNS[level] if column not in TIMES]
                      for row in sessions.enumerate_with_impacket(server, level=level).rows)

    def listed(self, server, level, length):
        """The same rows, as the program prints them."""
        done = self.run_sample(server, "list_at_any_level", level, length)
        self.assertEqual((0, ""), (done.exit, done.stderr), done)
        *lines, total = done.stdout.splitlines()
        self.assertEqual(f"{len(lines)} in all", total)
        rows = []
        for line in lines:
            words = dict(zip(COLUMNS[level], line.split() if level == 0 or level == 10 else line.split(" ")))
            rows.append([words[column] for column in COLUMNS[level] if column not in TIMES])
        return sorted(rows)

    def test_all_levels_of_netsessiond_whole_and_in_pages(self):
        with sessions.held(self.ours, HELD_AT_OURS):
            for level in COLUMNS:
                expected = self.rows_of(self.ours, level)
                self.assertEqual(4, len(expected))
                for length in ("all", "1"):
                    with self.subTest(level=level, length=length):
                        self.assertEqual(expected, self.listed(self.ours, level, length))

    def test_the_levels_of_samba(self):
        for level in (0, 1):
            self.assertEqual(self.rows_of(self.samba, level), self.listed(self.samba, level, "all"))
        for level in (2, 10, 502):
            done = self.run_sample(self.samba, "list_at_any_level", level, "all")
            self.assertEqual((2, f"A system error has occurred: 124\n(no such level at level {level})\n"),
                             (done.exit, done.stderr))

    def test_qualifiers_select_in_any_script(self):
        done = self.run_sample(self.samba, "list_at_any_level", 1, "all", r"\\127.0.0.7", "MAIL")
        self.assertRegex(done.stdout, r"\A127\.0\.0\.7 mail 2 \d+ \d+\n1 in all\n\Z")
        done = self.run_sample(self.samba, "list_at_any_level", 1, "all", "", "Zoë𝄞")
        self.assertEqual((2, "A system error has occurred: 2221\n(refused at level 1)\n"), (done.exit, done.stderr))

    def test_one_session_is_described_and_ended(self):
        with sessions.held(self.ours, HELD_AT_OURS):
            done = self.run_sample(self.ours, "describe_session", r"\\127.0.0.7", "Mail")
            self.assertRegex(done.stdout, r"\n\tClient: \\\\127\.0\.0\.7\n\tUser:   mail\n\tOpens:  0\n\tActive: \d+\n")
            done = self.run_sample(self.ours, "describe_session", r"\\127.0.0.7", "games")
            self.assertEqual("A system error has occurred: 2312\n", done.stderr)
            done = self.run_sample(self.ours, "end_sessions", "", "games")
            self.assertEqual("The sessions have ended\n", done.stderr)
            self.assertEqual({"mail", "root"},
                             {row["user"] for row in sessions.enumerate_with_impacket(self.ours, level=10).rows})
            done = self.run_sample(self.ours, "end_sessions", "", "games")
            self.assertEqual("A system error has occurred: 2312\n", done.stderr)

    def test_the_example_lists_what_impacket_is_told(self):
        done = self.run_at(self.samba, EXAMPLE)
        *lines, total = done.stdout.splitlines()
        self.assertEqual((0, "", f"{len(lines)} in all"), (done.exit, done.stderr, total), done)
        self.assertEqual([row[:3] for row in self.rows_of(self.samba, 1)], sorted(line.split()[:3] for line in lines))

    def test_refusals_are_the_numbers_of_windows(self):
        self.assertEqual(f"\\\\{address(self.samba)} does not let you ask (5)\n", self.run_at(self.samba, EXAMPLE, user="mail").stderr)
        wrong = self.folder / "wrong.credentials"
        wrong.write_text("username = root\npassword = wrong\n")
        wrong.chmod(0o600)
        done = self.run_sample(self.ours, "list_at_any_level", 10, "all", env={"NETSESSION_CREDENTIALS": str(wrong)})
        self.assertEqual("A system error has occurred: 1326\n(refused at level 10)\n", done.stderr)
        done = self.wine.run(self.build(SAMPLES / "list_at_any_level.c"), r"\\127.0.0.1:1", 10, "all",
                             env={"WINEDEBUG": "-all,warn+netsession"})
        self.assertIn("A system error has occurred: 53\n", done.stderr)
        self.assertRegex(done.stderr, r"NetSessionEnum returns 53: cannot be reached at connect \(53\): connection refused")
        done = self.wine.run(self.build(SAMPLES / "no_parameters.c"))
        self.assertEqual("status 2114, 0 of 0\n", done.stdout)

    def test_wrong_calls_are_refused_and_outputs_set(self):
        done = self.run_at(self.ours, PROGRAMS / "parameters.c")
        self.assertEqual(0, done.exit, done)
        null = "0" * 16
        self.assertEqual(["level 3: 124, block " + null + ", 0 of 0, resume 0", "nobody: 2221, block " + null + ", 0 of 0",
                          "no block: 87", "no count: 87", "info of nobody: 2221, block " + null, "info without user: 87",
                          "info without block: 87", "end all: 87"], done.stdout.splitlines(), done)

    def test_one_session_at_each_level(self):
        with sessions.held(self.ours, HELD_AT_OURS[:1]):
            done = self.run_at(self.ours, PROGRAMS / "info.c", r"\\127.0.0.7", "mail")
        client, transport = r"\\127.0.0.7", r"\Device\NetbiosSmb"
        self.assertEqual([f"0: 0 {client}", f"1: 0 {client} mail", f"2: 0 {client} mail []", f"10: 0 {client} mail",
                          f"502: 0 {client} mail [] {transport}"], done.stdout.splitlines(), done)

    def test_a_program_logs_on_by_its_own_credentials(self):
        arguments = (address(self.samba), "", "root")
        done = self.wine.run(self.build(SAMPLES / "log_on_and_list.c"), *arguments, self.samba.password("root"))
        self.assertRegex(done.stdout, r"\ANetSessionEnum: 0, (\d+) of \1\nNetUseDel: 0\n\Z")
        done = self.wine.run(self.build(SAMPLES / "log_on_and_list.c"), *arguments, "wrong")
        self.assertEqual((2, "NetUseAdd: 1326 (member 0)\n"), (done.exit, done.stdout))

    def test_the_commands_of_the_page_do_what_it_shows(self):
        self.build(EXAMPLE)
        shutil.copy(self.samba.credentials_file("root"), self.folder / "root.cred")
        (self.folder / "wine").write_text(f'#!/bin/sh\nexec {wine.LOADER} "$@"\n')
        (self.folder / "wine").chmod(0o755)
        shell = Shell(self.folder, [self.installed.only("netsession-wine").parent], self.wine.variables,
                      {"fs1": address(self.samba), "/home/alice/.wine": self.wine.folder})
        page = [one for one in transcripts() if one.page == "run-windows-programs.md"]
        self.assertEqual(4, len(page))
        self.run_netsession_wine("remove")
        try:
            for one in page:
                if one.command.startswith("WINEDEBUG"):
                    self.run_netsession_wine("install")
                output = shell.run(one)
                self.assertEqual([], missing(one, output), f"{one}: {output}")
        finally:
            self.run_netsession_wine("install")

    def test_twelve_threads_list_while_they_are_suspended(self):
        with sessions.held(self.ours, HELD_AT_OURS):
            done = self.run_at(self.ours, PROGRAMS / "threads.c")
        found = re.fullmatch(r"600 calls, (\d+) entries, 0 failures\n", done.stdout)
        self.assertTrue(found and done.exit == 0, done)
        self.assertLessEqual(600 * len(HELD_AT_OURS), int(found[1]))

    def test_all_other_functions_are_wines(self):
        self.assertEqual(297 - 5, len(FORWARDED))
        self.assertIn("NetUserGetInfo 0 root\n", self.exports_before)
        self.assertLess(290, self.exports_before.count(" found\n"))
        self.assertEqual(self.exports_before, self.run_exports())

    def test_an_update_of_wine_leaves_it(self):
        there = contents(self.wine.system32)
        self.wine.boot("--update")
        self.assertEqual(there, contents(self.wine.system32))
        self.assertEqual("status 2114, 0 of 0\n", self.wine.run(self.build(SAMPLES / "no_parameters.c")).stdout)

    def test_without_the_library_other_functions_work(self):
        link = self.wine.system32 / "libnetapi32.so.1"
        library = link.readlink()
        link.unlink()
        link.symlink_to("/nonexistent")
        try:
            # Meson names the build in LD_LIBRARY_PATH, where the library would be found.
            done = self.wine.run(self.build(SAMPLES / "no_parameters.c"),
                                 env={"WINEDEBUG": "-all,err+netsession", "LD_LIBRARY_PATH": ""})
            self.assertEqual("status 126, 0 of 0\n", done.stdout)
            self.assertIn("libnetapi32.so.1: cannot open shared object file", done.stderr)
            self.assertIn("NetUserGetInfo 0 root\n", self.run_exports())
        finally:
            link.unlink()
            link.symlink_to(library)


if __name__ == "__main__":
    if wine.missing():
        tap.skip(f"Wine's tests need {wine.missing()}: make test-wine installs them")
    tap.main()
