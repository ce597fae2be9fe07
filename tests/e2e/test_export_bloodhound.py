"""netsession export bloodhound: files of computers as BloodHound Community Edition reads them (version 6), of sweeps in an
Active Directory domain."""
import contextlib
import json
import pathlib
import sqlite3
import tempfile
import unittest

import jsonschema

from fixtures.programs import Programs
from fixtures.publisher import Publisher
from lab import command, postgres, tap
from lab.ad import DomainController
from lab.netsessiond import Netsessiond
from lab.wait_until import wait_until

UNKNOWN = 0xFFFFFFFF


def shape(**members):
    """An object that has these members, and no others."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


# What packages/go/ein/incoming_models.go of BloodHound and the OutputTypes of SharpHoundCommon have of a file of computers. They
# write null where a text or an object is not known. Client is ours: BloodHound passes over members that it does not know.
TEXT, FLAG, NUMBER = {"type": "string"}, {"type": "boolean"}, {"type": "integer"}
MAYBE_TEXT, NULL, EMPTY = {"type": ["string", "null"]}, {"type": "null"}, {"type": "array", "maxItems": 0}
SID, DOMAIN_SID = ({"type": "string", "pattern": f"^S-1-5-21(-[0-9]+){{{count}}}$"} for count in (4, 3))
SESSIONS = {"oneOf": [
    shape(Results={"type": "array", "items": shape(ComputerSID=SID, UserSID=SID, LogonType=NUMBER, Client=TEXT), "uniqueItems": True},
          Collected={"const": True}, FailureReason=NULL),
    shape(Results=EMPTY, Collected={"const": False}, FailureReason=TEXT)]}
COMPUTER = shape(
    ObjectIdentifier=SID, Properties=shape(name=TEXT, domain=TEXT, samaccountname=TEXT), Aces=EMPTY, IsDeleted={"const": False},
    IsACLProtected={"const": False}, ContainedBy=NULL, PrimaryGroupSID=NULL, AllowedToDelegate=EMPTY, AllowedToAct=EMPTY,
    DumpSMSAPassword=EMPTY, HasSIDHistory=EMPTY, LocalGroups=EMPTY, UserRights=EMPTY, IsDC=FLAG, DomainSID=DOMAIN_SID,
    Status=shape(Connectable=FLAG, Error=MAYBE_TEXT), Sessions=SESSIONS, PrivilegedSessions=SESSIONS, RegistrySessions=SESSIONS)
FILE = shape(data={"type": "array", "items": COMPUTER},
             meta=shape(methods={"const": 8}, type={"const": "computers"}, count=NUMBER, version={"const": 6}))
# What no object of the domain is known of.
STRANGERS = [("127.0.0.72", "alice"), ("10.9.9.9", "alice"), ("ws1", "OTHER\\alice"), ("ws1", "FS1\\alice"), ("ws1", "nobody-knows"),
             ("WS2", "ws1$"), ("ws1", "ANONYMOUS LOGON"), ("ws1", ""), ("ws1.other.example", "alice"), ("nowhere", "alice")]


class Export(unittest.TestCase):
    """fs1 is netsessiond at a port of its own, with the sessions that a publisher reports; old does not exist."""

    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController({"tls enabled": "no"}))
        cls.dc.serve_directory()
        cls.dc.add_user("alice")
        cls.dc.add_user("b\u00f6b")
        cls.dc.add_computers({name: {"dNSHostName": f"{name}.lab.example", "userAccountControl": str(0x1000)}
                              for name in ("fs1", "ws1", "ws2", "old")})
        keytab = cls.dc.add_server("fs1")
        with open(cls.dc.folder / "hosts", "a", encoding="ascii") as hosts:
            hosts.write("127.0.0.71 ws1.lab.example\n127.0.0.72 elsewhere.example\n")
        cls.dc.kinit(cls.dc.administrator)
        cls.server = cls.enterClassContext(Netsessiond(
            mechanisms="kerberos", keytab=keytab, level_0="authenticated", level_502="authenticated", level_1="authenticated",
            level_2="authenticated", level_10="authenticated",
            inside=[*cls.dc.inside, "env", f"KRB5_CONFIG={cls.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={cls.dc.folder}"]))
        program = cls.enterClassContext(Programs()).compile("publish_rows.c", "netsession")
        for client, user in (("127.0.0.71", "alice"), ("\\\\WS2", "LAB\\B\u00d6B"), ("ws1.lab.example", "alice@LAB.EXAMPLE"),
                             ("\\\\WS2", "b\u00f6b"), ("\\\\ws2", "LAB\\b\u00f6b"), ("\\\\[::1]", "alice"), *STRANGERS):
            publisher = cls.enterClassContext(Publisher(cls.server, program, 1, client, user, "type", "tcp", 0, UNKNOWN, UNKNOWN, 0))
            wait_until(lambda publisher=publisher: "open" in publisher.lines())
        cls.db = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "sessions.db"
        cls.swept = cls.run_inside("sweep", "--db", cls.db, f"fs1.lab.example:{cls.server.port}", "old.lab.example", "elsewhere.example:1")

    @classmethod
    def run_inside(cls, *arguments, **options):
        return command.run(*arguments, **{"inside": cls.dc.inside, "env": cls.dc.environment} | options)

    def export(self, *arguments):
        result = self.run_inside("export", "bloodhound", "--domain", "lab.example", "--db", self.db, *arguments)
        self.assertEqual(0, result.exit, result)
        return result, json.loads(result.stdout)

    def test_a_store_in_postgresql_exports_what_a_file_with_the_same_sweeps_does(self):
        if postgres.programs() is None:
            self.skipTest("PostgreSQL is not installed")
        with postgres.PostgresServer() as database:
            url = f"postgresql://postgres@/netsession?host={database.folder}&port={database.port}"
            result = self.run_inside("store", "merge", self.db, "--db", url)
            self.assertEqual(0, result.exit, result)
            here = self.run_inside("export", "bloodhound", "--domain", "lab.example", "--db", url)
        there, exported = self.export()
        self.assertEqual((0, there.stderr, exported), (here.exit, here.stderr, json.loads(here.stdout)))
        self.assertGreater(len(exported["data"]), 1)

    def test_a_session_counts_for_the_computer_that_it_comes_from(self):
        result, file = self.export()
        computers = {computer["Properties"]["name"]: computer for computer in file["data"]}
        self.assertEqual({"FS1.LAB.EXAMPLE", "OLD.LAB.EXAMPLE"}, set(computers), (self.swept, result.stderr))
        fs1 = computers["FS1.LAB.EXAMPLE"]
        self.assertEqual(self.dc.sid_of("computer", "fs1$"), fs1["ObjectIdentifier"])
        self.assertEqual(fs1["ObjectIdentifier"].rsplit("-", 1)[0], fs1["DomainSID"])
        alice, bob, ws1, ws2 = (self.dc.sid_of("user", "alice"), self.dc.sid_of("user", "b\u00f6b"), self.dc.sid_of("computer", "ws1$"),
                                self.dc.sid_of("computer", "ws2$"))
        self.assertEqual(sorted([(ws1, alice, "127.0.0.71"), (ws2, bob, "\\\\WS2"), (ws1, alice, "ws1.lab.example"),
                                 (fs1["ObjectIdentifier"], alice, "\\\\[::1]"),
                                 (fs1["ObjectIdentifier"], self.dc.sid_of("user", self.dc.administrator),
                                  "\\\\127.0.0.1")]),  # over the loopback, as the sweep: from the server itself
                         sorted((row["ComputerSID"], row["UserSID"], row["Client"]) for row in fs1["Sessions"]["Results"]))
        self.assertIn("2 computers, 5 sessions", result.stderr)
        self.assertIn("1 hosts are left out", result.stderr)
        self.assertIn(f"{len(STRANGERS)} sessions are left out", result.stderr)

    def test_what_did_not_answer_is_not_collected(self):
        _, file = self.export()
        [old] = [computer for computer in file["data"] if computer["Properties"]["name"] == "OLD.LAB.EXAMPLE"]
        self.assertEqual((False, []), (old["Sessions"]["Collected"], old["Sessions"]["Results"]))
        self.assertTrue(old["Sessions"]["FailureReason"].startswith("no_such_name"), old)
        self.assertEqual({"Connectable": False, "Error": "no_such_name"}, old["Status"])

    def test_a_host_that_refused_is_not_collected_either(self):
        """As the store has it after such an answer, in a copy."""
        db = self.db.with_name("denied.db")
        with contextlib.closing(sqlite3.connect(self.db)) as store, contextlib.closing(sqlite3.connect(db)) as copy, copy:
            db.chmod(0o600)
            store.backup(copy)
            copy.execute("UPDATE outcome SET outcome = 'denied', error = 'access denied' WHERE outcome = 'answered'")
            copy.execute("UPDATE outcome SET outcome = 'local_error' WHERE outcome = 'no_such_name'")
        _, file = self.export("--db", db)
        jsonschema.validate(file, FILE, cls=jsonschema.Draft202012Validator)
        found = {computer["Properties"]["name"]: computer for computer in file["data"]}
        self.assertEqual({"Collected": False, "FailureReason": "denied: access denied", "Results": []},
                         found["FS1.LAB.EXAMPLE"]["Sessions"])
        self.assertEqual({"Connectable": True, "Error": None}, found["FS1.LAB.EXAMPLE"]["Status"])
        self.assertEqual({"Connectable": False, "Error": "local_error"}, found["OLD.LAB.EXAMPLE"]["Status"])

    def test_a_computer_of_two_names_is_there_once_with_the_sessions_of_both(self):
        db = self.db.with_name("twice.db")
        with contextlib.closing(sqlite3.connect(self.db)) as store, contextlib.closing(sqlite3.connect(db)) as copy, copy:
            db.chmod(0o600)
            store.backup(copy)
            copy.execute("INSERT INTO host(name) VALUES('fs1'), ('FS1.lab.example:139')")
            for name, outcome in (("fs1", "answered"), ("FS1.lab.example:139", "unreachable")):
                copy.execute("INSERT INTO outcome(run, host, at, outcome, status, nt_status, sessions, is_complete, attempts) "
                             "SELECT run, (SELECT id FROM host WHERE name = ?), at, ?, 0, 0, 0, 1, 1 FROM outcome LIMIT 1", (name, outcome))
            copy.execute("INSERT INTO session(host, client, user, level, first_seen, last_seen) SELECT id, '\\\\WS2', 'alice', 10, 1, 1 "
                         "FROM host WHERE name = 'fs1'")
        result, file = self.export("--db", db)
        jsonschema.validate(file, FILE, cls=jsonschema.Draft202012Validator)
        [fs1] = [computer for computer in file["data"] if computer["Properties"]["name"] == "FS1.LAB.EXAMPLE"]
        self.assertEqual((2, True), (file["meta"]["count"], fs1["Status"]["Connectable"]), result.stderr)
        self.assertEqual(6, len(fs1["Sessions"]["Results"]))

    def test_without_lookups_addresses_stay_unknown(self):
        _, file = self.export("--no-lookups", "--domain-controller", self.dc.name)
        clients = [row["Client"] for computer in file["data"] for row in computer["Sessions"]["Results"]]
        self.assertEqual(["\\\\127.0.0.1", "\\\\WS2", "\\\\[::1]", "ws1.lab.example"], sorted(clients))

    def test_the_file_has_the_shape_that_bloodhound_reads(self):
        _, file = self.export()
        jsonschema.validate(file, FILE, cls=jsonschema.Draft202012Validator)
        self.assertEqual(2, file["meta"]["count"])
        self.assertEqual({"LAB.EXAMPLE"}, {computer["Properties"]["domain"] for computer in file["data"]})
        for wrong in ({"data": file["data"]}, file | {"schema": 1}, file | {"data": [file["data"][0] | {"DomainSID": None}]}):
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(wrong, FILE, cls=jsonschema.Draft202012Validator)

    def test_what_is_missing_is_said(self):
        for arguments, code, said in ((["bloodhound"], 2, "requires --domain DOMAIN"), (["csv"], 2, 'there is no form "csv"'),
                                      (["bloodhound", "--domain", "other.example"], 3, "DNS has no domain controllers")):
            with self.subTest(arguments):
                result = self.run_inside("export", *arguments, "--db", self.db)
                self.assertEqual((code, ""), (result.exit, result.stdout))
                self.assertIn(said, result.stderr)


if __name__ == "__main__":
    tap.main()
