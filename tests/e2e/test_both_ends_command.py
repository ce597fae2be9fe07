"""The command before netsessiond: levels by the policy, outputs, pages, info, close, watch, doctor, encryption; where it
can be judged so, by impacket's view of the same sessions."""
import csv
import io
import unittest

from fixtures.both_ends import LEVELS, MEMBERS, Encrypted, Local, Signed, row, steady
from fixtures.publisher import Publisher
from fixtures.watch import Watch
from lab import command, sessions, tap
from lab.cli import address, assert_refused
from lab.frames import ENCRYPTED
from lab.netsessiond import Netsessiond
from lab.relay import TO_CLIENT, TO_SERVER, Relay
from lab.sessions import Wanted
from lab.wait_until import wait_until_equal

PUBLISHED = [row(r"\\fs-1", "carol", "Samba 4.17", r"\Device\NetbiosSmb", 3, 100, 40, 1),
       row("10.0.0.7", "dave", "", "", 0, 50, 50, 2), row(r"\\fs-1", "erin", "", r"\Device\NetbiosSmb", 1, 9000, 7)]
HEADINGS = {"client": "CLIENT", "user": "USER", "num_opens": "OPENS", "active_seconds": "ACTIVE",
            "idle_seconds": "IDLE", "user_flags": "FLAGS", "client_type": "TYPE", "transport": "TRANSPORT"}


class Listing:
    """Of each endpoint."""

    PUBLISHED = PUBLISHED

    def test_auto_is_502_for_who_may_see_it(self):
        result = self.command("list", "-v", "-o", "json")
        self.assertEqual((0, 502), (result.exit, result.json["servers"][0]["level"]))
        self.assertRegex(result.stderr, r"answered at level 502; sessions: \d+\n$")
        self.assertEqual(self.fed_as_command_has_them(502), steady(result.sessions))

    def test_every_format_has_every_level(self):
        for level in LEVELS:
            with self.subTest(level):
                expected = self.fed_as_command_has_them(level)
                object_ = self.command("list", "-l", level, "-o", "json").json["servers"][0]
                self.assertEqual((level, len(object_["sessions"])), (object_["level"], object_["total"]))
                self.assertEqual(expected, steady(object_["sessions"]))
                for one in object_["sessions"]:
                    self.assertEqual([name for name in MEMBERS[level] if name in one], list(one))
                lines = self.command("list", "-l", level, "-o", "jsonl").jsonl
                self.assertEqual({level}, {one["level"] for one in lines})
                self.assertEqual([one["client"] for one in expected], [one["client"] for one in steady(lines)])
                table = steady(csv.DictReader(io.StringIO(self.command("list", "-l", level, "-o", "csv").stdout)))
                for name in HEADINGS:
                    if name in expected[0] and name != "user_flags":
                        self.assertEqual([str(one.get(name, "")) for one in expected], [one[name] for one in table])
                    elif not name.endswith("_seconds") and name not in MEMBERS[level]:
                        self.assertEqual({""}, {one[name] for one in table})
                heading, *lines = self.command("list", "-l", level).stdout.splitlines()
                self.assertEqual([HEADINGS[name] for name in MEMBERS[level]], heading.split())
                self.assertEqual([one["client"] for one in PUBLISHED], [line.split()[0] for line in lines[:len(PUBLISHED)]])

    def test_pages_are_put_together(self):
        for level in LEVELS:
            self.assertEqual(self.fed_as_command_has_them(level), steady(self.asked("-l", level, "--page-bytes", 1)))

    def test_info_tells_of_one(self):
        result = self.command("info", "-o", "json", "FS-1", "Carol")
        self.assertEqual((0, self.fed_as_command_has_them(502)[:1]), (result.exit, steady(result.sessions)))
        for client, user, status in (("fs-9", "carol", 2312), ("fs-1", "dave", 2221)):
            assert_refused(self, status, self.command("info", client, user))

    def test_close_names_whom_it_closes(self):
        before = self.judge(502).rows
        with self.published([row("x-1", "ivan"), row("x-2", "ivan"), row("x-1", "judy")]) as publishers:
            result = self.command("close", "-u", "IVAN", "--yes", "-o", "json")
            self.assertEqual(["x-1", "x-2"], [one["client"] for one in result.sessions])
            self.assertEqual(0, result.exit, result)
            self.assertIn("closed 2 sessions", result.stderr)
            wait_until_equal([2, 2, 1], lambda: [len(publisher.lines()) for publisher in publishers])
        assert_refused(self, 2221, self.command("close", "-u", "ivan", "--yes"))
        self.assertEqual(2, self.command("close", "-u", "carol").exit)  # nobody there to say yes
        wait_until_equal(steady(before), lambda: steady(self.judge(502).rows))

    def assert_not_closed(self, result):
        """Whom it would close may be seen by who asks, that is all."""
        self.assertEqual(3, result.exit, result)
        self.assertRegex(result.stderr, r"\Anetsession: [^\n]+: the sessions were not closed: access denied at NetrSessionDel \(5\)[^\n]*\n\Z")

    def test_watch_looks_once_and_again(self):
        result = self.command("watch", "--polls", 2, "--every", "0.1", "-o", "jsonl", "-c", "fs-1")
        self.assertEqual((0, [("started", "carol"), ("started", "erin")]),
                         (result.exit, [(one["event"], one["user"]) for one in result.jsonl]), result)

    def test_doctor_finds_all_levels_good(self):
        result = self.command("doctor", "-o", "json")
        found = {finding["step"]: finding for finding in result.json["findings"]}
        self.assertEqual(0, result.exit, result)
        for level in LEVELS:
            self.assertEqual("good", found[f"level {level}"]["verdict"])
            self.assertRegex(found[f"level {level}"]["text"], r"^\d+ sessions$")
        self.assertEqual("local computer" if self.target() == "-" else self.target(),
                         result.json["server"] or "local computer")


class OverSmb(Listing):
    """Where one logs on."""

    def test_auto_steps_down_to_10_for_an_ordinary_user_over_one_connection(self):
        with Relay(self.server.host, self.server.port) as relay:
            result = self.command("list", "-v", "-o", "json", user="alice", target=address(relay))
            cold = relay.round_trips
        self.assertEqual((0, 10), (result.exit, result.json["servers"][0]["level"]), result)
        self.assertEqual(self.fed_as_command_has_them(10), steady(result.sessions))
        self.assertEqual(steady(sessions.enumerate_with_impacket(self.server, "alice", 10).rows),
                         steady(result.sessions))
        self.assertEqual(1, relay.connections)
        with Relay(self.server.host, self.server.port) as relay:
            self.asked("-l", 10, user="alice", target=address(relay))
            self.assertEqual(cold, relay.round_trips + 3)  # 502, 2, 1
        for level in (1, 2, 502):
            assert_refused(self, 5, self.command("list", "-l", level, user="alice"), self.target())

    def test_close_disconnects(self):
        with sessions.held(self.server, [Wanted("bob", "127.0.0.7"), Wanted("bob", "127.0.0.8")]) as held:
            self.assert_not_closed(self.command("close", "-u", "bob", "--yes", user="alice"))
            result = self.command("close", "-c", r"\\127.0.0.7", "--yes", "-o", "json")
            self.assertEqual((0, [r"\\127.0.0.7"]), (result.exit, [one["client"] for one in result.sessions]), result)
            self.assertRaises(Exception, held[0].getSMBServer().echo)
            held[1].getSMBServer().echo()
            self.assertEqual([r"\\127.0.0.8"], [one["client"] for one in self.judge(1, username="bob").rows])

    def test_close_may_end_its_own_session(self):
        result = self.command("close", "-u", "root", "--yes")
        self.assertEqual(0, result.exit, result)
        self.assertIn("closed 1 session", result.stderr)

    def test_watch_tells_who_comes_and_who_goes(self):
        with Watch(self.server, self.target()) as watch:
            with sessions.held(self.server, [Wanted("bob", "127.0.0.7")]):
                self.assertEqual(("started", r"\\127.0.0.7", 0), watch.next("bob"))
            self.assertEqual(("ended", r"\\127.0.0.7", 0), watch.next("bob"))
            with self.published([row("x-1", "ivan", opens=2)]):
                self.assertEqual(("started", "x-1", 2), watch.next("ivan"))
            self.assertEqual(("ended", "x-1", 2), watch.next("ivan"))
            self.assertEqual((0, ""), watch.interrupt())

    def sealed(self, *arguments, ask=None):
        """Asks through a relay. Returns {direction: whether each message behind the log-on was encrypted}."""
        seen = {TO_SERVER: [], TO_CLIENT: []}

        def watch(direction, message, _):
            seen[direction].append(message[:4] == ENCRYPTED)
            return message

        with Relay(self.server.host, self.server.port, tamper=watch) as relay:
            if ask:
                ask(relay)
            else:
                result = command.run("list", "-l", 502, "-A", self.server.credentials_file("root"), *arguments,
                                     address(relay))
                self.assertEqual((0, ""), (result.exit, result.stderr))
        return {direction: set(messages[3:]) for direction, messages in seen.items()}


class SignedCommand(OverSmb, Signed):
    def test_nothing_is_encrypted_and_on_request_it_is_not_done_without(self):
        self.assertEqual({TO_SERVER: {False}, TO_CLIENT: {False}}, self.sealed())
        assert_refused(self, 50, command.run("list", "--encrypt", "-A", self.server.credentials_file("root"),
                                             self.target()), self.target())

    def test_doctor_says_that_there_is_no_encryption(self):
        found = self.command("doctor", "-o", "json").json["findings"]
        self.assertEqual(["notice"], [one["verdict"] for one in found if one["step"] == "encryption"])


class EncryptedCommand(OverSmb, Encrypted):
    def test_all_is_encrypted_since_the_server_wants_it(self):
        self.assertEqual({TO_SERVER: {True}, TO_CLIENT: {True}}, self.sealed())
        self.assertEqual({TO_SERVER: {True}, TO_CLIENT: {True}}, self.sealed("--encrypt"))


class OfferedCommand(OverSmb, Signed):
    """Encryption for callers who want it."""
    OPTIONS = {"encryption": "offer"}

    def test_all_is_encrypted_on_request_and_nothing_without(self):
        self.assertEqual({TO_SERVER: {True}, TO_CLIENT: {True}}, self.sealed("--encrypt"))
        self.assertEqual({TO_SERVER: {False}, TO_CLIENT: {False}}, self.sealed())


class LocalCommand(Listing, Local):
    def test_an_ordinary_user_of_this_computer_gets_level_10(self):
        result = self.command("list", "-v", "-o", "json", user="games")
        self.assertEqual((0, 10), (result.exit, result.json["servers"][0]["level"]), result)
        self.assertEqual(self.fed_as_command_has_them(10), steady(result.sessions))
        self.assert_not_closed(self.command("close", "-u", "carol", "--yes", user="games"))

    def test_watch_tells_what_changes(self):
        with Publisher(self.server, self.programs.compile(command.REPOSITORY / "examples" / "publisher.c", "netsession")) as publisher:
            publisher.tell("put 1 x-1 ivan 2")
            wait_until_equal(len(PUBLISHED) + 1, lambda: len(self.judge(0).rows))
            with Watch(self.server, env=self.environment()) as watch:
                self.assertEqual(("started", "x-1", 2), watch.next("ivan"))
                publisher.tell("put 1 x-1 ivan 5")
                self.assertEqual(("changed", "x-1", 5), watch.next("ivan"))
                publisher.tell("remove 1")
                self.assertEqual(("ended", "x-1", 5), watch.next("ivan"))


class Hardened(unittest.TestCase):
    def test_an_ordinary_user_is_denied_everything_in_one_line(self):
        with Netsessiond(("alice",), policy="hardened", sessions=10) as server:
            credentials = ("-A", server.credentials_file("alice"), address(server))
            for level in ("auto", *LEVELS):
                assert_refused(self, 5, command.run("list", "-l", level, *credentials), address(server))
            assert_refused(self, 5, command.run("info", *credentials, "10.0.0.20", "anna.adams"), address(server))
            assert_refused(self, 5, command.run("close", "-u", "anna.adams", "--yes", *credentials), address(server))
            found = command.run("doctor", "-o", "json", *credentials)
            self.assertEqual((3, 5), (found.exit, found.json["status"]))
            self.assertEqual({("bad", 5)}, {(one["verdict"], one["status"]) for one in found.json["findings"]
                                            if one["step"].startswith("level")})

    def test_demo_sessions_come_and_go_and_change(self):
        with Netsessiond((), sessions=400) as server, Watch(server, address(server)) as watch:
            events = set()
            while events != {"started", "ended", "changed"}:
                events.add(watch.next_of_all()["event"])


if __name__ == "__main__":
    tap.main()
