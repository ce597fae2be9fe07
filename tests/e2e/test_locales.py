"""No result depends on the locale of the environment: log-ons, lists, closes and parsers at both ends are the same in C,
C.UTF-8, de_DE.ISO-8859-1 and tr_TR.UTF-8, also in programs that have set the locale; against Samba's clients, and
against Samba as a server."""
import contextlib
import os
import pathlib
import pty
import re
import subprocess
import tempfile
import unittest

from impacket.smbconnection import SMBConnection

from fixtures.programs import Conversation
from lab import command, locales, sessions, tap
from lab.ad import DomainController
from lab.cli import address, as_rows, without_times
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.process import Process
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until_equal

# In Latin-1 they are other letters, in ASCII none; i and I are one letter, but not in Turkish.
USERS = ("jörg", "àlolé", "иван", "山田", "iris", "σίσυφος", "Şirin")


def spellings(user):
    return sorted({user, user.upper(), user.lower(), user.title()})


class WithLocales(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.locales = cls.enterClassContext(locales.Locales())


class AsServer(WithLocales):
    """netsessiond, asked by Samba's clients and by ours."""

    def log_on(self, server, user, spelled, domain=None):
        return subprocess.run(
            server.tool("smbclient", "-U", rf"{domain or server.domain}\{spelled}%{server.password(user)}",
                        f"//{server.host}/IPC$", "-c", "exit"),
            text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=HANG_S)

    def rows(self, server, name, *arguments):
        result = command.run("list", "-l", 10, "-o", "json", "-A", server.credentials_file(server.administrator), *arguments,
                             address(server), env=self.locales.environment(name))
        self.assertIn((result.exit, result.stderr), [(0, "")], result)
        return result.sessions

    def test_smbclient_logs_on_by_any_spelling_of_the_name(self):
        for name in locales.NAMES:
            with self.subTest(name):
                with Netsessiond(USERS, inside=self.locales.inside(name)) as server:
                    for user in USERS:
                        for spelled in spellings(user):
                            done = self.log_on(server, user, spelled, domain="labsrv")
                            self.assertEqual((0, ""), (done.returncode, done.stdout.strip()), (user, spelled, done))
                    refused = self.log_on(server, "jörg", "JORG")
                    self.assertIn("NT_STATUS_LOGON_FAILURE", refused.stdout + refused.stderr)

    def test_impacket_logs_on_and_the_sessions_are_found_and_closed_by_any_spelling(self):
        for name in locales.NAMES:
            with self.subTest(name):
                with Netsessiond(USERS, inside=self.locales.inside(name)) as server:
                    with sessions.held(server, [Wanted(user) for user in USERS]):
                        self.assertEqual(sorted((*USERS, server.administrator)),
                                         sorted(row["user"] for row in self.rows(server, name)))
                        for user in USERS:
                            for spelled in spellings(user):
                                self.assertEqual([user], [row["user"] for row in self.rows(server, name, "-u", spelled)])
                        for user in USERS:
                            closed = command.run("close", "--yes", "-u", user.upper(), "-A",
                                                 server.credentials_file(server.administrator), address(server),
                                                 env=self.locales.environment(name))
                            self.assertEqual(0, closed.exit, closed)
                        self.assertEqual([server.administrator], [row["user"] for row in self.rows(server, name)])

    def test_a_domain_is_the_same_in_any_case(self):
        """Clients hash it as they send it, which smbclient does in capitals, and others as they were told."""
        for name in locales.NAMES:
            with self.subTest(name), Netsessiond(USERS, inside=self.locales.inside(name)) as server:
                for domain in ("LABSRV", "labsrv", "LabSrv", ""):
                    for user in ("jörg", "iris"):
                        self.assertEqual(0, self.log_on(server, user, user.title(), domain=domain or "LABSRV").returncode)
                        with contextlib.closing(SMBConnection(server.host, server.host, sess_port=server.port)) as connection:
                            connection.login(user, server.password(user), domain)
                        credentials = server.credentials_file(user)
                        credentials.write_text(f"username = {user}\npassword = {server.password(user)}\ndomain = {domain}\n")
                        listed = command.run("list", "-A", credentials, address(server), env=self.locales.environment(name))
                        self.assertIn("(5)", listed.stderr, (domain, listed))
                self.assertNotEqual(0, self.log_on(server, "iris", "iris", domain="OTHER").returncode)

    def test_our_command_logs_on_in_each_locale(self):
        with Netsessiond(USERS) as server:
            for name in locales.NAMES:
                with self.subTest(name):
                    for user in USERS:
                        credentials = server.credentials_file(user)
                        credentials.write_text(credentials.read_text().replace("domain", "DOMAIN").replace("username", "USERNAME"))
                        result = command.run("list", "-l", 10, "-A", credentials, address(server),
                                             env=self.locales.environment(name))
                        self.assertIn("(5)", result.stderr, result)  # logged on, but no administrator


class BothEnds(WithLocales):
    """The library's initiator and acceptor in one program, which has set its locale."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def log_on(self, *users, environment=None, inside=()):
        accounts, credentials = pathlib.Path(self.folder, "users"), pathlib.Path(self.folder, "credentials")
        for path in (accounts, credentials):
            path.touch(0o600)
        accounts.write_text("".join(f"LAB:{user}:secret\n" for user in users))
        with Conversation(command.built("tests/fixtures/log_on_by_line"), env=environment, inside=inside) as program:
            said = program.say(f"accept - {accounts} -")
            yield said
            for user in users if said.startswith("accepts") else ():
                for spelled in spellings(user):
                    credentials.write_text(f"USERNAME = {spelled}\nPASSWORD = secret\nDOMAIN = LAB\n")
                    yield program.say(f"self fs1.lab.example {credentials}")
                    yield program.say("who")

    def test_any_spelling_logs_on_in_a_program_that_has_set_its_locale(self):
        expected = ["accepts - ntlm"]
        for user in USERS:
            expected += ["continue complete ", f"ntlm {user} LAB"] * len(spellings(user))
        for name in locales.NAMES:
            with self.subTest(name):
                self.assertEqual(expected, list(self.log_on(*USERS, environment=self.locales.environment(name))))

    def test_a_system_without_a_locale_of_utf_8_names_the_user_who_could_not_log_on(self):
        [said] = self.log_on("jörg", inside=locales.BARE)
        self.assertIn(r"LAB\jörg could not log on: gss-ntlmssp needs the locale C.UTF-8 for names beyond ASCII", said)
        self.assertEqual(["accepts - ntlm", "continue complete ", "ntlm iris LAB"], [*self.log_on("iris", inside=locales.BARE)][:3])


class AsClient(WithLocales):
    """Our command against Samba, and by Kerberos against netsessiond, in a domain of these users."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dc = cls.enterClassContext(DomainController())
        for user in USERS:
            cls.dc.add_user(user)
        cls.dc.add_member("Administrators", *USERS)
        cls.keytab = cls.dc.add_server("files1")

    def run_command(self, name, *arguments, **environment):
        return command.run(*arguments, inside=self.dc.inside,
                           env=self.dc.environment | self.locales.environment(name) | environment)

    def test_ntlm_log_ons_at_samba_are_those_of_the_right_user(self):
        for name in locales.NAMES:
            with self.subTest(name):
                for user in USERS:
                    listed = self.run_command(name, "list", "-o", "json", "-A", self.dc.credentials_file(user), self.dc.host)
                    self.assertEqual(0, listed.exit, listed)
                    self.assertIn(rf"LAB\{user}", [row["user"] for row in listed.sessions])

    def test_kerberos_by_password_takes_the_realm_and_the_host_in_any_case(self):
        inside = [*self.dc.inside, *self.locales.inside("tr_TR.UTF-8"), f"KRB5_CONFIG={self.dc.folder}/krb5.conf",
                  f"KRB5RCACHEDIR={self.dc.folder}"]
        with Netsessiond(["carol"], inside=inside, mechanisms="kerberos", keytab=self.keytab, administrators="iris@LAB.EXAMPLE",
                         netbios_name=None) as server:
            for name in locales.NAMES:
                with self.subTest(name):
                    for host in ("files1.lab.example", "FILES1.LAB.EXAMPLE"):
                        listed = self.run_command(name, "list", "-o", "json", "--kerberos", "-A",
                                                  self.dc.credentials_file("iris", domain="lab.example"),
                                                  f"{host}:{server.port}", KRB5CCNAME="FILE:/nonexistent")
                        self.assertEqual((0, ""), (listed.exit, listed.stderr), listed)
                        self.assertEqual(["iris"], [row["user"] for row in listed.sessions])


    def test_the_publisher_of_a_domain_controller_publishes_them(self):
        for name in locales.NAMES:
            with self.subTest(name), contextlib.ExitStack() as stack:
                inside = [*self.dc.inside, *self.locales.inside(name)]
                service = stack.enter_context(Netsessiond(inside=inside, publishers="root"))
                run = Process([*inside, command.built("netsession-samba"), "run", "--smb-conf", self.dc.configuration, "--directory",
                               "/var/lib/samba/relay", "--publish-socket", service.publish_socket],
                              self.dc.folder / self.dc.log / "publisher", grace_s=20)
                stack.callback(run.stop)
                for user in USERS:
                    client = stack.enter_context(subprocess.Popen(
                        [*self.dc.inside, "smbclient", "-A", self.dc.credentials_file(user), "--configfile",
                         self.dc.configuration, f"//{self.dc.name}/netlogon"],
                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                    stack.callback(client.stdin.close)
                # winbind writes the account in small letters
                wait_until_equal(sorted(rf"LAB\{user.lower()}" for user in USERS), lambda: sorted(
                    row["user"] for row in self.locally(name, service, "list", "-o", "json").sessions))
                for user in USERS:
                    found = self.locally(name, service, "list", "-o", "json", "-u", f"{user.upper()}@lab.example")
                    self.assertEqual([rf"LAB\{user.lower()}"], [row["user"] for row in found.sessions], found)

    def locally(self, name, service, *arguments):
        return self.run_command(name, *arguments, NETSESSION_SOCKET=str(service.socket))


class BesideSamba(WithLocales):
    """What Samba's programs say is parsed alike, and so is its configuration."""

    def test_the_relay_and_the_publisher_list_and_close_alike(self):
        for name in locales.NAMES:
            with self.subTest(name), contextlib.ExitStack() as stack:
                samba = stack.enter_context(SambaServer(relayed=True))
                service = stack.enter_context(Netsessiond(inside=self.locales.inside(name)))
                stack.enter_context(NetsessionSamba(samba, service.publish_socket, inside=self.locales.inside(name)))
                stack.enter_context(sessions.held(samba, [Wanted("mail", opens=1), Wanted("games")]))
                environment = self.locales.environment(name)

                def ask(*arguments):
                    result = command.run(*arguments, "-A", samba.credentials_file("root"), address(samba), env=environment)
                    self.assertEqual(0, result.exit, result)
                    return result

                listed = ask("list", "-l", 502, "-o", "json").sessions
                self.assertEqual(["games", "mail", "root"], sorted(row["user"] for row in listed))
                locally = command.run("list", "-o", "json", env=environment | {"NETSESSION_SOCKET": str(service.socket)})
                self.assertEqual(["games", "mail"], sorted(row["user"] for row in locally.sessions), locally)
                ask("close", "--yes", "-u", "GAMES")
                wait_until_equal(["mail", "root"], lambda: sorted(
                    row["user"] for row in ask("list", "-l", 502, "-o", "json").sessions))


class Words(WithLocales):
    """What the programs print of themselves."""

    def test_help_and_manuals_are_the_same_bytes(self):
        for program in ("netsession", "netsessiond", "netsession-samba"):
            for what in (["--help"], ["--describe", "man"], ["--describe", "completion-bash"]):
                expected = command.run(*what, program=program)
                for name in locales.NAMES:
                    with self.subTest(name):
                        said = command.run(*what, program=program, env=self.locales.environment(name))
                        self.assertEqual((expected.exit, expected.stdout, expected.stderr), (said.exit, said.stdout, said.stderr))

    def test_what_the_system_says_is_in_english(self):
        path = "/etc/passwd/no-directory"
        for program, arguments in (("netsession", ["list", "fs1", "-A", path]), ("netsessiond", ["--check", "--config", path])):
            expected = command.run(*arguments, program=program)
            self.assertIn("Not a directory", expected.stderr)
            for name in locales.NAMES:
                with self.subTest(name, program=program):
                    said = command.run(*arguments, program=program, env=self.locales.environment(name))
                    self.assertEqual((expected.exit, expected.stderr), (said.exit, said.stderr))

    def test_seconds_have_a_point(self):
        for name in locales.NAMES:
            with self.subTest(name):
                said = command.run("list", "--timeout", "0.5", "192.0.2.1:1", "-A", "/nonexistent", env=self.locales.environment(name))
                self.assertNotIn("invalid value", said.stderr)



class Output(WithLocales):
    """What the command prints is UTF-8 in each locale; a terminal of another charset gets that charset."""

    USERS = ("jörg", "山田", "иван", "\u00db31m")  # the last one ends in the byte 9B in UTF-8: Latin-1's control sequence

    def setUp(self):
        self.server = self.enterContext(Netsessiond(self.USERS))
        self.enterContext(sessions.held(self.server, [Wanted(user) for user in self.USERS]))

    def arguments(self, *more):
        return ["list", "-l", "10", "-A", str(self.server.credentials_file(self.server.administrator)), *more,
                address(self.server)]

    @staticmethod
    def steady(output):
        """Without times, and without the command's own session."""
        return sorted(re.sub(rb"\d+:\d\d:\d\d", b"TIME", line) for line in output.splitlines() if b"root" not in line)

    def piped(self, name, *more):
        return subprocess.run([command.built(), *self.arguments(*more)], env=command.environment(self.locales.environment(name)),
                              capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout

    def on_terminal(self, name, *more):
        return self.shown_on_terminal(name, self.arguments(*more), 0)

    def shown_on_terminal(self, name, arguments, code):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command.built(), ["netsession", *arguments], command.environment(self.locales.environment(name)))
        output = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(terminal, 65536):
                output += piece
        os.close(terminal)
        self.assertEqual(code, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output)
        return output

    def test_a_pipe_gets_the_same_bytes_in_each_locale(self):
        for more in ((), ("-o", "json"), ("-o", "csv")):
            expected = self.steady(self.piped("C.UTF-8", *more)) if not more else None
            for name in locales.NAMES:
                with self.subTest(name, more=more):
                    output = self.piped(name, *more)
                    for user in self.USERS:
                        self.assertIn(user.encode(), output)
                    if expected:
                        self.assertEqual(expected, self.steady(output))

    def test_a_terminal_gets_utf_8_unless_its_locale_names_another_charset(self):
        piped = self.steady(self.piped("C.UTF-8"))
        for name in ("C", "C.UTF-8", "tr_TR.UTF-8"):
            self.assertEqual(piped, self.steady(self.on_terminal(name)))
        shown = self.on_terminal("de_DE.ISO-8859-1")
        self.assertIn("jörg  ".encode("latin-1"), shown)
        self.assertIn(b"????  ", shown)  # as wide as before
        self.assertIn(b"\xdb31m", shown)
        self.assertNotIn(b"\x9b", shown)
        self.assertNotIn("ö".encode(), shown)
        columns = {line.decode("latin-1").index("0:") for line in shown.splitlines()[1:] if b"root" not in line}
        self.assertEqual(1, len(columns), shown)

    def test_messages_get_the_charset_of_the_terminal(self):
        for arguments, code, expected in ((["\u00db31m"], 2, b'unknown command "\xdb31m"'),
                                          (["list", "--as", "a%\u00db31m", "\u00db31m"], 2, b"--as takes no password"),
                                          (["list", "-A", "/nonexistent/\u00db31m", "fs1"], 2, b"/nonexistent/\xdb31m: ")):
            shown = self.shown_on_terminal("de_DE.ISO-8859-1", arguments, code)
            self.assertIn(expected, shown)
            self.assertNotIn(b"\x9b", shown)

    def test_arguments_may_be_in_the_charset_of_the_locale(self):
        for name, spelled in (("de_DE.ISO-8859-1", "jörg".encode("latin-1")), ("de_DE.ISO-8859-1", "jörg".encode()),
                              ("C", "jörg".encode()), ("tr_TR.UTF-8", "JÖRG".encode())):
            with self.subTest(name, spelled=spelled):
                self.assertEqual([self.steady(self.piped("C.UTF-8", "-u", "jörg"))], [self.steady(self.piped(name, b"-u", spelled))])

    def test_arguments_that_are_no_text_are_refused(self):
        done = subprocess.run([command.built(), *self.arguments(b"-u", b"j\xf6rg")], env=command.environment({"LC_ALL": "C"}),
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((3, True), (done.returncode, b"is not valid UTF-8" in done.stderr), done)


if __name__ == "__main__":
    tap.main()
