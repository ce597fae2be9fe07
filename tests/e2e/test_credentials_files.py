"""Files of credentials: the real smbclient and the real mount.cifs read each beside netsession.

smbclient and netsession log on to an smbd with the file. mount.cifs cannot mount here, but what it hands to the kernel
is seen by strace: the user, the domain and the password are right, or not.
"""
import os
import re
import subprocess
import tempfile
import unittest

from lab import command, tap
from lab.ad import DomainController
from lab.cli import address
from lab.samba import SambaServer

YES, NO = True, False
PASSWORDS = {"root": "s3cret", "daemon": " lead", "games": "trail  ", "man": "", "mail": "p#a;b%c@d\\e/f",
             "www-data": "a=b=c", "backup": 'pä"ß'}
BOM = b"\xef\xbb\xbf"

# name: (file, smbclient, mount.cifs, netsession); None: depends on the version
FILES = {
    # both
    "the manual's": (b"username=root\npassword=s3cret\ndomain=LABSRV\n", YES, YES, YES),
    "other order": (b"domain=LABSRV\npassword=s3cret\nusername=root\n", YES, YES, YES),
    "no domain": (b"username=root\npassword=s3cret\n", YES, YES, YES),
    "empty domain": (b"username=root\npassword=s3cret\ndomain=\n", YES, YES, YES),
    "no end of line": (b"username=root\npassword=s3cret", YES, YES, YES),
    "capital keys": (b"UserName=ROOT\nPASSWORD=s3cret\nDomain=LABSRV\n", YES, YES, YES),
    "blanks before keys": (b"   username=root\n\tpassword=s3cret\n", YES, YES, YES),
    "blanks in keys": (b"user name=root\npass word=s3cret\n", YES, YES, YES),
    "comments": (b"# username=x\n\n; password=x\nusername=root\npassword=s3cret\n#password=z\n", YES, YES, YES),
    "other lines": (b"[global]\nfoo=bar\nworkgroup=X\nfoo\nusername=root\npassword=s3cret\n", YES, YES, YES),
    "twice, the last right": (b"username=x\npassword=x\nusername=root\npassword=s3cret\n", YES, YES, YES),
    "twice, the first right": (b"username=root\npassword=s3cret\nusername=x\npassword=x\n", NO, NO, NO),
    "a long comment": (b"#" + b"x" * 4000 + b"\nusername=root\npassword=s3cret\n", YES, YES, YES),
    "many lines": (b"# filler\n" * 1000 + b"username=root\npassword=s3cret\n", YES, YES, YES),
    "a byte order mark before a comment": (BOM + b"# c\nusername=root\npassword=s3cret\n", YES, YES, YES),
    "signs in a password": (b"username=mail\npassword=p#a;b%c@d\\e/f\n", YES, YES, YES),
    "= in a password": (b"username=www-data\npassword=a=b=c\n", YES, YES, YES),
    "UTF-8 and a quote": ('username=backup\npassword=pä"ß\n'.encode(), YES, YES, YES),
    "blanks behind a password": (b"username=games\npassword=trail  \n", YES, YES, YES),
    "no blanks behind it": (b"username=games\npassword=trail\n", NO, NO, NO),
    "too many blanks behind it": (b"username=root\npassword=s3cret \n", NO, NO, NO),
    "a comment behind a value": (b"username=root # me\npassword=s3cret\n", NO, NO, NO),
    "a quoted user": (b'username="root"\npassword=s3cret\n', NO, NO, NO),
    "a quoted password": (b'username=root\npassword="s3cret"\n', NO, NO, NO),
    "a password quoted by apostrophes": (b"username=root\npassword='s3cret'\n", NO, NO, NO),
    "Latin-1": ('username=backup\npassword=pä"ß\n'.encode("latin-1"), NO, NO, NO),
    "carriage returns alone": (b"username=root\rpassword=s3cret\r", NO, NO, NO),
    "UTF-16": ("\ufeffusername=root\npassword=s3cret\n".encode("utf-16-le"), NO, NO, NO),
    "UTF-16 of the other order": ("\ufeffusername=root\npassword=s3cret\n".encode("utf-16-be"), NO, NO, NO),
    "UTF-16 without a mark": ("username=root\npassword=s3cret\n".encode("utf-16-le"), NO, NO, NO),
    "colons": (b"username: root\npassword: s3cret\n", NO, NO, NO),
    "no user": (b"password=s3cret\n", NO, NO, NO),
    "an empty user": (b"username=\npassword=\n", NO, NO, NO),
    "a domain and no user": (b"username=LABSRV\\\npassword=s3cret\n", NO, NO, NO),
    "no password": (b"username=root\n", NO, NO, NO),
    "nothing": (b"", NO, NO, NO),
    # where the two differ, and smbclient is followed
    "blanks around =": (b"username = root\npassword = s3cret\ndomain = LABSRV\n", YES, NO, YES),
    "tabs around =": (b"username\t=\troot\npassword\t=\ts3cret\n", YES, NO, YES),
    "a blank before a password": (b"username=daemon\npassword= lead\n", NO, YES, NO),
    "ends of Windows": (b"username=root\r\npassword=s3cret\r\ndomain=LABSRV\r\n", YES, NO, YES),
    "ends of Windows, and blanks": (b"username=games\r\npassword=trail  \r\n", YES, NO, YES),
    "an empty password": (b"username=man\npassword=\n", YES, YES, YES),
    "a password of blanks": (b"username=man\npassword=   \n", YES, NO, YES),
    r"DOM\user": (b"username=LABSRV\\root\npassword=s3cret\n", YES, NO, YES),
    r"DOM\user before a domain": (b"username=LABSRV\\root\npassword=s3cret\ndomain=OTHER\n", YES, NO, YES),
    r"DOM\user behind a domain": (b"domain=OTHER\nusername=LABSRV\\root\npassword=s3cret\n", YES, NO, YES),
    r"DOM\\user": (b"username=LABSRV\\\\root\npassword=s3cret\n", YES, NO, YES),
    r"\user": (b"username=\\root\npassword=s3cret\ndomain=OTHER\n", YES, NO, YES),
    r".\user": (b"username=.\\root\npassword=s3cret\n", YES, NO, YES),
    "DOM/user": (b"username=LABSRV/root\npassword=s3cret\ndomain=OTHER\n", YES, NO, YES),
    "user%password": (b"username=root%s3cret\n", YES, NO, YES),
    "user%password beats a password": (b"password=x\nusername=root%s3cret\npassword=x\n", YES, NO, YES),
    "user%wrong beats the right password": (b"username=root%x\npassword=s3cret\n", NO, NO, NO),
    "user% is an empty password": (b"username=man%\npassword=x\n", YES, NO, YES),
    r"DOM\user%password": (b"username=LABSRV\\root%s3cret\n", YES, NO, YES),
    "DOM/user%password": (b"username=LABSRV/root%s3cret\ndomain=OTHER\n", YES, NO, YES),
    "a form feed before a key": (b"\x0cusername=root\npassword=s3cret\n", YES, NO, YES),
    "a second password": (b"username=root\npassword=s3cret\npassword2=other\n", YES, None, YES),
    # what only mount.cifs reads
    "user, pass and dom": (b"user=root\npass=s3cret\ndom=LABSRV\n", NO, YES, YES),
    "user alone": (b"user=root\npassword=s3cret\n", NO, YES, YES),
    "other words that begin so": (b"userid=root\npasswd=s3cret\ndomainname=LABSRV\n", NO, YES, YES),
    "its word beside smbclient's": (b"username=root\nuser=x\npassword=s3cret\npass=x\n", YES, NO, YES),
    "its word before smbclient's": (b"user=x\nusername=root\npass=x\npassword=s3cret\n", YES, YES, YES),
    # what neither reads, but has one meaning only
    "a byte order mark": (BOM + b"username=root\npassword=s3cret\n", NO, NO, YES),
    "a byte order mark and ends of Windows": (BOM + b"password=s3cret\r\nusername=root\r\n", NO, NO, YES),
    "a blank behind a user": (b"username=root \npassword=s3cret\n", NO, NO, YES),
    "user@DOMAIN": (b"username=root@LABSRV\npassword=s3cret\ndomain=OTHER\n", NO, NO, YES),
    # what both cut, and netsession refuses
    "a NUL byte": (b"username=root\npassword=s3cret\0junk\n", YES, YES, NO),
    "a NUL byte at the end": (b"username=root\npassword=s3cret\n\0", YES, YES, NO),
}


class CredentialsFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer(passwords=PASSWORDS))
        cls.path = cls.server.folder / "credentials"

    def write(self, text):
        """Returns the user that the file is about."""
        self.path.write_bytes(text)
        self.path.chmod(0o600)
        return next((user for user in PASSWORDS if user.encode() in text.lower()), "root")

    def smbclient_logs_on(self):
        done = subprocess.run(self.server.tool("smbclient", "-A", self.path, f"//{self.server.host}/share", "-c", "exit"),
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "USER": "nobody"}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, start_new_session=True)
        return done.returncode == 0

    def mount_cifs_reads(self, user):
        """Whether the right names and the right password get to the kernel. Without PATH it finds nothing to ask for a
        password with."""
        with tempfile.TemporaryDirectory(dir=self.server.folder) as folder:
            done = subprocess.run(["/usr/bin/strace", "-f", "-s", "9000", "-xx", "-e", "trace=mount", "/usr/sbin/mount.cifs",
                                   "//127.0.0.1/share", folder, "-o", f"credentials={self.path},port=1"],
                                  env={"PATH": "/nonexistent", "USER": "nobody"}, stdin=subprocess.DEVNULL,
                                  capture_output=True, check=False, start_new_session=True)
        calls = re.findall(rb'mount\("[^"]*", "[^"]*", "[^"]*", [^,]*, "([^"]*)"', done.stderr)
        self.assertTrue(calls, done.stderr)
        said = re.sub(rb"\\x(..)", lambda byte: bytes([int(byte[1], 16)]), calls[0])
        found = dict(part.partition(b"=")[::2] for part in re.split(b"(?<!,),(?!,)", said))
        return (found[b"user"].lower(), found[b"pass"], found.get(b"domain", b"LABSRV")) == (
            user.encode(), PASSWORDS[user].encode(), b"LABSRV")

    def netsession_logs_on(self):
        """An ordinary user may not list, but is logged on."""
        result = command.run("list", "-A", self.path, address(self.server))
        if result.exit == command.USAGE:
            self.assertRegex(result.stderr, rf"\Anetsession: {self.path}:[^\n]+\(87\)\n\Z")
            return False
        self.assertTrue(result.exit == 0 or re.search(r"\((5|1326)[,)]", result.stderr), result)
        return "(1326" not in result.stderr

    def test_netsession_logs_on_with_what_smbclient_and_mount_cifs_take(self):
        for name, (text, *expected) in FILES.items():
            with self.subTest(name):
                user = self.write(text)
                found = [self.smbclient_logs_on(), self.mount_cifs_reads(user), self.netsession_logs_on()]
                self.assertEqual([seen if one is None else one for one, seen in zip(expected, found)], found, text)

    def test_what_cannot_be_used_is_told_with_file_and_line(self):
        for text, complaint in (
                (b"username=root\npassword=s3cret\0junk\n", ":2: the line has a NUL byte; write plain text"),
                ("\ufeffusername=root\n".encode("utf-16-le"), ":1: the file is UTF-16 text; save it as UTF-8"),
                (b"username=root\npassword=p\xe4ss\n", ":2: the line is not UTF-8; save the file as UTF-8"),
                (b"# who\nusername: root\npassword: x\n", ':2: expected KEY = VALUE, and no line sets username; '
                 'write "username = ..."'),
                (b"username=root\n", ': it lacks a line "password = ..."; add one'),
                (b"username=\npassword=\n", ":1: the username is empty; write one"),
                (b"username=root\rpassword=s3cret\r", ":1: the line has a carriage return before its end; end lines with "
                 "LF or CRLF"),
                (b"#" * 70000, ": it is larger than 64 KiB")):
            with self.subTest(complaint):
                self.write(text)
                result = command.run("list", "-A", self.path, address(self.server))
                self.assertEqual((command.USAGE, "", f"netsession: {self.path}{complaint} (87)\n"),
                                 (result.exit, result.stdout, result.stderr))
                result = command.run("list", address(self.server), env={"NETSESSION_CREDENTIALS": str(self.path)})
                self.assertIn(f"{self.path}{complaint} (87)\n", result.stderr)


    def test_a_refused_log_on_says_what_may_be_wrong_in_the_file(self):
        for text, doubt in ((b'username=root\npassword="s3cret"\n', "is in quotes, which are part of it"),
                            (b"username='root'\npassword=s3cret\n", "is in quotes, which are part of it"),
                            (b"username=root\npassword=s3cret # mine\n", "a blank and a #, which begin no comment"),
                            (b"username=root\npassword=s3cret \n", "begins or ends with a blank, which is part of it"),
                            (b"username=root\npassword=wrong\n", "check user, domain and password\n")):
            with self.subTest(text):
                self.write(text)
                for words in (("list",), ("doctor",)):
                    result = command.run(*words, "-A", self.path, address(self.server))
                    self.assertEqual(3, result.exit)
                    said = re.sub(r"\s+", " ", result.stdout + result.stderr)
                    self.assertIn("(1326, STATUS_LOGON_FAILURE)", said)
                    self.assertIn(doubt.strip(), said)
                    self.assertNotIn("s3cret", said)


class Realm(unittest.TestCase):
    """A realm in the file, at a domain controller, on a computer whose default realm is another one."""

    def test_kerberos_asks_the_realm_of_the_file(self):
        with DomainController() as dc:
            user, password = dc.administrator, dc.password(dc.administrator)
            other = dc.folder / "other.conf"
            other.write_text((dc.folder / "krb5.conf").read_text().replace(f"default_realm = {dc.realm}",
                                                                           "default_realm = OTHER.EXAMPLE"))
            environment = {"KRB5_CONFIG": str(other), "KRB5CCNAME": f"FILE:{dc.folder}/none"}
            file = dc.folder / "credentials"
            file.touch(0o600)
            for lines, expected in (([f"username={user}", f"realm={dc.realm}"], YES),
                                    ([f"username={user}", f"realm={dc.realm.lower()}", f"domain={dc.domain}"], YES),
                                    ([rf"username={dc.domain}\{user}%{password}", f"realm={dc.realm}"], NO),
                                    ([rf"username={dc.domain}\{user}", f"realm={dc.realm}", f"domain={dc.domain}"], YES),
                                    ([rf"username={dc.realm}\{user}", "realm=OTHER.EXAMPLE"], YES),
                                    ([f"username={user}@{dc.realm}", "realm=OTHER.EXAMPLE"], YES),
                                    ([f"username={user}", f"domain={dc.realm.lower()}"], YES),
                                    ([f"username={user}", f"domain={dc.domain}"], NO),
                                    ([f"username={user}", "realm=OTHER.EXAMPLE"], NO)):
                with self.subTest(lines):
                    file.write_text("\n".join([*lines, f"password={password}"]))
                    smbclient = dc.run_in(["env", *(f"{name}={value}" for name, value in environment.items()), "smbclient",
                                           "--use-kerberos=required", "-A", file, f"//{dc.name}/sysvol", "-c", "exit"])
                    result = command.run("list", "--kerberos", "-A", file, dc.name, inside=dc.inside, env=environment)
                    found = (smbclient.returncode == 0, result.exit == 0)
                    self.assertEqual((expected, expected), found, (smbclient.stderr, result.stderr))


if __name__ == "__main__":
    tap.main()
