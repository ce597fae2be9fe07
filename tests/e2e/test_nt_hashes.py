"""NTLM users whose line has an NT hash, in the form of crypt(5), in the place of a password."""
import signal
import subprocess
import unittest

from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.terminal import Terminal

PASSWORDS = {"alice": "Zq7-unmistakable", "bob": "p\u00e4ssw\u00f6rter:\U0001f511", "carol": "$1$looks-like-another-hash"}


def nt_hash(password):
    """By OpenSSL."""
    done = subprocess.run(["openssl", "dgst", "-md4", "-provider", "legacy", "-provider", "default", "-binary"],
                          input=password.encode("utf-16-le"), capture_output=True, check=True)
    return done.stdout.hex()


def by_crypt(password):
    """By libxcrypt."""
    done = subprocess.run(["perl", "-e", "print crypt($ARGV[0], q($3$))", password], text=True, capture_output=True, check=True)
    return done.stdout


def make(name, password, end="\n"):
    return command.run("--nt-hash", name, program="netsessiond", stdin=f"{password}{end}")


class Lines(unittest.TestCase):
    def test_a_line_is_made_of_a_password_from_standard_input(self):
        for password in (*PASSWORDS.values(), "x" * 256):
            with self.subTest(password):
                result = make("LAB:bob", password)
                self.assertEqual((0, f"LAB:bob:$3$${nt_hash(password)}\n", ""), (result.exit, result.stdout, result.stderr))

    def test_the_hash_is_the_one_of_crypt(self):
        self.assertEqual(f"LAB:bob:{by_crypt(PASSWORDS['alice'])}\n", make("LAB:bob", PASSWORDS["alice"]).stdout)

    def test_what_makes_no_line_is_refused_and_the_password_is_not_repeated(self):
        for name, password, complaint in (
                ("LAB", "Secret-1", "--nt-hash: expected DOMAIN:user, such as LAB:bob"),
                ("LAB:bob:Secret-1", "x", "--nt-hash: expected DOMAIN:user, such as LAB:bob"),
                (r"LAB:L\bob", "Secret-1", r"--nt-hash: the user's name has one of the characters \ / @, which separate a user "
                 "from a domain; write DOMAIN:user:password"),
                ("LAB:bob", "", "--nt-hash: the password is empty, so that everybody could log on; enter one, or delete the "
                 "line"),
                ("LAB:bob", "Secret-1" * 33, "--nt-hash: the password is longer than 256 characters, which Windows does not "
                 "send; use a shorter one"),
                ("LAB:bob", "Secret-1" * 64, "the password is missing, has no end of line, or is longer than 511 bytes")):
            with self.subTest(name, password=password):
                result = make(name, password)
                self.assertEqual((1, "", f"netsessiond: {complaint}\n"), (result.exit, result.stdout, result.stderr))
        self.assertEqual(1, make("LAB:bob", "Secret-1", end="").exit)

    def test_a_person_enters_the_password_on_a_terminal_that_does_not_show_it(self):
        with Terminal("--nt-hash", "LAB:bob", program="netsessiond") as terminal:
            terminal.read_until(b"Password for LAB:bob: ")
            self.assertFalse(terminal.echoes())
            terminal.type(f"{PASSWORDS['alice']}\n")
            self.assertEqual(0, terminal.end())
        self.assertNotIn(PASSWORDS["alice"].encode(), terminal.shown)
        self.assertIn(f"LAB:bob:$3$${nt_hash(PASSWORDS['alice'])}".encode(), terminal.shown)


class LogOn(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(list(PASSWORDS), PASSWORDS, policy="documented"))
        lines = [line for line in self.server.ntlm_users.read_text().splitlines() if ":root:" in line]
        lines += [make(f"{self.server.domain}:{user}", password).stdout.strip() for user, password in PASSWORDS.items()]
        self.server.ntlm_users.write_text("\n".join(lines) + "\n")
        self.server.await_said("was reloaded", lambda: self.server.signal(signal.SIGHUP))

    def status(self, user, password=None):
        file = self.server.credentials_file(user, password=password)
        return command.run("list", "-o", "json", "-A", file, address(self.server)).json["servers"][0]["status"]

    def test_the_password_is_accepted_and_no_other_one(self):
        for user in PASSWORDS:
            with self.subTest(user):
                self.assertEqual(0, self.status(user))
                self.assertEqual(1326, self.status(user, password="another"))
        for line in self.server.ntlm_users.read_text().splitlines():
            self.assertEqual(1326, self.status("alice", password=line.split(":")[2]))  # the hash is not the password
        self.assertEqual(0, self.status("root"))  # a password beside hashes

    def test_impacket_is_accepted_too(self):
        with sessions.held(self.server, [sessions.Wanted("alice")]):
            pass


if __name__ == "__main__":
    tap.main()
