#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The manual's pages in section 3: complete, well-formed, true to the headers; and their examples, which are run."""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from fixtures.programs import INCLUDE, Programs, run
from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import DOMAIN, SambaServer
from lab.sessions import Wanted
from lab.wait_until import wait_until_equal

PAGES = command.REPOSITORY / "docs" / "man"
EXPORTS = pathlib.Path(__file__).with_name("exports")
HEADERS = (INCLUDE / "netsession.h", *sorted((INCLUDE / "netapi32").glob("lm*.h")))
SECTIONS = ("NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "EXAMPLES", "ERRORS", "SEE ALSO",
            "THREAD SAFETY", "DIFFERENCES FROM WINDOWS")
UNBREAKABLE = {"netsession_counters", "netsession_diagnose"}  # an argument does not fit on a line; the page leaves out its names

# An example is what stands between .Bd and .Ed below such a line: .\" example: NAME.c
EXAMPLE = re.compile(r'^\.\\" example: (\S+)\n\.Bd -literal\n(.*?)^\.Ed$', re.MULTILINE | re.DOTALL)
ESCAPES = {"e": "\\", "-": "-", "&": "", "(aq": "'", "(ga": "`", "(ha": "^", "(ti": "~"}

HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "127.0.0.8")]


def is_link(page):
    return page.read_text().startswith(".so ")


def examples():
    """{name: C source} of all pages."""
    found = {}
    for page in sorted(PAGES.glob("*.3")):
        for name, text in EXAMPLE.findall(page.read_text(encoding="ascii")):
            if name in found:
                raise AssertionError(f"two examples are called {name}")
            found[name] = re.sub(r"\\(\(..|.)", lambda escape: ESCAPES[escape[1]], text)
    return found


def prototypes(text):
    """{function: its parameters without blanks} of C declarations, however they are laid out."""
    return {name: re.sub(r"\s", "", parameters) for name, parameters in
            re.findall(r"\b(NetSession\w+|NetUse\w+|NetApi\w+|netsession_\w+)\(((?:[^();]|\([^()]*\))*)\)\s*;", text)}


class Pages(unittest.TestCase):
    """Read from a folder man3, as they are installed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        shutil.copytree(PAGES, cls.folder / "man3", ignore=lambda _, names: [n for n in names if not n.endswith(".3")])
        cls.pages = sorted((cls.folder / "man3").glob("*.3"))
        cls.exported = [name for path in EXPORTS.glob("*.txt") for name in path.read_text().split()]

    def format(self, *arguments):
        return subprocess.run(arguments, cwd=self.folder, text=True, capture_output=True, check=False)

    def read(self, name):
        """The page as a terminal shows it, without bold and underlined letters."""
        done = self.format("mandoc", "-Tascii", f"man3/{name}.3")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return re.sub(".\b", "", done.stdout)

    def section(self, name, title):
        return re.search(rf"^{title}\n(.*?)^(?=\S)", self.read(name), re.MULTILINE | re.DOTALL)[1]

    def test_every_exported_name_has_a_page_that_tells_of_it(self):
        self.assertNotEqual([], self.exported)
        for name in self.exported:
            with self.subTest(name):
                self.assertRegex(self.section(name, "NAME").split(" - ")[0], rf"\b{name}\b")
                self.assertIn(name, prototypes(self.section(name, "SYNOPSIS")))

    def test_every_page_is_found_by_each_name_that_it_tells_of(self):
        for page in self.pages:
            for name in re.findall(r"\w+", self.section(page.stem, "NAME").split(" -")[0]):
                with self.subTest(page=page.stem, name=name):
                    self.assertEqual(self.read(page.stem), self.read(name))

    def test_every_page_is_installed(self):
        plan = json.loads(subprocess.run(["meson", "introspect", "--installed", command.built("")], text=True,
                                         capture_output=True, check=True).stdout)
        installed = {pathlib.Path(source).name: pathlib.Path(target) for source, target in plan.items()
                     if source.endswith(".3")}
        self.assertEqual([page.name for page in self.pages], sorted(installed))
        self.assertEqual({"man3"}, {target.parent.name for target in installed.values()})

    def test_mandoc_has_no_complaint(self):
        for page in self.pages:
            if not is_link(page):  # it calls any link fragile
                done = self.format("mandoc", "-Tlint", f"man3/{page.name}")
                # What it refers to is not installed where it is looked for; see the next test.
                complaints = [line for line in (done.stdout + done.stderr).splitlines()
                              if "referenced manual not found" not in line and "outdated mandoc.db" not in line]
                self.assertEqual([], complaints)

    def test_what_a_page_refers_to_is_there(self):
        for page in self.pages:
            for name in re.findall(r"^\.Xr (net\w+) 3", page.read_text(), re.MULTILINE | re.IGNORECASE):
                self.assertTrue((self.folder / "man3" / f"{name}.3").exists(), f"{page.name} refers to {name}")

    def test_groff_has_no_complaint(self):
        """Prototypes break between arguments alone, so lines are ragged and wide: groff 1.23 warns of each line of a
        prototype that it cannot adjust to the margin, or that is longer than 78 columns."""
        for page in self.pages:
            done = self.format("groff", "-ww", "-dAD=l", "-rLL=100n", "-mandoc", "-Tutf8", "-z", f"man3/{page.name}")
            self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def test_pages_are_ascii_and_have_all_sections(self):
        for page in self.pages:
            if not is_link(page):
                text = page.read_text(encoding="ascii")
                for title in SECTIONS:
                    self.assertIn(f"\n.Sh {title}\n", text, page.name)

    def test_prototypes_are_those_of_the_headers(self):
        text = "\n".join(header.read_text() for header in HEADERS)
        declared = prototypes(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
        self.assertLessEqual(set(self.exported), set(declared))
        for name in sorted(set(declared) - UNBREAKABLE):
            with self.subTest(name):
                self.assertEqual(declared[name], prototypes(self.section(name, "SYNOPSIS"))[name])


class Examples(unittest.TestCase):
    """Taken out of the pages as they are, compiled, and run against Samba."""

    @classmethod
    def setUpClass(cls):
        cls.sources = examples()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.programs = cls.enterClassContext(Programs())
        cls.samba = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.samba, HELD))
        cls.server = address(cls.samba)
        cls.credentials = cls.samba.credentials_file("root")

    def compile(self, name):
        source = self.folder / name
        source.write_text(self.sources[name])
        uv = ("-std=gnu17", "-luv") if "<uv.h>" in self.sources[name] else ()
        return self.programs.compile(source, "netapi32" if "<windows.h>" in self.sources[name] else "netsession", *uv)

    def run_example(self, name, *arguments, code=0, **options):
        """What it printed, line by line: to stdout when it should succeed, else to stderr."""
        options = {"env": {"NETSESSION_CREDENTIALS": str(self.credentials)}} | options
        result = run(self.compile(name), *arguments, **options)
        self.assertEqual(code, result.exit, result)
        said, silent = (result.stderr, result.stdout) if code else (result.stdout, result.stderr)
        self.assertEqual("", silent, result)
        return said.splitlines()

    @contextlib.contextmanager
    def victim(self):
        """A session of the user man from 127.0.0.9, which somebody else may close."""
        with contextlib.ExitStack() as stack:
            stack.push(lambda *error: error[0] is not None and not issubclass(error[0], AssertionError))
            stack.enter_context(sessions.held(self.samba, [Wanted("man", "127.0.0.9")]))
            self.assertIn("man", self.users())
            yield

    def users(self):
        return [row["user"] for row in sessions.enumerate_with_impacket(self.samba).rows]

    def assert_lists(self, lines, *expected):
        """expected: a regular expression for a line of each session that is held."""
        for line in expected:
            self.assertEqual(1, len([one for one in lines if re.fullmatch(line, one)]), (line, lines))

    def test_every_example_is_run_by_a_test(self):
        tests = pathlib.Path(__file__).read_text(encoding="utf-8")
        self.assertEqual([], [name for name in self.sources if f'("{name}"' not in tests])

    def test_NetSessionEnum_lists_sessions(self):
        lines = self.run_example("NetSessionEnum.c", self.server)
        self.assert_lists(lines, r"mail from 127\.0\.0\.7, idle for \d+ s", r"games from 127\.0\.0\.8, idle for \d+ s")

    def test_NetSessionEnum_tells_why_it_cannot(self):
        lines = self.run_example("NetSessionEnum.c", "a,b", code=1)
        self.assertRegex(lines[0], r"\(2351\)")

    def test_NetSessionGetInfo_tells_of_one_session(self):
        self.assertEqual(["mail from 127.0.0.7: 2 open"],
                         self.run_example("NetSessionGetInfo.c", self.server, "127.0.0.7", "mail"))

    def test_NetSessionGetInfo_tells_that_there_is_no_such_client(self):
        lines = self.run_example("NetSessionGetInfo.c", self.server, "192.0.2.1", "mail", code=1)
        self.assertRegex(lines[0], r"\(2312\)")

    def test_NetSessionDel_closes_sessions_of_a_user(self):
        self.compile("NetSessionDel.c")
        with self.victim():
            self.assertEqual(["man has no session any more"],
                             self.run_example("NetSessionDel.c", self.server, "man"))
            self.assertNotIn("man", self.users())

    def test_NetUseAdd_asks_as_somebody_else(self):
        password = self.samba.password("root") + "\n"
        lines = self.run_example("NetUseAdd.c", self.server, DOMAIN, "root", env={}, stdin=password)
        self.assertRegex("\n".join(lines), r"\A\d+ sessions\Z")

    def test_NetUseAdd_refuses_a_wrong_password(self):
        lines = self.run_example("NetUseAdd.c", self.server, DOMAIN, "root", env={}, stdin="wrong\n", code=1)
        self.assertRegex(lines[0], r"\ANetUseAdd: .*\(1326\b")

    def test_NetApiBufferAllocate_makes_a_block_larger(self):
        self.assertEqual(["large enough"], self.run_example("NetApiBufferAllocate.c"))

    def test_netsession_last_error_text_tells_of_a_level(self):
        self.assertEqual(["124: there is no such level (124)"], self.run_example("netsession_last_error_text.c"))

    def test_netsession_enum_lists_sessions(self):
        lines = self.run_example("netsession_enum.c", self.server)
        self.assert_lists(lines, r"mail from 127\.0\.0\.7", r"games from 127\.0\.0\.8")

    def test_netsession_enum_tells_why_it_cannot(self):
        nobody = f"127.0.0.1:{free_port()}"
        lines = self.run_example("netsession_enum.c", nobody, code=1)
        self.assertRegex(lines[0], rf"\A{nobody}: .*\(53\b")

    def test_netsession_del_closes_sessions_from_a_client(self):
        with self.victim():
            self.assertEqual(["closed"], self.run_example("netsession_del.c", self.server, "127.0.0.9"))
            self.assertNotIn("man", self.users())

    def test_netsession_connect_logs_on(self):
        self.assertEqual(["welcome"], self.run_example("netsession_connect.c", self.server))

    def test_netsession_connect_is_refused(self):
        wrong = {"NETSESSION_CREDENTIALS": str(self.samba.credentials_file("root", "wrong"))}
        self.assertRegex(self.run_example("netsession_connect.c", self.server, env=wrong)[0], r"\Astatus 1326: ")

    def test_netsession_start_asks_several_servers(self):
        nobody = f"127.0.0.1:{free_port()}"
        lines = self.run_example("netsession_start.c", self.server, nobody)
        self.assert_lists(lines, rf"{self.server}: mail from 127\.0\.0\.7", rf"{self.server}: games from 127\.0\.0\.8",
                          rf"{nobody}: .*\(53\b.*")

    def test_netsession_cancel_is_content_with_one_row(self):
        there, end = self.run_example("netsession_cancel.c", self.server)
        self.assertRegex(there, r"\A\S+ is there\Z")
        self.assertEqual("ended with 1223", end)

    def test_netsession_new_on_loop_lives_on_a_loop_of_its_caller(self):
        self.assertRegex(self.run_example("netsession_new_on_loop.c", self.server)[0], r"\A[3-9] sessions\Z")

    def test_netsession_credentials_read_takes_a_file(self):
        self.assertEqual([f"{self.credentials} is good at {self.server}"],
                         self.run_example("netsession_credentials_read.c", self.server, self.credentials, env={}))

    def test_netsession_credentials_read_refuses_a_file_that_others_may_read(self):
        path = self.folder / "open"
        shutil.copyfile(self.credentials, path)
        path.chmod(0o644)
        lines = self.run_example("netsession_credentials_read.c", self.server, path, env={}, code=1)
        self.assertRegex(lines[0], r"chmod 600.* \(5\)")

    def test_netsession_credentials_new_takes_a_password(self):
        for password, answer in ((self.samba.password("root"), r"\Awelcome\Z"), ("wrong", r"\(1326\b")):
            with self.subTest(answer):
                lines = self.run_example("netsession_credentials_new.c", self.server, "root", env={},
                                         stdin=f"{password}\n")
                self.assertRegex(lines[0], answer)

    def test_netsession_page_row_reads_page_by_page(self):
        self.assert_lists(self.run_example("netsession_page_row.c", self.server), "mail 2", "games 0")

    def test_netsession_page_take_infos_gives_the_structures_of_Windows(self):
        self.assertRegex(self.run_example("netsession_page_take_infos.c", self.server)[0],
                         r"\A[3-9] sessions hold [2-9] open\Z")

    def test_netsession_close_kept_leaves_no_connection_behind(self):
        first, second = self.run_example("netsession_close_idle.c", self.server)
        self.assertEqual(first, second)

    def test_netsession_version_tells_what_runs(self):
        lines = self.run_example("netsession_version.c")
        self.assertRegex(lines[0], r"\Anetsession \d+\.\d+\.\d+\Z")
        self.assertEqual("NTLM: yes", lines[-1])

    def test_netsession_examine_finds_nothing_in_the_way(self):
        lines = self.run_example("netsession_diagnose.c", self.server)
        self.assertEqual("sessions can be listed", lines[-1])
        self.assertTrue(any(line.startswith("dialects: ") for line in lines), lines)

    def test_netsession_examine_finds_a_closed_port(self):
        result = run(self.compile("netsession_diagnose.c"), f"127.0.0.1:{free_port()}",
                     env={"NETSESSION_CREDENTIALS": str(self.credentials)})
        self.assertEqual(1, result.exit, result)
        self.assertRegex(result.stdout, r"\nport: BAD: [^\n]*\n(?:.*\n)*they cannot: .*\(53\b")

    def test_netsession_counters_reads_what_netsessiond_counts(self):
        with Netsessiond((), administrators="root") as service:
            lines = run(self.compile("netsession_counters.c"), env={"NETSESSION_SOCKET": str(service.socket)}).stdout
        self.assertIn("\nlocal_connections_now: 1\n", lines)
        self.assertIn('\nsmb_sessions_now{dialect="3.1.1",encrypted="yes"}: 0\n', lines)

    def test_netsession_publisher_open_shows_a_session_until_it_is_to_be_closed(self):
        with Netsessiond((), publishers="root") as service:
            local = {"NETSESSION_SOCKET": str(service.socket)}

            def close():
                wait_until_equal(0, lambda: command.run("close", "-u", "alice", "--yes", env=local).exit)

            closing = threading.Thread(target=close)
            closing.start()
            self.assertEqual(["session 1 shall be closed"], self.run_example(
                "netsession_publisher_open.c", "10.0.0.7", "alice", env={"NETSESSION_PUBLISH_SOCKET": str(service.publish_socket)}))
            closing.join()

    def test_netsession_publisher_open_fails_without_netsessiond(self):
        lines = self.run_example("netsession_publisher_open.c", "10.0.0.7", "alice", code=1,
                                 env={"NETSESSION_PUBLISH_SOCKET": "/nonexistent/publish.sock"})
        self.assertEqual(["the Server service is not started at publisher (2114): its socket does not exist"], lines)


if __name__ == "__main__":
    tap.main()
