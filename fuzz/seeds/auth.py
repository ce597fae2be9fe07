# SPDX-License-Identifier: MIT
"""Tokens and their parts."""
import struct

from seeds.recordings import frames, recordings


def seeds_pac():
    for data in recordings("*-pac-logon-info*"):
        for most in (255, 0, 3):
            yield bytes([most]) + data


def recorded_tokens():
    """The security buffers of recorded SESSION_SETUPs, in their order."""
    for data in recordings("*-session-setup-re*") + recordings("signing-*-logon"):
        for message in frames(data):
            # The token of a request or a response: at the offset of [MS-SMB2] 2.2.5 or 2.2.6.
            starts = [message.find(tag, 64 + 8) for tag in (b"\x60", b"\xa1")]
            start = min((at for at in starts if at >= 0), default=None)
            if start is not None:
                yield message[start:]


def seeds_ntlm_message():
    for token in recorded_tokens():
        if b"NTLMSSP" in token:
            yield b"\0" + token[token.find(b"NTLMSSP"):]
            yield b"\3" + token[token.find(b"NTLMSSP"):]


def der(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)) + content


def spnego_message(state, message):
    return struct.pack("<HB", len(message), state) + message


def seeds_spnego():
    kerberos, windows, ntlm = (bytes.fromhex(oid) for oid in (
        "06092a864886f712010202", "06092a864882f712010202", "060a2b06010401823702020a"))
    goes_on, says_last, complete = 1, 7, 6

    def init(*oids, token=None):
        fields = der(0xA0, der(0x30, b"".join(oids))) + (der(0xA2, der(0x04, token)) if token is not None else b"")
        return der(0x60, bytes.fromhex("06062b0601050502") + der(0xA0, der(0x30, fields)))

    def response(state=None, oid=None, token=None, mic=None):
        fields = [(0xA0, None if state is None else der(0x0A, bytes([state]))), (0xA1, oid),
                  (0xA2, None if token is None else der(0x04, token)), (0xA3, None if mic is None else der(0x04, mic))]
        return der(0xA1, der(0x30, b"".join(der(tag, field) for tag, field in fields if field is not None)))

    def exchange(choice, *messages):
        return bytes([choice]) + b"".join(spnego_message(*message) for message in messages)

    skew = der(0x7E, der(0x30, der(0xA0, der(0x02, b"\5")) + der(0xA1, der(0x02, b"\x1e")) +
                             der(0xA4, der(0x18, b"20261130140612Z"))))
    yield exchange(5, (goes_on, der(0x60, kerberos + b"\3\0" + skew)))
    for token in recorded_tokens():
        for choice in range(8):
            yield exchange(choice, (goes_on, token), (complete, token))
    for mic in (None, b"mic"):
        yield exchange(4, (says_last, response(1, ntlm, b"challenge")), (complete, response(0, mic=mic)))
        yield exchange(4, (goes_on, response(3, ntlm)), (says_last, response(1, token=b"challenge")),
                       (complete, response(0, mic=mic)))
        yield exchange(4, (complete, response(1, windows, b"ap-rep", mic)), (complete, response(0)))
        yield exchange(7, (goes_on, init(ntlm, token=b"negotiate")), (complete, response(token=b"auth", mic=mic)))
        yield exchange(5, (0, init(kerberos, ntlm, token=b"ap-req")), (goes_on, response(token=b"negotiate")),
                       (complete, response(token=b"auth", mic=mic)))
        yield exchange(7, (says_last, init(windows, kerberos, ntlm, token=b"ap-req")))
        yield exchange(3, (0, init(ntlm, kerberos)), (says_last, response(token=b"ap-req")), (complete, response(mic=mic)))
    # More mechanisms than any client offers, an initiator that rejects, and elements in elements.
    for count in (32, 33, 200):
        yield exchange(7, (goes_on, init(*[kerberos] * count, token=b"ap-req")))
    yield exchange(7, (goes_on, init(ntlm, token=b"negotiate")), (complete, response(2)))
    nested = b""
    for _ in range(200):
        nested = der(0x30, nested)
    for tag in (0x60, 0xA0, 0xA1):
        yield exchange(7, (goes_on, der(tag, nested)))
        yield exchange(4, (goes_on, der(tag, nested)))
    yield exchange(4, (goes_on, response(1, kerberos, b"more")), (goes_on, response(1, kerberos, b"more")), (complete, b""))
