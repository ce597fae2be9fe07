#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Windows source as it is: tests/samples, with every compiler and dialect, by `pkg-config netapi32-msvc` alone."""
import concurrent.futures
import contextlib
import itertools
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

SAMPLES = sorted((command.REPOSITORY / "tests" / "samples").glob("*.c"))
C = ("gnu90", "gnu99", "gnu11", "gnu17", "gnu2x")
CXX = ("gnu++98", "gnu++11", "gnu++14", "gnu++17", "gnu++20")
COMPILERS = {"gcc": C, "clang": C, "g++": CXX, "clang++": CXX}
WARNINGS = ("-Wall", "-Wextra", "-Werror")
SANITIZE = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
# clang's own linker is the one that reads its LTO objects, and that looks for the file of #pragma comment(lib, ...).
LLD = ("-fuse-ld=lld",)
HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "127.0.0.8"), Wanted("man", "::1", 1)]
HELD_AT_OURS = [Wanted("mail", "127.0.0.7"), Wanted("games", "127.0.0.8"), Wanted("games", "::1")]


def needs(*tools):
    """Skips a test where one of the tools is missing."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    return unittest.skipIf(missing, f"needs {', '.join(missing)}")


class Workshop:
    """Compiles samples against an installation. A context manager."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.installed = stack.enter_context(Installed())
            self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netsession-samples-")))
            self._cleanup = stack.pop_all()
        self.cflags = self.installed.flags("netapi32-msvc", "--cflags")
        self.libs = self.installed.flags("netapi32-msvc", "--libs")
        self._exported = set(command.exported_names("libnetapi32"))
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def is_whole(self, sample):
        """Whether the library has each function that the sample calls: only declared ones are compiled, not linked."""
        return set(re.findall(r"\b(Net\w+)\(", sample.read_text())) <= self._exported

    def build(self, sample, compiler, dialect, *options, libs=None):
        """Compiles and links. Returns (executable, or None for one that is not whole; the compiler's complaints)."""
        made = self.folder / "-".join([sample.stem, compiler, dialect, *(re.sub(r"\W", "", o) for o in options)])
        to = ("-o", made, *(self.libs if libs is None else libs)) if self.is_whole(sample) else \
            ("-c", "-o", made.with_suffix(".o"))
        if "-c" in to:
            options = [option for option in options if not option.startswith("-fuse-ld=")]
        said = self._run([*self._compile(compiler, dialect, *options), sample, *to])
        return made if self.is_whole(sample) else None, said

    def build_all(self, compiler, dialect, *options):
        """Compiles all samples, and links those that are whole in one go: of their main functions the linker takes the
        first, and it looks for all that any of them calls. Returns the compiler's complaints."""
        folder = self.folder / "-".join([compiler, dialect, *(re.sub(r"\W", "", o) for o in options)])
        folder.mkdir()
        said = self._run([*self._compile(compiler, dialect, *options), "-c", *SAMPLES], cwd=folder)
        objects = [folder / f"{sample.stem}.o" for sample in SAMPLES if self.is_whole(sample)]
        return said or self._run([compiler, *options, "-Wl,-z,muldefs", *objects, "-o", folder / "all", *self.libs])

    def _compile(self, compiler, dialect, *options):
        return [compiler, f"-std={dialect}", *WARNINGS, *options, *self.cflags, "-x", "c++" if compiler.endswith("++") else "c"]

    @staticmethod
    def _run(argv, cwd=None):
        done = subprocess.run(argv, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        said = done.stdout or (f"exit {done.returncode}" if done.returncode else "")
        return f"$ {' '.join(map(str, argv))}\n{said}" if said else ""

    @staticmethod
    def complaints(build, jobs):
        """What compilers say of many builds, as many at a time as there are processors. build returns it."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return "".join(pool.map(lambda job: build(*job), jobs))


class Compile(unittest.TestCase):
    """No compiler has a word to say."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workshop = cls.enterClassContext(Workshop())

    def check(self, *jobs):
        """jobs: of build_all()."""
        self.assertEqual("", self.workshop.complaints(self.workshop.build_all, jobs))

    def check_dialects(self, compiler):
        self.check(*((compiler, dialect) for dialect in COMPILERS[compiler]))

    def check_each(self, compiler, dialect, *options):
        """Links each sample by itself."""
        self.assertEqual("", self.workshop.complaints(
            lambda sample: self.workshop.build(sample, compiler, dialect, *options)[1], zip(SAMPLES)))

    @needs("gcc")
    def test_gcc_in_each_dialect(self):
        self.check_dialects("gcc")

    @needs("clang")
    def test_clang_in_each_dialect(self):
        self.check_dialects("clang")

    @needs("g++")
    def test_gxx_in_each_dialect(self):
        self.check_dialects("g++")

    @needs("clang++")
    def test_clangxx_in_each_dialect(self):
        self.check_dialects("clang++")

    @needs("gcc", "g++")
    def test_gcc_with_link_time_optimization(self):
        self.check_each("gcc", "gnu17", "-O2", "-flto=1")
        self.check_each("g++", "gnu++17", "-O2", "-flto=1")

    @needs("clang", "clang++", "ld.lld")
    def test_clang_with_link_time_optimization(self):
        self.check_each("clang", "gnu17", "-O2", "-flto", *LLD)
        self.check_each("clang++", "gnu++17", "-O2", "-flto", *LLD)

    @needs(*COMPILERS)
    def test_fortified(self):
        self.check(*((compiler, dialects[3], "-O2", "-D_FORTIFY_SOURCE=2") for compiler, dialects in COMPILERS.items()))

    @needs("clang", "ld.lld")
    def test_lld_finds_the_library_that_a_pragma_names(self):
        libs = [flag for flag in self.workshop.libs if flag != "-lnetapi32"]
        for name in ("list_at_level_10.c", "list_at_any_level.c"):  # Netapi32.lib, netapi32.lib
            sample = next(sample for sample in SAMPLES if sample.name == name)
            self.assertEqual("", self.workshop.build(sample, "clang", "gnu17", *LLD, libs=libs)[1])

    def test_cxx_headers_stand_beside_them(self):
        source = self.workshop.folder / "cxx_headers.cc"
        for order in ("#include <windows.h>\n#include <lm.h>\n{}", "{}#include <windows.h>\n#include <lm.h>\n"):
            headers = "".join(f"#include <{name}>\n" for name in (
                "cstdio", "iostream", "string", "cwchar", "cstdlib", "sstream", "fstream", "vector", "map", "regex",
                "thread", "locale", "algorithm"))
            source.write_text(order.format(headers) + r"""
int wmain(int argc, const wchar_t *argv[])
{
	std::wprintf(L"%s %d %hs\n", argv[1], argc, std::to_string(std::wcslen(argv[1])).c_str());
	std::printf("%ls\n", argv[1]);
	return 0;
}""")
            for compiler in filter(shutil.which, ("g++", "clang++")):
                with self.subTest(compiler):
                    program, said = self.workshop.build(source, compiler, "gnu++17")
                    self.assertEqual("", said)
                    done = run(program, "ñ𝄞", env=self.workshop.installed.run_environment())
                    self.assertEqual("ñ𝄞 2 3\nñ𝄞\n", done.stdout, done)

    def test_what_is_missing_is_an_error_and_never_the_systems(self):
        source = self.workshop.folder / "missing.c"
        source.write_text("#include <stdio.h>\nint wmain() { wchar_t t[1] = { 0 }; return fgetwc(stdin) == t[0]; }\n")
        for compiler in filter(shutil.which, ("gcc", "g++")):
            self.assertIn("netapi32_msvc_has_no_fgetwc", self.workshop.build(source, compiler, COMPILERS[compiler][3])[1])


class Run(unittest.TestCase):
    """One program of each compiler, plain and under its sanitizers, against real servers: Samba, and netsessiond for
    what Samba lacks."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.ours = cls.enterClassContext(Netsessiond(("mail", "games")))
        cls.enterClassContext(sessions.held(cls.server, HELD))
        cls.workshop = cls.enterClassContext(Workshop())
        chosen = [(compiler, dialects[3], *options) for compiler, dialects in COMPILERS.items()
                  for options in ((), SANITIZE) if shutil.which(compiler)]
        wanted = [sample for sample in SAMPLES if cls.workshop.is_whole(sample)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            built = dict(zip(itertools.product(wanted, chosen), pool.map(
                lambda job: cls.workshop.build(job[0], *job[1]), itertools.product(wanted, chosen))))
        complaints = "".join(said for _, said in built.values())
        if complaints:
            raise AssertionError(complaints)
        cls.programs = {}
        for (sample, choice), (program, _) in built.items():
            cls.programs.setdefault(sample.stem, {})[" ".join(choice)] = program

    def run_each(self, name, *arguments, env=None, server=None):
        """Runs each build of a sample. Gives the Results, each in a subtest."""
        environment = self.workshop.installed.run_environment() | {
            "NETSESSION_CREDENTIALS": str((server or self.server).credentials_file("root")),
            "LSAN_OPTIONS": f"print_suppressions=0:suppressions={command.REPOSITORY / 'tests' / 'lsan.supp'}",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"} | (env or {})
        for built, program in self.programs[name].items():
            with self.subTest(built):
                yield run(program, *arguments, env=environment)

    def expected(self, level, *columns):
        return sorted([str(row[column]) for column in columns]
                      for row in sessions.enumerate_with_impacket(self.server, level=level).rows)

    def test_level_1_is_what_impacket_is_told(self):
        expected = self.expected(1, "client", "user", "num_opens", "idle_seconds")
        for length in ("all", "1"):
            for result in self.run_each("list_at_any_level", rf"\\{address(self.server)}", 1, length):
                self.assertEqual((0, ""), (result.exit, result.stderr), result)
                *rows, total = result.stdout.splitlines()
                rows = [row.split() for row in rows]
                self.assertEqual(expected, sorted([*row[:3], row[4]] for row in rows))
                self.assertEqual(f"{len(expected)} in all", total)

    def test_level_0_is_what_impacket_is_told(self):
        for result in self.run_each("list_at_any_level", address(self.server), 0, "all"):
            self.assertEqual((0, ""), (result.exit, result.stderr), result)
            self.assertEqual(self.expected(0, "client"), sorted([row] for row in result.stdout.splitlines()[:-1]))

    def test_qualifiers_and_refusals_come_through(self):
        for result in self.run_each("list_at_any_level", address(self.server), 1, "all", r"\\127.0.0.7", "MAIL"):
            self.assertRegex(result.stdout, r"\A127\.0\.0\.7 mail 2 \d+ \d+\n1 in all\n\Z")
        for result in self.run_each("list_at_any_level", address(self.server), 1, "all", "", "Zoë𝄞"):
            self.assertEqual((2, "", "A system error has occurred: 2221\n(refused at level 1)\n"),
                             (result.exit, result.stdout, result.stderr))

    def test_the_manuals_program_says_what_samba_refuses(self):
        for result in self.run_each("list_at_level_10", rf"\\{address(self.server)}"):
            self.assertEqual((0, "", "A system error has occurred: 124\n\nTotal of 0 entries enumerated\n"),
                             (result.exit, result.stdout, result.stderr))

    def run_at_ours(self, name, *arguments):
        return self.run_each(name, rf"\\{address(self.ours)}", *arguments, server=self.ours)

    def test_netsessiond_answers_at_the_levels_that_samba_lacks(self):
        columns = {2: ("client", "user", "num_opens", "client_type"), 10: ("client", "user"),
                   502: ("client", "user", "num_opens", "client_type", "transport")}
        with sessions.held(self.ours, HELD_AT_OURS):
            for level, names in columns.items():
                rows = [[str(row[name]) for name in names if row[name] != ""]
                        for row in sessions.enumerate_with_impacket(self.ours, level=level).rows if row["user"] != "root"]
                self.assertEqual(3, len(rows))
                for length in ("all", "1"):
                    for result in self.run_at_ours("list_at_any_level", level, length):
                        self.assertEqual((0, ""), (result.exit, result.stderr), result)
                        *lines, total = result.stdout.splitlines()
                        lines = [line.split() for line in lines if " root " not in line]
                        times = (2, 4) if level == 10 else (3, 5)
                        self.assertEqual(rows, [[*line[:times[0]], *line[times[1]:]] for line in lines])
                        self.assertEqual("4 in all", total)

    def test_the_manuals_programs_list_describe_and_end_sessions_of_netsessiond(self):
        with sessions.held(self.ours, HELD_AT_OURS):
            for result in self.run_at_ours("list_at_level_10", r"\\[::1]", "GAMES"):
                self.assertRegex(result.stdout, r"\A\n\tClient: \\\\\[::1\]\n\tUser:   games\n\tActive: \d+\n\tIdle:   \d+\n\Z")
                self.assertEqual("\nTotal of 1 entries enumerated\n", result.stderr)
            for result in self.run_at_ours("describe_session", r"\\127.0.0.7", "Mail"):
                self.assertRegex(result.stdout, r"\n\tClient: \\\\127\.0\.0\.7\n\tUser:   mail\n\tOpens:  0\n\tActive: \d+\n")
        for result in self.run_at_ours("end_sessions", "", "games"):
            self.assertEqual("A system error has occurred: 2312\n", result.stderr)
        with contextlib.ExitStack() as stack:
            stack.enter_context(sessions.held(self.ours, HELD_AT_OURS))
            for result in self.run_at_ours("end_sessions", "", "games"):
                self.assertEqual("The sessions have ended\n", result.stderr)
                self.assertEqual({"mail", "root"},
                                 {row["user"] for row in sessions.enumerate_with_impacket(self.ours, level=10).rows})
                stack.close()
                stack.enter_context(sessions.held(self.ours, HELD_AT_OURS))  # for the next one

    def test_usage_names_the_program_and_exits_as_it_says(self):
        for result in self.run_each("list_at_level_10", "a", "b", "c", "d"):
            self.assertEqual((1, ""), (result.exit, result.stderr))
            self.assertRegex(result.stdout, r"\AUsage: /[^\[\n]+ \[\\\\ServerName\] \[\\\\ClientName\] \[UserName\]\n\Z")

    def test_arguments_and_environment_arrive_in_any_script(self):
        expected = ("environment ñ𝄞\n"
                    "1 wide [Zoë] [         Zoë] [Zoë         ] [Zo]\n1 narrow [Zoë] [Zoë] [         Zoë]\n"
                    "Zoë Zoë Zoë 3 1\n"
                    "2 wide [名前𝄞] [        名前𝄞] [名前𝄞        ] [名前]\n2 narrow [名前𝄞] [名前𝄞] [        名前𝄞]\n"
                    "名前𝄞 名前𝄞 名前𝄞 4 1\n"
                    "3 wide [] [            ] [            ] []\n3 narrow [] [] [            ]\n   0 1\n")
        for result in self.run_each("print_arguments", "Zoë", "名前𝄞", "", env={"SAMPLE": "ñ𝄞"}):
            self.assertEqual((0, expected, "1 error [Zoë]\n2 error [名前𝄞]\n3 error []\n"),
                             (result.exit, result.stdout, result.stderr))

    def test_streams_take_turns_as_on_a_console(self):
        for program in self.programs["print_arguments"].values():
            done = subprocess.run([program, "a", "b"], env=self.workshop.installed.run_environment(), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
            self.assertEqual(["1 wide", "1 narrow", "1 error", "a a", "2 wide", "2 narrow", "2 error", "b b"],
                             [re.match(r"\d \w+|\w \w", line)[0] for line in done.stdout.splitlines()])

    def test_tchar_has_the_width_that_is_chosen(self):
        sample = next(sample for sample in SAMPLES if sample.stem == "either_width")
        for options in ((), ("-DUNICODE", "-D_UNICODE")):
            for compiler, dialects in COMPILERS.items():
                with self.subTest(compiler, options=options):
                    program, said = self.workshop.build(sample, compiler, dialects[0], *options)
                    self.assertEqual("", said)
                    done = run(program, "ipc$", "502ñ", env=self.workshop.installed.run_environment())
                    self.assertEqual("text of a program: 17\nipc$ 1 0\n502ñ 0 502\nprogram\n", done.stdout)

    def test_a_wmain_without_parameters_runs(self):
        for result in self.run_each("no_parameters"):
            self.assertEqual((0, "status 2114, 0 of 0\n", ""), (result.exit, result.stdout, result.stderr))

    def test_a_programs_own_main_comes_first(self):
        for result in self.run_each("narrow_main"):
            self.assertEqual(
                (0, r"1 \\名前 wide 4294967295 0000000000000000|1099511627776|abc  |4 narrow" + "\n", ""),
                (result.exit, result.stdout, result.stderr))


if __name__ == "__main__":
    tap.main()
