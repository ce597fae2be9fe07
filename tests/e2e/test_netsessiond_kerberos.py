"""netsessiond in an Active Directory domain, with a keytab of its own: who has a ticket, and what the policy makes of
the names and SIDs in it."""
import contextlib
import json
import time
import unittest

from asking import assert_refused
from lab import command, tap
from lab.ad import DomainController
from lab.process import Process

SERVER, PORT = "fs1.lab.example", 4450
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

    @contextlib.contextmanager
    def serve(self, administrators, mechanisms="kerberos", encryption="offer", users=""):
        """netsessiond beside the domain controller."""
        folder = self.dc.folder / f"netsessiond-{time.monotonic_ns()}"
        folder.mkdir()
        self.audit = folder / "audit"
        (folder / "conf").write_text(
            f"[server]\nlisten = 127.0.0.1:{PORT}\nsocket =\nfeed_socket =\nencryption = {encryption}\n"
            f"[auth]\nmechanisms = {mechanisms}\nkeytab = {self.keytab}\nntlm_users = {users}\n"
            f"[access]\nadministrators = {administrators}\n[audit]\nfile = {self.audit}\n")
        process = Process([*self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf",
                           f"KRB5RCACHEDIR={folder}", command.built("netsessiond"), "--config", folder / "conf"],
                          folder / "log")
        try:
            self.wait_for_port(process, folder / "log")
            yield
        finally:
            process.stop()

    def wait_for_port(self, process, log):
        deadline = time.monotonic() + 30
        while self.dc.run_in(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{PORT}"]).returncode != 0:
            if process.ended() or time.monotonic() > deadline:
                self.fail(f"netsessiond does not listen: {log.read_text()}")
            time.sleep(0.05)

    def list(self, *arguments):
        return command.run("list", *arguments, f"{SERVER}:{PORT}", inside=self.dc.inside, env=self.dc.environment)

    def audited(self):
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    def assert_denied(self, *arguments):
        assert_refused(self, 5, self.list(*arguments), f"{SERVER}:{PORT}")

    # ---- who asks ----

    def test_an_administrator_is_answered_at_every_level(self):
        self.dc.kinit("Administrator")
        with self.serve(self.domain_admins):
            for level in LEVELS:
                with self.subTest(level=level):
                    result = self.list("--kerberos", "-l", level, "-o", "json")
                    self.assertEqual((0, ""), (result.exit, result.stderr))
                    self.assertEqual([r"\\127.0.0.1"], [row["client"] for row in result.sessions])
                    if level != 0:
                        self.assertEqual("Administrator", result.sessions[0]["user"])

    def test_smbclient_and_rpcclient_come_by_ticket(self):
        self.dc.kinit("Administrator")
        by_ticket = ["--use-kerberos=required", "--no-pass", "-p", PORT]
        with self.serve(self.domain_admins):
            for protection in ("sign", "encrypt"):
                with self.subTest(protection):
                    done = self.dc.run_in(["smbclient", *by_ticket, f"--client-protection={protection}",
                                           f"//{SERVER}/IPC$", "-c", "exit"])
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                    done = self.dc.run_in(["rpcclient", *by_ticket, f"--client-protection={protection}", SERVER, "-c",
                                           "netsessenum"])
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_impacket_comes_by_ticket(self):
        self.dc.kinit("alice")
        # impacket's own question for such a ticket lacks a checksum that Samba's KDC wants: it finds one.
        self.dc.run_in(["kvno", f"cifs/{SERVER}"])
        with self.serve(self.auditors):
            done = self.dc.run_in(["env", f"KRB5CCNAME={self.dc.folder}/tickets", "/usr/bin/python3", "-c", IMPACKET,
                                   SERVER, PORT])
            self.assertEqual("\\\\127.0.0.1 alice\n", done.stdout, done.stderr)

    # ---- what the policy says ----

    def test_an_ordinary_user_is_denied_and_both_are_audited(self):
        with self.serve(self.domain_admins):
            self.dc.kinit("Administrator")
            self.assertEqual(0, self.list("--kerberos").exit)
            self.dc.kinit("alice")
            self.assert_denied("--kerberos")
            log_ons = [line for line in self.audited() if line["operation"] == "log-on"]
            self.assertEqual([(0, r"LAB\Administrator"), (0, r"LAB\alice")],
                             [(line["status"], line["who"]) for line in log_ons])
            self.assertEqual(["ERROR_ACCESS_DENIED"] * 5, [
                line["result"] for line in self.audited()
                if line["operation"] == "NetrSessionEnum" and line["who"] == r"LAB\alice"])  # each level is tried

    def test_the_policy_may_mean_a_user_by_each_name(self):
        self.dc.kinit("alice")
        for name in ("alice", r"LAB\alice", "alice@LAB.EXAMPLE", self.auditors, self.dc.sid_of("user", "alice")):
            with self.subTest(name), self.serve(name):
                result = self.list("--kerberos")
                self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_the_policy_means_nobody_else_by_names_like_them(self):
        self.dc.kinit("alice")
        others = ("alice@OTHER.EXAMPLE", r"OTHER\alice", r"LAB.EXAMPLE\alice", "@auditors", self.auditors + "0")
        with self.serve(",".join(others)):
            self.assert_denied("--kerberos")

    # ---- mechanisms ----

    def test_ntlm_that_is_not_served_is_refused(self):
        alice = self.dc.credentials_file("alice")
        with self.serve(self.auditors):
            assert_refused(self, 50, self.list("-A", alice), f"{SERVER}:{PORT}")
            done = self.dc.run_in(["smbclient", "--use-kerberos=off", "-A", alice, "-p", PORT, f"//{SERVER}/IPC$", "-c",
                                   "exit"])
            self.assertEqual(1, done.returncode, done)
            self.assertEqual({"NTLM is not served here"}, {line["why"] for line in self.audited()})

    def test_both_are_served_to_whom_they_suit(self):
        users = self.dc.folder / "both"
        users.write_text("LAB:carol:Carol's password\n")
        users.chmod(0o600)
        carol = self.dc.credentials_file("carol", password="Carol's password")
        self.dc.kinit("alice")
        with self.serve(rf"LAB\carol,{self.auditors}", mechanisms="kerberos,ntlm", users=users):
            for arguments in (["-A", carol], ["--kerberos"]):
                with self.subTest(arguments):
                    result = self.list(*arguments)
                    self.assertEqual((0, ""), (result.exit, result.stderr))
            refused = self.list("-A", self.dc.credentials_file("carol", password="another"))
            assert_refused(self, 1326, refused, f"{SERVER}:{PORT}")
            [line] = [line for line in self.audited() if line["status"] == 1326]
            self.assertEqual((r"LAB\carol", "an unknown user, or a wrong password"), (line["user"], line["why"]))

    def test_encryption_that_is_required_is_had_with_a_ticket(self):
        self.dc.kinit("alice")
        with self.serve(self.auditors, encryption="require"):
            result = self.list("--kerberos")
            self.assertEqual((0, ""), (result.exit, result.stderr))


if __name__ == "__main__":
    tap.main()
