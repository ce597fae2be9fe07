#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Encryption, and what keeps an exchange from being talked down."""
import struct
import unittest

from fixtures.encryption import listing, watched
from lab import tap
from lab.frames import ENCRYPTED
from lab.relay import TO_CLIENT, TO_SERVER, Relay
from lab.samba import SambaServer

CIPHERS = ("AES-128-CCM", "AES-128-GCM", "AES-256-CCM", "AES-256-GCM")
DOWNGRADE = 1265


class Encryption(unittest.TestCase):
    def assert_encrypted(self, result, seen):
        """All that follows the log-on (NEGOTIATE and two SESSION_SETUPs) is encrypted, both ways."""
        self.assertEqual(result.exit, 0, result)
        for direction in (TO_SERVER, TO_CLIENT):
            self.assertEqual(seen[direction][:3], [False] * 3)
            self.assertGreater(len(seen[direction]), 4)
            self.assertTrue(all(seen[direction][3:]), seen)

    def test_every_cipher_that_samba_offers(self):
        for cipher in CIPHERS:
            with self.subTest(cipher), SambaServer({"server smb3 encryption algorithms": cipher,
                                                    "server smb encrypt": "required"}) as server:
                self.assert_encrypted(*watched(server))

    def test_every_dialect_that_has_it_encrypts_on_request(self):
        for dialect in ("SMB3_00", "SMB3_02", "SMB3_11"):
            with self.subTest(dialect), SambaServer({"server max protocol": dialect}) as server:
                self.assert_encrypted(*watched(server, "--encrypt"))

    def test_nothing_is_encrypted_where_nobody_asks(self):
        with SambaServer() as server:
            result, seen = watched(server)
        self.assertEqual(result.exit, 0, result)
        self.assertFalse(any(seen[TO_SERVER] + seen[TO_CLIENT]))

    def test_a_share_may_ask_for_it_by_itself(self):
        # The line break ends [global] for a section of its own.
        ipc = "0\n[ipc$]\npath = /nonexistent\nserver smb encrypt = required\n[global]"
        with SambaServer({"deadtime": ipc}) as server:
            result, seen = watched(server)
        self.assertEqual(result.exit, 0, result)
        self.assertTrue(seen[TO_CLIENT][-1], seen)

    def test_on_request_it_is_never_done_without(self):
        for options in ({"server max protocol": "SMB2_10"}, {"server smb encrypt": "off"}):
            with self.subTest(str(options)), SambaServer(options) as server:
                result = listing(server, "--encrypt")
                self.assertEqual(result.exit, 3)
                self.assertRegex(result.stderr, r"\(50\).*no encryption")

    def test_a_damaged_encrypted_answer_is_not_believed(self):
        def damage(direction, message, _):
            if direction == TO_CLIENT and message[:4] == ENCRYPTED:
                return message[:-1] + bytes([message[-1] ^ 1])
            return message

        with SambaServer({"server smb encrypt": "required"}) as server, \
                Relay(server.host, server.port, tamper=damage) as relay:
            result = listing(server, port=relay.port)
        self.assertRegex(result.stderr, rf"\({DOWNGRADE}\).*does not decrypt")


def without_dialects_above(highest):
    """Takes dialects away from NEGOTIATE on its way, so that the server believes in an old client."""
    def tamper(direction, message, index):
        if direction != TO_SERVER or index != 0:
            return message
        changed = bytearray(message)
        count = struct.unpack_from("<H", changed, 66)[0]
        for at in range(100, 100 + 2 * count, 2):
            if struct.unpack_from("<H", changed, at)[0] > highest:
                struct.pack_into("<H", changed, at, 0x0202)
        return bytes(changed)
    return tamper


def with_another_server_guid(direction, message, index):
    """Changes what the server says of itself in its answer to NEGOTIATE."""
    if direction != TO_CLIENT or index != 0:
        return message
    changed = bytearray(message)
    changed[72] ^= 1
    return bytes(changed)


class Downgrade(unittest.TestCase):
    def assert_found_out(self, server, tamper):
        with Relay(server.host, server.port, tamper=tamper) as relay:
            result = listing(server, port=relay.port)
        self.assertEqual(result.exit, 3, result)
        self.assertIn(f"({DOWNGRADE})", result.stderr)

    def test_dialects_taken_away_are_missed(self):
        with SambaServer() as server:
            for highest in (0x0302, 0x0300, 0x0210):
                with self.subTest(hex(highest)):
                    self.assert_found_out(server, without_dialects_above(highest))

    def test_a_changed_answer_is_noticed_at_every_dialect_that_can_be_asked(self):
        # Not at 2.0.2: Samba 4.17.12 does not know FSCTL_VALIDATE_NEGOTIATE_INFO there.
        for dialect in ("SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"):
            with self.subTest(dialect), SambaServer({"server max protocol": dialect}) as server:
                self.assertEqual(listing(server).exit, 0)
                self.assert_found_out(server, with_another_server_guid)

    def test_the_question_costs_no_round_trip(self):
        with SambaServer({"server max protocol": "SMB3_02"}) as server, Relay(server.host, server.port) as relay:
            self.assertEqual(listing(server, port=relay.port).exit, 0)
            self.assertEqual(relay.connections + relay.round_trips, 6)


if __name__ == "__main__":
    tap.main()
