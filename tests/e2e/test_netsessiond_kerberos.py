"""netsessiond in an Active Directory domain, with a keytab of its own: who has a ticket, and what the policy makes of
the names and SIDs in it."""
import os
import pathlib
import re
import shutil
import tempfile
import unittest

from lab import command, tap
from lab.ad import DomainController
from lab.cli import assert_refused
from lab.netsessiond import Netsessiond

SERVER = "fs1.lab.example"
LEVELS = (0, 1, 2, 10, 502)

IMPACKET = """
import sys
from impacket.dcerpc.v5 import srvs, transport
carrier = transport.SMBTransport(sys.argv[1], int(sys.argv[2]), "srvsvc", "alice", domain="LAB.EXAMPLE",
                                 doKerberos=True, kdcHost="127.0.0.1")
dce = carrier.get_dce_rpc()
dce.connect()
dce.bind(srvs.MSRPC_UUID_SRVS)
answer = srvs.hNetrSessionEnum(dce, "\\x00", "\\x00", 10)
for row in answer["InfoStruct"]["SessionInfo"]["Level10"]["Buffer"]:
    print(row["sesi10_cname"].rstrip("\\x00"), row["sesi10_username"].rstrip("\\x00"))
"""


class Kerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.dc.add_user("alice")
        cls.auditors = cls.dc.add_group("auditors", "alice")
        cls.domain_admins = cls.dc.sid_of("group", "Domain Admins")
        cls.keytab = cls.dc.add_server("fs1")

    def serve(self, administrators, **options):
        """Lets netsessiond run beside the domain controller until the test ends."""
        inside = [*self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={self.dc.folder}"]
        self.server = self.enterContext(Netsessiond(
            ["carol"], administrators=administrators,
            **{"inside": inside, "mechanisms": "kerberos", "keytab": self.keytab} | options))
        self.name = f"{SERVER}:{self.server.port}"

    def list(self, *arguments):
        return command.run("list", *arguments, self.name, inside=self.dc.inside, env=self.dc.environment)

    def assert_listed(self, *arguments):
        result = self.list(*arguments)
        self.assertEqual((0, ""), (result.exit, result.stderr))
        return result

    def assert_denied(self, *arguments):
        assert_refused(self, 5, self.list(*arguments), self.name)

    # ---- who asks ----

    def test_an_administrator_is_answered_at_every_level(self):
        self.dc.kinit("Administrator")
        self.serve(self.domain_admins)
        for level in LEVELS:
            with self.subTest(level=level):
                [row] = self.assert_listed("--kerberos", "-l", level, "-o", "json").sessions
                self.assertEqual((r"\\127.0.0.1", "Administrator"), (row["client"], row.get("user", "Administrator")))

    def test_smbclient_and_rpcclient_come_by_ticket(self):
        self.dc.kinit("Administrator")
        self.serve(self.domain_admins)
        for protection in ("sign", "encrypt"):
            by_ticket = [*self.dc.by_ticket, "-p", self.server.port, f"--client-protection={protection}"]
            for program in (["smbclient", *by_ticket, f"//{SERVER}/IPC$", "-c", "exit"],
                            ["rpcclient", *by_ticket, SERVER, "-c", "netsessenum"]):
                with self.subTest(program[0], protection=protection):
                    done = self.dc.run_in(program)
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_impacket_comes_by_ticket(self):
        self.dc.kinit("alice")
        # impacket's own question for such a ticket lacks a checksum that Samba's KDC wants: it finds one.
        self.dc.run_in(["kvno", f"cifs/{SERVER}"])
        self.serve(self.auditors)
        done = self.dc.run_in(["env", f"KRB5CCNAME={self.dc.folder}/tickets", "/usr/bin/python3", "-c", IMPACKET, SERVER,
                               self.server.port])
        self.assertEqual("\\\\127.0.0.1 alice\n", done.stdout, done.stderr)

    def test_it_accepts_tickets_as_a_user_of_its_own(self):
        """The keytab is read at each log-on, and the replay cache is written."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        keytab = folder / "keytab"
        shutil.copy(self.keytab, keytab)
        for path in (folder, keytab):
            shutil.chown(path, "games")
        self.dc.kinit("Administrator")
        self.serve(self.domain_admins, user="games", keytab=keytab,
                   inside=[*self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={folder}"])
        self.assert_listed("--kerberos")
        self.assertIn("was reloaded", self.server.reload())
        self.assert_listed("--kerberos")
        self.assertEqual(["games"], [path.owner() for path in folder.glob("krb5_*")])

    def test_the_files_that_kerberos_writes_may_be_in_folders_of_their_own(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("replay", "trace"):
            (folder / name).mkdir()
        self.dc.kinit("Administrator")
        self.serve(self.domain_admins, inside=[
            *self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf", f"KRB5_TRACE={folder}/trace/file",
            f"KRB5RCACHENAME=file2:{folder}/replay/file"])
        self.assert_listed("--kerberos")
        self.assertLess(0, (folder / "replay" / "file").stat().st_size)
        self.assertIn("Decrypted AP-REQ", (folder / "trace" / "file").read_text())

    def test_the_name_in_a_ticket_is_exact_in_the_audit_log_and_nowhere_raw(self):
        name = "ev\u202Eil\x9B"
        self.dc.add_user(name)
        self.dc.kinit(name)
        self.serve(self.domain_admins, log_level="debug")
        self.assert_denied("--kerberos", "-v")
        [caller] = {line["caller"] for line in self.server.audit}
        self.assertIn(name, caller)
        for log in ("stderr", "audit"):
            written = (self.server.folder / self.server.log / log).read_text(encoding="utf-8")
            self.assertEqual(set(), set(written) & set(name) - set("evil"))

    def test_a_ticket_needs_no_file_that_netsessiond_may_not_open(self):
        if re.search(rb"__[at]san_init", command.built("netsessiond").read_bytes()):
            self.skipTest("the sanitizers do not work below strace")
        self.dc.kinit("Administrator")
        with tempfile.NamedTemporaryFile("r") as trace:
            self.serve(self.domain_admins, inside=[
                *self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={self.dc.folder}",
                "strace", "-f", "-qq", "-e", "trace=file,socket", "-o", trace.name])
            self.assert_listed("--kerberos")
            called = trace.read()
        self.assertIn(str(self.keytab), called)
        self.assertEqual([], re.findall(r".* = -1 (?:EACCES|EPERM|EAFNOSUPPORT).*", called))

    # ---- what the policy says ----

    def test_an_ordinary_user_is_denied_and_both_are_audited(self):
        self.serve(self.domain_admins)
        self.dc.kinit("Administrator")
        self.assert_listed("--kerberos")
        self.dc.kinit("alice")
        self.assert_denied("--kerberos")
        self.assertEqual([(0, r"LAB\Administrator"), (0, r"LAB\alice")],
                         [(line["status"], line["caller"]) for line in self.server.audit if line["operation"] == "log-on"])
        self.assertEqual(["ERROR_ACCESS_DENIED"] * len(LEVELS),  # each is tried
                         [line["result"] for line in self.server.audit
                          if line["operation"] == "NetrSessionEnum" and line["caller"] == r"LAB\alice"])

    def test_the_policy_may_mean_a_user_by_each_name(self):
        self.dc.kinit("alice")
        self.serve("nobody")
        self.assert_denied("--kerberos")
        for name in (r"LAB\alice", "alice@LAB.EXAMPLE", self.auditors, self.dc.sid_of("user", "alice")):
            with self.subTest(name):
                self.server.options["administrators"] = name
                self.assertIn("was reloaded", self.server.reload())
                self.assert_listed("--kerberos")

    def test_the_policy_means_nobody_else_by_names_like_them(self):
        self.dc.kinit("alice")
        self.serve(",".join(["alice", "alice@OTHER.EXAMPLE", r"OTHER\alice", r"LAB.EXAMPLE\alice", "@auditors",
                             self.auditors + "0"]))
        self.assert_denied("--kerberos")

    def test_a_user_of_the_domain_who_is_called_root_is_not_root_of_this_computer(self):
        self.dc.add_user("root")
        self.dc.kinit("root")
        self.serve("root")
        self.assert_denied("--kerberos")

    # ---- mechanisms ----

    def test_ntlm_that_is_not_served_is_refused(self):
        carol = self.dc.credentials_file("carol", password="any")
        self.serve(self.auditors)
        assert_refused(self, 50, self.list("-A", carol), self.name)
        done = self.dc.run_in(["smbclient", "--use-kerberos=off", "-A", carol, "-p", self.server.port, f"//{SERVER}/IPC$",
                               "-c", "exit"])
        self.assertEqual(1, done.returncode, done)
        self.assertEqual({"this server does not accept NTLM"}, {line["detail"] for line in self.server.audit})

    def test_a_server_without_a_keytab_chooses_ntlm_from_both(self):
        """Each client has a ticket for the server and offers it first. The choice of NTLM has to be proven by MICs."""
        users = self.dc.folder / "users"
        users.touch(0o600)
        users.write_text("".join(f"{domain}:alice:{self.dc.password('alice')}\n" for domain in ("LAB", "LAB.EXAMPLE")))
        self.serve("alice", mechanisms="ntlm", keytab=None, ntlm_users=users)
        realm_file = self.dc.credentials_file("alice", domain="LAB.EXAMPLE")
        self.assert_listed("-A", realm_file)
        self.assertEqual([r"LAB.EXAMPLE\alice"], [line["caller"] for line in self.server.audit if line["operation"] == "log-on"])
        self.assert_refused_words("--kerberos", "-A", realm_file)
        done = self.dc.run_in(["smbclient", "--use-kerberos=desired", "-A", self.dc.credentials_file("alice"), "-p",
                               self.server.port, f"//{SERVER}/IPC$", "-c", "exit"])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def assert_refused_words(self, *arguments):
        assert_refused(self, 50, self.list(*arguments), self.name)
        self.assertEqual("this server does not accept Kerberos", self.server.audit[-1]["detail"])

    def test_both_are_served_to_whom_they_suit(self):
        self.dc.kinit("alice")
        self.serve(rf"LABSRV\carol,{self.auditors}", mechanisms="kerberos,ntlm")
        for arguments in (["-A", self.server.credentials_file("carol")], ["--kerberos"]):
            with self.subTest(arguments):
                self.assert_listed(*arguments)
        wrong = self.server.credentials_file("carol", password="another")
        assert_refused(self, 1326, self.list("-A", wrong), self.name)
        [line] = [line for line in self.server.audit if line["status"] == 1326]
        self.assertEqual((r"LABSRV\carol", "unknown user or wrong password"), (line["user"], line["detail"]))

    def test_encryption_that_is_required_is_had_with_a_ticket(self):
        self.dc.kinit("alice")
        self.serve(self.auditors, encryption="require")
        self.assert_listed("--kerberos")

    # ---- keytabs that do not fit

    def keytab_of(self, name, *deleted):
        """Our keytab without these of its entries, counted from 1."""
        made = self.dc.folder / name
        made.unlink(missing_ok=True)
        orders = [f"read_kt {self.keytab}", *(f"delete_entry {entry}" for entry in sorted(deleted, reverse=True)),
                  f"write_kt {made}", "quit"]
        done = self.dc.run_in(["ktutil"], input="".join(f"{order}\n" for order in orders))
        self.assertTrue(made.exists(), done.stdout + done.stderr)
        made.chmod(0o600)
        return made

    def assert_keytab_is_blamed(self, *details):
        """The client is told that the ticket is what the server refuses; the audit log says why."""
        result = self.list("--kerberos")
        assert_refused(self, 1326, result, self.name)
        self.assertIn("the server does not accept the Kerberos ticket", result.stderr)
        self.assertIn("its keytab", result.stderr)
        self.assertNotIn("password", result.stderr)
        for detail in details:
            self.assertIn(detail, self.server.audit[-1]["detail"])

    def test_a_keytab_of_another_server(self):
        other = self.dc.add_server("fs2")
        self.dc.kinit("alice")
        self.serve(self.auditors, keytab=other)
        self.assert_keytab_is_blamed("the keytab has no key for the server that the ticket is for", f"cifs/{SERVER}@LAB.EXAMPLE")

    def test_a_keytab_without_the_tickets_encryption_type(self):
        self.dc.kinit("alice")
        self.serve(self.auditors, keytab=self.keytab_of("aes128.keytab", 1))
        self.assert_keytab_is_blamed("no key of the version and the encryption type", "aes256")

    def test_a_keytab_that_is_older_than_the_servers_password(self):
        keytab = self.dc.add_server("fs3")
        self.dc.run_in(["samba-tool", "user", "setpassword", "fs3", "--newpassword=Another-pass-9",
                        f"--configfile={self.dc.configuration}"])
        self.dc.kinit("alice")
        self.serve(self.auditors, keytab=keytab)
        self.name = f"fs3.lab.example:{self.server.port}"
        self.assert_keytab_is_blamed("no key of the version and the encryption type", "kvno 3 not found in keytab")

    def test_clocks_that_differ_are_told_to_both(self):
        faketime = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        self.dc.kinit("alice")
        self.serve(self.auditors, inside=[*self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf",
                                          f"KRB5RCACHEDIR={self.dc.folder}", f"LD_PRELOAD={faketime}", "FAKETIME=+20m",
                                          "FAKETIME_DONT_FAKE_MONOTONIC=1",  # in a sanitizer's build behind its library
                                          f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"])
        result = self.list("--kerberos")
        assert_refused(self, 1398, result, self.name)
        self.assertIn("this computer's clock is 20 minutes behind the server's", result.stderr)
        self.assertIn("the client's clock differs too much", self.server.audit[-1]["detail"])

    def check_start(self, keytab, words):
        """What --check says of such a keytab."""
        configuration = self.dc.folder / "check.conf"
        configuration.write_text(f"[auth]\nmechanisms = kerberos\nkeytab = {keytab}\n")
        result = command.run("--check", "--user", "root", "--config", configuration, program="netsessiond")
        self.assertEqual(1, result.exit, result)
        self.assertIn(f':3: [auth] keytab cannot be "{keytab}": {words}', result.stderr)

    def test_a_keytab_that_cannot_be_used_is_told_at_the_start(self):
        garbage = self.dc.folder / "garbage.keytab"
        garbage.write_bytes(b"garbage")
        garbage.chmod(0o600)
        self.check_start(garbage, "it is not a keytab")
        garbage.write_bytes(b"\5\2")
        self.check_start(garbage, "it holds no key")
        garbage.chmod(0o644)
        self.check_start(garbage, "other users can read or change it")
        shutil.chown(garbage, "games")
        self.check_start(garbage, "it belongs to another user: chown it to root or to the server's user")
        shutil.chown(garbage, "root")
        self.check_start(f"WRFILE:{garbage}", "other users can read or change it")
        self.check_start("XYZ:foo", "this computer's Kerberos has no keytabs of the type XYZ")
        self.check_start("/nonexistent.d/keytab", "no such file")
        self.check_start("FILE:keytab.here", "it cannot be used: Key table file 'keytab.here' not found")

    def test_the_systems_keytab_is_named_where_it_cannot_be_used(self):
        self.serve("nobody", keytab=None, inside=[*self.dc.inside, "env", "KRB5_KTNAME=/nonexistent.d/keytab"])
        self.assertRegex(self.server.said, r"no log-ons by Kerberos: the system's keytab [^ ]*/nonexistent.d/keytab: no such file")

    def test_a_keytab_that_changes_counts_from_the_reload_on(self):
        self.dc.kinit("alice")
        keytab = self.dc.folder / "changing.keytab"
        keytab.write_bytes(self.keytab.read_bytes())
        keytab.chmod(0o600)
        self.serve(self.auditors, keytab=keytab)
        keytab.write_bytes(b"\x05\x02")  # no key
        self.assertRegex(self.server.reload(), "keytab.*holds no key")
        keytab.write_bytes(self.keytab.read_bytes())
        self.assertIn("was reloaded", self.server.reload())
        self.assert_listed("--kerberos")


if __name__ == "__main__":
    tap.main()
