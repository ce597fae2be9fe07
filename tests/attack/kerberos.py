"""Log-ons by Kerberos whose tickets are mutated before they are encrypted by the service's own key: RFC 4120 5.3 and 5.5.1,
RFC 4121 4.1, [MS-PAC] 2. So a mutation reaches what stands behind the checks of a key."""
import secrets
import struct
import time

from impacket.krb5 import crypto

from lab import frames, raw_smb, spnego
from lab.raw_smb import SESSION_SETUP
from lab.spnego import element

from .rpc import recorded
from .smb import Spoiled, closing_ends_it

REALM, SERVICE, USER = "LAB.EXAMPLE", ("cifs", "fs1.lab.example"), "karen"
AES256, CHECKSUM = 18, 16  # aes256-cts-hmac-sha1-96 and its checksum
TICKET_KEY, AP_REQ_KEY, PAC_KEY = 2, 11, 17  # key usages, RFC 4120 7.5.1 and [MS-PAC] 2.8
LOGON_INFO, SERVER_CHECKSUM, KDC_CHECKSUM, CLIENT_INFO = 1, 6, 7, 10  # buffers of a PAC
IF_RELEVANT, WIN2K_PAC = 1, 128
GSS_CHECKSUM, INTEGRITY, REPLAY, SEQUENCE = 0x8003, 0x20, 4, 8
NT_EPOCH_S = 11644473600
LOGON_INFOS = recorded("*-pac-logon-info*.hex")


def _at(number, content):
    return element(0xA0 + number, content)


def _sequence(*fields):
    """Of the fields that are not None, by their numbers."""
    return element(0x30, b"".join(_at(number, content) for number, content in fields if content is not None))


def _integer(value):
    return element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _text(words):
    return element(0x1B, words.encode())


def _name(*parts):
    return _sequence((0, _integer(1)), (1, element(0x30, b"".join(map(_text, parts)))))


def _time(seconds):
    return element(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)).encode())


def new_key():
    return crypto.Key(AES256, secrets.token_bytes(32))


def keytab(key):
    """The bytes of a keytab with the service's key."""
    def counted(data):
        return struct.pack(">H", len(data)) + data
    entry = struct.pack(">H", len(SERVICE)) + b"".join(counted(part.encode()) for part in (REALM, *SERVICE))
    entry += struct.pack(">IIBH", 1, int(time.time()), 1, AES256) + counted(key.contents)
    return b"\5\2" + struct.pack(">i", len(entry)) + entry


def _encrypted(key, usage, data):
    cipher = crypto.encrypt(key, usage, data, secrets.token_bytes(16))
    return _sequence((0, _integer(AES256)), (1, _integer(1)), (2, element(4, cipher)))


def _pac(mutate, key, began_at):
    """A PAC whose checksum of the service is right, whatever is in the other buffers."""
    signature = struct.pack("<I", CHECKSUM) + bytes(12)
    name = USER.encode("utf-16-le")
    buffers = [(LOGON_INFO, mutate.maybe(mutate.chance.choice((*LOGON_INFOS, b"")), 0.5)),
               (CLIENT_INFO, mutate.maybe(struct.pack("<QH", (began_at + NT_EPOCH_S) * 10**7, len(name)) + name, 0.1)),
               (SERVER_CHECKSUM, signature), (KDC_CHECKSUM, signature)]
    at, listed, data = 8 + 16 * len(buffers), b"", b""
    for kind, content in buffers:
        listed += struct.pack("<IIQ", kind, len(content), at + len(data))
        if kind == SERVER_CHECKSUM:
            signed_at = at + len(data) + 4
        data += content + bytes(-len(content) % 8)
    pac = struct.pack("<II", len(buffers), 0) + listed + data
    if mutate.happens(0.1):
        return mutate.spoil(pac)
    checksum = crypto.make_checksum(CHECKSUM, key, PAC_KEY, pac)
    return pac[:signed_at] + checksum + pac[signed_at + len(checksum):]


def token(mutate, key):
    """A GSS token with an AP-REQ; each of its layers is mutated now and then."""
    began_at, session_key = int(time.time()), new_key()
    authorization = element(0x30, _sequence((0, _integer(WIN2K_PAC)), (1, element(4, _pac(mutate, key, began_at)))))
    authorization = element(0x30, _sequence((0, _integer(IF_RELEVANT)), (1, element(4, authorization))))
    ticket = element(0x63, _sequence(
        (0, b"\3\5\0\x40\xa0\0\0"), (1, _sequence((0, _integer(AES256)), (1, element(4, session_key.contents)))), (2, _text(REALM)),
        (3, _name(USER)), (4, _sequence((0, _integer(1)), (1, element(4, b"")))), (5, _time(began_at)), (7, _time(began_at + 600)),
        (10, authorization if mutate.happens(0.9) else None)))
    flags = INTEGRITY | REPLAY | SEQUENCE
    authenticator = element(0x62, _sequence(
        (0, _integer(5)), (1, _text(REALM)), (2, _name(USER)),
        (3, _sequence((0, _integer(GSS_CHECKSUM)), (1, element(4, struct.pack("<I16sI", 16, b"", flags))))),
        (4, _integer(mutate.chance.randrange(10**6))), (5, _time(began_at)), (7, _integer(mutate.chance.randrange(1 << 31)))))
    ticket = element(0x61, _sequence(
        (0, _integer(5)), (1, _text(REALM)), (2, _name(*SERVICE)), (3, _encrypted(key, TICKET_KEY, mutate.maybe(ticket, 0.2)))))
    request = element(0x6E, _sequence(
        (0, _integer(5)), (1, _integer(14)), (2, b"\3\5\0\0\0\0\0"), (3, ticket),
        (4, _encrypted(session_key, AP_REQ_KEY, mutate.maybe(authenticator, 0.1)))))
    return element(0x60, element(6, spnego.KERBEROS) + b"\1\0" + mutate.maybe(request, 0.1))


def log_ons(target, case):
    mutate = case.mutate
    with Spoiled(target, case) as smb, closing_ends_it():
        smb.negotiate(case.chance.choice(frames.DIALECTS))
        for _ in range(case.chance.randint(1, 6)):
            made = token(mutate, target.key)
            made = spnego.init([case.chance.choice((spnego.KERBEROS, spnego.WINDOWS_KERBEROS))], made) if mutate.happens(0.8) else made
            smb.say(smb.make(SESSION_SETUP, raw_smb.session_setup(mutate.maybe(made, 0.05)[:60000])))
            smb.drain()
