"""Sessions of netsessiond end with their Kerberos tickets: [MS-SMB2] 3.3.5.2.9, 3.3.5.5.2, 3.3.6.3. Tickets of some seconds
from a real KDC, for a client that a test scripts message by message."""
import os
import struct
import subprocess
import time
import unittest

from fixtures.programs import Conversation, Programs
from lab import command, frames, tap
from lab.ad import DomainController
from lab.frames import CLOSE, CREATE, LOGOFF, READ, SESSION_SETUP, TREE_CONNECT, TREE_DISCONNECT, WRITE, IOCTL, status
from lab.netsessiond import Netsessiond
from lab.raw_rpc import BIND, SESSION_ENUM, bind_body, enum_stub, pdu, request
from lab.raw_smb import (ACCESS_DENIED, ECHO, PENDING, SUCCESS, USER_SESSION_DELETED, RawSmb, Session, close, create, empty, read,
                         session_setup, setup_token, transceive, tree_connect, write)
from lab.wait_until import HANG_S, calm, wait_until, wait_until_equal

EXPIRED = 0xC000035C
SERVER = "fs1.lab.example"
SKEW_S = 1
SHORT_S = min(20, int(calm(4)))  # so long that a log-on ends within it, on a busy machine too
BOUND = pdu(BIND, bind_body())


IMPACKET = """
import re, sys, time
from impacket.dcerpc.v5 import srvs, transport
carrier = transport.SMBTransport(sys.argv[1], int(sys.argv[2]), "srvsvc", "alice", domain="LAB.EXAMPLE", doKerberos=True)
dce = carrier.get_dce_rpc()
dce.connect()
dce.bind(srvs.MSRPC_UUID_SRVS)
print(srvs.hNetrSessionEnum(dce, "\\x00", "\\x00", 10)["ErrorCode"])
time.sleep(int(sys.argv[3]))
try:
    srvs.hNetrSessionEnum(dce, "\\x00", "\\x00", 10)
except Exception as error:
    print(*re.findall("STATUS_NETWORK_SESSION_EXPIRED", str(error))[:1])
"""


def setUpModule():
    Lab.dc = unittest.enterModuleContext(DomainController())
    for user in ("alice", "bob"):
        Lab.dc.add_user(user)
    Lab.auditors = Lab.dc.add_group("auditors", "alice", "bob")
    Lab.keytab = Lab.dc.add_server("fs1")
    Lab.krb5_conf = Lab.dc.folder / "skew.conf"
    Lab.krb5_conf.write_text((Lab.dc.folder / "krb5.conf").read_text().replace(
        "[libdefaults]\n", f"[libdefaults]\n    clockskew = {SKEW_S}\n"))


class Lab(unittest.TestCase):
    def serve(self, inside=(), **options):
        """netsessiond, which expires a session a second after its ticket's end."""
        options = {"administrators": f"root,{self.auditors}", "mechanisms": "kerberos", "keytab": self.keytab} | options
        self.server = self.enterContext(Netsessiond(
            ["carol"], inside=[*inside, "env", f"KRB5_CONFIG={self.krb5_conf}", f"KRB5RCACHEDIR={self.dc.folder}"],
            **options))

    def kinit(self, user, lifetime="10m"):
        """Gets a ticket for the server alone: a TGT that ends soon is one for a change of password at Samba's KDC."""
        self.dc.kinit(user, "-l", lifetime, "-S", f"cifs/{SERVER}")

    def audited(self, *operations):
        return [line for line in self.server.audit if line["operation"] in operations]


class Raw(Lab):
    """A client that sends each message by itself."""

    def connect(self):
        self.smb = self.enterContext(RawSmb(self.server))
        self.smb.negotiate(0x0302)

    def offer(self):
        """The first token of a log-on by the tickets. What makes it, is self.client then."""
        self.client = self.enterContext(Conversation([command.built("tests/fixtures/log_on_by_line")], inside=self.dc.inside,
                                                     env=self.dc.environment)).say
        word, _, token = self.client("offer", SERVER, "-").partition(" ")
        self.assertEqual("continue", word, token)
        return bytes.fromhex(token)

    def log_on(self, session=None):
        """Logs on by the tickets, or again in that session. Gives the answer; a new session is self.session."""
        self.smb.say(self.smb.make(SESSION_SETUP, session_setup(self.offer()), session))
        answer = self.smb.hear() if session else frames.read_frame(self.smb.socket)
        if session is None and status(answer) == SUCCESS:
            self.assertEqual("complete", self.client("answer", setup_token(answer).hex()).split()[0])
            number = struct.unpack_from("<Q", answer, 40)[0]
            self.session = Session(number, self.smb.dialect, bytes.fromhex(self.client("initiator-key"))[:16])
            self.smb.sessions[number] = self.session
        return answer

    def open(self, lifetime=f"{SHORT_S}s"):
        """A session with a pipe, by a ticket that ends soon."""
        self.kinit("alice", lifetime)
        self.connect()
        self.assertEqual(SUCCESS, status(self.log_on()))
        self.tree = self.smb.connect_tree(self.session)
        self.pipe = self.smb.open_pipe(self.session, self.tree)

    def ask(self, command_number, body):
        answer = self.smb.ask(command_number, body, self.session, self.tree)
        self.assertIsNotNone(answer, "the connection was closed")
        return status(answer)

    def await_expiry(self):
        wait_until_equal(EXPIRED, lambda: self.ask(TREE_CONNECT, tree_connect()))

    def test_an_expired_session_serves_nothing_but_its_end_and_goes_on_when_it_is_authenticated_again(self):
        self.serve()
        begun = time.time()
        self.open()
        self.assertEqual(SUCCESS, self.ask(IOCTL, transceive(self.pipe, BOUND)))
        self.await_expiry()
        self.assertGreater(time.time() - begun, SHORT_S - 1)
        for number, body in ((CREATE, create()), (READ, read(self.pipe)), (WRITE, write(self.pipe, b"x")),
                             (IOCTL, transceive(self.pipe, b"x")), (TREE_DISCONNECT, empty())):
            self.assertEqual(EXPIRED, self.ask(number, body))
        self.assertEqual(SUCCESS, self.ask(ECHO, empty()))
        [line] = self.audited("session-expired")
        self.assertEqual((r"LAB\alice", "127.0.0.1", 0), (line["caller"], line["address"], line["status"]))
        self.assertEqual(1, self.server.counters["sessions_expired"])
        [row] = self.local_rows()

        self.kinit("alice")
        answer = self.log_on(self.session)
        self.assertEqual((SUCCESS, self.session.id), (status(answer), struct.unpack_from("<Q", answer, 40)[0]))
        self.assertTrue(self.session.is_signed(answer))
        self.assertEqual(SUCCESS, self.ask(READ, read(self.open_pipe_and_bind())))
        self.assertEqual(SUCCESS, self.ask(CLOSE, close(self.pipe)))
        self.assertEqual([("log-on", 0), ("reauthentication", 0)],
                         [(line["operation"], line["status"]) for line in self.audited("log-on", "reauthentication")])
        [again] = self.local_rows()
        self.assertEqual((row["client"], row["user"]), (again["client"], again["user"]))
        self.assertGreaterEqual(again["active_seconds"], row["active_seconds"])

    def local_rows(self):
        result = command.run("list", "-l", "2", "-o", "json", env={"NETSESSION_SOCKET": str(self.server.socket)})
        self.assertEqual(0, result.exit, result)
        return result.sessions

    def open_pipe_and_bind(self):
        pipe = self.smb.open_pipe(self.session, self.tree)
        self.assertEqual(SUCCESS, self.ask(WRITE, write(pipe, BOUND)))
        return pipe

    def test_an_expired_session_that_nobody_authenticates_again_is_closed(self):
        self.serve(log_on_timeout_s=2)
        self.open()
        self.await_expiry()
        self.assertIsNone(self.smb.hear())
        self.assertEqual(["session-expired", "session-closed"],
                         [line["operation"] for line in self.audited("session-expired", "session-closed")])
        self.assertIn("no reauthentication within log_on_timeout_s after the Kerberos ticket has ended", self.server.said)
        self.assertEqual([], self.local_rows())

    def test_an_idle_session_expires_and_is_closed_by_itself(self):
        self.serve(log_on_timeout_s=1)
        self.open()
        self.assertIsNone(self.smb.hear())
        self.assertEqual(1, len(self.audited("session-expired")))

    def test_an_expired_session_does_not_become_another_users(self):
        self.serve()
        self.open()
        self.await_expiry()
        self.kinit("bob")
        self.assertEqual(ACCESS_DENIED, status(self.log_on(self.session)))
        self.assertEqual(USER_SESSION_DELETED, self.ask(ECHO, empty()))
        [line] = self.audited("reauthentication")
        self.assertEqual("ERROR_ACCESS_DENIED", line["result"])

    def test_the_same_ended_ticket_does_not_renew_a_session(self):
        self.serve()
        self.open()
        token = self.offer()
        self.await_expiry()
        answer = self.smb.ask(SESSION_SETUP, session_setup(token), self.session)
        self.assertNotEqual(SUCCESS, status(answer))
        self.assertIn(self.audited("reauthentication")[-1]["detail"],
                      ("the ticket has expired", "the client's clock differs too much"))  # both hold
        self.assertEqual(USER_SESSION_DELETED, self.ask(ECHO, empty()))

    def test_an_expired_session_logs_off(self):
        self.serve()
        self.open()
        self.await_expiry()
        self.assertEqual(SUCCESS, self.ask(LOGOFF, empty()))

    def test_a_session_that_is_renewed_in_time_does_not_expire(self):
        self.serve()
        self.open()
        self.kinit("alice")
        self.assertEqual(SUCCESS, status(self.log_on(self.session)))
        time.sleep(SHORT_S + SKEW_S + 1)
        self.assertEqual(SUCCESS, self.ask(TREE_CONNECT, tree_connect()))
        self.assertEqual([], self.audited("session-expired"))

    def test_a_session_outlives_its_ticket_where_the_configuration_says_so_until_it_says_otherwise(self):
        self.serve(sessions_end_with_ticket="no")
        self.open()
        time.sleep(SHORT_S + SKEW_S + 1)
        self.assertEqual(SUCCESS, self.ask(TREE_CONNECT, tree_connect()))
        self.server.options["sessions_end_with_ticket"] = "yes"
        self.assertIn("was reloaded", self.server.reload())
        self.assertEqual(EXPIRED, self.ask(TREE_CONNECT, tree_connect()))

    def enumerate(self):
        """Lists the sessions over the pipe. Gives the status of the answer."""
        answer = self.smb.ask(IOCTL, transceive(self.pipe, request(SESSION_ENUM, enum_stub())), self.session, self.tree)
        if status(answer) == PENDING:
            answer = self.smb.hear()
        self.assertEqual(SUCCESS, status(answer))
        return struct.unpack("<I", answer[-4:])[0]

    def test_calls_are_made_with_the_groups_of_the_new_ticket_over_the_old_pipe(self):
        joined = self.dc.add_group("joined")
        self.serve(administrators=f"root,{joined}")
        self.open()
        self.assertEqual(SUCCESS, self.ask(IOCTL, transceive(self.pipe, BOUND)))
        self.assertEqual(5, self.enumerate())
        self.dc.add_member("joined", "alice")
        self.await_expiry()
        self.kinit("alice")
        self.assertEqual(SUCCESS, status(self.log_on(self.session)))
        self.assertEqual(0, self.enumerate())

    def test_the_right_of_an_administrator_ends_with_the_entry(self):
        self.serve()
        self.open("10m")
        self.assertEqual(SUCCESS, self.ask(IOCTL, transceive(self.pipe, BOUND)))
        self.assertEqual(0, self.enumerate())
        self.server.options["administrators"] = "root"
        self.assertIn("was reloaded", self.server.reload())
        self.assertEqual(5, self.enumerate())
        self.assertEqual([], self.audited("session-closed"))


class Clients(Lab):
    """Clients that come by ticket, inside the domain."""

    @classmethod
    def setUpClass(cls):
        cls.by_steps = cls.enterClassContext(Programs()).compile("by_steps.c", "netsession", "-luv", "-std=gnu17")

    def setUp(self):
        self.serve(inside=self.dc.inside)
        self.name = f"{SERVER}:{self.server.port}"

    def serve_many(self):
        """Sessions in such a number that a list of them does not fit into a pipe."""
        self.server.options["sessions"] = 20000
        self.assertIn("was reloaded", self.server.reload())

    def begin(self, *arguments):
        """The command, below strace. Gives it, and the file of its system calls."""
        trace = self.dc.folder / f"trace{len(arguments)}"
        return subprocess.Popen(
            [*self.dc.inside, "strace", "-f", "-e", "trace=connect", "-o", trace, command.built(), *arguments],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=command.environment(
                # LeakSanitizer does not work below strace.
                self.dc.environment | {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"})), trace

    def watch(self, server, *options):
        return self.begin("watch", *options, "--polls", str(SHORT_S + 4), "--every", "1", "-o", "jsonl", server)

    def assert_renewed(self, watch, port):
        program, trace = watch
        self.assertEqual("", self.end(program)[1])
        self.assertEqual(1, trace.read_text().count(f"htons({port})"))

    def end(self, program, exit_status=0):
        stdout, stderr = program.communicate(timeout=HANG_S)
        self.assertEqual(exit_status, program.returncode, stderr)
        return stdout, stderr

    def test_watch_renews_its_session_and_says_nothing(self):
        self.dc.kinit_with_short_ticket("alice", f"cifs/{SERVER}", SHORT_S)
        self.assert_renewed(self.watch(self.name), self.server.port)
        self.assertEqual([("log-on", 0), ("session-expired", 0), ("reauthentication", 0)],
                         [(line["operation"], line["status"]) for line in
                          self.audited("log-on", "session-expired", "reauthentication")])

    def test_a_session_of_samba_is_renewed_too_signed_or_encrypted(self):
        self.dc.kinit_with_short_ticket("Administrator", f"cifs/{self.dc.name}", SHORT_S)
        for watch in [self.watch(self.dc.name), self.watch(self.dc.name, "--encrypt")]:
            self.assert_renewed(watch, 445)
        self.assertGreater(self.tickets(f"cifs/{self.dc.name}"), 1)  # the one that has ended, and its successor

    def tickets(self, service):
        return self.dc.run_in(["klist"]).stdout.count(service)

    def test_a_list_that_is_read_slowly_is_complete(self):
        """The program writes each row to a pipe, from which nobody reads until the session has expired."""
        self.serve_many()
        self.dc.kinit_with_short_ticket("alice", f"cifs/{SERVER}", SHORT_S)
        program = subprocess.Popen(
            [*self.dc.inside, self.by_steps, "-", str(1000 * HANG_S), "1", "-", "-", self.name, "rows"], text=True,
            stdout=subprocess.PIPE, env=command.environment(self.dc.environment))
        self.addCleanup(program.stdout.close)
        first = program.stdout.readline()
        wait_until(lambda: self.audited("session-expired"))
        rows = (first + program.stdout.read()).splitlines()
        program.wait(HANG_S)
        self.assertIn("0 end 0", rows)
        self.assertEqual([0], [line["status"] for line in self.audited("reauthentication")])
        self.assertEqual(1, len(self.audited("log-on")))
        self.assertEqual([self.audited("NetrSessionEnum")[-1]["entries"]], [sum(" row " in row for row in rows)])

    def test_a_ticket_that_cannot_be_renewed_is_what_the_user_is_told(self):
        self.kinit("alice", f"{SHORT_S}s")
        watch, _ = self.watch(self.name)
        _, stderr = self.end(watch, exit_status=3)
        self.assertIn("SESSION_SETUP (1312)", stderr)
        self.assertIn("run kinit", stderr)

    def test_impacket_is_told_that_the_session_has_expired(self):
        self.kinit("alice", f"{SHORT_S}s")
        done = self.dc.run_in(["env", f"KRB5CCNAME={self.dc.folder}/tickets", "/usr/bin/python3", "-c", IMPACKET, SERVER, self.server.port, SHORT_S + SKEW_S + 1])
        self.assertEqual("0\nSTATUS_NETWORK_SESSION_EXPIRED\n", done.stdout, done.stderr)


if __name__ == "__main__":
    tap.main()
