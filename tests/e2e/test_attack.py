"""The short form of `make attack`: clients, publishers and servers send mutated messages, while good clients are asked all the
time. The seed is the same each time."""
import sys
import unittest

from attack.target import TARGETS
from lab import tap

SEED, SECONDS = 14, 6


class Attacks(unittest.TestCase):
    def attack(self, target):
        with TARGETS[target](SEED) as campaign:
            campaign.run(SECONDS)
            for kind in campaign.attacks:
                self.assertGreater(campaign.cases[kind], 0, campaign)
            print(campaign, file=sys.stderr)

    def test_netsessiond_stands_mutated_clients_and_publishers(self):
        self.attack("netsessiond")

    def test_netsession_samba_stands_mutated_pipes(self):
        self.attack("netsession-samba")

    def test_netsession_stands_servers_that_mutate_their_answers(self):
        self.attack("netsession")


if __name__ == "__main__":
    tap.main()
