"""How often a caller has to wait for the server: a round trip is what a slow network makes expensive."""
import unittest

from lab import frames, sessions, tap
from lab.cli import run_list, is_interim
from lab.relay import TO_CLIENT, TO_SERVER, Relay
from lab.samba import SambaServer

DELAY_MS = 20  # in each direction, so that what is sent without waiting is seen to be


class RoundTrips(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        run_list(cls.server)  # the first open of a pipe takes longer

    def through(self, *arguments, **options):
        """Asks over a slow network. Returns the result and the round trips, those of TCP handshakes among them."""
        with Relay(self.server.host, self.server.port, delay_ms=DELAY_MS, **options) as relay:
            result = run_list(self.server, "-o", "json", *arguments, of=relay)
            self.assertEqual((0, ""), (result.exit, result.stderr))
            self.assertEqual(1, relay.connections)
            return result, relay.round_trips + relay.connections

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


if __name__ == "__main__":
    tap.main()
