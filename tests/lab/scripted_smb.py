"""An SMB server for anonymous callers, which answers NetrSessionEnum as a test says: `with ScriptedSmb(answer) as server`.

    def answer(connection, request):     # of one call
        yield from stubs                 # of the fragments of the answer, one behind the other

A READ gets the next fragment. A stub that is a number is a fault of this status. The answer may also send to the
connection whatever it likes; one that yields nothing has to.
"""
import itertools
import struct

from . import frames
from .odd_servers import OddServer
from .raw_rpc import BIND_ACK, FAULT, FIRST, LAST, NDR, RESPONSE_PDU, pdu
from .raw_smb import BUFFER_OVERFLOW, HEADER_BYTES, MORE_PROCESSING_REQUIRED, PENDING, RESPONSE, SUCCESS, header
from .spnego import (ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, KEYS_OF_128_BITS, NTLM, SESSION_SECURITY, SIGN, TARGET_INFO,
                     UNICODE, response)

IS_NULL, PIPE_SHARE, ASYNC = 2, 2, 2
FILE = b"pipe" * 4
STUB_BYTES = 65000  # of a fragment that is as long as can be
ARRAY, STRING = 0x20000, 0x20004


def challenge():
    """An NTLM CHALLENGE, [MS-NLMP] 2.2.1.2, whose target information is empty."""
    flags = UNICODE | SIGN | SESSION_SECURITY | KEYS_OF_128_BITS | TARGET_INFO
    return (b"NTLMSSP\0" + struct.pack("<IHHII8s8sHHI8x", 2, 0, 0, 56, flags, b"12345678", b"", 4, 4, 56) + bytes(4))


class Caller:
    """One connection of a client."""

    def __init__(self, connection, answer):
        self.connection, self._answer, self._left = connection, answer, iter(())
        self._asked = self._log_on = 0

    def send(self, message):
        self.connection.sendall(frames.framed(message))

    def send_interim(self):
        """STATUS_PENDING for the call that is being answered, [MS-SMB2] 3.3.4.2."""
        command, number = self._asked
        self.send(header(command, number, 1, flags=RESPONSE | ASYNC, async_id=7)[:8] + struct.pack("<I", PENDING)
                  + header(command, number, 1, flags=RESPONSE | ASYNC, async_id=7)[12:] + struct.pack("<HHIB", 9, 0, 0, 0))

    def refuse(self, status):
        """An error response, [MS-SMB2] 2.2.2, to the request that is being answered."""
        self._reply(status, struct.pack("<HHIB", 9, 0, 0, 0))

    def serve(self):
        while True:
            message = frames.read_frame(self.connection)
            while message:
                command, = struct.unpack_from("<H", message, 12)
                behind, number = struct.unpack_from("<IQ", message, 20)
                self._take(command, number, message[:behind or None])
                message = message[behind:] if behind else b""

    def _reply(self, status, body, tree=5):
        command, number = self._asked
        whole = header(command, number, 1, tree, RESPONSE)
        self.send(whole[:8] + struct.pack("<I", status) + whole[12:] + body)

    def _take(self, command, number, message):
        self._asked = command, number
        if command == frames.NEGOTIATE:
            self.send(frames.smb2_negotiate_response(0x0210))
        elif command == frames.SESSION_SETUP:
            self._take_token()
        elif command == frames.TREE_CONNECT:
            self._reply(SUCCESS, struct.pack("<HBBIII", 16, PIPE_SHARE, 0, 0, 0, 0x1FF))
        elif command == frames.CREATE:
            self._reply(SUCCESS, struct.pack("<HBBI", 89, 0, 0, 1) + bytes(56) + FILE + bytes(9))
        elif command == frames.IOCTL:
            self._take_pdu(message)
        elif command == frames.READ:
            self._read(lambda data: struct.pack("<HBBIII", 17, HEADER_BYTES + 16, 0, len(data), 0, 0) + data)

    def _take_token(self):
        self._log_on += 1
        last = self._log_on % 2 == 0
        token = response(ACCEPT_COMPLETED) if last else response(ACCEPT_INCOMPLETE, NTLM, challenge())
        self._reply(SUCCESS if last else MORE_PROCESSING_REQUIRED,
                    struct.pack("<HHHH", 9, IS_NULL if last else 0, HEADER_BYTES + 8, len(token)) + token, tree=0)

    def _take_pdu(self, message):
        at, length = struct.unpack_from("<II", message, HEADER_BYTES + 24)
        request = message[at:at + length]
        call, = struct.unpack_from("<I", request, 12)
        if request[2] == 11:  # bind
            pdus = [pdu(BIND_ACK, struct.pack("<HHIH", 65528, 65528, 1, 0) + bytes(2) + struct.pack("<BBHHH", 1, 0, 0, 0, 0)
                        + NDR, call=call)]
        else:
            pdus = self._fragments(call, self._answer(self, request))
        self._left = iter(pdus)
        self._read(lambda data: struct.pack("<HHI", 49, 0, 0x0011C017) + FILE
                   + struct.pack("<IIIIII", HEADER_BYTES + 48, 0, HEADER_BYTES + 48, len(data), 0, 0) + data)

    @staticmethod
    def _fragments(call, stubs):
        ahead, first = iter(stubs), FIRST
        stub = next(ahead, None)
        while stub is not None:
            following = next(ahead, None)
            flags = first | (LAST if following is None else 0)
            if isinstance(stub, int):
                yield pdu(FAULT, struct.pack("<IHBxII", 0, 0, 0, stub, 0), flags=flags, call=call)
                return
            yield pdu(RESPONSE_PDU, struct.pack("<IHBx", 0, 0, 0) + stub, flags=flags, call=call)
            stub, first = following, 0

    def _read(self, body):
        data = next(self._left, None)
        if data is None:
            return
        self._reply(SUCCESS if struct.unpack_from("<B", data, 3)[0] & LAST else BUFFER_OVERFLOW, body(data))


def ScriptedSmb(answer):
    """A server whose callers are anonymous, and whose calls are answered by answer(caller, request)."""
    return OddServer(lambda connection: Caller(connection, answer).serve())


def head(level, count):
    """The stub of an answer up to its entries, [MS-SRVS] 3.1.4.5."""
    return struct.pack("<IIIIII", level, level, ARRAY, count, ARRAY, count)


def tail(total, handle, status):
    return struct.pack("<IIII", total, ARRAY, handle, status)


def one_session(client, user, seconds=1):
    """The answer that has one session of level 10; a lone surrogate of a text is sent as it is."""
    def string(text):
        units = (text + "\0").encode("utf-16-le", "surrogatepass")
        return struct.pack("<III", len(units) // 2, 0, len(units) // 2) + units + bytes(-len(units) % 4)
    return head(10, 1) + struct.pack("<IIII", STRING, STRING + 4, seconds, seconds) + string(client) + string(user) + tail(1, 0, 0)


def endless_rows(_, request):
    """So many sessions of level 0 without a name that the answer does not end."""
    del request
    yield head(0, 0xFFFFFFFF) + bytes(STUB_BYTES // 4 * 4)
    yield from itertools.repeat(bytes(STUB_BYTES // 4 * 4))


def endless_names(_, request):
    """Sessions of level 0, each with the longest name that is allowed."""
    del request
    count = 10000
    yield head(0, count)
    entries = struct.pack("<I", STRING) * count
    yield from (entries[at:at + STUB_BYTES // 4 * 4] for at in range(0, len(entries), STUB_BYTES // 4 * 4))
    name = struct.pack("<III", 32768, 0, 32768) + ("\\\\" + "n" * 32765 + "\0").encode("utf-16-le")
    while True:
        yield name[:STUB_BYTES // 4 * 4]
        yield name[STUB_BYTES // 4 * 4:]


def nameless(count):
    """The answer of all sessions at once: so many of level 0 without a name."""
    def answer(_, request):
        del request
        yield head(0, count)
        left = 4 * count
        while left:
            yield bytes(min(left, STUB_BYTES // 4 * 4))
            left -= min(left, STUB_BYTES // 4 * 4)
        yield tail(count, 0, 0)
    return answer


def page(rows, handle):
    """The answer that has so many sessions of level 0, says that there are more, and where they begin."""
    return head(0, rows) + bytes(4 * rows) + tail(1000, handle, 234)


def endless_pages(rows):
    """Each page has so many sessions, and another handle."""
    def answer(_, request):
        yield page(rows, int.from_bytes(request[-4:], "little") + 1)
    return answer
