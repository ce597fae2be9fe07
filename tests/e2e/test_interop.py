"""netsessiond, asked by clients that we did not write: rpcclient, smbclient, impacket, smbtorture. All that goes to and
fro is captured, and tshark's dissectors may find nothing malformed in it."""
import re
import subprocess
import unittest

from impacket import nmb
from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.smbconnection import SMBConnection, SessionError

from lab import command, sessions, tap
from lab.capture import Capture
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S

LEVELS = [0, 1, 2, 10, 502]
OK, ACCESS_DENIED, MORE_DATA = 0, 5, 234
USER_NOT_FOUND, CLIENT_NOT_FOUND, INVALID_COMPUTER = 2221, 2312, 2351
USERS = ("alice", "bob", "carol")
PASSWORD = "smbtorture-takes-it-no-other-way"  # than on the command line: it is worth nothing elsewhere

# tshark 4.0 takes the hints of NegTokenInit2 for a MIC; it says the same of Samba's answer.
TSHARKS_OWN = ["Negotiate Protocol Response",
               "BER Error: OctetString expected but class:UNIVERSAL(0) Constructed tag:16 was unexpected"]

# scan sends a CANCEL with message id 0, at which smbtorture's own GMAC panics.
SMB2_TESTS = {"smb2.session.two_logoff": [], "smb2.session.ntlmssp_bug14932": [],
              "smb2.credits.session_setup_credits_granted": [], "smb2.compound.related5": [],
              "smb2.compound.invalid1": [],
              "smb2.scan.scan": ["--option=client smb3 signing algorithms=AES-128-CMAC"]}
RPC_TESTS = ["rpc.srvsvc.srvsvc (admin access).NetSessEnum", "rpc.asyncbind", "rpc.mgmt", "rpc.samba3.smb2-pipe-name"]


class Interop(unittest.TestCase):
    options = {}
    judged = "smb2"  # what may not be malformed

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(USERS, **cls.options))
        capture = Capture(cls.server.port, cls.server.folder)
        cls.addClassCleanup(cls.judge, capture)
        cls.enterClassContext(capture)

    @classmethod
    def judge(cls, capture):
        malformed = capture.frames(f"({cls.judged}) && (_ws.malformed || _ws.expert.severity == error)", "_ws.col.Info",
                                   "_ws.expert.message")
        # tshark has no key of these sessions. It may take another one all the same, and then judges what that makes of
        # an encrypted message.
        malformed = [frame for frame in malformed if frame.split("\t")[1:] != TSHARKS_OWN
                     and not frame.split("\t")[1].startswith("Decrypted SMB3")]
        if malformed:
            raise AssertionError("tshark: " + "\n".join(malformed[:20]))
        if len(capture.frames("smb2")) < 20:
            raise AssertionError("nothing was captured")

    def tool(self, *arguments):
        done = subprocess.run(self.server.tool(*arguments), text=True, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=HANG_S, check=False)
        return done.stdout + done.stderr

    def rpcclient(self, what, user=None):
        """rpcclient halves the backslashes of what."""
        user = user or self.server.administrator
        return self.tool("rpcclient", "-A", self.server.credentials_file(user), self.server.host, "-c", what)

    def rows(self, level=502, **how):
        answer = sessions.enumerate_with_impacket(self.server, level=level, **how)
        self.assertEqual(OK, answer.status)
        return answer.rows


class Lists(Interop):
    """Under the hardened policy, as its administrator."""

    def test_impacket_reads_every_level(self):
        with sessions.held(self.server, [sessions.Wanted("alice", "127.0.0.7"), sessions.Wanted("bob", "127.0.0.8")]):
            for level in LEVELS:
                rows = self.rows(level)
                with self.subTest(level):
                    self.assertIn(r"\\127.0.0.7", [row["client"] for row in rows])
                    if level > 0:
                        self.assertIn((r"\\127.0.0.8", "bob"), [(row["client"], row["user"]) for row in rows])
                    if level == 502:
                        self.assertEqual({r"\Device\NetbiosSmb"}, {row["transport"] for row in rows})

    def test_one_s_own_session_has_its_pipe_open_and_is_young(self):
        own = [row for row in self.rows() if row["user"] == self.server.administrator][-1]
        self.assertEqual(1, own["num_opens"])
        self.assertLess(own["active_seconds"], 20)
        self.assertLessEqual(own["idle_seconds"], own["active_seconds"])
        self.assertEqual((0, ""), (own["user_flags"], own["client_type"]))

    def test_ipv6_clients_stand_in_brackets(self):
        with sessions.held(self.server, [sessions.Wanted("carol", "::1")]):
            self.assertIn((r"\\[::1]", "carol"), [(row["client"], row["user"]) for row in self.rows()])

    def test_an_address_is_found_in_any_spelling(self):
        with sessions.held(self.server, [sessions.Wanted("carol", "::1"), sessions.Wanted("bob", "127.0.0.7")]):
            for client, expected in [(r"\\[::1]", (r"\\[::1]", "carol")), (r"\\::1", (r"\\[::1]", "carol")),
                                     (r"\\0:0::0001", (r"\\[::1]", "carol")),
                                     (r"\\[::FFFF:127.0.0.7]", (r"\\127.0.0.7", "bob"))]:
                with self.subTest(client):
                    self.assertEqual([expected], [(row["client"], row["user"]) for row in self.rows(client=client)])
                    self.assertEqual(expected[0], self.server.audit[-1]["client"])

    def test_qualifiers_narrow_it(self):
        held = [sessions.Wanted(user, client) for user in ("alice", "bob") for client in ("127.0.0.7", "127.0.0.8")]
        with sessions.held(self.server, held):
            for client, user, count in [(r"\\127.0.0.7", None, 2), (None, "ALICE", 2), (r"\\127.0.0.8", "bob", 1),
                                        ("", "", None)]:
                rows = self.rows(1, client=client, username=user)
                with self.subTest(client=client, user=user):
                    if count is not None:
                        self.assertEqual(count, len(rows))

    def test_qualifiers_that_nobody_passes_have_their_own_errors(self):
        with sessions.held(self.server, [sessions.Wanted("alice", "127.0.0.7")]):
            for client, user, status in [(r"\\10.9.9.9", None, CLIENT_NOT_FOUND), (None, "nobody", USER_NOT_FOUND),
                                         (r"\\127.0.0.7", "nobody", USER_NOT_FOUND),
                                         ("127.0.0.7", None, INVALID_COMPUTER)]:
                answer = sessions.enumerate_with_impacket(self.server, level=10, client=client, username=user)
                with self.subTest(client=client, user=user):
                    self.assertEqual(status, answer.status)

    def test_pages_are_walked_by_impacket_s_caller(self):
        with sessions.held(self.server, sessions.crowd(40, USERS)), sessions.srvsvc(self.server) as dce:
            whole = sessions.enumerate_over(dce, 502)
            for page_bytes in (1, 200, 1000, 100000):
                rows, resume, totals = [], 0, []
                while True:
                    answer = sessions.enumerate_over(dce, 502, resume_handle=resume, page_bytes=page_bytes)
                    rows += answer.rows
                    totals.append(answer.total)
                    resume = answer.resume_handle
                    if answer.status != MORE_DATA:
                        break
                    self.assertGreater(len(answer.rows), 0)
                with self.subTest(page_bytes=page_bytes):
                    self.assertEqual(OK, answer.status)
                    key = lambda row: (row["client"], row["user"])
                    self.assertEqual([key(row) for row in whole.rows], [key(row) for row in rows])
                    self.assertEqual(len(whole.rows), totals[0])
                    self.assertEqual(sorted(totals, reverse=True), totals)

    def test_behind_the_last_one_there_is_nothing(self):
        whole = sessions.enumerate_with_impacket(self.server, level=10)
        answer = sessions.enumerate_with_impacket(self.server, level=10, resume_handle=1000000)
        self.assertGreater(len(whole.rows), 0)
        self.assertEqual((OK, []), (answer.status, answer.rows))

    def test_rpcclient_counts_what_is_there(self):
        with sessions.held(self.server, [sessions.Wanted("alice", "127.0.0.7")] * 3):
            said = self.rpcclient(sessions.netsessenum("127.0.0.7", "alice", 502))
            self.assertIn("Received 3 entries", said)

    def test_everyday_questions_are_answered(self):
        self.assertRegex(self.rpcclient("srvinfo"), r"platform_id\s*:\s*500")
        self.assertRegex(self.rpcclient("netshareenumall 1"), r"netname: IPC\$")
        with sessions.srvsvc(self.server) as dce:
            info = srvs.hNetrServerGetInfo(dce, 101)["InfoStruct"]["ServerInfo101"]
            self.assertEqual(500, info["sv101_platform_id"])
            shares = srvs.hNetrShareEnum(dce, 1)["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
            self.assertEqual(["IPC$"], [share["shi1_netname"][:-1] for share in shares])

    def test_other_operations_are_out_of_range(self):
        with sessions.srvsvc(self.server) as dce, self.assertRaisesRegex(DCERPCException, "nca_s_op_rng_error"):
            srvs.hNetrFileEnum(dce, "\0", "\0", 2)

    def test_smbclient_s_session_comes_and_goes(self):
        process = subprocess.Popen(
            self.server.tool("smbclient", "-A", self.server.credentials_file("carol"), f"//{self.server.host}/IPC$"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while "carol" not in [row["user"] for row in self.rows(1)]:
            self.assertIsNone(process.poll())
        process.communicate()
        self.assertNotIn("carol", [row["user"] for row in self.rows(1)])

    def test_our_own_command_says_the_same(self):
        with sessions.held(self.server, [sessions.Wanted("alice", "127.0.0.7"), sessions.Wanted("bob", "::1")]):
            for level in LEVELS:
                with self.subTest(level):
                    ours = command.run("list", "-l", str(level), "-o", "json", "-A",
                                       self.server.credentials_file("root"), address(self.server))
                    self.assertEqual(0, ours.exit, ours)
                    theirs = [{name: row[name] for name in row if name in ("client", "user", "transport", "client_type")}
                              for row in self.rows(level) if row["client"] != r"\\127.0.0.1"]
                    mine = [{name: row[name] for name in row if name in ("client", "user", "transport", "client_type")}
                            for row in ours.sessions if row["client"] != r"\\127.0.0.1"]
                    self.assertEqual(theirs, mine)


class Closes(Interop):
    def still_there(self, connection):
        """Whether the server still answers it."""
        try:
            return connection.getSMBServer().echo()
        except (SessionError, nmb.NetBIOSError, OSError):
            return False

    def test_impacket_s_deletion_disconnects(self):
        wanted = [sessions.Wanted("alice", "127.0.0.7"), sessions.Wanted("alice", "127.0.0.8"),
                  sessions.Wanted("bob", "127.0.0.7")]
        with sessions.held(self.server, wanted) as held, sessions.srvsvc(self.server) as dce:
            self.assertEqual(0, srvs.hNetrSessionDel(dce, "\\\\127.0.0.7\0", "alice\0")["ErrorCode"])
            self.assertEqual([False, True, True], [self.still_there(connection) for connection in held])
            self.assertEqual(0, srvs.hNetrSessionDel(dce, "\\\\127.0.0.7\0", "\0")["ErrorCode"])
            self.assertEqual([False, True, False], [self.still_there(connection) for connection in held])
            self.assertEqual(0, srvs.hNetrSessionDel(dce, "\0", "alice\0")["ErrorCode"])
            self.assertEqual([False] * 3, [self.still_there(connection) for connection in held])
            left = sessions.enumerate_over(dce, 1).rows
            self.assertEqual({self.server.administrator}, {row["user"] for row in left})

    def test_nobody_to_be_deleted_is_said(self):
        with sessions.srvsvc(self.server) as dce, self.assertRaises(DCERPCException) as raised:
            srvs.hNetrSessionDel(dce, "\\\\10.9.9.9\0", "\0")
        self.assertEqual(CLIENT_NOT_FOUND, raised.exception.get_error_code())

    def test_one_s_own_session_ends_behind_the_answer(self):
        said = self.rpcclient(rf"netsessdel \\\\127.0.0.1 {self.server.administrator}")
        self.assertNotRegex(said, "WERR|NT_STATUS")

    def test_rpcclient_deletes(self):
        with sessions.held(self.server, [sessions.Wanted("carol", "127.0.0.9")]) as held:
            said = self.rpcclient(r"netsessdel \\\\127.0.0.9 carol")
            self.assertNotRegex(said, "WERR|NT_STATUS")
            self.assertFalse(self.still_there(held[0]))


class Denies(Interop):
    def test_the_hardened_policy_denies_others_every_level_and_deletion(self):
        for level in LEVELS:
            with self.subTest(level):
                self.assertEqual(ACCESS_DENIED, sessions.enumerate_with_impacket(self.server, "alice", level).status)
        self.assertIn("WERR_ACCESS_DENIED", self.rpcclient(r"netsessdel \\\\127.0.0.1 alice", "alice"))

    def test_a_wrong_password_and_an_unknown_user_are_refused_alike(self):
        for user, password in ("alice", "wrong"), ("mallory", "wrong"):
            connection = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port)
            with self.subTest(user), self.assertRaisesRegex(SessionError, "STATUS_LOGON_FAILURE"):
                connection.login(user, password, self.server.domain)

    def test_nobody_gets_in_unnamed(self):
        self.assertRegex(self.tool("rpcclient", "-N", "-U", "%", self.server.host, "-c", "netsessenum"),
                         "NT_STATUS_(LOGON_FAILURE|ACCESS_DENIED)")

    def test_other_shares_and_pipes_are_not_there(self):
        credentials = self.server.credentials_file("alice")
        self.assertIn("NT_STATUS_BAD_NETWORK_NAME",
                      self.tool("smbclient", "-A", credentials, f"//{self.server.host}/share", "-c", "ls"))
        self.assertIn("NT_STATUS_OBJECT_NAME_NOT_FOUND", self.rpcclient("lsaquery", "alice"))


class Documented(Interop):
    options = {"policy": "documented"}

    def test_everybody_may_ask_at_levels_0_and_10(self):
        statuses = [sessions.enumerate_with_impacket(self.server, "alice", level).status for level in LEVELS]
        self.assertEqual([OK, ACCESS_DENIED, ACCESS_DENIED, OK, ACCESS_DENIED], statuses)

    def test_our_command_steps_down_to_level_10(self):
        done = command.run("list", "-o", "json", "-A", self.server.credentials_file("alice"), address(self.server))
        self.assertEqual(10, done.json["servers"][0]["level"], done)


class Smbtorture(Interop):
    """Samba's own judge of servers, which sends malformed requests, too."""

    judged = "smb2.flags.response == 1"

    options = {"passwords": {"root": PASSWORD}}

    def torture(self, target, test, *options):
        name, configuration, port = self.server.tool("smbtorture")
        done = subprocess.run(
            [name, configuration, f"-p{port.partition('=')[2]}", "-U", f"{self.server.domain}/root%{PASSWORD}",
             *options, target, test], text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=HANG_S, check=False)
        said = done.stdout + done.stderr
        self.assertRegex(said, rf"(?m)^success: (.*\.)?{re.escape(test.rsplit('.', 1)[-1])}$", said[-3000:])

    def test_smb2(self):
        for test, options in SMB2_TESTS.items():
            with self.subTest(test):
                self.torture(f"//{self.server.host}/IPC$", test, *options)

    def test_rpc(self):
        for test in RPC_TESTS:
            with self.subTest(test):
                self.torture(f"ncacn_np:{self.server.host}", test)


if __name__ == "__main__":
    tap.main()
