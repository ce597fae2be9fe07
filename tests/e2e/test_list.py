"""`netsession list` against a Samba with sessions held open: who is found, at which level, by which name."""
import re
import collections
import os
import pathlib
import struct
import subprocess
import tempfile
import time
import types
import unittest

from lab import command, frames, odd_servers, sessions, tap
from lab.cli import address, as_rows, run_list, assert_refused, without_times
from lab.ports import free_port
from lab.relay import TO_SERVER, Relay
from lab.samba import SambaServer
from lab.scripted_service import ScriptedService
from lab.sessions import Wanted
from lab.wait_until import calm

HELD = [Wanted("mail", "127.0.0.7", 3), Wanted("games", "127.0.0.8"), Wanted("games", "127.0.0.9", 1),
        Wanted("man", "::1", 2), Wanted("backup", "127.0.0.7")]


def users_at(result):
    """(client, user) of all sessions but the one that asks."""
    return sorted((row["client"], row["user"]) for row in result.sessions if row["user"] != "root")


class HeldSessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, HELD))

    def ask(self, *arguments, **options):
        return run_list(self.server, *arguments, **options)

    # ---- as nobody

    def test_nobody_logs_on_and_may_not_list(self):
        for level in ("auto", "1"):
            assert_refused(self, 5, command.run("list", "-N", "-l", level, address(self.server)), address(self.server))

    def test_nobody_gets_no_encryption_and_no_kerberos(self):
        for option in ("--encrypt", "--kerberos"):
            assert_refused(self, 50, command.run("list", "-N", option, address(self.server)), address(self.server))

    def test_nobody_finds_the_pipe_open(self):
        result = command.run("doctor", "-N", "-o", "json", address(self.server))
        self.assertIn(("pipe", "good"), [(one["step"], one["verdict"]) for one in result.json["findings"]], result)

    # ---- who is found

    def test_finds_each_session_with_its_client_user_and_opens(self):
        found = collections.Counter((row["client"], row["user"], row["num_opens"])
                                    for row in self.ask("-o", "json").sessions)
        self.assertEqual(collections.Counter([(want.client, want.user, want.opens) for want in HELD]
                                             + [("127.0.0.1", "root", 0)]), found)

    def test_says_what_impacket_says_at_both_levels_that_samba_has(self):
        for level in (0, 1):
            with self.subTest(level=level):
                expected = without_times(as_rows(sessions.enumerate_with_impacket(self.server, level=level)))
                result = self.ask("-l", level, "-o", "json")
                self.assertEqual(expected, without_times(result.sessions))
                self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_ages_lie_between_those_that_impacket_is_told_before_and_after(self):
        def ages(rows):
            return {(row["client"], row["user"]): row["active_seconds"] for row in rows if row["user"] != "root"}
        before = ages(as_rows(sessions.enumerate_with_impacket(self.server)))
        ours = ages(self.ask("-o", "json").sessions)
        after = ages(as_rows(sessions.enumerate_with_impacket(self.server)))
        for who, age in ours.items():
            self.assertLessEqual(before[who], age)
            self.assertLessEqual(age, after[who])

    def test_finds_as_many_as_rpcclient_counts(self):
        self.assertEqual(("WERR_OK", len(self.ask("-o", "json").sessions)),
                         sessions.enumerate_with_rpcclient(self.server))

    def test_tells_a_guest_from_others(self):
        with SambaServer({"map to guest": "bad user"}) as server:
            stranger = types.SimpleNamespace(host=server.host, port=server.port, domain=server.domain,
                                             password=lambda user: "anything")
            with sessions.held(stranger, [Wanted("stranger", "127.0.0.5")]):
                result = run_list(server, "-o", "json")
        self.assertEqual({("127.0.0.5", "guest"), ("127.0.0.1", "")},
                         {(row["client"], "".join(row["user_flags"])) for row in result.sessions})

    # ---- levels

    def test_levels_that_samba_lacks_are_told(self):
        for level in (2, 10, 502):
            with self.subTest(level=level):
                assert_refused(self, 124, self.ask("-l", level), address(self.server))

    def test_auto_steps_down_to_level_1_over_one_connection_and_says_so(self):
        with Relay(self.server.host, self.server.port) as relay:
            result = self.ask("-v", "-l", "auto", "-o", "json", of=relay)
        self.assertEqual((0, 1), (result.exit, result.json["servers"][0]["level"]))
        self.assertIn(f"netsession: {address(relay)}: answered at level 1; sessions: {len(HELD) + 1}\n", result.stderr)
        self.assertEqual(1, relay.connections)

    def test_a_server_that_may_list_too_few_is_told_of_where_its_levels_show_it(self):
        """Samba alone has level 1, and neither 2 nor 502; which version it is, nothing shows."""
        warning = "Samba 4.22 and later sometimes lists too few sessions"
        self.assertIn(warning, self.ask("-v").stderr)
        for arguments in (("-v", "-l", 1), ()):
            self.assertNotIn(warning, self.ask(*arguments).stderr)

    def test_auto_is_what_is_asked_without_a_level(self):
        self.assertEqual(1, self.ask("-o", "json").json["servers"][0]["level"])

    def test_an_ordinary_user_is_denied_at_every_level(self):
        for level in ("auto", 0, 1, 2, 10, 502):
            with self.subTest(level=level):
                assert_refused(self, 5, self.ask("-l", level, user="mail"), address(self.server))

    # ---- filters, which Samba ignores

    def test_a_client_is_found_with_or_without_backslashes(self):
        for client in ("127.0.0.7", r"\\127.0.0.7"):
            with self.subTest(client):
                self.assertEqual([("127.0.0.7", "backup"), ("127.0.0.7", "mail")],
                                 users_at(self.ask("-c", client, "-o", "json")))

    def test_an_address_is_found_in_any_spelling(self):
        for client in ("::1", "[::1]", r"\\::1", r"\\[::1]", "0:0:0:0:0:0:0:1", "::0001", "0--1.ipv6-literal.net"):
            with self.subTest(client):
                self.assertEqual([("::1", "man")], users_at(self.ask("-c", client, "-o", "json")))
        for client in ("::ffff:127.0.0.7", "::FFFF:7F00:7", r"\\[::ffff:127.0.0.7]"):
            with self.subTest(client):
                self.assertEqual([("127.0.0.7", "backup"), ("127.0.0.7", "mail")],
                                 users_at(self.ask("-c", client, "-o", "json")))

    def test_a_name_is_not_looked_up_and_the_error_says_so(self):
        result = self.ask("-c", "localhost")
        assert_refused(self, 2312, result, address(self.server))
        self.assertIn("the server lists clients by address, such as ", result.stderr)
        self.assertIn("does not look up names", result.stderr)

    def test_a_client_is_found_at_level_0_too(self):
        result = self.ask("-l", 0, "-c", "::1", "-o", "json")
        self.assertEqual([{"client": "::1"}], result.sessions)

    def test_a_user_is_found_in_any_case(self):
        for user in ("games", "GAMES"):
            with self.subTest(user):
                self.assertEqual([("127.0.0.8", "games"), ("127.0.0.9", "games")],
                                 users_at(self.ask("-u", user, "-o", "json")))

    def test_both_filters_have_to_match(self):
        self.assertEqual([("127.0.0.9", "games")], users_at(self.ask("-u", "games", "-c", "127.0.0.9", "-o", "json")))

    def test_what_is_filtered_is_not_in_the_total(self):
        self.assertEqual(2, self.ask("-u", "games", "-o", "json").json["servers"][0]["total"])

    def test_an_unknown_client_is_2312_and_an_unknown_user_2221(self):
        for arguments, status in ((["-c", "192.0.2.9"], 2312), (["-u", "nemo"], 2221),
                                  (["-c", "192.0.2.9", "-u", "mail"], 2312), (["-c", "127.0.0.7", "-u", "nemo"], 2221),
                                  (["-c", "127.0.0.8", "-u", "mail"], 2221), (["-c", "192.0.2.9", "-l", "0"], 2312)):
            with self.subTest(arguments):
                assert_refused(self, status, self.ask(*arguments), address(self.server))

    def test_empty_filters_are_none(self):
        self.assertEqual(len(HELD) + 1, len(self.ask("-c", "", "-u", "", "-o", "json").sessions))

    # ---- pages

    def test_page_bytes_go_to_the_server_and_nobody_is_lost(self):
        asked = []

        def note(direction, message, _):
            if direction == TO_SERVER and frames.command(message) == frames.IOCTL:
                asked.append(struct.unpack("<I", message[-12:-8])[0])  # PreferedMaximumLength; then ResumeHandle
            return message

        for arguments, expected in (([], 0xFFFFFFFF), (["--page-bytes", "100"], 100)):
            with self.subTest(arguments), Relay(self.server.host, self.server.port, tamper=note) as relay:
                asked.clear()
                result = self.ask("-l", 1, "-o", "json", *arguments, of=relay)
                self.assertEqual((0, len(HELD) + 1), (result.exit, len(result.sessions)))
                self.assertEqual(expected, asked[-1])

    # ---- who asks

    def test_the_environment_can_name_the_credentials(self):
        environment = {"NETSESSION_CREDENTIALS": str(self.server.credentials_file("root"))}
        self.assertEqual(0, command.run("list", address(self.server), env=environment).exit)

    def test_credentials_given_win_over_the_environment(self):
        environment = {"NETSESSION_CREDENTIALS": str(self.server.credentials_file("root"))}
        assert_refused(self, 5, self.ask(user="mail", env=environment))

    def test_a_domain_can_stand_before_the_user_name(self):
        path = self.server.folder / "one-line-less"
        path.touch(0o600)
        path.write_text(f"username={self.server.domain}\\root\npassword={self.server.password('root')}\n")
        self.assertEqual(0, command.run("list", "-A", path, address(self.server)).exit)

    # ---- names of servers

    def test_every_form_of_a_servers_name_is_taken(self):
        port = self.server.port
        for form in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", f"//127.0.0.1:{port}",
                     f"smb://127.0.0.1:{port}", rf"\\127.0.0.1:{port}", f"//[::1]:{port}", f"[::ffff:127.0.0.1]:{port}",
                     f"smb://127.0.0.1:{port}/", f"SMB://LOCALHOST:{port}", f"cifs://localhost:{port}/share",
                     f"file://localhost:{port}/share/x", rf"\\localhost:{port}\IPC$", f"//localhost:{port}/share",
                     f"localhost.:{port}", f" localhost:{port} ", f"smb://loc%61lhost:{port}?x", f"localhost:{port}/",
                     f"smb://root@localhost:{port}/share", f"smb://{self.server.domain};root@[::1]:{port}/share",
                     rf"\\?\UNC\localhost:{port}\share"):
            with self.subTest(form):
                result = command.run("list", "-A", self.server.credentials_file("root"), form, "-o", "json")
                self.assertEqual((0, form, len(HELD) + 1),
                                 (result.exit, result.json["servers"][0]["server"], len(result.sessions)))

    def test_a_port_can_be_given_apart(self):
        for form in ("127.0.0.1", "localhost", "::1", "[::1]", "0--1.ipv6-literal.net", "smb://localhost",
                     r"\\127.0.0.1"):
            with self.subTest(form):
                result = command.run("list", "-A", self.server.credentials_file("root"), "-p", self.server.port, form)
                self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_asks_over_the_address_that_is_named(self):
        for host, client in (("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")):
            with self.subTest(host):
                result = command.run("list", "-A", self.server.credentials_file("root"), address(self.server, host),
                                     "-u", "root", "-o", "json")
                self.assertEqual([client], [row["client"] for row in result.sessions])

    def test_what_can_be_no_server_is_told_before_anything_is_sent(self):
        for form in ("fs 1", "fs1:0", "fs1:65536", "fs1:smb", "[::1", "a,b", "fs*", " ", "//", "x" * 256):
            with self.subTest(form):
                assert_refused(self, 2351, command.run("list", "-A", self.server.credentials_file("root"), form), form)

    def test_each_form_that_is_no_server_has_its_reason(self):
        for form, reason in (("https://fs1", "another protocol than SMB"), (r"\fs1", "a shell drops every second one"),
                             (r"\\fs1@445\share", "WebDAV"), (r"\\fs1@SSL@443\share", "WebDAV"),
                             ("fs1,445", "host:445"), ("root@fs1", "--as USER"), ("010.0.0.7", "without leading zeros"),
                             ("smb://", "no name of a server"), ("/srv/x", "a file of this computer")):
            for name, *arguments in (["list"], ["watch", "--polls", 1], ["close", "-u", "mail", "--yes"], ["doctor"]):
                with self.subTest(form, command=name):
                    result = command.run(name, *arguments, "-A", self.server.credentials_file("root"), form)
                    self.assertEqual(3, result.exit, result)
                    self.assertRegex(result.stderr, rf"(?s)netsession: {re.escape(form)}: .*{re.escape(reason)}")

    def test_a_watch_of_what_can_be_no_server_ends(self):
        result = command.run("watch", "-A", self.server.credentials_file("root"), "https://fs1")
        self.assertEqual(3, result.exit, result)
        self.assertEqual(1, result.stderr.count("another protocol than SMB"), result)

    def test_a_password_in_a_url_is_refused_and_not_repeated(self):
        for form, shown in ((f"smb://root:s3cret@{address(self.server)}/x", f"smb://root:***@{address(self.server)}/x"),
                            (f"//root:s3/cr@et@{address(self.server)}", f"//root:***@{address(self.server)}"),
                            (f"smb://root%25s3cret@{address(self.server)}", f"smb://root%25***@{address(self.server)}"),
                            (f"root%ab12s3cret@{address(self.server)}", f"root%***@{address(self.server)}"),
                            (f"root%s3/cret@{address(self.server)}", f"root%***@{address(self.server)}")):
            for name, *arguments in (["list"], ["doctor"], ["watch", "--polls", 1], ["unknown"]):
                with self.subTest(form, command=name):
                    result = command.run(name, *arguments, "-A", self.server.credentials_file("root"), form)
                    self.assertNotEqual(0, result.exit)
                    self.assertNotRegex(result.stdout + result.stderr, "s3|cret")
                    if name != "unknown":
                        self.assertIn(f"netsession: {shown}: invalid server name", result.stderr)
                        self.assertIn("a password stands in it", result.stderr)
            result = command.run(form)
            self.assertEqual(2, result.exit)
            self.assertIn(f'unknown command "{shown}"', result.stderr)

    def test_what_is_ignored_is_said_if_asked_for(self):
        form = f"smb://mail@{address(self.server)}/share/x"
        for verbose, expected in (((), 0), (("-v",), 2)):
            result = command.run("list", "-A", self.server.credentials_file("root"), *verbose, form)
            self.assertEqual(0, result.exit, result)
            self.assertEqual(expected, result.stderr.count(" is ignored: "), result)
        self.assertIn(f'netsession: {form}: the share "share" is ignored: sessions belong to the whole server\n',
                      result.stderr)
        self.assertIn("the user is ignored: --authentication-file says who logs on", result.stderr)

    def test_users_of_urls_that_contradict_each_other_are_refused(self):
        one, other = "smb://alice@fs1", "smb://bob@fs2"
        for arguments, words in (([one, other], "alice.*bob"), ([one, "fs2"], "alice.* fs2 names none"),
                                 (["fs2", one], "alice.* fs2 names none"), (["--as", "bob", one], "bob.*alice"),
                                 (["-N", one], "alice.*--no-pass")):
            with self.subTest(arguments):
                result = command.run("list", *arguments)
                self.assertEqual((2, ""), (result.exit, result.stdout))
                self.assertRegex(result.stderr, words)

    def test_without_a_server_the_local_service_is_missed(self):
        assert_refused(self, 2114, command.run("list"), "local computer")

    # ---- many servers

    def ask_all(self, *servers, arguments=()):
        return command.run("list", "-A", self.server.credentials_file("root"), "-o", "json", *arguments, *servers)

    def test_all_that_answer_is_0_some_is_1_and_none_is_3(self):
        good, bad = address(self.server), f"127.0.0.1:{free_port()}"
        for servers, code in (([good, good], 0), ([bad, good], 1), ([good, bad], 1), ([bad, bad], 3)):
            with self.subTest(servers):
                result = self.ask_all(*servers)
                self.assertEqual(code, result.exit)
                self.assertEqual(servers, [server["server"] for server in result.json["servers"]])
                for server in result.json["servers"]:
                    self.assertEqual(53 if server["server"] == bad else 0, server["status"])
                self.assertEqual(servers.count(bad), len(result.stderr.splitlines()))

    def test_silent_servers_are_waited_for_side_by_side(self):
        with odd_servers.silent() as one, odd_servers.silent() as two:
            result = self.ask_all(address(one), address(self.server), address(two), arguments=["--timeout", "1.5"])
        self.assertEqual([1460, 0, 1460], [server["status"] for server in result.json["servers"]])
        self.assertLess(result.seconds, calm(3))

    def test_a_hundred_servers_are_more_than_are_asked_at_once(self):
        closed = f"127.0.0.1:{free_port()}"
        result = self.ask_all(*[closed] * 99, address(self.server))
        self.assertEqual((1, [53] * 99 + [0]), (result.exit, [server["status"] for server in result.json["servers"]]))
        self.assertEqual(99, len(result.stderr.splitlines()))

    # ---- what must not be seen

    def test_the_password_is_nowhere_to_be_seen(self):
        password, path = self.server.password("root"), self.server.credentials_file("root")
        shown = []
        for arguments in (["-v"], ["-o", "json"], ["-l", "502"]):
            result = self.ask(*arguments)
            shown += [result.stdout, result.stderr]
        with odd_servers.silent() as server:
            running = subprocess.Popen([command.built(), "list", "-v", "-A", path, "--timeout", "1", address(server)],
                                       env=command.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            while server.connections == 0:
                time.sleep(0.005)
            for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                if place.exists() and int(place.parent.name) != os.getpid():
                    shown.append(place.read_bytes().decode(errors="replace"))
            shown.append(pathlib.Path(f"/proc/{running.pid}/environ").read_text())
            shown += running.communicate()
        self.assertTrue(any(str(path) in text for text in shown))
        self.assertFalse(any(password in text for text in shown))


class ManySessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.wanted = sessions.crowd(200, cls.server.users)
        cls.enterClassContext(sessions.held(cls.server, cls.wanted))

    def test_two_hundred_are_all_there_exactly_once_at_level_1(self):
        result = run_list(self.server, "-l", 1, "-o", "json")
        expected = [*((want.client, want.user) for want in self.wanted), ("127.0.0.1", "root")]
        self.assertEqual(sorted(expected), sorted((row["client"], row["user"]) for row in result.sessions))
        self.assertEqual(201, result.json["servers"][0]["total"])

    def test_two_hundred_are_all_there_exactly_once_at_level_0(self):
        result = run_list(self.server, "-l", 0, "-o", "json")
        expected = [*(want.client for want in self.wanted), "127.0.0.1"]
        self.assertEqual(sorted(expected), sorted(row["client"] for row in result.sessions))

    def test_one_of_two_hundred_is_found(self):
        want = self.wanted[117]
        result = run_list(self.server, "-c", want.client, "-u", want.user, "-o", "json")
        expected = [other for other in self.wanted if (other.client, other.user) == (want.client, want.user)]
        self.assertEqual([(want.client, want.user)] * len(expected),
                         [(row["client"], row["user"]) for row in result.sessions])


class Usage(unittest.TestCase):
    def test_what_cannot_be_understood_is_usage_and_one_line(self):
        for arguments in (["lust"], ["list", "--nonsense"], ["list", "-l", "3"], ["list", "-l", "1x"], ["list", "-l"],
                          ["list", "-p", "0"], ["list", "-p", "65536"], ["list", "--timeout", "0"],
                          ["list", "--timeout", "-1"], ["list", "--page-bytes", "0"], ["list", "-o", "xml"],
                          *(["list", "--max-bytes", size] for size in ("0", "", "K", "1T", "1KB", "-1", "1.5G", "9" * 15))):
            with self.subTest(arguments):
                result = command.run(*arguments, "127.0.0.1")
                self.assertEqual((2, ""), (result.exit, result.stdout))
                self.assertRegex(result.stderr, r"\Anetsession: [^\n]+\n\Z")

    def test_no_command_is_usage(self):
        result = command.run()
        self.assertEqual((2, ""), (result.exit, result.stdout))
        self.assertIn("Usage: netsession", result.stderr)

    def test_help_names_every_option_and_gives_examples(self):
        result = command.run("list", "--help")
        self.assertEqual((0, ""), (result.exit, result.stderr))
        for text in ("--level", "--client", "--user", "--page-bytes", "--max-bytes", "-A", "--port", "--timeout", "--output",
                     "--verbose", "Examples:", "Exit status:", "netsession list -A "):
            self.assertIn(text, result.stdout)

    def test_help_names_every_command(self):
        result = command.run("--help")
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertIn("list", result.stdout)

    def test_output_that_cannot_be_written_is_told(self):
        with tempfile.NamedTemporaryFile() as credentials, open("/dev/full", "w", encoding="ascii") as full:
            credentials.write(b"username = nobody\npassword = none\n")
            credentials.flush()
            done = subprocess.run([command.built(), "list", "-A", credentials.name, "-o", "json", "--timeout", "1",
                                   f"127.0.0.1:{free_port()}"], env=command.environment(), stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(3, done.returncode)
        self.assertIn("netsession: cannot write the output: No space left on device\n", done.stderr)


class ShortAnswers(unittest.TestCase):
    """A server that announces more sessions than it sends, in one page that is the last."""

    def test_control_characters_of_a_message_do_not_reach_the_terminal(self):
        with ScriptedService([[("\\\\fs1\x1b[2J\x9b", "alice", 5)]]) as service:
            result = command.run("list", "--level", 10, "--client", "192.0.2.8",
                                 env={"NETSESSION_SOCKET": str(service.socket)})
        self.assertEqual(3, result.exit, result)
        self.assertIn(r"such as fs1\x1B[2J\u009B, and", result.stderr)
        result = command.run("list", "-A", "/nonexistent/\x1b[2J\x9b", "127.0.0.1")
        self.assertEqual(2, result.exit, result)
        self.assertIn(r"/nonexistent/\x1B[2J\u009B: ", result.stderr)

    def test_sessions_that_a_server_announces_and_does_not_send_are_missing(self):
        told = "netsession: local computer: warning: the server announced 3 sessions and sent 1\n"
        with ScriptedService([[(r"\\10.0.0.7", "alice", 0xFFFFFFFF)]], missing=2) as service:
            result = command.run("list", "-l", 10, "-o", "json", env={"NETSESSION_SOCKET": str(service.socket)})
            self.assertEqual((4, told), (result.exit, result.stderr))
            self.assertEqual((False, 1), (result.json["servers"][0]["complete"], len(result.json["servers"][0]["warnings"])))
            self.assertNotIn("active_seconds", result.sessions[0])
            self.assertRegex(command.run("list", "-l", 10, env={"NETSESSION_SOCKET": str(service.socket)}).stdout,
                             r"alice +- +0:00:00\n")


class TextComparingServer(unittest.TestCase):
    """A server that spells addresses in its own way, and selects clients by their text, as Windows does."""

    ROWS = [(r"\\[fe80::1%4]", "alice", 5), (r"\\[::FFFF:10.0.0.7]", "bob", 6), (r"\\WS1", "carol", 7)]

    def ask(self, client, *answers):
        with ScriptedService(answers) as service:
            result = command.run("list", "-l", 10, "-c", client, "-o", "json",
                                 env={"NETSESSION_SOCKET": str(service.socket)})
            return result, service.asked

    def test_an_address_that_it_does_not_find_is_found_among_all(self):
        for client, user in (("fe80::1", "alice"), ("FE80:0::1%4", "alice"), ("10.0.0.7", "bob"),
                             ("[::ffff:10.0.0.7]", "bob")):
            with self.subTest(client):
                result, asked = self.ask(client, [], self.ROWS)
                self.assertEqual(([user], 2), ([row["user"] for row in result.sessions], asked), result)

    def test_what_it_finds_is_asked_for_once(self):
        result, asked = self.ask("fe80::1", self.ROWS[:1])
        self.assertEqual((["alice"], 1), ([row["user"] for row in result.sessions], asked), result)

    def test_a_name_that_it_does_not_find_is_asked_for_once(self):
        result, asked = self.ask("ws2", [], self.ROWS)
        self.assertEqual(([], 1), (result.sessions, asked))
        self.assertIn("(2312): most servers list clients by address, and netsession does not look up names", result.stderr)

    def test_another_scope_is_another_client(self):
        result, asked = self.ask("fe80::1%5", [], self.ROWS)
        self.assertEqual(([], 2), (result.sessions, asked))


if __name__ == "__main__":
    tap.main()
