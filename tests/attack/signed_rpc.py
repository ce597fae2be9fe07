"""Calls of users who have logged on by RPC as well: mutated, and then signed as the security context wants it. impacket makes
the exchange."""
import contextlib
import struct

from impacket.dcerpc.v5 import rpcrt, srvs, transport
from impacket.nmb import NetBIOSError, NetBIOSTimeout
from impacket.smbconnection import SMBConnection, SessionError
from lab.wait_until import HANG_S

from .rpc import Calls

CONNECT, INTEGRITY = 2, 5
# The server may refuse or close whatever it likes, and impacket has many words for that.
REFUSED = (rpcrt.DCERPCException, SessionError, NetBIOSError, NetBIOSTimeout, OSError, struct.error, IndexError, KeyError,
           TypeError, UnicodeError)


def signed_calls(target, case):
    user, rpc_user = (case.chance.choice(target.attackers) for _ in range(2))
    calls = Calls(case.mutate, rpc_user)
    with contextlib.suppress(*REFUSED), contextlib.closing(SMBConnection(target.host, target.host, sess_port=target.port,
                                                                         timeout=HANG_S)) as connection:
        connection.login(user, target.password(user), target.domain)
        dce = transport.SMBTransport(target.host, target.host, filename=r"\srvsvc", smb_connection=connection).get_dce_rpc()
        dce.set_credentials(rpc_user, target.password(rpc_user), target.domain)
        dce.set_auth_level(INTEGRITY if case.mutate.happens(0.9) else CONNECT)
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        if case.mutate.happens(0.4):
            dce.set_max_fragment_size(case.chance.choice((8, 40, 200)))
        if case.mutate.happens(0.3):
            send = dce._transport.send  # pylint: disable=protected-access
            dce._transport.send = lambda data, *rest, **more: send(  # pylint: disable=protected-access
                case.mutate.maybe(data, 0.1, 1), *rest, **more)
        connection.setTimeout(1)  # a fragment that does not come is waited for as long as an idle connection may be
        for _ in range(case.chance.randint(1, 15)):
            opnum, _, stub = calls.stub()
            stub = case.mutate.maybe(stub, 0.5)[:1500]
            case.messages += 1
            case.log.append(("call", ">", struct.pack("<H", opnum & 0xFFFF) + stub))
            dce.call(opnum & 0xFFFF, stub)
            with contextlib.suppress(rpcrt.DCERPCException):  # a fault
                dce.recv()
