"""`netsession watch` against a real Samba: sessions that start, end and change, and servers that stop answering."""
import contextlib
import signal
import socket
import subprocess
import threading
import time
import unittest

from fixtures.watch import Watch
from lab import command, sessions, tap
from lab.cli import address
from lab.ports import free_port
from lab.relay import STALL, Relay
from lab.samba import SambaServer
from lab.scripted_service import ScriptedService
from lab.sessions import Wanted
from lab.wait_until import HANG_S, calm


class Watching(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def test_present_sessions_and_new_ones_start_and_closed_ones_end(self):
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7", 1)]), \
                Watch(self.server, address(self.server)) as watch:
            self.assertEqual(("started", "127.0.0.7", 1), watch.next("mail"))
            with sessions.held(self.server, [Wanted("games", "127.0.0.8")]):
                self.assertEqual(("started", "127.0.0.8", 0), watch.next("games"))
            self.assertEqual(("ended", "127.0.0.8", 0), watch.next("games"))
            self.assertEqual((0, ""), watch.interrupt())

    def test_files_that_are_opened_and_closed_change_a_session(self):
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7")]) as (held,), \
                Watch(self.server, address(self.server)) as watch:
            self.assertEqual(("started", "127.0.0.7", 0), watch.next("mail"))
            tree = held.connectTree(self.server.share)
            file = held.openFile(tree, self.server.file)
            self.assertEqual(("changed", "127.0.0.7", 1), watch.next("mail"))
            held.closeFile(tree, file)
            self.assertEqual(("changed", "127.0.0.7", 0), watch.next("mail"))

    def test_a_session_that_stays_open_is_reported_once(self):
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7")]):
            result = command.run("watch", "--every", "0.5", "--polls", "6", "-o", "jsonl", "-A",
                                 self.server.credentials_file("root"), address(self.server))
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertEqual(["started"], [event["event"] for event in result.jsonl if event["user"] == "mail"])

    def test_each_event_is_a_line_of_text(self):
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7", 2)]):
            result = command.run("watch", "--polls", "1", "-A", self.server.credentials_file("root"), "-u", "mail",
                                 address(self.server))
        self.assertRegex(result.stdout, r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  started  "
                         rf"{address(self.server)}  mail  from 127\.0\.0\.7  opens 2\n\Z")

    def test_a_server_that_stops_answering_is_reported_once_and_ends_no_session(self):
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7")]):
            relay = Relay(self.server.host, self.server.port)
            with relay:
                port = relay.port
                watch = self.enterContext(Watch(self.server, f"127.0.0.1:{port}"))
                self.assertEqual("started", watch.next("mail")[0])
            self.assertRegex(watch.errors(), r"\(53\)")
            time.sleep(1)
            code, stderr = watch.interrupt()
        self.assertEqual((3, ""), (code, stderr))

    def test_a_server_that_answers_late_moves_no_session_of_another(self):
        """A session's start is how old it is, before the time when its own server answered."""
        with sessions.held(self.server, [Wanted("mail", "127.0.0.7")]), \
                Relay(self.server.host, self.server.port) as relay, \
                Watch(self.server, "--timeout", "15", address(self.server), address(relay)) as watch:
            for _ in range(2):
                self.assertEqual("started", watch.next("mail")[0])
            relay.stall()
            self.assertRegex(watch.errors(), rf"{address(relay)}: timed out .*\(1460\)")
            time.sleep(3)
            watch.interrupt()
            self.assertEqual([], [event for event in watch.rest() if event["user"] == "mail"])

    def test_a_server_that_does_not_answer_holds_up_the_others_once(self):
        silent = threading.Event()
        with Relay(self.server.host, self.server.port,
                   tamper=lambda direction, message, _: STALL if silent.is_set() else message) as relay, \
                Watch(self.server, "--timeout", "20", address(self.server), address(relay)) as watch:
            watch.next("root")
            silent.set()
            self.assertRegex(watch.errors(), r"\(1460\)")
            began = time.monotonic()
            with sessions.held(self.server, [Wanted("games", "127.0.0.8")]):
                self.assertEqual("started", watch.next("games")[0])
            self.assertLess(time.monotonic() - began, calm(6))

    def test_a_password_that_is_refused_is_not_sent_again(self):
        dead = f"127.0.0.1:{free_port()}"
        with Relay(self.server.host, self.server.port) as relay:
            result = command.run("watch", "--every", "0.1", "-A", self.server.credentials_file("root", "wrong"),
                                 address(relay))
            self.assertEqual((3, ""), (result.exit, result.stdout))  # and it ends, since nobody is left to be asked
            self.assertRegex(result.stderr, r"\A[^\n]*\(1326, [^\n]*\n[^\n]*: not asked again: [^\n]*lock the account\n\Z")
            self.assertEqual(1, relay.connections)
            result = command.run("watch", "--every", "0.1", "--polls", "5", "-A",
                                 self.server.credentials_file("root", "wrong"), address(relay), dead)
            self.assertEqual(3, result.exit, result)
            self.assertEqual(2, relay.connections)

    def test_the_exit_code_is_that_of_the_last_poll(self):
        dead = f"127.0.0.1:{free_port()}"
        for servers, code in (((address(self.server),), 0), ((address(self.server), dead), 1), ((dead,), 3)):
            result = command.run("watch", "--polls", "1", "-A", self.server.credentials_file("root"), *servers)
            self.assertEqual(code, result.exit, result)
        for wrong in (("-o", "csv"), ("--every", "0"), ("--polls", "none")):
            self.assertEqual(2, command.run("watch", *wrong, dead).exit)


class LostReaders(unittest.TestCase):
    """The program that reads the events ends, and no event follows."""

    @contextlib.contextmanager
    def watch(self, **options):
        """The process, whose stdout is a socket, and the other end, from which the first event was read."""
        ours, theirs = socket.socketpair()
        with ScriptedService([[(r"\\WS1", "alice", 5)]]) as service, ours, theirs, subprocess.Popen(
                [command.built(), "watch", "--level", "10", "--every", "0.3"], stdout=theirs, stderr=subprocess.PIPE,
                text=True, env=command.environment({"NETSESSION_SOCKET": str(service.socket)}), **options) as process:
            theirs.close()
            self.assertIn(b"alice", ours.recv(1000))
            try:
                yield process, ours
            finally:
                process.kill()

    def test_the_end_of_the_reader_at_a_socket_ends_the_watch(self):
        with self.watch() as (process, reader):
            reader.close()
            self.assertEqual("", process.communicate(timeout=HANG_S)[1])
            self.assertEqual(-signal.SIGPIPE, process.returncode)

    def test_where_sigpipe_is_ignored_the_output_is_lost(self):
        with self.watch(restore_signals=False) as (process, reader):  # Python ignores SIGPIPE
            reader.close()
            self.assertEqual("netsession: cannot write the output: Broken pipe\n",
                             process.communicate(timeout=HANG_S)[1])
            self.assertEqual(3, process.returncode)


class ShortAnswers(unittest.TestCase):
    """Samba 4.22 and 4.25 sometimes list too few sessions, with status 0."""

    ALICE, BOB, CAROL = ("10.0.0.1", "alice", 100), ("10.0.0.2", "bob", 90), ("10.0.0.3", "carol", 0)

    def events(self, *answers):
        """The events that watch reports, and how many requests it sends."""
        with ScriptedService(answers) as service:
            result = command.run("watch", "--level", 10, "--every", "0.1", "--polls", "3", "-o", "jsonl",
                                 env={"NETSESSION_SOCKET": str(service.socket)})
        self.assertEqual((0, ""), (result.exit, result.stderr))
        return [(event["event"], event["user"]) for event in result.jsonl], service.asked

    def test_sessions_that_start_together_stand_in_the_order_of_their_addresses(self):
        clients = [r"\\WS1", r"\\[2001:db8::10]", r"\\10.0.0.10", "2001:db8::9", r"\\10.0.0.9"]
        started, _ = self.events([(client, f"user{number}", 5) for number, client in enumerate(clients)])
        self.assertEqual([("started", f"user{number}") for number in (4, 2, 3, 1, 0)], started)

    def test_one_answer_that_lacks_sessions_ends_no_session(self):
        came = [("started", "alice"), ("started", "bob")]
        both = [self.ALICE, self.BOB]
        for short in ([], [self.ALICE], [self.BOB]):
            self.assertEqual((came, 4), self.events(both, short, both))
        self.assertEqual((came, 4), self.events(both, [self.ALICE], [self.BOB], both), "neither is missing twice")

    def test_a_session_that_two_answers_lack_has_ended(self):
        both = [self.ALICE, self.BOB]
        self.assertEqual(([("started", "alice"), ("started", "bob"), ("ended", "bob")], 4),
                         self.events(both, [self.ALICE], [self.ALICE], [self.ALICE]))

    def test_a_session_in_either_of_two_answers_starts_once(self):
        both = [self.ALICE, self.BOB]
        for first, second in (([self.ALICE, self.CAROL], both), ([self.ALICE], [*both, self.CAROL])):
            events, asked = self.events(both, first, second, [*both, self.CAROL])
            self.assertEqual(([("started", "alice"), ("started", "bob"), ("started", "carol")], 4), (events, asked))

    def test_no_request_is_repeated_while_no_session_is_missing(self):
        self.assertEqual(([("started", "alice"), ("started", "bob")], 3), self.events([self.ALICE], [self.ALICE, self.BOB]))


if __name__ == "__main__":
    tap.main()
