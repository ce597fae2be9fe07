"""What Samba does not say is shown as unknown, and what smbstatus leaves out is told, with Samba's own smbstatus."""
import os
import pty
import re
import subprocess
import time

from fixtures.samba_publisher import SambaPublisherTest, session_entry
from impacket.smb3structs import FILE_OPEN_IF, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE
from lab import command, sessions, tap, unix_users
from lab.samba import ORDINARY_USERS, version
from lab.wait_until import HANG_S, calm, wait_until_equal

WRITE_OWNER = 0x00080000
MUELLER = "müller"  # the system and Samba have the name in ISO 8859-1


def setUpModule():
    unix_users.add([MUELLER], "latin-1")


class OpenFiles(SambaPublisherTest):
    def setUp(self):
        super().setUp()
        self.begin()

    def open_file(self, connection, tree, name, access=FILE_READ_DATA):
        """Opens a file that is created by that: its creator gets any access."""
        return connection.openFile(tree, name, access, FILE_SHARE_READ | FILE_SHARE_WRITE, creationDisposition=FILE_OPEN_IF)

    def opens(self):
        return sorted((row["user"], row["client"], row.get("num_opens", "-")) for row in self.rows())

    def test_each_session_has_the_files_that_it_has_open_though_nobody_asks_over_smb(self):
        wanted = [sessions.Wanted("games", "127.0.0.9", 3), sessions.Wanted("man", "127.0.0.8"),
                  sessions.Wanted("daemon", "127.0.0.7", 1), sessions.Wanted("daemon", "127.0.0.7")]
        with sessions.held(self.samba, wanted):
            wait_until_equal(sorted((want.user, want.client, want.opens) for want in wanted), self.opens)
            self.assertEqual(0, self.relay.state["requests_intercepted"])

    def test_a_file_that_is_closed_is_not_open_any_more(self):
        with sessions.held(self.samba, [sessions.Wanted("games")]) as (connection,):
            tree = connection.connectTree(self.samba.share)
            files = [self.open_file(connection, tree, f"{n}.txt") for n in range(2)]
            wait_until_equal([("games", "127.0.0.1", 2)], self.opens)
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=502).status)  # which the relay remembers
            for left in (1, 0):
                connection.closeFile(tree, files.pop())
                wait_until_equal([("games", "127.0.0.1", left)], self.opens)

    def test_if_smbstatus_cannot_list_open_files_their_number_is_not_known(self):
        """Before 4.24 it panics over one that is open with the right to change the owner."""
        is_known = version() >= (4, 24)
        with sessions.held(self.samba, [sessions.Wanted("games", opens=1)]) as (connection,):
            self.open_file(connection, connection.connectTree(self.samba.share), "own.txt", FILE_READ_DATA | WRITE_OWNER)
            wait_until_equal([("games", "127.0.0.1", 2 if is_known else "-")], self.opens)
            self.assertEqual(not is_known, "the numbers of open files are not known: smbstatus" in self.relay.said)
            line = self.locally("list").stdout.splitlines()[1]
            self.assertRegex(line, r"games +2 " if is_known else r"games +- ")
            self.assertEqual(0, self.locally("list").exit)

    def test_an_idle_time_is_not_known_and_not_0(self):
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            wait_until_equal(1, lambda: len(self.rows()))
            row, = self.rows()
            self.assertEqual({"client", "user", "num_opens", "active_seconds", "user_flags"}, row.keys() - {"transport"})
            heading, line = self.locally("list").stdout.splitlines()
            self.assertEqual("-", line[heading.index("IDLE"):][:4].strip())


    def test_a_list_of_open_files_that_takes_long_holds_up_nobody(self):
        self.set_refresh_timeout(2000)
        self.programs.write(f"case \"$*\" in *-L*) sleep 1000;; esac; exec {self.programs.real} \"$@\"")
        with sessions.held(self.samba, [sessions.Wanted("games", opens=1)]):
            wait_until_equal([("games", "127.0.0.1", "-")], lambda: sorted(
                (row["user"], "127.0.0.1", row.get("num_opens", "-")) for row in self.locally("list", "-o", "json").sessions))
            self.assertIn("the numbers of open files are not known: smbstatus: the program did not end within 1.5 s and was killed",
                          self.relay.said)
            slowest = max(self.locally("list").seconds for _ in range(3))
            self.assertLess(slowest, calm(1.5))

    def test_before_close_asks_it_says_if_open_files_are_not_known(self):
        self.programs.write(f"case \"$*\" in *-L*) exit 1;; esac; exec {self.programs.real} \"$@\"")
        with sessions.held(self.samba, [sessions.Wanted("games", opens=1)]):
            wait_until_equal([("games", "127.0.0.1", "-")], self.opens)
            ours, theirs = pty.openpty()
            process = subprocess.Popen([command.built(), "close", "-u", "games"], stdin=theirs, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True,
                                       env=command.environment({"NETSESSION_SOCKET": str(self.service.socket)}))
            os.close(theirs)
            os.write(ours, b"n\n")
            stderr = process.communicate(timeout=HANG_S)[1]
            os.close(ours)
            self.assertEqual((1, "Close this session on local computer, not knowing how many files are open? [y/N] "),
                             (process.returncode, stderr))


class Starts(SambaPublisherTest):
    def test_a_session_is_as_old_as_its_connection(self):
        """Before 4.20 smbstatus does not say it, but smbd is as old."""
        began = time.monotonic()
        with sessions.held(self.samba, [sessions.Wanted("daemon", opens=1)]):
            time.sleep(5)
            self.begin()
            row, = self.rows()
            self.assertIn(row["active_seconds"], range(4, int(time.monotonic() - began) + 2))

    def test_a_start_that_nobody_knows_is_not_shown(self):
        self.begin()
        self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "carol")}})
        time.sleep(4)  # since the poll before
        wait_until_equal(["carol"], lambda: [row["user"] for row in self.rows()])
        row, = self.rows()
        self.assertEqual({"client", "user", "user_flags"}, row.keys())
        self.programs.says({"sessions": {"2": session_entry(2, "10.0.0.2", "dave", creation_time="2026-01-01T00:00:00+00:00")}})
        wait_until_equal([True], lambda: ["active_seconds" in row for row in self.rows()])


class Latin1(SambaPublisherTest):
    OPTIONS = {"unix charset": "ISO-8859-1"}
    USERS = (MUELLER, *ORDINARY_USERS)

    def held(self):
        return sessions.held(self.samba, [sessions.Wanted(MUELLER, opens=1), sessions.Wanted("games")])

    def test_a_user_whose_name_smbstatus_cannot_print_is_listed(self):
        self.begin()
        with self.held():
            wait_until_equal({("127.0.0.1", MUELLER): 1, ("127.0.0.1", "games"): 1}, self.names)
            self.assertEqual([1], [row["num_opens"] for row in self.rows() if row["user"] == MUELLER])
            self.assertRegex(self.relay.said, r"notice: smbstatus: json_add_string: Unable to add string")
            self.assertEqual(1, self.relay.said.count("json_add_string"))
            self.assertEqual(0, self.locally("close", "--yes", "-u", MUELLER).exit)
            wait_until_equal({("127.0.0.1", "games"): 1}, self.names)

    def test_sessions_that_smbstatus_leaves_out_are_missing_and_that_is_told(self):
        """The second run of smbstatus, which has user ids for names, fails."""
        self.programs.write(f"case \"$*\" in *--numeric*) exit 1;; esac; exec {self.programs.real} \"$@\"")
        self.begin()
        told = 'publisher "samba": smbstatus has left out sessions: json_add_string: Unable to add string [username], could not ' \
               "create string object"
        with self.held():
            wait_until_equal(4, lambda: self.locally("list").exit)
            self.assertNotIn(MUELLER, [row["user"] for row in self.rows(is_complete=False)])  # nor who comes behind him
            done = self.locally("list", "-o", "json")
            self.assertEqual([told], done.json["servers"][0]["warnings"])
            self.assertEqual(f"netsession: local computer: warning: {told}\n", done.stderr)
            self.assertIn("some sessions are missing: smbstatus has left out sessions: json_add_string", self.service.said)
            self.assertIn("smbstatus has left out sessions: json_add_string", self.relay.state["publish_message"])
            found = self.locally("list", "-u", MUELLER)
            self.assertEqual((3, True), (found.exit, "sessions are missing" in found.stderr))
            users = [row["user"] for row in sessions.enumerate_with_impacket(self.samba, level=10).rows]
            self.assertIn(MUELLER, users)  # over SMB nothing is left out
            self.assertRegex(self.locally("doctor").stdout, r"(?m)^note  sources +publisher .samba.: smbstatus has left out sessions")
            self.programs.is_real()
            wait_until_equal(0, lambda: self.locally("list").exit)
            self.assertRegex(self.locally("doctor").stdout, r"(?m)^ok    sources +all of them are complete$")
            self.assertEqual([MUELLER, "games"], sorted(row["user"] for row in self.rows())[::-1])

    def test_the_same_with_all_polls_that_fail(self):
        self.begin()
        with self.held():
            wait_until_equal(2, lambda: len(self.rows()))
            self.programs.write("echo tdb is broken >&2; exit 3")
            wait_until_equal(4, lambda: self.locally("list").exit)
            self.assertEqual(2, len(self.rows(is_complete=False)))
            began = time.monotonic()
            self.assertRegex(self.locally("list").stderr, r"the sessions are those of [-\d]+ [:\d]+ UTC: smbstatus ended with exit status 3")
            self.assertLess(time.monotonic() - began, calm(5))


class Programs(SambaPublisherTest):
    """What smbstatus writes to stderr."""

    def test_it_is_passed_on_once_and_does_not_make_a_list_incomplete(self):
        self.programs.is_real("echo 'WARNING: The \"lanman auth\" option is deprecated' >&2")
        self.begin()
        with sessions.held(self.samba, [sessions.Wanted("games")]):
            for _ in range(4):
                wait_until_equal(1, lambda: len(self.rows()))
                time.sleep(0.3)
        self.assertEqual(1, len(re.findall(r"notice: smbstatus: WARNING: The .lanman auth. option is deprecated", self.relay.said)))


if __name__ == "__main__":
    tap.main()
