"""`netsession info` and `netsession close` against a real Samba: the sessions that they show, and those that remain."""
import contextlib
import os
import pty
import subprocess
import unittest
import uuid

from lab import command, sessions, tap
from lab.cli import address, assert_refused
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until_equal

HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("mail", "127.0.0.8"), Wanted("games", "127.0.0.9"), Wanted("man")]


def listed(server):
    """(client, user) of all sessions except the administrator's, as impacket lists them."""
    return sorted((row["client"], row["user"]) for row in sessions.enumerate_with_impacket(server).rows
                  if row["user"] != server.administrator)


class WithSessions(unittest.TestCase):
    """Each test begins with the sessions of HELD."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.everybody = sorted((want.client, want.user) for want in HELD)

    def setUp(self):
        self.addCleanup(self.wait_until_alone)  # once the sessions are closed
        self.enterContext(sessions.held(self.server, HELD))
        self.assertEqual(self.everybody, listed(self.server))

    def wait_until_alone(self):
        wait_until_equal([], lambda: listed(self.server))

    def run_command(self, name, *arguments, user="root", **options):
        return command.run(name, "-A", self.server.credentials_file(user), *arguments, **options)


class Info(WithSessions):
    def test_info_shows_one_user_from_one_client(self):
        for client in ("127.0.0.7", r"\\127.0.0.7"):
            result = self.run_command("info", "-o", "json", address(self.server), client, "MAIL")
            self.assertEqual([("127.0.0.7", "mail", 2)],
                             [(row["client"], row["user"], row["num_opens"]) for row in result.sessions], result)
            self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_info_distinguishes_an_unknown_client_from_an_unknown_user(self):
        for client, user, status in (("192.0.2.1", "mail", 2312), ("127.0.0.7", "games", 2221)):
            assert_refused(self, status, self.run_command("info", address(self.server), client, user),
                           address(self.server))

    def test_info_requires_a_client_and_a_user_that_are_not_empty(self):
        server = address(self.server)
        for operands in ((), (server,), (server, ""), (server, "127.0.0.7", ""), (server, "", "mail"),
                         (server, "127.0.0.7", "mail", "more")):
            result = self.run_command("info", *operands)
            self.assertEqual((2, ""), (result.exit, result.stdout), result)


class Close(WithSessions):
    def close(self, *arguments, **options):
        return self.run_command("close", *arguments, address(self.server), **options)

    def remain(self, *gone):
        return [who for who in self.everybody if who not in gone]

    def assert_listed(self, expected):
        wait_until_equal(expected, lambda: listed(self.server))  # Samba ends a client's process after it has answered

    def test_closes_all_sessions_of_a_user_and_lists_them(self):
        result = self.close("-u", "mail", "--yes", "-o", "json")
        self.assertEqual([("127.0.0.7", "mail"), ("127.0.0.8", "mail")],
                         sorted((row["client"], row["user"]) for row in result.sessions))
        self.assertEqual((0, f"netsession: {address(self.server)}: closed 2 sessions\n"), (result.exit, result.stderr))
        self.assert_listed(self.remain(("127.0.0.7", "mail"), ("127.0.0.8", "mail")))

    def test_closes_one_user_from_one_client(self):
        for client in ("127.0.0.8", r"\\127.0.0.9"):
            user = "mail" if client == "127.0.0.8" else "GAMES"
            self.assertEqual(0, self.close("-c", client, "-u", user, "--yes").exit)
        self.assert_listed(self.remain(("127.0.0.8", "mail"), ("127.0.0.9", "games")))

    def test_closes_an_ipv6_client_in_any_spelling(self):
        """Samba alone compares the text that it lists, ::1."""
        for client in ("::1", "[::1]", r"\\[::1]", "0:0:0:0:0:0:0:1"):
            with self.subTest(client), sessions.held(self.server, [Wanted("backup", "::1")]):
                result = self.close("-c", client, "--yes")
                self.assertEqual((0, f"netsession: {address(self.server)}: closed 1 session\n"),
                                 (result.exit, result.stderr))
                self.assert_listed(self.everybody)

    def test_lists_the_sessions_that_may_be_closed_too(self):
        """Over SMB nothing shows which sessions share an smbd, but they come from one client."""
        with sessions.held(self.server, [Wanted("backup", "127.0.0.7")]):
            result = self.close("-u", "mail", "--yes")
            self.assertRegex(result.stderr, rf"\Anetsession: {address(self.server)}: Samba closes all connections "
                             r"of a client together; these sessions may be closed too:\n  backup from 127\.0\.0\.7\n"
                             r"netsession: .*: closed 2 sessions\n\Z")
            self.assertEqual(0, result.exit)
            self.assert_listed(sorted([*self.remain(("127.0.0.7", "mail"), ("127.0.0.8", "mail")), ("127.0.0.7", "backup")]))

    def test_a_session_that_shares_an_smbd_is_listed_and_closed(self):
        with sessions.held_by_smbclient(self.server, ["daemon", "backup"], client_guid=str(uuid.uuid4())):
            self.assertEqual(1, len({self.server.smbd_of[user] for user in ("daemon", "backup")}))
            result = self.close("-u", "daemon", "--yes")
            self.assertIn("may be closed too:\n", result.stderr)
            self.assertIn("  backup from 127.0.0.1\n", result.stderr)
            self.assert_listed(self.everybody)

    def test_reports_that_there_is_no_session_to_close(self):
        result = self.close("-u", "nemo", "--yes")
        assert_refused(self, 2221, result, address(self.server))
        self.assert_listed(self.everybody)

    def test_requires_a_filter_and_without_a_terminal_yes(self):
        for arguments in (("--yes",), ("-u", "mail")):
            result = self.close(*arguments)
            self.assertEqual((2, ""), (result.exit, result.stdout), result)
            self.assertRegex(result.stderr, r"\Anetsession: close [^\n]*\n\Z")
        self.assert_listed(self.everybody)

    def test_an_ordinary_user_closes_no_session(self):
        result = self.close("-u", "mail", "--yes", user="games")
        self.assertEqual(3, result.exit, result)
        self.assertIn("(5)", result.stderr)
        self.assert_listed(self.everybody)

    def test_the_question_includes_the_sessions_that_may_be_closed_too(self):
        with sessions.held(self.server, [Wanted("backup", "127.0.0.7")]):
            code, stderr = self.on_terminal(b"n\n")
        self.assertEqual(1, code)
        self.assertIn("  backup from 127.0.0.7\n", stderr)
        self.assertIn(f"Close these sessions on {address(self.server)}, and perhaps the others listed? [y/N] ", stderr)

    def on_terminal(self, answer):
        """Runs close with a terminal for stdin and answers its question. Returns (exit code, stderr)."""
        ours, theirs = pty.openpty()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, ours)
            process = subprocess.Popen(
                [command.built(), "close", "-A", self.server.credentials_file("root"), "-u", "mail",
                 address(self.server)], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=command.environment())
            os.close(theirs)
            os.write(ours, answer)
            stdout, stderr = process.communicate(timeout=HANG_S)
        self.assertIn("mail", stdout)
        return process.returncode, stderr

    def test_asks_on_a_terminal_and_closes_nothing_after_a_no(self):
        for answer in (b"n\n", b"\n", b"yess\n", b"\x04"):
            code, stderr = self.on_terminal(answer)
            self.assertEqual(1, code, stderr)
            self.assertEqual(f"Close these sessions on {address(self.server)}? [y/N] ", stderr)
        self.assert_listed(self.everybody)

    def test_asks_on_a_terminal_and_closes_after_a_yes(self):
        code, stderr = self.on_terminal(b"y\n")
        self.assertEqual(0, code)
        self.assertIn(": closed 2 sessions\n", stderr)
        self.assert_listed(self.remain(("127.0.0.7", "mail"), ("127.0.0.8", "mail")))


if __name__ == "__main__":
    tap.main()
