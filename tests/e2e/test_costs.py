"""What a cold `netsession list` costs beside `rpcclient -c netsessenum`, which asks the same of the same server.

Both take turns, so that what else the machine does meets both alike; medians are compared. The figures are printed.
"""
import os
import statistics
import subprocess
import sys
import time
import unittest

from lab import command, sessions, tap
from lab.cli import address
from lab.samba import SambaServer

TURNS, SERIES = 15, 10  # what else the machine does can spoil a series of wall times: the best of some counts
MEMORY, WALL = 0.5, 0.4  # of rpcclient's, at most


class Costs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, sessions.crowd(20, cls.server.users)))

    def run_once(self, *arguments):
        done = subprocess.run([*map(str, arguments)], env=command.environment(), text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def wall_ms(self, arguments):
        started_at = time.perf_counter()
        self.run_once(*arguments)
        return (time.perf_counter() - started_at) * 1000

    def peak_kib(self, arguments):
        """By time(1), since Python's own size would count as its child's."""
        return int(self.run_once("time", "--format=%M", *arguments).stderr.splitlines()[-1])

    def contenders(self):
        credentials = self.server.credentials_file("root")
        return {"netsession": [command.built(), "list", "-l", "1", "-A", credentials, address(self.server)],
                "rpcclient": self.server.tool("rpcclient", "-A", credentials, self.server.host, "-c", "netsessenum")}

    def ratio(self, what, measure, unit):
        """Of the medians; and says both."""
        contenders = self.contenders()
        runs = [{who: measure(arguments) for who, arguments in contenders.items()} for _ in range(TURNS)]
        median = {who: statistics.median(run[who] for run in runs) for who in contenders}
        ratio = median["netsession"] / median["rpcclient"]
        print(f"# {what}: netsession {median['netsession']:.1f} {unit}, rpcclient {median['rpcclient']:.1f} {unit}, "
              f"ratio {ratio:.2f}", file=sys.stderr)
        return ratio

    def test_takes_at_most_half_the_memory_of_rpcclient(self):
        self.assertLessEqual(self.ratio("peak memory", self.peak_kib, "KiB"), MEMORY)

    def test_takes_at_most_two_fifths_of_the_time_of_rpcclient(self):
        ratios = []
        while len(ratios) < SERIES and min(ratios, default=1) > WALL:
            ratios.append(self.ratio("wall time", self.wall_ms, "ms"))
        load = os.getloadavg()[0]
        if min(ratios) > WALL and load > os.cpu_count():
            self.skipTest(f"ratios {ratios}, but the machine is at other work (load {load})")
        self.assertLessEqual(min(ratios), WALL)


if __name__ == "__main__":
    tap.main()
