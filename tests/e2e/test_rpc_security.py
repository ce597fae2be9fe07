"""Log-ons by RPC over netsessiond's pipe, and calls that are signed or sealed: by NTLM with rpcclient and impacket, by
Kerberos with rpcclient in an Active Directory domain."""
import contextlib
import os
import subprocess
import unittest

from impacket.dcerpc.v5 import rpcrt, srvs, transport
from impacket.smbconnection import SMBConnection

from lab import tap
from lab.ad import DomainController
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S

SERVER = "fs1.lab.example"
CONNECT, PACKET, INTEGRITY, PRIVACY = 2, 4, 5, 6
LIST = "netsessenum"


def log_ons(server):
    """Whom the audit log says that log-ons were of, and how they ended."""
    return [(entry.get("caller"), entry["status"]) for entry in server.audit if entry["operation"] == "log-on"]


class ByNtlm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice"]))

    def setUp(self):
        self.seen = len(log_ons(self.server))

    def rpcclient(self, *options):
        where = f"ncacn_np:{self.server.host}[{','.join(options)}]"
        user = f"{self.server.administrator}%{self.server.password(self.server.administrator)}"
        return subprocess.run(self.server.tool("rpcclient", where, "-c", LIST), capture_output=True, text=True,
                              check=False, env=os.environ | {"USER": user})

    @contextlib.contextmanager
    def srvsvc(self, smb_user, rpc_user, level, password=None):
        """impacket's association: the pipe is one user's, the security context another's."""
        connection = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port, timeout=HANG_S)
        connection.login(smb_user, self.server.password(smb_user), self.server.domain)
        with contextlib.closing(connection):
            dce = transport.SMBTransport(self.server.host, self.server.host, filename=r"\srvsvc",
                                         smb_connection=connection).get_dce_rpc()
            dce.set_credentials(rpc_user, password or self.server.password(rpc_user), self.server.domain)
            dce.set_auth_level(level)
            dce.connect()
            dce.bind(srvs.MSRPC_UUID_SRVS)
            yield dce

    def test_rpcclient_signs_its_calls(self):
        for options in (["sign"], ["packet"], ["ntlmssp", "sign"], ["spnego", "sign"], ["sign", "bigendian"]):
            with self.subTest(options=options):
                self.setUp()
                result = self.rpcclient(*options)
                self.assertEqual(0, result.returncode, result)
                self.assertIn("Received", result.stdout)
                who = (rf"{self.server.domain}\{self.server.administrator}", 0)
                self.assertEqual([who] * 2, log_ons(self.server)[self.seen:])  # to SMB, and to RPC

    def test_calls_are_made_as_whom_the_rpc_log_on_names(self):
        administrator = self.server.administrator
        with self.srvsvc("alice", administrator, INTEGRITY) as dce:  # at PACKET impacket does not sign
            self.assertEqual(0, srvs.hNetrSessionEnum(dce, "\0", "\0", 502)["ErrorCode"])
        with self.srvsvc(administrator, "alice", INTEGRITY) as dce, \
                self.assertRaises(rpcrt.DCERPCException) as raised:
            srvs.hNetrSessionEnum(dce, "\0", "\0", 502)
        self.assertEqual(5, raised.exception.get_error_code())

    def test_a_log_on_that_protects_no_call_is_good_for_none(self):
        """At the level CONNECT no call needs a key: whoever made the administrator log on to him could pass that on
        behind a session of his own, and call as the administrator."""
        with self.srvsvc("alice", self.server.administrator, CONNECT) as dce:
            for call in (lambda: srvs.hNetrSessionEnum(dce, "\0", "\0", 502),
                         lambda: srvs.hNetrSessionDel(dce, "\0", "alice\0")):
                with self.assertRaisesRegex(rpcrt.DCERPCException, "rpc_s_access_denied"):
                    call()
        self.assertEqual([(rf"{self.server.domain}\{self.server.administrator}", 0)], log_ons(self.server)[self.seen + 1:])
        self.assertNotEqual(0, self.rpcclient("spnego", "connect").returncode)

    def test_a_wrong_password_denies_the_first_call(self):
        """NTLM's last token comes in an AUTH3, which has no answer."""
        with self.srvsvc("alice", "alice", INTEGRITY, password="wrong") as dce, \
                self.assertRaisesRegex(rpcrt.DCERPCException, "rpc_s_access_denied"):
            srvs.hNetrSessionEnum(dce, "\0", "\0", 10)
        self.assertEqual([0, 1326], [status for _, status in log_ons(self.server)[self.seen:]])

    def test_a_call_that_was_changed_on_its_way_faults(self):
        with self.srvsvc("alice", self.server.administrator, INTEGRITY) as dce:
            send = dce._transport.send  # pylint: disable=protected-access
            dce._transport.send = lambda data, *rest, **more: send(  # pylint: disable=protected-access
                data[:30] + bytes([data[30] ^ 1]) + data[31:], *rest, **more)
            with self.assertRaisesRegex(rpcrt.DCERPCException, "721"):  # RPC_S_SEC_PKG_ERROR
                srvs.hNetrSessionEnum(dce, "\0", "\0", 502)

    def test_a_signed_call_may_close_the_session_that_it_comes_by(self):
        """impacket sends it behind the AUTH3 at once: it may wait for that to be judged. Its READ of the answer comes
        before the session is gone or after that, for which impacket has several exceptions."""
        for _ in range(5):
            with self.srvsvc("alice", self.server.administrator, INTEGRITY) as dce, contextlib.suppress(Exception):
                srvs.hNetrSessionDel(dce, "\0", "alice\0")
        self.assertEqual(0, self.rpcclient("sign").returncode)
        self.assertEqual([(1, 0)] * 5, [(entry["entries"], entry["status"]) for entry in self.server.audit
                                        if entry["operation"] == "NetrSessionDel"])

    def test_sealing_is_refused(self):
        with self.assertRaisesRegex(rpcrt.DCERPCException, "authentication_type_not_recognized|Authentication type"):
            with self.srvsvc("alice", "alice", PRIVACY):
                pass
        self.assertNotEqual(0, self.rpcclient("spnego", "seal").returncode)


class ByKerberos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        inside = [*cls.dc.inside, "env", f"KRB5_CONFIG={cls.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={cls.dc.folder}"]
        cls.dc.kinit("Administrator")
        cls.server = cls.enterClassContext(Netsessiond(
            inside=inside, administrators=cls.dc.sid_of("group", "Domain Admins"), mechanisms="kerberos",
            keytab=cls.dc.add_server("fs1", services=("cifs", "host"))))

    def test_rpcclient_signs_and_seals_its_calls(self):
        for options in (["krb5", "sign"], ["krb5", "seal"], ["krb5", "packet"], ["spnego", "sign"], ["spnego", "seal"],
                        ["krb5", "seal", "bigendian"]):
            with self.subTest(options=options):
                seen = len(log_ons(self.server))
                result = self.dc.run_in(
                    ["rpcclient", *self.dc.by_ticket, "-p", str(self.server.port),
                     f"ncacn_np:{SERVER}[{','.join(options)}]", "-c", LIST])
                self.assertEqual(0, result.returncode, (result, self.server.audit[-3:]))
                self.assertIn("Received", result.stdout)
                self.assertEqual([(r"LAB\Administrator", 0)] * 2, log_ons(self.server)[seen:])


if __name__ == "__main__":
    tap.main()
