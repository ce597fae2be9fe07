"""Our RPC server as Samba's own tests say that Windows' servers are: those of python3-samba that need no authentication,
over TCP, in a network namespace of their own."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import tempfile
import unittest

from asking import command
from lab import tap

PORT = "135"  # the only one that they know
CLONE_NEWUSER, CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x10000000, 0x40000000, 0x8914, 1

# Where we do otherwise, by the beginnings of their names.
OTHERWISE = {
    "neg_xmit": "fragments are as long as both can receive, not 2048 to 5840 bytes",
    "assoc_group_fail": "any group may be joined, since nothing hangs on one",
    "orphaned_no_request": "Windows answers with the low byte of a context's id",
    "orphaned_request_after_first_last": "the same",
    "orphaned_request_after_first_mpx_last": "the same",
    "no_auth_presentation_ctx_invalid4": "NDR64 is not offered",
    "no_auth_bind_time_sec_ctx": "security contexts are not multiplexed",
}
# What they need that is not here: authentication, other pipes.
ELSEWHERE = ("ntlm", "spnego", "krb5", "lsa_", "multiple_auth", "assoc_group_ok2", "auth_none", "invalid_auth",
             "no_auth_request_alter_pfc_HDR", "no_auth_request_alter_pfc_ff", "no_auth_request_bind_pfc_HDR")

os.environ.update(SERVER="127.0.0.1", SMB_CONF_PATH=os.devnull)

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
        cls.server = subprocess.Popen([command.built("tests/rpc_by_tcp"), PORT], stdout=subprocess.PIPE,
                                      stderr=cls.log, text=True)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)
        cls.server.stdout.readline()

    def tearDown(self):
        super().tearDown()
        self.assertIsNone(self.server.poll(), "the server has ended")
        self.log.seek(0)
        self.assertEqual("", self.log.read())

    def epmap_reconnect(self, abstract, transfer=None, object=None):  # pylint: disable=redefined-builtin
        """All interfaces are at the one port."""


for name in dir(RpcServer):
    if name.removeprefix("test_").startswith((*OTHERWISE, *ELSEWHERE)) and name.startswith("test_"):
        setattr(RpcServer, name, None)

del name

if __name__ == "__main__":
    enter_network()
    tap.main()
