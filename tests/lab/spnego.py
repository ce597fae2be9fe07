"""SPNEGO's messages for peers that a test scripts: RFC 4178 4.2. The tokens and MICs in them are made by real
mechanisms, for example Samba's (`lab.gensec`)."""
SPNEGO = bytes.fromhex("2b0601050502")
KERBEROS = bytes.fromhex("2a864886f712010202")
WINDOWS_KERBEROS = bytes.fromhex("2a864882f712010202")
NTLM = bytes.fromhex("2b06010401823702020a")
NEGOEX = bytes.fromhex("2b06010401823702021e")

# NTLM's flags, [MS-NLMP] 2.2.2.5
UNICODE, OEM, SIGN, SEAL, SESSION_SECURITY = 0x1, 0x2, 0x10, 0x20, 0x80000
TARGET_INFO, VERSION, KEYS_OF_128_BITS, KEY_EXCHANGE = 0x800000, 0x2000000, 0x20000000, 0x40000000

ACCEPT_COMPLETED, ACCEPT_INCOMPLETE, REJECT, REQUEST_MIC = range(4)


def element(tag, content):
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def elements(data):
    """The (tag, content) of elements that stand one behind the other."""
    found = []
    while data:
        size, at = data[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at:at + size]))
        data = data[at + size:]
    return found


def mechanism_list(*mechanisms):
    """The DER of a MechTypeList, over which a mechListMIC is made."""
    return element(0x30, b"".join(element(0x06, oid) for oid in mechanisms))


def init(mechanisms, token=None):
    """A NegTokenInit in its header."""
    fields = element(0xA0, mechanism_list(*mechanisms))
    if token is not None:
        fields += element(0xA2, element(0x04, token))
    return element(0x60, element(0x06, SPNEGO) + element(0xA0, element(0x30, fields)))


def response(state=None, mechanism=None, token=None, mic=None):
    """A NegTokenResp; what is None is left out."""
    fields = [(0xA0, 0x0A, None if state is None else bytes([state])), (0xA1, 0x06, mechanism),
              (0xA2, 0x04, token), (0xA3, 0x04, mic)]
    return element(0xA1, element(0x30, b"".join(element(number, element(tag, content))
                                                for number, tag, content in fields if content is not None)))


class Response:
    """A NegTokenResp that came: .state, .mechanism, .token, .mic; None where the field is absent."""

    def __init__(self, data):
        [(choice, inside)] = elements(data)
        assert choice == 0xA1, data.hex()
        [(_, fields)] = elements(inside)
        found = {number: elements(field)[0][1] for number, field in elements(fields)}
        self.state = found[0xA0][0] if 0xA0 in found else None
        self.mechanism, self.token, self.mic = (found.get(number) for number in (0xA1, 0xA2, 0xA3))


class Init:
    """A NegTokenInit that came: .mechanisms, .token."""

    def __init__(self, data):
        [(_, inside)] = elements(data)
        (_, oid), (_, choice) = elements(inside)
        assert oid == SPNEGO, data.hex()
        [(_, fields)] = elements(choice)
        found = {number: elements(field)[0][1] for number, field in elements(fields)}
        self.mechanisms = [content for _, content in elements(found[0xA0])]
        self.token = found.get(0xA2)
