"""docs/json-schema.json describes the JSON that netsession writes; each output is checked with Python's jsonschema."""
import json
import pathlib
import tempfile
import unittest

import jsonschema

from lab import command, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.sessions import Wanted

SCHEMA = json.loads((command.REPOSITORY / "docs" / "json-schema.json").read_text())


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        held = [Wanted("mail", "127.0.0.7"), Wanted("mail", "127.0.0.8"), Wanted("games", "::1")]
        cls.server = cls.enterClassContext(Netsessiond(("mail", "games"), policy="documented"))
        cls.samba = cls.enterClassContext(SambaServer())
        for server in (cls.server, cls.samba):
            cls.enterClassContext(sessions.held(server, held))
        cls.hosts = [address(cls.server), address(cls.samba), f"127.0.0.1:{free_port()}"]
        cls.db = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"
        cls.used = set()

    @classmethod
    def tearDownClass(cls):
        missing = {name for name, shape in SCHEMA["$defs"].items() if "netsession" in shape.get("description", "")} - cls.used
        assert not missing, f"no output was checked by {missing}"

    def run_as_root(self, *arguments, server=None):
        return command.run(*arguments, env={"NETSESSION_SOCKET": str(self.server.socket),
                                            "NETSESSION_CREDENTIALS": str((server or self.server).credentials_file("root"))})

    def check(self, name, *documents):
        self.used.add(name)
        self.assertTrue(documents)
        for document in documents:
            jsonschema.validate(document, {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]},
                                cls=jsonschema.Draft202012Validator)

    def lines(self, result):
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_a_wrong_document_does_not_fit(self):
        good = {"schema": 1, "servers": []}
        self.check("list", good)
        for wrong in ({"servers": []}, good | {"schema": 2}, good | {"more": 1}, good | {"servers": [{}]}):
            with self.assertRaises(jsonschema.ValidationError):
                self.check("list", wrong)

    def test_lists(self):
        for level in ("auto", 0, 1, 2, 10, 502):
            self.check("list", self.run_as_root("list", "-l", level, "-o", "json", *self.hosts[::2]).json,
                       self.run_as_root("list", "-l", level, "-o", "json", self.hosts[1], server=self.samba).json)
            self.check("list_line", *self.lines(self.run_as_root("list", "-l", level, "-o", "jsonl", self.hosts[0])))
        self.check("list", self.run_as_root("list", "-o", "json").json,
                   self.run_as_root("info", "-o", "json", self.hosts[0], "127.0.0.7", "mail").json)
        self.check("list_line", *self.lines(self.run_as_root("info", "-o", "jsonl", self.hosts[0], "127.0.0.7", "mail")))

    def test_closing(self):
        self.check("list", self.run_as_root("close", "--yes", "-u", "games", "-o", "json", self.hosts[0]).json)

    def test_events(self):
        self.check("event", *self.lines(self.run_as_root("watch", "--polls", "1", "-o", "jsonl", self.hosts[0])))

    def test_diagnoses(self):
        self.check("doctor", *(self.run_as_root("doctor", "-o", "json", *server).json for server in ([], *([host] for host in self.hosts))))

    def test_sweeps_and_reports(self):
        self.check("sweep", self.run_as_root("sweep", "-q", "--db", self.db, "-o", "json", *self.hosts).json)
        self.check("sweep_line", *self.lines(self.run_as_root("sweep", "-q", "--db", self.db, "-o", "jsonl", *self.hosts)))
        for name, *arguments in (("report_sessions", "who", "mail"), ("report_sessions", "on", self.hosts[0]),
                                 ("report_changes", "changes", "--since", "1h"), ("report_hosts", "hosts")):
            self.check(name, self.run_as_root("report", *arguments, "--db", self.db, "-o", "json").json)


if __name__ == "__main__":
    tap.main()
