"""Whether the time of a refusal tells a user who exists from one who does not."""
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

from lab import command, tap

ACCOUNTS, TRIES = 1000, 1000
SURE = 4.5  # standard deviations: by chance, one run in 100,000 is further off


def rank_test(first, second):
    """The statistic of Mann and Whitney, in standard deviations: near 0 if both are of one distribution."""
    ranks = {}
    for rank, value in enumerate(sorted(first + second)):
        ranks.setdefault(value, []).append(rank)
    total = sum(sum(ranks[value]) / len(ranks[value]) + 1 for value in first)
    a, b = len(first), len(second)
    return (total - a * (a + b + 1) / 2) / math.sqrt(a * b * (a + b + 1) / 12)


class Timing(unittest.TestCase):
    def test_a_user_who_does_not_exist_is_refused_in_the_same_time(self):
        chance = random.Random(7)
        names = [f"user{number:05}" for number in chance.sample(range(100000), ACCOUNTS + 4)]
        unknown, known = names[:4], [names[4], names[4 + ACCOUNTS // 2], names[-2], names[-1]]
        with tempfile.TemporaryDirectory() as folder:
            users = pathlib.Path(folder) / "users"
            users.touch(0o600)
            users.write_text("".join(f"LAB:{name}:password{name}\n" for name in names[4:]))
            mixed = [name for pair in zip(known, unknown) for name in pair]
            done = subprocess.run([command.built("tests/fixtures/time_log_ons"), users, str(TRIES // 4), *mixed],
                                  text=True, capture_output=True, check=True, env=command.environment(dict(os.environ)))
        times = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
        of_known = [time for index, time in times if index % 2 == 0]
        of_unknown = [time for index, time in times if index % 2 == 1]
        self.assertEqual((TRIES, TRIES), (len(of_known), len(of_unknown)))
        deviation = rank_test(of_known, of_unknown)
        print(f"# medians: known {sorted(of_known)[TRIES // 2] / 1000:.0f} us, unknown {sorted(of_unknown)[TRIES // 2] / 1000:.0f} "
              f"us; {deviation:+.2f} standard deviations", file=sys.stderr)
        self.assertLess(abs(deviation), SURE)


if __name__ == "__main__":
    tap.main()
