"""netsession_del: which sessions a real server closes, and what it refuses."""
import collections
import unittest

from fixtures.programs import Conversation, Programs
from lab import sessions, tap
from lab.cli import address
from lab.ports import free_port
from lab.relay import Relay
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import wait_until_equal

HELD = [Wanted("mail", "127.0.0.7"), Wanted("mail", "127.0.0.8"), Wanted("games", "127.0.0.8"), Wanted("man", "::1")]


def listed(server):
    """The sessions that are not the administrator's own, as a Counter of (user, client)."""
    rows = sessions.enumerate_with_impacket(server).rows
    return collections.Counter((row["user"], row["client"]) for row in rows if row["user"] != server.administrator)


def but_for(*closed):
    """What is left of HELD."""
    return collections.Counter((want.user, want.client) for want in HELD) - collections.Counter(closed)


class Deletion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.program = cls.enterClassContext(Programs()).compile("by_command.c", "netsession")
        cls.root, cls.other = cls.server.credentials_file("root"), cls.server.credentials_file("backup")

    def setUp(self):
        self.enterContext(sessions.held(self.server, HELD))
        self.relay = self.enterContext(Relay(self.server.host, self.server.port))
        self.asker = self.enterContext(Conversation(self.program))
        self.assertEqual(but_for(), listed(self.server))

    def delete(self, client, user, *, credentials=None, of=None):
        """Returns the status and the story."""
        status, _, story = self.asker.say("del", credentials or self.root, of or address(self.relay), client,
                                          user).partition(" ")
        return int(status), story

    def check(self, client, user, *closed):
        self.assertEqual((0, ""), self.delete(client, user))
        wait_until_equal(but_for(*closed), lambda: listed(self.server))

    def test_those_of_a_user_are_closed(self):
        self.check("-", "mail", ("mail", "127.0.0.7"), ("mail", "127.0.0.8"))

    def test_those_from_a_client_are_closed(self):
        self.check("127.0.0.8", "-", ("mail", "127.0.0.8"), ("games", "127.0.0.8"))

    def test_backslashes_may_stand_before_a_client(self):
        self.check(r"\\127.0.0.7", "-", ("mail", "127.0.0.7"))

    def test_those_of_a_user_from_a_client_are_closed(self):
        self.check("127.0.0.8", "mail", ("mail", "127.0.0.8"))

    def test_one_connection_serves_deletion_after_deletion(self):
        self.check("127.0.0.8", "mail", ("mail", "127.0.0.8"))
        round_trips = self.relay.round_trips
        self.check("-", "games", ("mail", "127.0.0.8"), ("games", "127.0.0.8"))
        self.assertEqual((1, round_trips + 2), (self.relay.connections, self.relay.round_trips))  # a list, a deletion

    def test_everybody_is_87_and_nothing_is_sent(self):
        status, story = self.delete("-", "-")
        self.assertEqual(87, status)
        self.assertIn("name the client, the user or both", story)
        self.assertEqual(0, self.relay.connections)
        self.assertEqual(but_for(), listed(self.server))

    def test_who_is_no_administrator_is_5_and_closes_nothing(self):
        status, story = self.delete("-", "mail", credentials=self.other)
        self.assertEqual(5, status)
        self.assertIn("NetrSessionDel", story)
        self.assertEqual(but_for(), listed(self.server) - collections.Counter({("backup", "127.0.0.1"): 1}))

    def test_no_match_is_told_from_no_permission(self):
        """Samba answers 5 to both."""
        for client, user in (("-", "nemo"), ("192.0.2.1", "-"), ("127.0.0.7", "games")):
            with self.subTest(client=client, user=user):
                self.assertEqual(2312, self.delete(client, user)[0])
        self.assertEqual(but_for(), listed(self.server))

    def test_a_server_that_is_not_there_is_53(self):
        self.assertEqual(53, self.delete("-", "mail", of=f"127.0.0.1:{free_port()}")[0])

    def test_its_own_session_may_be_closed(self):
        self.assertIn(self.delete("-", "root")[0], (0, 64))  # Samba ends the process that serves it, at once
        self.check("-", "games", ("games", "127.0.0.8"))


if __name__ == "__main__":
    tap.main()
