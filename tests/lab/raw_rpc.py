"""PDUs of DCE/RPC and stubs of srvsvc, right or wrong: C706 12.6, [MS-RPCE] 2.2.2, [MS-SRVS] 3.1.4. What is not said is
right."""
import struct

FIRST, LAST = 1, 2
REQUEST, RESPONSE_PDU, FAULT, BIND, BIND_ACK, BIND_NAK, ALTER, AUTH3 = 0, 2, 3, 11, 12, 13, 14, 16
SRVSVC = bytes.fromhex("c84f324b7016d30112785a47bf6ee188") + struct.pack("<HH", 3, 0)
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b104860") + struct.pack("<HH", 2, 0)
PROTOCOL_ERROR, UNKNOWN_INTERFACE, NO_SUCH_OPERATION = 0x1C01000B, 0x1C010003, 0x1C010002
BAD_STUB, DENIED = 0x000006F7, 5
SESSION_ENUM, SESSION_DEL = 12, 13


def pdu(kind, body, flags=FIRST | LAST, call=1, length=None, auth=0, version=(5, 0), order=0x10):
    return struct.pack("<BBBBIHHI", *version, kind, flags, order, 16 + len(body) if length is None else length, auth, call) + body


def secured(kind, body, token, auth_type=10, level=5, pad=0, context=0, **fields):
    """With a trailer, [MS-RPCE] 2.2.2.11, and a token behind it."""
    body += bytes(-len(body) % 4) + struct.pack("<BBBBI", auth_type, level, pad, 0, context) + token
    return pdu(kind, body, auth=len(token), **fields)


def bind_body(contexts=((0, SRVSVC, (NDR,)),), count=None, frag=4280):
    return (struct.pack("<HHIBBH", frag, frag, 0, len(contexts) if count is None else count, 0, 0)
            + b"".join(struct.pack("<HBB", number, len(transfers), 0) + interface + b"".join(transfers)
                       for number, interface, transfers in contexts))


def request(opnum, stub, hint=None, context=0, **fields):
    return pdu(REQUEST, struct.pack("<IHH", len(stub) if hint is None else hint, context, opnum) + stub, **fields)


def wide(text, most=None, offset=0, count=None, end="\0"):
    units = (text + end).encode("utf-16-le")
    actual = len(units) // 2
    return (struct.pack("<IIII", 0x20000, actual if most is None else most, offset, actual if count is None else count)
            + units + bytes(-len(units) % 4))


def enum_stub(server=bytes(4), client=bytes(4), user=bytes(4), level=10, tag=None, behind=None):
    return (server + client + user + struct.pack("<II", level, level if tag is None else tag)
            + (struct.pack("<III", 0x20000, 0, 0) + struct.pack("<II", 0xFFFFFFFF, 0) if behind is None else behind))
