"""Samba's sessions at netsessiond's local door: netsession-samba tells them, by smbstatus and by what its relay has seen."""
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from impacket.smbconnection import SMBConnection

from lab import command, sessions, tap
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer

WAIT_S = 30
PATIENCE_S = 2  # netsessiond's, with a feeder that does not answer
USERS = ("daemon", "games", "man", "mail")


def soon_is(expected, condition):
    """Waits until it gives what is expected; fails with what it gave last."""
    deadline = time.monotonic() + WAIT_S
    while (found := condition()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"expected {expected!r}, still {found!r}")
        time.sleep(0.02)


class Programs:
    """A context manager: a folder for PATH whose smbstatus is a script of ours, which may call the real one."""

    def __init__(self):
        self.real = shutil.which("smbstatus", path="/usr/bin:/usr/local/bin:/usr/local/samba/bin")

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="netsession-smbstatus-")
        self.folder = pathlib.Path(self._folder.name)
        self.is_real()
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @property
    def inside(self):
        """What netsession-samba is run inside."""
        return "env", f"PATH={self.folder}:{os.environ['PATH']}"

    def write(self, script):
        """What smbstatus is from now on. A run that goes on is that of the old script."""
        path = self.folder / "new"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        path.rename(self.folder / "smbstatus")

    def is_real(self, before=""):
        """It is Samba's, and its runs are counted. before: commands of the shell."""
        runs = self.folder / "runs"
        self.write(f"echo begin >> {runs}\n{before}\n{self.real} \"$@\"\nstatus=$?\necho end >> {runs}\nexit $status")

    def says(self, answer):
        """It says what it is told to."""
        (self.folder / "answer").write_text(json.dumps(answer))
        self.write(f"cat {self.folder}/answer")

    @property
    def runs(self):
        """The lines "begin" and "end" of its runs."""
        path = self.folder / "runs"
        return path.read_text().split() if path.exists() else []


def told(number, client, user, **more):
    """An entry of what smbstatus says."""
    return {"session_id": str(number), "uid": 1, "username": user, "remote_machine": client,
            "server_id": {"pid": "4000000", "task_id": "0", "vnn": "4294967295", "unique_id": str(number)}, **more}


class Fed(unittest.TestCase):
    """Each test has its own smbd, netsessiond and netsession-samba, unless it says otherwise."""

    OPTIONS = {}

    def setUp(self):
        self.programs = self.enterContext(Programs())
        self.samba = self.enterContext(SambaServer(self.OPTIONS, relayed=True))
        self.service = self.enterContext(Netsessiond((), policy="documented", feeders="root"))
        self.relay = NetsessionSamba(self.samba, self.service.feed_socket, inside=self.programs.inside)

    def begin(self):
        self.enterContext(self.relay)
        self.relay.await_state(lambda state: state["feed"] == "connected" and state["feed_looks"] > 0)

    def locally(self, *arguments):
        return command.run(*arguments, env={"NETSESSION_SOCKET": str(self.service.socket)})

    def rows(self):
        listed = self.locally("list", "--level", 502, "-o", "json")
        self.assertEqual(0, listed.exit, listed)
        for row in listed.sessions:
            self.assertEqual("\\\\", row["client"][:2])
            row["client"] = row["client"][2:]
        return listed.sessions

    def names(self):
        """{(client, user): how many}"""
        return dict(collections.Counter((row["client"], row["user"]) for row in self.rows()))


class Sessions(Fed):
    def setUp(self):
        super().setUp()
        self.begin()

    def test_sessions_come_and_go(self):
        self.assertEqual({}, self.names())
        with sessions.held(self.samba, [sessions.Wanted("games", "127.0.0.9"), sessions.Wanted("man", "::1")]):
            soon_is({("127.0.0.9", "games"): 1, ("::1", "man"): 1}, self.names)
            with sessions.held_by_smbclient(self.samba, ["daemon"]):
                soon_is({("127.0.0.9", "games"): 1, ("::1", "man"): 1, ("127.0.0.1", "daemon"): 1}, self.names)
            soon_is({("127.0.0.9", "games"): 1, ("::1", "man"): 1}, self.names)
        soon_is({}, self.names)

    def test_who_asks_a_moment_later_is_told_what_is_there_then(self):
        for _ in range(5):
            with sessions.held(self.samba, sessions.crowd(3, USERS)):
                time.sleep(0.3)  # netsessiond takes an answer of 0.2 s ago for a fresh one
                self.assertEqual(3, len(self.rows()))
            deadline = time.monotonic() + WAIT_S
            while self.samba.processes("smbd") and len(self.rows()) > 0:
                self.assertLess(time.monotonic(), deadline)

    def test_two_hundred_sessions(self):
        wanted = sessions.crowd(200, USERS)
        with sessions.held(self.samba, wanted):
            soon_is(dict(collections.Counter((want.client, want.user) for want in wanted)), self.names)
        soon_is({}, self.names)

    def test_what_the_relay_has_seen_of_them_is_told_too(self):
        with sessions.held(self.samba, [sessions.Wanted("games", "127.0.0.9", 3), sessions.Wanted("man", "127.0.0.8")]):
            soon_is([0, 0], lambda: [row["num_opens"] for row in self.rows()])
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=502).status)
            soon_is({"games": 3, "man": 0},
                    lambda: {row["user"]: row["num_opens"] for row in self.rows() if row["user"] != "root"})

    def test_they_go_with_smbd(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            soon_is(5, lambda: len(self.rows()))
            os.kill(self.samba.pid, signal.SIGTERM)
            for pid in self.samba.processes("smbd"):
                os.kill(pid, signal.SIGTERM)
            soon_is({}, self.names)

    def test_they_go_with_an_smbd_that_dies_and_those_of_the_next_one_come(self):
        for _ in range(2):
            with sessions.held(self.samba, sessions.crowd(5, USERS)):
                soon_is(5, lambda: len(self.rows()))
                self.samba.restart()
                soon_is({}, self.names)

    def test_they_go_with_netsession_samba(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            soon_is(5, lambda: len(self.rows()))
            self.assertEqual(0, self.relay.terminate())
            soon_is({}, self.names)
            self.relay.start()
            soon_is(5, lambda: len(self.rows()))
            self.relay.kill()
            soon_is({}, self.names)

    def test_a_netsessiond_that_begins_again_is_told_all_of_them(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            soon_is(5, lambda: len(self.rows()))
            self.service.restart()
            soon_is(5, lambda: len(self.rows()))
        soon_is({}, self.names)

    def test_an_idle_time_that_samba_does_not_know_is_none(self):
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            soon_is(1, lambda: len(self.rows()))
            soon_is(True, lambda: [row["active_seconds"] >= 4 for row in self.rows()] == [True])
            self.assertLess(self.rows()[0]["idle_seconds"], 2)  # counted on since the last look


class Guests(Fed):
    OPTIONS = {"map to guest": "bad user"}

    def test_a_guest_is_shown_as_one(self):
        self.begin()
        guest = SMBConnection(self.samba.host, self.samba.host, sess_port=self.samba.port)
        guest.login("nobody-known", "x")
        try:
            with sessions.held(self.samba, [sessions.Wanted("games")]):
                soon_is({"nobody": ["guest"], "games": []},
                        lambda: {row["user"]: row["user_flags"] for row in self.rows()})
        finally:
            guest.close()


class Beginnings(Fed):
    def test_a_session_that_was_there_before_is_as_old_as_its_share_at_least(self):
        with sessions.held(self.samba, [sessions.Wanted("daemon", opens=1)]):
            time.sleep(3)
            self.begin()
            row, = self.rows()
            self.assertIn(row["active_seconds"], range(2, 10))

    def test_without_a_netsessiond_it_waits_for_one(self):
        self.service.kill()
        self.enterContext(self.relay)
        self.relay.await_state(lambda state: state["feed"] == "not connected" and state["feed_story"] != "")
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            self.assertEqual(0, self.relay.state["feed_looks"])
            self.service.start()
            soon_is(3, lambda: len(self.rows()))


class Looks(Fed):
    def setUp(self):
        super().setUp()
        self.begin()

    def assert_never_two_at_once(self):
        runs = self.programs.runs
        self.assertEqual(["begin", "end"] * (len(runs) // 2), runs[:len(runs) // 2 * 2])

    def test_nobody_asks_and_smbstatus_does_not_run(self):
        self.relay.await_state(lambda state: len(self.programs.runs) == 2)
        for _ in range(3):
            with sessions.held(self.samba, sessions.crowd(3, USERS)):
                time.sleep(1)
        self.assertEqual((["begin", "end"], 1), (self.programs.runs, self.relay.state["feed_looks"]))

    def test_callers_of_the_relay_cause_no_look(self):
        for _ in range(5):
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=10).status)
        self.assertEqual(1, self.relay.state["feed_looks"])

    def test_looks_go_on_while_somebody_has_asked_and_are_rare(self):
        self.rows()
        began, before = time.monotonic(), self.relay.state["feed_looks"]
        after = self.relay.await_state(lambda state: state["feed_looks"] > before + 1)["feed_looks"]
        self.assertLessEqual(after - before, time.monotonic() - began + 1)  # one a second at most

    def test_looks_are_never_two_at_once_and_many_who_ask_share_one(self):
        self.programs.is_real("sleep 0.2")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = list(pool.map(lambda _: self.rows(), range(64)))
        self.assertEqual(64, len(asked))
        self.assert_never_two_at_once()
        self.assertLess(len(self.programs.runs) // 2, 40)

    def test_a_look_that_fails_leaves_what_is_known_and_nobody_waits(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            soon_is(3, lambda: len(self.rows()))
            self.programs.write("echo tdb is broken >&2; exit 3")
            said = self.relay.await_said(r"feed: smbstatus ends with 3: tdb is broken", self.rows)
            self.assertEqual(1, len(said))
            began = time.monotonic()
            for _ in range(20):
                self.assertEqual(3, len(self.rows()))
            self.assertLess(time.monotonic() - began, WAIT_S / 3)
            state = self.relay.state
            self.assertEqual("smbstatus ends with 3: tdb is broken", state["feed_story"])
            self.assertIn(state["feed_looks_failed"], range(1, 8))
            self.assertEqual(1, self.relay.said.count("tdb is broken"))
            self.programs.is_real()
        soon_is({}, self.names)
        self.assertEqual("", self.relay.state["feed_story"])
        self.assertEqual(1, self.relay.said.count("smbstatus tells of Samba's sessions again"))

    def test_what_is_no_answer_leaves_what_is_known(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            soon_is(3, lambda: len(self.rows()))
            self.programs.write("echo '{\"sessions\": {'")
            self.relay.await_said(r"feed: what smbstatus said is no JSON", self.rows)
            self.assertEqual(3, len(self.rows()))

    def test_a_look_that_hangs_holds_up_neither_callers_nor_the_end(self):
        self.programs.write(f"echo $$ > {self.programs.folder}/pid; sleep 1000")
        answered = self.locally("list", "-o", "json")
        self.assertEqual(0, answered.exit)
        self.assertLess(answered.seconds, PATIENCE_S + 8)
        self.assertLess(self.locally("list").seconds, PATIENCE_S + 2)
        for level in (1, 10, 502):
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=level).status)
        pid = int((self.programs.folder / "pid").read_text())
        began = time.monotonic()
        self.assertEqual(0, self.relay.terminate())
        self.assertLess(time.monotonic() - began, 8)
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())

    def test_names_that_are_no_text_are_not_shown_and_the_others_are(self):
        self.programs.says({"sessions": {"1": told(1, "10.0.0.1", "a\nb"), "2": told(2, "10.0.0.2", "carol"),
                                         "3": told(3, "x" * 2000, "dave"), "4": {}}})
        soon_is({("10.0.0.2", "carol"): 1}, self.names)
        for _ in range(3):
            time.sleep(0.25)
            self.rows()
        self.assertEqual(2, self.relay.said.count("its names cannot be told"))
        self.assertNotIn("a\nb", self.relay.said)

    def test_transports_and_beginnings_are_told_where_smbstatus_does(self):
        began = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(time.time() - 100))
        self.programs.says({"sessions": {
            "1": told(1, "10.0.0.1", "carol", creation_time=began, channels={"1": {"transport": "tcp"}}),
            "2": told(2, "10.0.0.2", "dave", creation_time=began, channels={"1": {"transport": "nbt"}})}})
        soon_is({"carol": r"\Device\NetbiosSmb", "dave": ""},
                lambda: {row["user"]: row["transport"] for row in self.rows()})
        for row in self.rows():
            self.assertIn(row["active_seconds"], range(100, 130))

    def test_where_smbstatus_does_not_tell_the_port_the_kernel_does(self):
        """Connections of the test's own, as if smbd had them: to 445, where nobody else listens at that address, and not."""
        mine = f"127.66.{os.getpid() // 256 % 256}.{os.getpid() % 254 + 1}"
        with socket.create_server((mine, 445)) as direct, socket.create_server((mine, 0)) as other, \
                socket.create_server(("::1", 0), family=socket.AF_INET6) as other6:
            callers = [self.enterContext(socket.create_connection(server.getsockname()[:2]))
                       for server in (direct, other, other6)]
            ends = [f"ipv{6 if ':' in name[0] else 4}:{name[0]}:{name[1]}" for name in
                    (caller.getsockname() for caller in callers)]
            self.programs.says({"sessions": {
                str(n): told(n, f"10.0.0.{n}", f"user{n}", hostname=end)
                for n, end in enumerate((*ends, "host.example", "ipv4:127.0.0.1:1"), 1)}})
            soon_is({"user1": r"\Device\NetbiosSmb", "user2": "", "user3": "", "user4": "", "user5": ""},
                    lambda: {row["user"]: row["transport"] for row in self.rows()})

    def test_a_session_that_is_somebody_elses_now_is_shown_anew(self):
        self.programs.says({"sessions": {"1": told(1, "10.0.0.1", "carol")}})
        soon_is({("10.0.0.1", "carol"): 1}, self.names)
        self.programs.says({"sessions": {"1": told(1, "10.0.0.1", "dave")}})
        soon_is({("10.0.0.1", "dave"): 1}, self.names)

    def test_ten_thousand_sessions_hold_up_nobody(self):
        many = 10000
        self.programs.says({"sessions": {str(n): told(n, f"10.0.{n // 250}.{n % 250}", f"user{n}")
                                         for n in range(1, many + 1)}})
        self.locally("list")
        slowest = 0
        deadline = time.monotonic() + WAIT_S
        while self.relay.state["feed_sessions"] != many:
            began = time.monotonic()
            self.assertIn("version", self.relay.state)
            slowest = max(slowest, time.monotonic() - began)
            self.assertLess(began, deadline)
        self.assertLess(slowest, 1)
        soon_is(many, lambda: len(self.rows()))
        self.programs.says({"sessions": {}})
        soon_is({}, self.names)


class Closing(Fed):
    def setUp(self):
        super().setUp()
        self.begin()

    def close(self, *arguments):
        done = self.locally("close", "--yes", *arguments)
        self.assertEqual(0, done.exit, done)

    def test_a_session_that_is_closed_here_ends_in_samba(self):
        victim = subprocess.Popen(
            self.samba.tool("smbclient", "-A", self.samba.credentials_file("daemon"), f"//{self.samba.host}/share"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            with sessions.held_by_smbclient(self.samba, ["games"]) as others:
                soon_is({("127.0.0.1", "daemon"): 1, ("127.0.0.1", "games"): 1}, self.names)
                self.close("--user", "daemon")
                soon_is({("127.0.0.1", "games"): 1}, self.names)
                self.assertEqual(1, self.relay.state["feed_closed"])
                self.assertIsNone(others[0].poll())
        finally:
            said = victim.communicate("ls\n", timeout=WAIT_S)[0]
        self.assertRegex(said, "NT_STATUS_(CONNECTION|END_OF_FILE|INVALID_NETWORK)")

    def test_many_are_closed_by_one_word(self):
        wanted = [sessions.Wanted("games", f"127.0.1.{n}") for n in range(1, 31)]
        with sessions.held(self.samba, [*wanted, sessions.Wanted("man")]):
            soon_is(31, lambda: len(self.rows()))
            self.close("--user", "games")
            soon_is({("127.0.0.1", "man"): 1}, self.names)
            self.assertEqual(30, self.relay.state["feed_closed"])

    def test_the_session_goes_though_nobody_asks(self):
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            soon_is(1, lambda: len(self.rows()))
            self.close("--user", "games")
            self.relay.await_state(lambda state: state["feed_sessions"] == 0)

    def test_who_is_gone_by_then_is_not_closed_in_anothers_place(self):
        with sessions.held(self.samba, [sessions.Wanted("man")]):
            self.programs.says({"sessions": {"1": told(1, "10.0.0.1", "carol")}})
            soon_is({("10.0.0.1", "carol"): 1}, self.names)
            # The same session and process by number, and another one by its random number.
            pid = self.samba.processes("smbd")[-1]
            self.programs.says({"sessions": {"1": told(1, "10.0.0.1", "carol", server_id={
                "pid": str(pid), "vnn": "4294967295", "unique_id": "2"})}})
            self.close("--user", "carol")
            soon_is(1, lambda: self.relay.state["feed_sessions"])
            self.programs.is_real()
            soon_is({("127.0.0.1", "man"): 1}, self.names)
            self.assertEqual(0, self.relay.state["feed_closed"])

    def test_what_samba_does_not_close_stays_and_can_be_tried_again(self):
        smbcontrol = self.programs.folder / "smbcontrol"
        smbcontrol.write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
        smbcontrol.chmod(0o755)
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            soon_is(1, lambda: len(self.rows()))
            self.relay.await_said(r"cannot be told to end: smbcontrol ends with 1: no such thing",
                                  lambda: self.close("--user", "games"))
            self.assertEqual({("127.0.0.1", "games"): 1}, self.names())
            smbcontrol.unlink()
            # It may go between our looking and our closing it.
            soon_is({}, lambda: (self.locally("close", "--yes", "--user", "games"), self.names())[1])


if __name__ == "__main__":
    tap.main()
