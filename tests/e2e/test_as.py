"""`--as USER`: the password comes from the terminal only, which does not show it."""
import os
import signal
import unittest

from lab import command, tap
from lab.cli import address
from lab.samba import SambaServer
from lab.terminal import Terminal
from lab.wait_until import wait_until


class As(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def log_on(self, user, password, option="--as"):
        with Terminal("list", option, user, address(self.server)) as terminal:
            terminal.read_until(b"Password")
            self.assertFalse(terminal.echoes())
            terminal.type(f"{password}\n")
            code = terminal.end()
        self.assertIn(f"Password for {user}: ".encode(), terminal.shown)
        self.assertNotIn(password.encode(), terminal.shown)
        return code, terminal.shown.decode()

    def test_the_password_is_asked_for_and_not_shown(self):
        for user, option in (("root", "--as"), ("root", "-U"), (rf"{self.server.domain}\root", "--as"),
                             (f"{self.server.domain}/root", "-U")):
            code, shown = self.log_on(user, self.server.password("root"), option)
            self.assertEqual(0, code, shown)
            self.assertRegex(shown, r"127\.0\.0\.1 +root")

    def test_the_user_of_a_url_is_asked_for_a_password(self):
        with Terminal("list", f"smb://{self.server.domain};root@{address(self.server)}/share") as terminal:
            terminal.read_until(b"Password")
            terminal.type(f"{self.server.password('root')}\n")
            self.assertEqual(0, terminal.end(), terminal.shown)
        self.assertIn(rf"Password for {self.server.domain}\root: ".encode(), terminal.shown)

    def test_a_wrong_password_is_1326(self):
        code, shown = self.log_on("root", "no-such-password")
        self.assertEqual(3, code)
        self.assertIn("(1326", shown)

    def test_an_interrupt_ends_the_program_and_restores_the_terminal(self):
        with Terminal("list", "--as", "root", address(self.server)) as terminal:
            terminal.read_until(b"Password")
            self.assertFalse(terminal.echoes())
            os.kill(terminal.pid, signal.SIGINT)
            wait_until(terminal.echoes)
            self.assertEqual(-signal.SIGINT, terminal.end())

    def test_a_password_that_is_too_long_is_refused(self):
        code, shown = self.log_on("root", "x" * 600)
        self.assertEqual(2, code)
        self.assertIn("the password is missing or longer than 511 bytes", shown)

    def test_without_a_terminal_the_error_says_what_to_do(self):
        result = command.run("list", "--as", "root", address(self.server), stdin=self.server.password("root") + "\n")
        self.assertEqual((2, ""), (result.exit, result.stdout))
        self.assertIn("use --authentication-file FILE", result.stderr)

    def test_a_password_behind_the_user_is_refused_and_not_repeated(self):
        """smbclient takes user%password."""
        for user in ("root%unmistakable", r"LABSRV\root%unmistakable", "root%"):
            result = command.run("list", "-U", user, address(self.server))
            self.assertEqual((2, ""), (result.exit, result.stdout))
            self.assertRegex(result.stderr, r"\Anetsession: --as takes no password after a percent sign, [^\n]+; [^\n]+"
                             r"--authentication-file FILE\n\Z")
            self.assertNotIn("unmistakable", result.stderr)
        result = command.run("list", "-U", "%", address(self.server))  # smbclient's null session
        self.assertEqual((2, "", "netsession: --as needs a user; use --no-pass to log on anonymously\n"),
                         (result.exit, result.stdout, result.stderr))

    def test_a_user_without_a_name_is_refused(self):
        result = command.run("list", "-U", "", address(self.server))
        self.assertEqual((2, ""), (result.exit, result.stdout))
        self.assertIn('invalid value "" for --as: expected a text that is not empty', result.stderr)
        code, shown = self.log_on("LABSRV\\", "secret")
        self.assertEqual(2, code)
        self.assertIn("the username is a domain and nothing else", shown)

    def test_passwords_of_the_environment_are_not_used(self):
        """Unlike in smbclient and mount.cifs."""
        environment = {"USER": "root", "PASSWD": self.server.password("root")}
        result = command.run("list", address(self.server), env=environment)
        self.assertEqual(3, result.exit)
        self.assertRegex(result.stderr, r"\((1312|1311)[,)]")

    def test_a_file_and_a_user_exclude_each_other(self):
        result = command.run("list", "--as", "root", "-A", self.server.credentials_file("root"), address(self.server))
        self.assertEqual((2, ""), (result.exit, result.stdout))


if __name__ == "__main__":
    tap.main()
