"""impacket over a Unix socket: DCE/RPC as it is, as netsessiond speaks it to programs of its own computer."""
import contextlib
import socket

from impacket.dcerpc.v5 import srvs, transport
from .wait_until import HANG_S



class LocalTransport(transport.DCERPCTransport):
    """PDUs one after another over a socket at path."""

    def __init__(self, path):
        super().__init__("", 0)
        self.path, self.socket = str(path), None

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(HANG_S)
        self.socket.connect(self.path)
        return 1

    def disconnect(self):
        self.socket.close()

    def send(self, data, forceWriteAndx=0, forceRecv=0):
        self.socket.sendall(data)

    def recv(self, forceRecv=0, count=0):
        data = self.socket.recv(count or 65536)
        if not data:
            raise ConnectionError("the service hung up")
        return data


@contextlib.contextmanager
def bound(path, interface=srvs.MSRPC_UUID_SRVS, fragment_bytes=None):
    """An association of impacket's with the service at path. fragment_bytes  how its requests are cut."""
    dce = LocalTransport(path).get_dce_rpc()
    dce.connect()
    try:
        dce.bind(interface)
        if fragment_bytes:
            dce.set_max_fragment_size(fragment_bytes)
        yield dce
    finally:
        dce.disconnect()
