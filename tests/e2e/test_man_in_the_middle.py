"""A man in the middle of real peers, the quick form: a sample of what he may do, the same with the same seed. `make
attack-middle` tries all of it."""
import sys
import unittest

from impacket import smb3structs

from fixtures import middle
from fixtures.middle_strangers import impacket_calls, rpcclient_calls
from lab import tap

SEED, INTEGRITY = 14, 5
MANY, SOME, FEW = 400, 120, 50  # cases of a scene


def setUpModule():
    Middle.server = unittest.enterModuleContext(middle.netsessiond_with_rows())
    unittest.addModuleCleanup(lambda: print("\n".join(["", f"seed {SEED}", *Middle.tally.lines()]), file=sys.stderr))


class Middle(unittest.TestCase):
    tally = middle.Tally()

    def attacked(self, scene, count, applies=lambda attack: True):
        """Runs a sample of a scene. Returns the attacks that our client should have detected."""
        scene = self.enterContext(scene)
        outcomes = scene.attack(middle.chosen(filter(applies, scene.catalogue()), SEED, count))
        self.tally.take(scene, outcomes)
        return scene.undetected(outcomes)


class OurClientAtOurServer(Middle):
    """At 3.1.1. Whatever is changed, the client finds out, or it was nothing that matters."""

    def check(self, how):
        self.assertEqual([], self.attacked(middle.our_client_and_netsessiond(self.server, how), MANY))

    def test_signed_lists_are_true_or_errors(self):
        self.check("list")

    def test_encrypted_lists_are_true_or_errors(self):
        self.check("encrypted")

    def test_only_what_the_client_wanted_to_close_is_closed(self):
        self.check("del")


class ByKerberos(Middle):
    def test_lists_are_true_or_errors(self):
        server = self.enterContext(middle.netsessiond_in_a_domain())
        self.assertEqual([], self.attacked(middle.our_client_and_netsessiond_by_kerberos(server, "list", "tickets"), FEW))
        # NTLM would do here, too: nobody on the way can make the client take that.
        self.assertEqual([], self.attacked(middle.our_client_and_netsessiond_by_kerberos(server, "list", "password"), MANY,
                                           lambda attack: attack.kind in ("SPNEGO", "downgrade")))


class OurClientAtSamba(Middle):
    """Before 3.1.1 little of the log-on is protected: its messages, but not those around them. All behind it is."""

    def check(self, dialect, how):
        self.assertEqual([], self.attacked(middle.our_client_and_samba(dialect, how), FEW))

    def test_lists_are_true_or_errors_at_every_dialect(self):
        for dialect in ("2.0.2", "2.1", "3.0", "3.0.2"):
            with self.subTest(dialect):
                self.check(dialect, "list")

    def test_dialects_and_capabilities_cannot_be_talked_down(self):
        self.assertEqual([], self.attacked(middle.our_client_and_samba("3.0.2", "list"), MANY,
                                           lambda attack: attack.kind == "downgrade"))

    def test_encrypted_lists_are_true_or_errors(self):
        self.check("3.0", "encrypted")


class OthersAtOurServer(Middle):
    """Our server executes nothing that the client did not send, whether or not the client looks."""

    def check(self, name, call, how="list", count=FEW):
        self.attacked(middle.strangers_and_netsessiond(self.server, name, call, how), count, middle.concerns_the_server)

    def test_impacket_closes_only_what_it_wants_to_close(self):
        for name, dialect in (("2.0.2", smb3structs.SMB2_DIALECT_002), ("2.1", smb3structs.SMB2_DIALECT_21),
                              ("3.0", smb3structs.SMB2_DIALECT_30)):
            with self.subTest(name):
                self.check(f"impacket, {name}", impacket_calls(self.server.domain, dialect, middle.OF_USER, middle.CLIENTS[0]), "del")

    def test_rpcclient_lists_only_what_it_wants_to_list(self):
        self.check("rpcclient, 3.0.2", rpcclient_calls(self.server, middle.SAMBA_NAMES["3.0.2"], middle.OF_USER, middle.CLIENTS[0]))

    def test_calls_that_rpc_signs_are_executed_as_they_were_sent_and_once(self):
        """Whatever stands behind SMB's own signatures."""
        self.check("impacket, signed by RPC", impacket_calls(self.server.domain, smb3structs.SMB2_DIALECT_21, middle.OF_USER,
                                                             middle.CLIENTS[0], rpc_level=INTEGRITY), "del", SOME)


if __name__ == "__main__":
    tap.main()
