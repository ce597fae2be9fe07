"""netsession export ocsf: what was seen, as events "User Session Query" of the Open Cybersecurity Schema Framework, compared
with the class that it publishes."""
import contextlib
import ipaddress
import json
import pathlib
import sqlite3
import tempfile
import time
import unittest

import jsonschema

from fixtures.programs import Programs
from fixtures.publisher import Publisher
from lab import command, tap
from lab.netsessiond import Netsessiond
from lab.wait_until import wait_until

UNKNOWN = 0xFFFFFFFF
CLASS = json.loads((command.REPOSITORY / "tests/fixtures/ocsf_session_query.json").read_text())
FORMATS = jsonschema.FormatChecker(formats=())
FORMATS.checks("ip_t", raises=ValueError)(lambda text: bool(ipaddress.ip_address(text)))
# Clients and users as servers name them.
SEEN = [("\\\\10.0.0.7", "alice"), ("\\\\[fe80::1%4]", "LAB\\alice"), ("\\\\2001:db8::5", "bob@LAB.EXAMPLE"), ("WS2", "b\u00f6b"),
        ("ws3.lab.example", "HOST$"), ("\\\\WS4", "")]
# And as netsessiond lets none be published, but another server may list them.
STORED = [("", "ANONYMOUS LOGON"), ("\u202eWS5", "car\x1bol"), (None, "dora"), ("WS6", None)]


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(publishers="root"))
        program = cls.enterClassContext(Programs()).compile("publish_rows.c", "netsession")
        for client, user in SEEN:
            publisher = cls.enterClassContext(Publisher(cls.server, program, 1, client, user, "type", "tcp", 0, 60, UNKNOWN, 0))
            wait_until(lambda publisher=publisher: "open" in publisher.lines())
        cls.db = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"
        cls.host = f"127.0.0.1:{cls.server.port}"
        cls.began = int(time.time())
        command.run("sweep", "-q", "--db", cls.db, "-A", cls.server.credentials_file("root"), cls.host, "127.0.0.2:1")
        with contextlib.closing(sqlite3.connect(cls.db)) as store, store:
            [[host]] = store.execute("SELECT id FROM host WHERE name = ?", [cls.host])
            store.executemany("INSERT INTO session(host, client, user, level, first_seen, last_seen) VALUES(?, ?, ?, 10, ?, ?)",
                              [(host, client, user, cls.began, cls.began) for client, user in STORED])

    def export(self, *arguments):
        result = command.run("export", "ocsf", "--db", self.db, *arguments)
        self.assertEqual(0, result.exit, result)
        return result, result.jsonl

    def event(self, user):
        [found] = [event for event in self.export()[1] if event["unmapped"].get("user") == user]
        return found

    def test_each_event_fits_the_class(self):
        result, events = self.export()
        self.assertEqual(len(SEEN) + len(STORED) + 1, len(events))  # the sweep's own session, too
        self.assertIn(f"netsession: {len(events)} sessions\n", result.stderr)
        self.assertNotIn("\u202e", result.stdout)
        for event in events:
            jsonschema.validate(event, CLASS, cls=jsonschema.Draft202012Validator, format_checker=FORMATS)
            self.assertEqual((5017, 501701, "1.4.0"), (event["class_uid"], event["type_uid"], event["metadata"]["version"]))
            now = time.time() * 1000
            self.assertTrue(self.began * 1000 <= event["time"] <= now, event)
            self.assertEqual({"type_id": 1, "type": "Server", "name": self.host, "ip": "127.0.0.1"}, event["device"])

    def test_the_event_of_the_page_fits_the_class(self):
        page = (command.REPOSITORY / "docs/sweep-fleet.md").read_text()
        [line] = [line for line in page.splitlines() if line.startswith('    {"category_uid"')]
        shown, event = json.loads(line), self.event("alice")
        jsonschema.validate(shown, CLASS, cls=jsonschema.Draft202012Validator, format_checker=FORMATS)
        for one in (shown, event):
            one["device"].pop("hostname" if one is shown else "ip")
            one["unmapped"]["transport"] = one["device"]["name"] = ""
        self.assertEqual(self.shape(shown), self.shape(event))

    def shape(self, value):
        """The members and their types."""
        return {name: self.shape(inside) for name, inside in value.items()} if isinstance(value, dict) else type(value)

    def test_an_event_that_lacks_something_does_not_fit(self):
        [event, *_] = self.export()[1]
        wrong = [{key: value for key, value in event.items() if key != missing} for missing in CLASS["required"]]
        wrong += [event | {"class_uid": 5018}, event | {"time": "now"}, event | {"schema": 1}, event | {"session": {"user": "alice"}},
                  event | {"actor": {"user": {"domain": "LAB"}}}, event | {"device": {"name": "fs1"}}]
        for one in wrong:
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(one, CLASS, cls=jsonschema.Draft202012Validator, format_checker=FORMATS)

    def test_a_user_has_a_name_and_perhaps_a_domain(self):
        for seen, user in (("alice", {"name": "alice"}), ("LAB\\alice", {"name": "alice", "domain": "LAB"}), ("HOST$", {"name": "HOST$"}),
                           ("bob@LAB.EXAMPLE", {"name": "bob", "domain": "LAB.EXAMPLE"}), ("b\u00f6b", {"name": "b\u00f6b"})):
            with self.subTest(seen):
                self.assertEqual(user, self.event(seen)["actor"]["user"])

    def test_the_client_is_among_the_observables(self):
        for user, value, kind in (("alice", "10.0.0.7", 2), ("LAB\\alice", "fe80::1%4", 2), ("bob@LAB.EXAMPLE", "2001:db8::5", 2),
                                  ("b\u00f6b", "WS2", 1), ("HOST$", "ws3.lab.example", 1)):
            with self.subTest(user):
                event = self.event(user)
                [client] = [one for one in event["observables"] if one["name"] == "unmapped.client"]
                self.assertEqual((value, kind), (client["value"], client["type_id"]))
                [name] = [one for one in event["observables"] if one["name"] == "actor.user.name"]
                self.assertEqual((event["actor"]["user"]["name"], 4), (name["value"], name["type_id"]))

    def test_times_are_those_of_the_store(self):
        event = self.event("alice")
        self.assertEqual([event["time"]] * 2, [event["start_time"], event["end_time"]])
        self.assertLessEqual(abs(event["time"] - 60000 - event["session"]["created_time"]), 2000 + event["time"] - self.began * 1000)

    def test_since_writes_what_was_open_since_then(self):
        with contextlib.closing(sqlite3.connect(self.db)) as store, store:
            store.execute("INSERT INTO session(host, client, user, level, first_seen, last_seen, gone) "
                          "SELECT host, 'WS7', 'gone', 10, 100000, 200000, 300000 FROM session LIMIT 1")
        self.addCleanup(self.forget, "gone")
        now = {event["unmapped"].get("user") for event in self.export()[1]}
        for since, users in (("1970-01-02", now | {"gone"}), ("1h", now)):
            with self.subTest(since):
                self.assertEqual(users, {event["unmapped"].get("user") for event in self.export("--since", since)[1]})
        [gone] = [event for event in self.export("--since", "1970-01-02")[1] if event["unmapped"].get("user") == "gone"]
        self.assertEqual((100000000, 200000000, 200000000, 300000000),
                         (gone["start_time"], gone["end_time"], gone["time"], gone["unmapped"]["gone_time"]))

    def forget(self, user):
        with contextlib.closing(sqlite3.connect(self.db)) as store, store:
            store.execute("DELETE FROM session WHERE user = ?", [user])

    def test_what_has_no_meaning_is_refused(self):
        for arguments, said in ((["ocsf", "--domain", "lab.example"], "takes no --domain"), (["ocsf", "--no-lookups"], "takes no --no-lookups"),
                                (["bloodhound", "--domain", "lab.example", "--since", "1h"], "takes no --since"),
                                (["siem"], 'there is no form "siem"; write bloodhound or ocsf')):
            with self.subTest(arguments):
                result = command.run("export", *arguments, "--db", self.db)
                self.assertEqual((2, ""), (result.exit, result.stdout))
                self.assertIn(said, result.stderr)

    def test_an_output_that_is_full_is_an_error(self):
        result = command.run("-c", '"$0" export ocsf --db "$1" > /dev/full', command.built(), self.db, program="/bin/sh")
        self.assertEqual(3, result.exit, result)
        self.assertIn("cannot write the output: No space left", result.stderr)


if __name__ == "__main__":
    tap.main()
