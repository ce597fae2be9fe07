"""docs/json-schema.json describes the JSON that netsession writes; each output is checked with Python's jsonschema."""
import json
import pathlib
import re
import tempfile
import unittest

import jsonschema

from fixtures import json_schema
from fixtures.programs import Programs
from fixtures.publisher import Publisher
from lab import command, raw_smb, sessions, tap
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import wait_until

UNKNOWN = 0xFFFFFFFF
# Files of the source that write JSON, and the definitions that they follow.
WRITERS = {
    "cmd/netsession/doctor.c": {"doctor"},
    "cmd/netsession/output_json.c": {"list", "list_line", "event", "sweep", "sweep_line"},
    # The shapes of others, which tests/e2e/test_export_bloodhound.py and test_export_ocsf.py check.
    "cmd/netsession-fleet/export_bloodhound.c": set(),
    "cmd/netsession-fleet/export_ocsf.c": set(),
    "cmd/netsession-fleet/report_output.c": {
        f"{name}{form}" for name in ("report_session", "report_change", "report_host", "close_host") for form in ("s", "_line")},
    "cmd/netsession-fleet/sweep_status.c": {"sweep_status"},
    "src/daemon/json_line.c": {"audit_line"},  # and lines for the recorder beside netsessiond, which nobody else reads
}


def commands():
    return re.findall(r"^  ([a-z]+) ", command.run("--help").stdout.partition("Commands:")[2].partition("\n\n")[0], re.M)


def forms():
    """(command, format) of all commands that write JSON, as their help has them."""
    for name in commands():
        found = re.search(r"--output FORMAT([^(]*)", command.run(name, "--help").stdout)
        yield from ((name, form) for form in re.findall(r"\bjsonl?\b", found[1])) if found else ()


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        held = [Wanted("mail", "127.0.0.7"), Wanted("mail", "127.0.0.8"), Wanted("games", "::1")]
        cls.server = cls.enterClassContext(Netsessiond(("mail", "games"), policy="documented", publishers="root"))
        cls.samba = cls.enterClassContext(SambaServer())
        for server in (cls.server, cls.samba):
            cls.enterClassContext(sessions.held(server, held))
        cls.hosts = [address(cls.server), address(cls.samba), f"127.0.0.1:{free_port()}"]
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))
        cls.db = cls.folder / "sessions.db"
        cls.used, cls.ran = set(), set()

    @classmethod
    def tearDownClass(cls):
        missing = json_schema.outputs() - cls.used
        assert not missing, f"no output was checked by {missing}"
        missing = set(forms()) - cls.ran
        assert not missing, f"no output was checked of {missing}"

    def run_as_root(self, *arguments, server=None):
        if "-o" in arguments:
            self.ran.add((arguments[0], arguments[arguments.index("-o") + 1]))
        return command.run(*arguments, env={"NETSESSION_SOCKET": str(self.server.socket),
                                            "NETSESSION_CREDENTIALS": str((server or self.server).credentials_file("root"))})

    def check(self, name, *documents):
        self.used.add(name)
        json_schema.check(name, *documents)

    def lines(self, result):
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(json_schema.SCHEMA)

    def test_each_output_has_its_version(self):
        for name in json_schema.outputs():
            shape = json_schema.SCHEMA["$defs"][name]
            for one in shape.get("oneOf", [shape]):
                self.assertEqual({"const": 1}, one["properties"].get("schema"), name)
                self.assertIn("schema", one["required"], name)

    def test_whatever_writes_json_has_a_definition(self):
        found = {str(path.relative_to(command.REPOSITORY)) for folder in ("cmd", "src")
                 for path in (command.REPOSITORY / folder).rglob("*.c")
                 if re.search(r"json_dump\w*\(|output_json_write_line\(", path.read_text())}
        self.assertEqual(set(WRITERS), found)
        self.assertEqual(json_schema.outputs(), set().union(*WRITERS.values()))

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
        for form, name in (("json", "list"), ("jsonl", "list_line")):
            with sessions.held(self.server, [Wanted("games", "127.0.0.9")]):
                result = self.run_as_root("close", "--yes", "-u", "games", "-o", form, self.hosts[0])
            self.check(name, *([result.json] if form == "json" else self.lines(result)))

    def test_closing_everywhere(self):
        hosts = self.folder / "hosts"
        hosts.write_text("\n".join(self.hosts))
        for form, name in (("json", "close_hosts"), ("jsonl", "close_host_line")):
            with sessions.held(self.server, [Wanted("games", "127.0.0.9")]):
                result = self.run_as_root("close", "--yes", "-u", "games", "-o", form, "--hosts", hosts)
            self.check(name, *([result.json] if form == "json" else self.lines(result)))
            self.assertIn('"closed"', result.stdout)

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
            self.check(f"{name.removesuffix('s')}_line",
                       *self.lines(self.run_as_root("report", *arguments, "--db", self.db, "-o", "jsonl")))
        self.check("sweep_status", self.run_as_root("sweep", "status", "--db", self.db, "-o", "json").json)

    def test_audit_lines(self):
        with Publisher(self.server, self.enterContext(Programs()).compile("publish_rows.c", "netsession"), 1, "\\\\WS1", "mail", "type",
                       "tcp", 0, UNKNOWN, UNKNOWN, 0) as publisher:
            wait_until(lambda: "open" in publisher.lines())
            self.run_as_root("list")
            self.run_as_root("list", "-l", "10", self.hosts[0], server=self.samba)
            self.run_as_root("close", "--yes", "-u", "nobody", self.hosts[0])
        with sessions.held(self.server, [Wanted("games", "127.0.0.9")]):
            self.run_as_root("close", "--yes", "-u", "games", self.hosts[0])
        for _ in range(8):
            with raw_smb.RawSmb(self.server) as smb:
                smb.negotiate(0x0210)
                smb.ask(raw_smb.SESSION_SETUP, raw_smb.session_setup(b"no token"))
        self.server.reload()  # the line of repeated refusals is written
        lines = self.server.audit
        self.check("audit_line", *lines)
        operations = {line["operation"] for line in lines}
        self.assertLessEqual({"log-on", "NetrSessionEnum", "NetrSessionDel", "publish-open"}, operations)
        self.assertEqual([3], [line["repeated"] for line in lines if "repeated" in line])


if __name__ == "__main__":
    tap.main()
