"""Sessions of netsessiond end with their accounts: who could not log on any more after a reload has no session after it.
Clients are RawSmb and impacket."""
import contextlib
import os
import pathlib
import tempfile
import unittest

from impacket.dcerpc.v5 import rpcrt, srvs, transport
from impacket.smbconnection import SMBConnection

from fixtures.publisher import WELCOME, RawPublisher
from lab import tap
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.raw_smb import ECHO, SUCCESS, RawSmb, empty, status

INTEGRITY = rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY


class Accounts(unittest.TestCase):
    def serve(self, **options):
        self.server = self.enterContext(Netsessiond(["alice", "bob"], **options))

    def session_of(self, user):
        smb = self.enterContext(RawSmb(self.server))
        smb.negotiate(0x0302)
        return smb, smb.log_on(user)

    def assert_open(self, smb, session):
        self.assertEqual(SUCCESS, status(smb.ask(ECHO, empty(), session)))

    def assert_closed(self, smb):
        self.assertIsNone(smb.hear())

    def reload(self):
        self.assertIn("was reloaded", self.server.reload())

    def closed_of(self):
        return [line["caller"] for line in self.server.audit if line["operation"] == "session-closed"]

    def test_a_user_who_is_removed_loses_the_session_and_nobody_else(self):
        self.serve()
        (alice, alices), (bob, _) = self.session_of("alice"), self.session_of("bob")
        self.server.forget_user("bob")
        self.reload()
        self.assert_closed(bob)
        self.assert_open(alice, alices)
        self.assertEqual([r"LABSRV\bob"], self.closed_of())
        self.assertEqual(1, self.server.counters["sessions_revoked"])
        self.assertIn("the new configuration does not accept its log-on", self.server.said)

    def test_another_password_ends_the_session_and_the_same_one_does_not(self):
        self.serve()
        (alice, alices), (bob, _) = self.session_of("alice"), self.session_of("bob")
        self.server.set_password("bob", "Another-1")
        self.reload()
        self.assert_closed(bob)
        self.assert_open(alice, alices)
        self.session_of("bob")

    def test_sessions_end_with_their_mechanism(self):
        self.serve(anonymous="yes")
        alice, _ = self.session_of("alice")
        nobody = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port)
        nobody.login("", "")
        self.server.options["anonymous"] = "no"
        self.reload()
        with self.assertRaises(Exception):  # impacket has several for a connection that is closed
            nobody.connectTree("IPC$")
        self.server.options["mechanisms"] = "kerberos"
        self.reload()
        self.assert_closed(alice)

    def test_sessions_stay_open_where_the_configuration_says_so(self):
        self.serve(sessions_end_with_account="no")
        bob, bobs = self.session_of("bob")
        self.server.forget_user("bob")
        self.reload()
        self.assert_open(bob, bobs)
        self.assertEqual([], self.closed_of())

    def test_a_log_on_that_begins_before_the_reload_and_ends_after_it_is_refused(self):
        self.serve()
        smb = self.enterContext(RawSmb(self.server))
        smb.negotiate(0x0302)
        begun = smb.begin_log_on()
        password = self.server.password("bob")
        self.server.forget_user("bob")
        self.reload()
        self.assertEqual(0xC000006D, status(smb.finish_log_on(begun, "bob", password)))

    @contextlib.contextmanager
    def srvsvc(self, user, caller):
        """A pipe of the user's session, over which caller has logged on by RPC."""
        smb = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port)
        smb.login(user, self.server.password(user), self.server.domain)
        carrier = transport.SMBTransport(self.server.host, self.server.port, r"\srvsvc", smb_connection=smb)
        dce = carrier.get_dce_rpc()
        dce.set_credentials(caller, self.server.password(caller), self.server.domain)
        dce.set_auth_level(INTEGRITY)
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        yield dce
        with contextlib.suppress(Exception):
            smb.close()

    def test_a_log_on_by_rpc_ends_with_its_account_too(self):
        self.serve(administrators=r"root,LABSRV\bob")
        with self.srvsvc("alice", "bob") as dce:
            srvs.hNetrSessionEnum(dce, "\0", "\0", 1)
            self.server.forget_user("bob")
            self.reload()
            with self.assertRaisesRegex(rpcrt.DCERPCException, "access_denied"):
                srvs.hNetrSessionEnum(dce, "\0", "\0", 1)
            self.assertEqual(("call", r"LABSRV\bob", "ERROR_ACCESS_DENIED"),
                             tuple(self.server.audit[-1][name] for name in ("operation", "caller", "result")))

    def test_a_log_on_by_rpc_over_an_older_pipe_uses_the_new_passwords(self):
        self.serve(administrators=r"root,LABSRV\bob")
        smb = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port)
        smb.login("alice", self.server.password("alice"), self.server.domain)
        carrier = transport.SMBTransport(self.server.host, self.server.port, r"\srvsvc", smb_connection=smb)
        dce = carrier.get_dce_rpc()
        dce.set_credentials("bob", self.server.password("bob"), self.server.domain)
        dce.set_auth_level(INTEGRITY)
        dce.connect()
        self.server.set_password("bob", "Another-1")
        self.reload()
        with self.assertRaises(rpcrt.DCERPCException):
            dce.bind(srvs.MSRPC_UUID_SRVS)
            srvs.hNetrSessionEnum(dce, "\0", "\0", 1)


class UsersOfThisComputer(unittest.TestCase):
    """netsessiond sees /etc/passwd and /etc/group of its own, which change while a connection is open."""
    UID = 54321

    def serve(self, **options):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        self.files = {name: folder / name for name in ("passwd", "group")}
        self.write(self.UID, "lister")
        bind = 'mount --bind "$0/passwd" /etc/passwd; mount --bind "$0/group" /etc/group; exec "$@"'
        self.server = self.enterContext(Netsessiond(inside=("unshare", "--mount", "sh", "-c", bind, folder), **options))

    def write(self, uid, member):
        """The same files, since they are mounted: a user of this computer, and a group with one member."""
        for name, line in (("passwd", f"lister:x:{uid}:65534::/:/bin/sh"), ("group", f"listers:x:54322:{member}")):
            text = pathlib.Path("/etc", name).read_text(encoding="utf-8")
            self.files[name].write_text(f"{text}{line}\n", encoding="utf-8")

    @contextlib.contextmanager
    def as_lister(self):
        os.seteuid(self.UID)
        try:
            yield
        finally:
            os.seteuid(0)

    def connect(self):
        with contextlib.ExitStack() as stack, self.as_lister():
            dce = stack.enter_context(bound(self.server.socket))
            self.addCleanup(stack.pop_all().close)
        return dce

    def status_of(self, dce):
        try:
            return srvs.hNetrSessionEnum(dce, "\0", "\0", 1)["ErrorCode"]
        except rpcrt.DCERPCException as error:
            return error.get_error_code()

    def reload(self):
        self.assertIn("was reloaded", self.server.reload())

    def test_a_user_who_is_deleted_loses_the_rights_at_the_reload(self):
        self.serve(administrators="lister")
        dce = self.connect()
        self.assertEqual(0, self.status_of(dce))
        self.write(self.UID + 1, "lister")  # the name is another user's now
        self.assertEqual(0, self.status_of(dce))
        self.reload()
        self.assertEqual(5, self.status_of(dce))

    def test_a_user_who_leaves_a_group_or_joins_it_is_judged_anew_at_the_reload(self):
        self.serve(administrators="@listers")
        dce = self.connect()
        for member, expected in (("games", 5), ("lister", 0), ("games", 5)):
            self.write(self.UID, member)
            self.reload()
            self.assertEqual(expected, self.status_of(dce))

    def test_a_publisher_whose_user_is_deleted_is_disconnected(self):
        self.serve(publishers="lister")
        with self.as_lister():
            publisher = self.enterContext(RawPublisher(self.server))
        self.assertEqual(WELCOME, publisher.greet()[0])
        self.write(self.UID + 1, "games")
        self.reload()
        self.assertTrue(publisher.is_closed())
        self.assertIn("does not let this user publish sessions any more", self.server.said)


if __name__ == "__main__":
    tap.main()
