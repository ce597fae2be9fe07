"""Samba's sessions at netsessiond's local endpoint: netsession-samba tells them, by smbstatus and by what its relay has seen."""
import collections
import concurrent.futures
import os
import signal
import subprocess
import time
import uuid

from fixtures.samba_publisher import USERS, SambaPublisherTest, session_entry
from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL
from impacket.smbconnection import SMBConnection
from lab import command, sessions, tap
from lab.netsession_samba import NetsessionSamba
from lab.wait_until import HANG_S, calm, wait_until_equal


class Sessions(SambaPublisherTest):
    def setUp(self):
        super().setUp()
        self.begin()

    def test_sessions_come_and_go(self):
        self.assertEqual({}, self.names())
        with sessions.held(self.samba, [sessions.Wanted("games", "127.0.0.9"), sessions.Wanted("man", "::1")]):
            wait_until_equal({("127.0.0.9", "games"): 1, ("[::1]", "man"): 1}, self.names)
            with sessions.held_by_smbclient(self.samba, ["daemon"]):
                wait_until_equal({("127.0.0.9", "games"): 1, ("[::1]", "man"): 1, ("127.0.0.1", "daemon"): 1}, self.names)
            wait_until_equal({("127.0.0.9", "games"): 1, ("[::1]", "man"): 1}, self.names)
        wait_until_equal({}, self.names)

    def test_a_call_a_moment_later_lists_the_sessions_of_that_moment(self):
        for _ in range(5):
            with sessions.held(self.samba, sessions.crowd(3, USERS)):
                time.sleep(0.3)  # netsessiond takes an answer of 0.2 s ago for a fresh one
                self.assertEqual(3, len(self.rows()))
            wait_until_equal(0, lambda: len(self.rows()))

    def test_two_hundred_sessions(self):
        wanted = sessions.crowd(200, USERS)
        with sessions.held(self.samba, wanted):
            wait_until_equal(dict(collections.Counter((want.client, want.user) for want in wanted)), self.names)
        wait_until_equal({}, self.names)

    def test_sessions_end_with_smbd(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            wait_until_equal(5, lambda: len(self.rows()))
            os.kill(self.samba.pid, signal.SIGTERM)
            for pid in self.samba.processes("smbd"):
                os.kill(pid, signal.SIGTERM)
            wait_until_equal({}, self.names)

    def test_sessions_end_with_an_smbd_that_dies_and_those_of_the_next_one_are_listed(self):
        for _ in range(2):
            with sessions.held(self.samba, sessions.crowd(5, USERS)):
                wait_until_equal(5, lambda: len(self.rows()))
                self.samba.restart()
                wait_until_equal({}, self.names)

    def test_sessions_end_with_netsession_samba_and_are_missing(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            wait_until_equal(5, lambda: len(self.rows()))
            self.assertEqual(0, self.relay.terminate())
            wait_until_equal(0, lambda: len(self.rows(is_complete=False)))
            self.assertRegex(self.locally("list").stderr, r'warning: publisher "samba" disconnected \d+ s ago; its sessions are not listed\n')
            self.relay.start()
            wait_until_equal(0, lambda: self.locally("list").exit)
            wait_until_equal(5, lambda: len(self.rows()))
            self.relay.kill()
            wait_until_equal(0, lambda: len(self.rows(is_complete=False)))

    def test_no_list_lacks_sessions_while_one_side_is_restarted(self):
        """Nobody is told that nobody is connected, because netsession-samba is about to connect."""
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            wait_until_equal(5, lambda: len(self.rows()))
            for _ in range(3):
                self.service.restart()
                self.assertEqual(5, len(self.rows()))
            begun = []

            def list_meanwhile():
                begun.append(True)
                return len(self.rows())
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                self.assertEqual(0, self.relay.terminate())
                counted = pool.submit(list_meanwhile)
                wait_until_equal([True], lambda: begun)
                self.relay.start()
                self.assertEqual(5, counted.result())

    def test_a_restarted_netsessiond_gets_all_sessions(self):
        with sessions.held(self.samba, sessions.crowd(5, USERS)):
            wait_until_equal(5, lambda: len(self.rows()))
            self.service.restart()
            wait_until_equal(5, lambda: len(self.rows()))
        wait_until_equal({}, self.names)


class Guests(SambaPublisherTest):
    OPTIONS = {"map to guest": "bad user"}

    def test_a_guest_is_listed_as_a_guest(self):
        self.begin()
        guest = SMBConnection(self.samba.host, self.samba.host, sess_port=self.samba.port)
        guest.login("nobody-known", "x")
        try:
            with sessions.held(self.samba, [sessions.Wanted("games")]):
                wait_until_equal({"nobody": ["guest"], "games": []},
                                 lambda: {row["user"]: row["user_flags"] for row in self.rows()})
        finally:
            guest.close()


class GuestInAnotherCase(Guests):
    """Samba finds the account all the same, and calls the session's user by the account's own name."""

    OPTIONS = {"map to guest": "bad user", "guest account": "Nobody"}


class AnotherInstallation(SambaPublisherTest):
    """PATH leads to programs of another Samba first, whose smbd does not run: to none of this one's sessions."""

    def test_the_programs_beside_smbd_are_run(self):
        (self.programs.folder / "smbd").unlink()
        self.programs.says({"sessions": {}, "tcons": {}})
        self.programs.script("smbcontrol", "exit 1")
        self.begin()
        with sessions.held(self.samba, [sessions.Wanted("games"), sessions.Wanted("man")]):
            wait_until_equal({("127.0.0.1", "games"): 1, ("127.0.0.1", "man"): 1}, self.names)
            self.assertEqual(0, self.locally("close", "--yes", "--user", "games").exit)
            wait_until_equal({("127.0.0.1", "man"): 1}, self.names)


class ReadOnlyLockDirectory(SambaPublisherTest):
    """The service's sandbox does not have the lock directory that smb.conf names."""

    def test_what_to_do_is_said_and_status_knows(self):
        lock = self.samba.folder / "lock"
        self.relay = self.enterContext(NetsessionSamba(self.samba, self.service.publish_socket, inside=[
            "unshare", "--mount", "sh", "-ec", 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"', lock]))
        self.relay.await_state(lambda state: state["publish_polls_failed"] > 0)
        self.assertIn(f"smbstatus and smbcontrol will fail, because netsession-samba may not write to Samba's lock directory, "
                      f"{lock}: Read-only file system; for the service, add ReadWritePaths={lock} with systemctl edit "
                      "netsession-samba\n", self.relay.said)
        status = command.run("status", "--smb-conf", self.samba.configuration, "--directory", self.relay.directory,
                             program="netsession-samba")
        self.assertEqual(1, status.exit, status)
        self.assertRegex(status.stdout, "\nwrong publish       programs on this computer do not see Samba's sessions as they "
                                        "are: smbstatus ended with exit status 1: .*Read-only file system")


class Starting(SambaPublisherTest):
    def test_a_session_that_was_there_before_is_as_old_as_its_share_at_least(self):
        began = time.monotonic()
        with sessions.held(self.samba, [sessions.Wanted("daemon", opens=1)]):
            time.sleep(3)
            self.begin()
            row, = self.rows()
            self.assertIn(row["active_seconds"], range(2, int(time.monotonic() - began) + 2))

    def test_without_a_netsessiond_it_waits_for_one(self):
        self.service.kill()
        self.enterContext(self.relay)
        self.relay.await_state(lambda state: state["publish"] == "not connected" and state["publish_message"] != "")
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            self.assertEqual(0, self.relay.state["publish_polls"])
            self.service.start()
            wait_until_equal(3, lambda: len(self.rows()))


class Closing(SambaPublisherTest):
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
                wait_until_equal({("127.0.0.1", "daemon"): 1, ("127.0.0.1", "games"): 1}, self.names)
                self.close("--user", "daemon")
                wait_until_equal({("127.0.0.1", "games"): 1}, self.names)
                # smbcontrol may end later than the session that it closes.
                wait_until_equal(1, lambda: self.relay.state["publish_closed"])
                self.assertIsNone(others[0].poll())
        finally:
            said = victim.communicate("ls\n", timeout=HANG_S)[0]
        self.assertRegex(said, "NT_STATUS_(CONNECTION|END_OF_FILE|INVALID_NETWORK)")

    def assert_named(self, how, begin, client_guid):
        """Who is closed with daemon is named, and is closed."""
        both = rf"{how}: closing the sessions of daemon from 127\.0\.0\.1; their smbd ends, which also closes the sessions of games " \
               r"from 127\.0\.0\.1"
        alone = rf"{how}: closing the sessions of daemon from 127\.0\.0\.1, and no others"
        with sessions.held_by_smbclient(self.samba, ["daemon", "games"], client_guid=client_guid):
            wait_until_equal({("127.0.0.1", "daemon"): 1, ("127.0.0.1", "games"): 1}, self.names)
            smbds = self.samba.smbd_of
            is_one = smbds["daemon"] == smbds["games"]
            self.assertEqual(client_guid is not None, is_one)
            self.relay.await_said(both if is_one else alone, begin)
            wait_until_equal({} if is_one else {("127.0.0.1", "games"): 1}, self.names)

    def test_sessions_that_end_together_are_named_to_the_caller_who_closes_one(self):
        """A client that says one GUID for all its connections, as Windows does, has one smbd."""
        for client_guid in (None, str(uuid.uuid4())):
            names = ["games from \\\\127.0.0.1"] if client_guid else []

            def close():
                done = self.locally("close", "--yes", "--user", "daemon")
                self.assertEqual(0, done.exit, done)
                self.assertEqual([f"  {name}" for name in names], done.stderr.splitlines()[1:-1])
                line = [line for line in self.service.audit if line["operation"] == "NetrSessionDel"][-1]
                self.assertEqual(names, line.get("also_closed", []))
            self.assert_named("publish", close, client_guid)

    def test_sessions_that_end_together_over_smb_are_named_by_the_relay(self):
        def delete():
            with sessions.srvsvc(self.samba) as dce:
                srvs.hNetrSessionDel(dce, NULL, "daemon\0")
        for client_guid in (None, str(uuid.uuid4())):
            self.assert_named("NetrSessionDel", delete, client_guid)

    def test_many_sessions_are_closed_by_one_command(self):
        wanted = [sessions.Wanted("games", f"127.0.1.{n}") for n in range(1, 31)]
        with sessions.held(self.samba, [*wanted, sessions.Wanted("man")]):
            wait_until_equal(31, lambda: len(self.rows()))
            self.close("--user", "games")
            wait_until_equal({("127.0.0.1", "man"): 1}, self.names)
            wait_until_equal(30, lambda: self.relay.state["publish_closed"])

    def test_a_closed_session_is_not_listed_any_more(self):
        for _ in range(5):
            with sessions.held(self.samba, [sessions.Wanted("games"), sessions.Wanted("man")]):
                wait_until_equal(2, lambda: len(self.rows()))
                self.close("--user", "games")
                self.assertEqual({("127.0.0.1", "man"): 1}, self.names())
            wait_until_equal({}, self.names)

    def test_sessions_of_one_user_and_client_are_named_once(self):
        with sessions.held_by_smbclient(self.samba, ["daemon", "daemon", "games"], client_guid=str(uuid.uuid4())):
            wait_until_equal(3, lambda: len(self.rows()))
            self.relay.await_said(r"the sessions of games from 127\.0\.0\.1; their smbd ends, which also closes the "
                                  r"sessions of daemon from 127\.0\.0\.1 \(2 sessions\)\n",
                                  lambda: self.close("--user", "games"))

    def test_a_closed_session_ends_though_nobody_lists(self):
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            wait_until_equal(1, lambda: len(self.rows()))
            self.close("--user", "games")
            self.relay.await_state(lambda state: state["publish_sessions"] == 0)

    def test_a_session_that_has_ended_by_then_is_not_closed_in_anothers_place(self):
        with sessions.held(self.samba, [sessions.Wanted("man")]):
            self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "carol")}})
            wait_until_equal({("10.0.0.1", "carol"): 1}, self.names)
            # The same session and process by number, and another one by its random number. smbstatus tells of it only
            # behind the closing, so that this names the session that is gone.
            self.set_refresh_timeout(300)
            pid = self.samba.processes("smbd")[-1]
            self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "carol", server_id={
                "pid": str(pid), "vnn": "4294967295", "unique_id": "2"})}}, is_held_up=True)
            # Where netsessiond had to ask again, the answer is late: then the list is not complete.
            self.assertIn(self.locally("close", "--yes", "--user", "carol").exit, (0, 4))
            self.programs.let_go()
            wait_until_equal(1, lambda: self.relay.state["publish_sessions"])
            self.programs.is_real()
            self.set_refresh_timeout(self.REFRESH_TIMEOUT_MS)
            wait_until_equal({("127.0.0.1", "man"): 1}, self.names)
            self.assertEqual(0, self.relay.state["publish_closed"])

    def test_what_samba_does_not_close_stays_and_can_be_tried_again(self):
        self.programs.script("smbcontrol", "echo no such thing >&2; exit 1")
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            wait_until_equal(1, lambda: len(self.rows()))
            self.relay.await_said(r"could not be told to end: smbcontrol ended with exit status 1: no such thing",
                                  lambda: self.close("--user", "games"))
            self.assertEqual({("127.0.0.1", "games"): 1}, self.names())
            (self.programs.folder / "smbcontrol").unlink()
            # It may go between our looking and our closing it.
            wait_until_equal({}, lambda: (self.locally("close", "--yes", "--user", "games"), self.names())[1])


if __name__ == "__main__":
    tap.main()
