"""Streams of DCE/RPC PDUs, C706 12.6 and [MS-RPCE] 2.2.2: good ones, and what mutations make of them. What is right about
lengths and counts stays right often enough for the mutations to reach what stands behind them."""
import pathlib
import struct

from lab import spnego
from lab.command import REPOSITORY
from lab.raw_rpc import (ALTER, AUTH3, BIND, FIRST, LAST, NDR, REQUEST, SESSION_DEL, SESSION_ENUM, SRVSVC, bind_body, enum_stub,
                         pdu, request, secured, wide)

LOCAL = bytes.fromhex("09a65572053ea540b627481f41a4b1f3") + struct.pack("<HH", 1, 0)
MANAGEMENT = bytes.fromhex("80bda8af8a7dc911bef408002b102989") + struct.pack("<HH", 1, 0)
NDR64 = bytes.fromhex("33057171babe37498319b5dbef9ccc36") + struct.pack("<HH", 1, 0)
SERVER_GET_INFO = 21
LEVELS = (0, 1, 2, 10, 502)
NTLM_NEGOTIATE = b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + bytes(16) + bytes.fromhex("0a0000000000000f")


def recorded(*patterns):
    """The bytes of the files of tests/wire whose names match."""
    found = []
    for pattern in patterns:
        for path in sorted(pathlib.Path(REPOSITORY / "tests" / "wire").glob(pattern)):
            lines = path.read_text().splitlines()
            found.append(bytes.fromhex("".join(line for line in lines if not line.startswith("#"))))
    return found


# Of big-endian callers, of several fragments, and of answers too, which a server should not get.
RECORDED = recorded("*-bind*.hex", "*-alter-context*.hex", "*-fault*.hex", "*-session-enum-re*[0-9].hex", "*-session-enum-*-endian.hex",
                    "*-session-del-re*.hex")


class Calls:
    """Makes PDUs as mutate decides. user: whom NetrSessionDel may mean.

    is_careful  no mutation makes a NetrSessionDel of others' sessions; for callers who may close all
    """

    def __init__(self, mutate, user, is_careful=False):
        self.mutate, self.chance, self._user, self._is_careful = mutate, mutate.chance, user, is_careful
        self._client, self._call = "\\\\127.66.0.1", 1

    def binds(self):
        """A bind to contexts 0 to 2, which the calls then use."""
        contexts = ((0, SRVSVC, (NDR,)), (1, LOCAL, (NDR,)), (2, MANAGEMENT, (NDR, NDR64)))
        return pdu(BIND, bind_body(contexts, frag=self.chance.choice((4280, 65528, 2048))))

    def stub(self):
        """(opnum, context, stub)"""
        chance = self.chance
        what = chance.randrange(10)
        if what < 5:
            names = (bytes(4), wide(self._user), wide(self._client), wide(""))
            stub = enum_stub(chance.choice((bytes(4), wide("\\\\server"))), chance.choice(names), chance.choice(names),
                             chance.choice(LEVELS))
            if chance.random() < 0.5:  # a page, and where it begins
                stub = stub[:-8] + struct.pack("<II", self.mutate.number(1000) & 0xFFFFFFFF, 0x20000)
                stub += struct.pack("<I", self.mutate.number(3) & 0xFFFFFFFF)
            return chance.choice((SESSION_ENUM, SESSION_ENUM, SESSION_ENUM, 3)), int(what == 4), stub
        if what == 5:
            client = chance.choice((bytes(4), wide(self._client)))
            return SESSION_DEL, 0, bytes(4) + client + wide(self._user)
        if what == 6:
            return SERVER_GET_INFO, 0, bytes(4) + struct.pack("<I", chance.choice((100, 101, 102, 500)))
        if what == 7:
            return chance.randrange(6), 1, bytes(4) + wide(self._client) + wide(self._user)
        if what == 8:
            return chance.randrange(6), 2, bytes(16)
        return self.mutate.number() & 0xFFFF, chance.randrange(4), chance.randbytes(chance.randrange(60))

    def call(self):
        """The PDUs of one call: its stub mutated or not, in one fragment or several."""
        opnum, context, stub = self.stub()
        self._call += 1 if self.mutate.happens(0.9) else 0
        if self._is_careful and opnum != SESSION_ENUM:
            return [request(SESSION_DEL, bytes(8) + wide(self._user), call=self._call)]
        stub = self.mutate.maybe(stub, 0.5)[:60000]
        if not self.mutate.happens(0.3):
            return [request(opnum, stub, context=context, call=self._call)]
        pieces = self.mutate.pieces(stub)
        flags = [(FIRST if number == 0 else 0) | (LAST if number == len(pieces) - 1 else 0) for number in range(len(pieces))]
        return self.mutate.order(
            (request(opnum, piece, len(stub) if self.mutate.happens(0.8) else self.mutate.number() & 0xFFFFFFFF, context,
                     flags=flag if self.mutate.happens(0.95) else self.chance.randrange(256), call=self._call)
             for piece, flag in zip(pieces, flags)), 0.1)

    def log_on(self):
        """PDUs that begin or go on with a log-on: with tokens, with auth verifiers, right and wrong."""
        kind, auth_type = self.chance.choice((BIND, ALTER, AUTH3, REQUEST)), self.chance.choice((9, 10, 10, 16, 68, 255))
        token = NTLM_NEGOTIATE if auth_type == 10 else spnego.init([spnego.NTLM], NTLM_NEGOTIATE)
        body = bind_body() if kind in (BIND, ALTER) else bytes(4) if kind == AUTH3 else struct.pack("<IHH", 4, 0, 12) + bytes(4)
        return secured(kind, self.mutate.maybe(body, 0.2), self.mutate.maybe(token, 0.5)[:4000], auth_type,
                       self.chance.randrange(8), self.mutate.number() & 0xFF if self.mutate.happens(0.2) else 0,
                       self.mutate.number() & 0xFFFFFFFF if self.mutate.happens(0.3) else 0, call=self._call)

    def any(self):
        """PDUs of whatever kind, some of them mutated as a whole."""
        if self._is_careful:
            return self.call()
        what = self.chance.random()
        found = self.call() if what < 0.85 else [self.log_on()] if what < 0.93 else [self.chance.choice(RECORDED)]
        if self.mutate.happens(0.02):
            found.append(pdu(self.chance.choice((17, 18, 19, self.chance.randrange(256))), bytes(self.chance.randrange(20))))
        return [self.mutate.maybe(one, 0.07) for one in found]

    def stream(self, most=20):
        """The bytes of a whole association."""
        pdus = [self.binds()] if self.mutate.happens(0.95) else []
        for _ in range(self.chance.randint(1, most)):
            pdus += self.any()
        return self.mutate.order(pdus, 0.1)
