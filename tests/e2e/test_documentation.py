#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each command that README.md and docs/ show is run, and writes what the page shows but for times, names and numbers."""
import dataclasses
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from fixtures import transcripts
from fixtures.installed import Installed
from fixtures.transcripts import Shell, missing
from lab import command, sessions, tap
from lab.cli import address
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import wait_until

HELD = [Wanted("mail", "127.0.0.7", 1), Wanted("games", "127.0.0.8", 1), Wanted("man", "127.0.0.9", 1)]
ALL = transcripts.transcripts()

# Commands that other tests run: page, beginning of the command, test program, its sentence.
ELSEWHERE = [
    ("README.md", "make run", "netsessiond", "make run shows real clients"),
    ("README.md", "build/netsession list", "netsessiond", "make run shows real clients"),
    ("README.md", "rpcclient", "netsessiond", "make run shows real clients"),
    ("complete-samba.md", "systemctl enable", "packaging", "what netsession samba does is what its service allows"),
    ("complete-samba.md", "netsession-samba check", "samba_setup", "check shows what would be changed"),
    ("complete-samba.md", "netsession-samba enable", "samba_setup", "an administrator enables stops kills releases and disables"),
    ("list-sessions.md", "netsession list fs1.lab.example", "kerberos_errors", "a ticket and a clock that shows another time"),
    ("list-sessions.md", "KRB5CCNAME=KCM:", "kerberos_errors", "a cache of a kind that is not there is named"),
    ("list-sessions.md", "netsession list", "samba_unknown", "the same with all polls that fail"),
    ("serve-sessions.md", "netsessiond --demo 4", "netsessiond", "demo sessions come and go"),
    ("complete-samba.md", "make deb", "scripts/matrix/packages.py", '"deb", "PACKAGES=installed"'),
    ("complete-samba.md", "podman build", "scripts/matrix/use-container", "podman build"),
    ("complete-samba.md", "podman run", "scripts/matrix/use-container", "run -d -q --name relay"),
    ("complete-samba.md", "podman exec", "scripts/matrix/use-container", "podman exec relay netsession-samba enable"),
    ("install.md", "apt-get install make", "scripts/matrix/root.py", 'BEFORE = ["make"]'),
    ("install.md", "make deb", "scripts/matrix/packages.py", '"deb", "PACKAGES=installed"'),
    ("install.md", "echo", "scripts/matrix/new-user", 'echo "deb [trusted=yes] file:$2 ./" >/etc/apt/sources.list.d/netsession.list'),
    ("install.md", "apt-get update", "scripts/matrix/new-user", "apt update"),
    ("install.md", "apt-get install netsession", "scripts/matrix/new-user", "apt install netsession"),
    ("install.md", "net groupmap", "scripts/matrix/new-user", "net groupmap addmem S-1-5-32-544"),
    ("install.md", "netsession list -A root.cred localhost", "scripts/matrix/new-user", "netsession list -A root.cred localhost"),
    ("install.md", "systemctl enable", "scripts/matrix/new-user", "systemctl enable --quiet --now netsession-samba"),
    ("install.md", "netsession-samba enable", "scripts/matrix/new-user", "netsession-samba enable"),
    ("install.md", "netsession list", "scripts/matrix/new-user", "netsession list | tee"),
    ("sweep-fleet.md", "netsession export ocsf", "export_ocsf", "the event of the page fits the class"),
    ("record-sessions.md", "netsession sweep -A root.cred --every", "sweep",
     "a sweep that repeats is a run of its own each time until a signal"),
    ("sweep-fleet.md", "createdb", "sweep_postgres", "a sweep stores in postgresql what it stores in sqlite"),
    ("sweep-fleet.md", "netsession sweep --db postgresql", "sweep_queue", "a collector asks what was published for its site"),
    ("sweep-fleet.md", "netsession collect", "sweep_queue", "a collector asks what was published for its site"),
    ("sweep-fleet.md", "netsession sweep status", "sweep_queue", "the status shows sweeps sites and collectors"),
    ("sweep-fleet.md", "netsession store migrate", "sweep_postgres", "roles with the least rights"),
    ("sweep-fleet.md", "netsession store merge", "sweep_postgres",
     "the file of a site is merged again and again and nothing is there twice"),
    ("run-windows-programs.md", "", "wine", "the commands of the page do what it shows"),
]


def elsewhere(transcript):
    """The (program, sentence) of the test that runs it, or (script, text in it); None: this one does."""
    for page, beginning, program, sentence in ELSEWHERE:
        if transcript.page == page and (transcript.command == beginning or
                                        (beginning != "netsession list" and transcript.command.startswith(beginning))):
            return program, sentence
    return None


class Documented(unittest.TestCase):
    """Runs commands, and remembers which."""

    maxDiff = None
    checked = set()

    @classmethod
    def make_folder(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="netsession-docs-", dir="/tmp")))
        cls.installed = cls.enterClassContext(Installed())
        cls.programs = sorted({cls.installed.only(name).parent for name in ("netsession", "netsessiond")})
        return folder

    @staticmethod
    def on(page, beginning):
        """The transcripts of the page whose command begins so, with its end as a newline; there is one at least."""
        found = [one for one in ALL if one.page == page and f"{one.command}\n".startswith(beginning) and not elsewhere(one)]
        assert found, f"{page} does not show $ {beginning}"
        return found

    def check(self, page, beginning, but=(), **options):
        """but: lines of the page that the command does not write here."""
        for one in self.on(page, beginning):
            self.judge(one, self.shell.run(one, **options), but)

    def judge(self, one, output, but=()):
        with self.subTest(one):
            self.assertEqual(list(but), missing(one, output), f"\n$ {one.command}\n{output}")
            self.checked.add(one)

    def write_program(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)


class AtSamba(Documented):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        cls.samba = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.samba, HELD))
        shutil.copy(cls.samba.credentials_file("root"), cls.folder / "root.cred")
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.build_environment() | cls.installed.run_environment(),
                          {"fs1": address(cls.samba), "ALICE": "MAIL"})

    def test_lists_and_errors(self):
        self.check("README.md", "netsession list")
        self.check("list-sessions.md", "netsession list -")
        self.check("list-sessions.md", "netsession list https")
        for one in self.on("complete-samba.md", "netsession list -l 10")[:1]:
            self.judge(one, self.shell.run(one))

    def test_doctor(self):
        self.check("list-sessions.md", "netsession doctor")

    def test_watch(self):
        for page in ("README.md", "watch-sessions.md"):
            [one] = self.on(page, "netsession watch")
            output = self.folder / "watched"
            with open(output, "w", encoding="utf-8") as to, subprocess.Popen(
                    ["bash", "-c", "exec " + self.shell.here(one.command)], cwd=self.folder, env=self.shell.environment,
                    stdout=to, stderr=to) as watch:
                wait_until(lambda: output.read_text().count("started") > len(HELD))
                with sessions.held(self.samba, [Wanted("backup", "127.0.0.7")]):
                    wait_until(lambda: "backup" in output.read_text())
                wait_until(lambda: re.search("ended.*backup", output.read_text()))
                watch.send_signal(signal.SIGINT)
            self.judge(one, self.shell.there(output.read_text()).replace("backup", "bob"))

    def test_rpcclient(self):
        self.write_program("rpcclient", f'#!/bin/sh\nexec /usr/bin/rpcclient --configfile={self.samba.configuration} '
                                        f'--port={self.samba.port} $(echo "$@" | sed s/:{self.samba.port}//)\n')
        self.check("compare.md", "rpcclient")

    def test_programs_in_c(self):
        page = (command.REPOSITORY / "docs/call-it-from-c.md").read_text()
        (self.folder / "who.c").write_text(re.search(r"```c\n(.*?)```", page, re.S)[1])
        self.check("call-it-from-c.md", "cc -Wall -Wextra who.c")
        self.check("call-it-from-c.md", "NETSESSION_CREDENTIALS=root.cred ./who")
        shutil.copytree(command.REPOSITORY / "examples", self.folder / "examples")
        self.check("port-a-windows-program.md", "cc ")
        self.check("port-a-windows-program.md", "NETSESSION_CREDENTIALS")


class AtNetsessiond(Documented):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        cls.ours = cls.enterClassContext(Netsessiond(("alice", "bob"), policy="documented", administrators="root, LABSRV\\alice"))
        for user in ("alice", "bob"):
            shutil.copy(cls.ours.credentials_file(user), cls.folder / f"{user}.cred")
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.run_environment() | {"NETSESSION_SOCKET": str(cls.ours.socket)},
                          {"fs1": address(cls.ours), "/etc/netsession": cls.folder / "etc"})

    def test_users_see_what_they_may(self):
        self.check("serve-sessions.md", "netsession list -v")

    def test_a_session_is_closed(self):
        with sessions.held(self.ours, [Wanted("bob", "127.0.0.8")]):
            self.check("close-sessions.md", "netsession close --yes -u bob")

    def test_the_configuration_is_checked(self):
        (self.folder / "etc").mkdir()
        users, configuration = self.folder / "etc/ntlm_users", self.folder / "etc/netsessiond.conf"
        configuration.write_text("[auth]\nntlm_users = " + str(users) + "\n[server]\nuser = root\n")
        users.write_text("LAB:alice:secret\nLAB:bob:secret\nLAB:Bob:secret\n")
        users.chmod(0o600)
        self.check("serve-sessions.md", "netsessiond --check")
        users.write_text("LAB:alice:secret\n")
        self.check("operate.md", "netsessiond --check")
        prompt = "Password for LAB:bob:"  # on a terminal alone
        self.check("serve-sessions.md", "netsessiond --nt-hash", but=[prompt], stdin="password\n")
        self.check("serve-sessions.md", "tail -n 1")
        self.assertIn("8846f7eaee8fb117ad06bdd830b7586c", users.read_text())


class BesideMadeUpSessions(Documented):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        # So many that ordinary ones are among them.
        cls.ours = cls.enterClassContext(Netsessiond((), arguments=("--demo", "40")))
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.run_environment() | {"NETSESSION_SOCKET": str(cls.ours.socket)},
                          {"/run/netsession/local.sock": cls.ours.socket})

    def test_lists(self):
        self.check("serve-sessions.md", "netsession list\n")

    def test_doctor(self):
        self.check("serve-sessions.md", "netsession doctor")
        self.check("operate.md", "netsession doctor")

    def test_metrics(self):
        self.check("monitor.md", "netsession metrics")


class BesideAFleet(Documented):
    """Two servers, two ports where nobody listens, and a name that nobody has."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        password = {"root": "of both"}
        cls.first, cls.second = (cls.enterClassContext(Netsessiond(("alice", "bob"), password)) for _ in range(2))
        shutil.copy(cls.first.credentials_file("root"), cls.folder / "root.cred")
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.run_environment() | {"HOME": str(cls.folder)},
                          {"fs1": address(cls.first), "fs2": address(cls.second), "fs3": f"127.0.0.1:{free_port()}",
                           "fs4": f"127.0.0.1:{free_port()}", "fs9": "f" * 64})  # no name, also where no DNS answers

    def test_its_page(self):
        hosts = "# file servers\nfs1\nfs2\nfs3\nfs4\nnot a server\nfs9\n"
        (self.folder / "servers.txt").write_text(self.shell.here(hosts))
        with sessions.held(self.first, [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8")]), \
                sessions.held(self.second, [Wanted("alice", "127.0.0.7")]):
            self.check("sweep-fleet.md", "netsession sweep -A root.cred --hosts")
            self.check("sweep-fleet.md", "netsession report who")
        wait_until(lambda: not self.users(self.first))
        self.check("sweep-fleet.md", "netsession sweep -A root.cred -q")
        self.check("sweep-fleet.md", "netsession report hosts")
        self.check("sweep-fleet.md", "netsession report changes")

    def test_a_users_sessions_are_closed_everywhere(self):
        (self.folder / "servers.txt").write_text(self.shell.here("fs1\nfs2\nfs3\n"))
        with sessions.held(self.first, [Wanted("alice", "127.0.0.7")]), sessions.held(self.second, [Wanted("alice", "127.0.0.7")]):
            self.check("close-sessions.md", "netsession close -A root.cred -u alice --hosts")
        self.assertEqual((set(), set()), (self.users(self.first), self.users(self.second)))

    @staticmethod
    def users(server):
        return {row["user"] for row in sessions.enumerate_with_impacket(server, level=10).rows} - {"root"}


class BesideARecord(Documented):
    """record-sessions.md"""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        cls.db = cls.folder / "state/sessions.db"
        cls.ours = cls.enterClassContext(Netsessiond(("alice", "bob"), db=cls.db, netbios_name="FS1"))
        shutil.copy(cls.ours.credentials_file("root"), cls.folder / "root.cred")
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.run_environment() | {"HOME": str(cls.folder)},
                          {"fs1": address(cls.ours), "/var/lib/netsessiond/sessions.db": cls.db})

    def test_its_page(self):
        page = "record-sessions.md"
        with sessions.held(self.ours, [Wanted("bob", "127.0.0.8")]):
            [who] = self.on(page, "netsession report who alice --since 1h --db /var")
            with sessions.held(self.ours, [Wanted("alice", "127.0.0.7")]):
                wait_until(lambda: "alice" in self.shell.run(who))
            wait_until(lambda: self.shell.run(who).count("Z  20") == 3)  # GONE, too
            self.judge(who, self.shell.run(who))
            [on] = self.on(page, "netsession report on")
            self.judge(on, self.shell.run(dataclasses.replace(on, command=on.command.replace(" fs1 ", " FS1 "))))
        [watched] = self.on(page, "netsession watch")
        output = self.folder / "watched"
        with open(output, "w", encoding="utf-8") as to, subprocess.Popen(
                ["bash", "-c", "exec " + self.shell.here(watched.command)], cwd=self.folder, env=self.shell.environment, stdout=to,
                stderr=to) as watch:
            wait_until(lambda: "started" in output.read_text())
            with sessions.held(self.ours, [Wanted("alice", "127.0.0.7")]):
                wait_until(lambda: "alice" in output.read_text())
            wait_until(lambda: re.search("ended.*alice", output.read_text()))
            watch.send_signal(signal.SIGTERM)
        self.judge(watched, self.shell.there(output.read_text()))
        self.check(page, "netsession report who alice --since 1h --db sessions.db")
        self.check(page, "netsession report prune")


class BesideTheRelay(Documented):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        cls.samba = cls.enterClassContext(SambaServer(relayed=True))
        cls.ours = cls.enterClassContext(Netsessiond((), publishers="root"))
        cls.samba.relay_directory.mkdir(mode=0o700, exist_ok=True)
        cls.relay = cls.enterClassContext(NetsessionSamba(cls.samba, cls.ours.publish_socket))
        cls.enterClassContext(sessions.held(cls.samba, HELD))
        shutil.copy(cls.samba.credentials_file("root"), cls.folder / "root.cred")
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.run_environment() | {"NETSESSION_SOCKET": str(cls.ours.socket)},
                          {"fs1": address(cls.samba), "bob": "games"})

    def test_its_page(self):
        relayed = self.on("complete-samba.md", "netsession list -l 10")[1]
        self.judge(relayed, self.shell.run(relayed))
        before, after = self.on("complete-samba.md", "netsession list\n")
        self.judge(before, self.shell.run(before))
        self.check("complete-samba.md", "netsession close")
        self.judge(after, self.shell.run(after))
        self.assertNotIn("games", self.shell.run(after))


class BesideAPublisher(Documented):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.make_folder()
        cls.ours = cls.enterClassContext(Netsessiond((), publishers="root"))
        shutil.copy(command.REPOSITORY / "examples/publisher.c", cls.folder)
        cls.shell = Shell(cls.folder, cls.programs, cls.installed.build_environment() | cls.installed.run_environment() | {
            "NETSESSION_SOCKET": str(cls.ours.socket), "NETSESSION_PUBLISH_SOCKET": str(cls.ours.publish_socket)}, {})

    def test_it_publishes_what_is_typed(self):
        self.check("call-it-from-c.md", "cc -Wall -Wextra publisher.c")
        [one] = self.on("call-it-from-c.md", "./publisher")
        with subprocess.Popen(one.command, cwd=self.folder, env=self.shell.environment, text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, bufsize=1) as publisher:
            publisher.stdin.write(one.shown[0] + "\n")
            [listed] = self.on("call-it-from-c.md", "netsession list")
            wait_until(lambda: "alice" in self.shell.run(listed))
            self.check("call-it-from-c.md", "netsession list")
            self.check("call-it-from-c.md", "netsession close")
            self.judge(one, one.shown[0] + "\n" + publisher.stdout.readline())
            publisher.stdin.close()


class Coverage(unittest.TestCase):
    """Runs behind the others, by its name."""

    def test_each_command_is_run(self):
        for one in ALL:
            with self.subTest(one):
                there = elsewhere(one)
                if there and "/" in there[0]:
                    self.assertIn(there[1], (command.REPOSITORY / there[0]).read_text())
                elif there:
                    test = command.REPOSITORY / f"tests/e2e/test_{there[0]}.py"
                    self.assertTrue(f"def test_{there[1].replace(' ', '_')}(" in test.read_text(), f"{test} has no such sentence")
                else:
                    self.assertTrue(one in Documented.checked, "no test has run it, or its test failed")


if __name__ == "__main__":
    tap.main()
