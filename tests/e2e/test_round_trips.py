"""How often a caller has to wait for the server: a round trip is what a slow network makes expensive."""
import unittest

from lab import command, frames, sessions, tap
from lab.ad import DomainController
from lab.cli import address, run_list, is_interim
from lab.netsessiond import Netsessiond
from lab.relay import TO_CLIENT, TO_SERVER, Relay
from lab.samba import SambaServer
from lab.tampering import at

DELAY_MS = 20  # in each direction, so that what is sent without waiting is seen to be
GUID = slice(72, 88)  # of the server, in its response to NEGOTIATE: [MS-SMB2] 2.2.4
DOWNGRADE = 1265


class RoundTrips(unittest.TestCase):
    def through(self, *arguments, server=None, **options):
        """Asks over a slow network. Returns the result and the round trips, those of TCP handshakes among them."""
        server = server or self.server
        with Relay(server.host, server.port, delay_ms=DELAY_MS, **options) as relay:
            result = run_list(server, "-o", "json", *arguments, of=relay)
            self.assertEqual((0, ""), (result.exit, result.stderr))
            self.assertEqual(1, relay.connections)
            return result, relay.round_trips + relay.connections


class ToSamba(RoundTrips):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        run_list(cls.server)  # the first open of a pipe takes longer

    def test_a_cold_call_with_ntlm_takes_six_with_the_handshake(self):
        for level in (0, 1):
            with self.subTest(level=level):
                self.assertEqual(6, self.through("-l", level)[1])

    def test_auto_takes_one_more_for_each_level_that_is_not_there(self):
        result, round_trips = self.through("-l", "auto")
        self.assertEqual((1, 8), (result.json["servers"][0]["level"], round_trips))

    def test_two_hundred_sessions_take_one_more(self):
        with sessions.held(self.server, sessions.crowd(200, self.server.users)):
            result, round_trips = self.through("-l", 1)
        self.assertEqual((201, 7), (len(result.sessions), round_trips))

    def test_the_rest_of_a_long_answer_is_read_by_several_reads_at_once(self):
        order = []

        def note(direction, message, _):
            if frames.command(message) == frames.READ and not is_interim(message):
                order.append(direction)
            return message

        with sessions.held(self.server, sessions.crowd(200, self.server.users)):
            self.through("-l", 1, tamper=note)
        reads = len(order) // 2
        self.assertGreaterEqual(reads, 2)
        self.assertEqual([TO_SERVER] * reads + [TO_CLIENT] * reads, order)


class ToNetsessiond(RoundTrips):
    """It executes a call in the compound that opens the pipe, and says so in its GUID."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(sessions=10))
        cls.samba = cls.enterClassContext(SambaServer())
        run_list(cls.samba)

    def test_a_cold_call_with_ntlm_takes_five_with_the_handshake(self):
        for arguments in (("-l", 1), ("-l", "auto"), ("-l", 1, "--encrypt"), ("-l", 0, "-c", "127.0.0.1")):
            with self.subTest(arguments):
                self.assertEqual(5, self.through(*arguments)[1])

    def test_a_long_answer_is_whole(self):
        """The first fragment is compounded with the answers of the steps before it."""
        with Netsessiond(sessions=3000) as server:
            result, round_trips = self.through("-l", 502, server=server)
        self.assertEqual((3001, 6), (len(result.sessions), round_trips))

    def test_whoever_answers_at_an_address_gets_what_he_supports(self):
        """Nothing is remembered that could be wrong when another server takes the address of the one before."""
        with Relay(self.server.host, self.server.port, delay_ms=DELAY_MS) as relay:
            for server, expected in ((self.server, 5), (self.samba, 6), (self.server, 5)):
                relay.target = server.host, server.port
                before = relay.round_trips + relay.connections
                result = run_list(server, "-l", 1, of=relay)
                self.assertEqual((0, ""), (result.exit, result.stderr))
                self.assertEqual(expected, relay.round_trips + relay.connections - before)

    def test_a_deletion_waits_for_its_list_and_is_made_once(self):
        with sessions.held(self.server, sessions.crowd(1, ["alice"])), \
                Relay(self.server.host, self.server.port, delay_ms=DELAY_MS) as relay:
            before = len(self.server.audit)
            closed = command.run("close", address(relay), "-A", self.server.credentials_file("root"), "-u", "alice", "--yes")
            self.assertEqual(0, closed.exit, closed)
            self.assertEqual(["log-on", "NetrSessionEnum", "NetrSessionEnum", "NetrSessionDel"],
                             [line["operation"] for line in self.server.audit[before:]])
            self.assertEqual(7, relay.round_trips + relay.connections)

    def guid(self, server):
        """What a server says of itself."""
        seen = []
        with Relay(server.host, server.port, tamper=at(TO_CLIENT, 0, lambda message: seen.append(message) or message)) as relay:
            run_list(server, of=relay)
        return seen[0][GUID]

    def claim(self, guid):
        """Lets a server say so of itself."""
        return at(TO_CLIENT, 0, lambda message: message[:GUID.start] + guid + message[GUID.stop:])

    def test_a_server_that_claims_to_and_does_not_is_asked_again(self):
        """A null session, as only that one does not notice that somebody between has changed the GUID."""
        claims = self.claim(self.guid(self.server))
        said, costs = [], []
        for tamper in (None, claims):
            with Relay(self.samba.host, self.samba.port, delay_ms=DELAY_MS, tamper=tamper) as relay:
                result = command.run("list", "-N", "-l", 1, address(relay))
                said.append((result.exit, result.stdout, result.stderr.replace(str(relay.port), "")))
                costs.append(relay.round_trips + relay.connections)
        self.assertEqual(said[0], said[1])
        self.assertEqual(costs[0] + 1, costs[1])

    def test_a_claim_of_somebody_between_is_found_out(self):
        ours, theirs = self.guid(self.server), self.guid(self.samba)
        for server, guid in ((self.samba, ours), (self.server, theirs)):
            with Relay(server.host, server.port, tamper=self.claim(guid)) as relay:
                result = run_list(server, "-l", 1, of=relay)
                self.assertEqual(3, result.exit)
                self.assertIn(f"({DOWNGRADE})", result.stderr)


class ByTicket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dc = cls.enterClassContext(DomainController())
        cls.dc.kinit(cls.dc.administrator)

    def count(self, name, port):
        """The round trips of a cold call, when the ticket for the server is there."""
        with Relay("127.0.0.1", port, delay_ms=DELAY_MS, network=self.dc.network) as relay:
            for _ in range(2):
                before = relay.round_trips + relay.connections
                result = command.run("list", "--kerberos", "-l", 1, f"{name}:{relay.port}", inside=self.dc.inside,
                                     env=self.dc.environment)
                self.assertEqual((0, ""), (result.exit, result.stderr))
            return relay.round_trips + relay.connections - before

    def test_a_cold_call_to_samba_takes_five(self):
        self.assertEqual(5, self.count(self.dc.name, 445))

    def test_a_cold_call_to_netsessiond_takes_four(self):
        keytab = self.dc.add_server("fs1")
        inside = [*self.dc.inside, "env", f"KRB5_CONFIG={self.dc.folder}/krb5.conf", f"KRB5RCACHEDIR={self.dc.folder}"]
        with Netsessiond(administrators=self.dc.sid_of("group", "Domain Admins"), inside=inside, mechanisms="kerberos",
                         keytab=keytab) as server:
            self.assertEqual(4, self.count("fs1.lab.example", server.port))


if __name__ == "__main__":
    tap.main()
