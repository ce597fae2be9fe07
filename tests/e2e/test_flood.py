"""What 20,000 hostile connections from 20 addresses cost others: the time of an administrator's log-on from elsewhere.

The times are compared within one run, since the machine is at other work, too. The figures are printed.
"""
import os
import statistics
import subprocess
import sys
import time
import unittest

from lab import command, frames, local_rpc, raw_smb, sessions, spnego, tap
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S

SOURCES = [f"127.0.77.{number}" for number in range(1, 21)]
EACH, RENEWALS = 1000, 6000  # of a second
TIMES, SERIES, RATIO = 100, 5, 3
# The attackers have a processor of their own, as in the field, where their computers do their work.
OURS, *THEIRS = sorted(os.sched_getaffinity(0))


class Recorder(raw_smb.RawSmb):
    """Keeps the frames that it sends."""

    def __init__(self, server):
        super().__init__(server)
        self.frames = []

    def say(self, *messages):
        self.frames += map(frames.framed, messages)
        super().say(*messages)


def frames_of_a_guess(server):
    with Recorder(server) as smb:
        smb.negotiate(0x0210)
        smb.finish_log_on(smb.begin_log_on(), "root", "wrong")
        return smb.frames


def frames_of_many_mechanisms(server):
    token = spnego.init([b"\x2b" + bytes([1 + index % 100]) for index in range(8000)], b"a token")
    with Recorder(server) as smb:
        smb.negotiate(0x0210)
        smb.ask(raw_smb.SESSION_SETUP, raw_smb.session_setup(token))
        return smb.frames


class Flood:
    """A context manager: the hostile connections, which send these frames (flood.c)."""

    def __init__(self, server, script, piece_bytes):
        self._command = ["taskset", "--cpu-list", str((THEIRS or [OURS])[-1]), command.built("tests/fixtures/flood"), server.host, str(server.port), str(EACH), str(RENEWALS),
                         str(piece_bytes), *SOURCES]
        self._script = b"".join(script)

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._process.stdin.write(self._script)
        self._process.stdin.close()
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self.said = self._process.stdout.read().decode().strip()
        self._process.stdout.close()
        self._process.wait(HANG_S)


def median_ms(action):
    times = []
    for _ in range(TIMES):
        started_at = time.perf_counter()
        action()
        times.append((time.perf_counter() - started_at) * 1000)
    return statistics.median(times)


def say(text):
    print(f"# {text}", file=sys.stderr)


class HostileConnections(unittest.TestCase):
    def check(self, kind, make_script, piece_bytes=0):
        def log_on():
            with raw_smb.RawSmb(server) as smb:
                smb.negotiate(0x0210)
                smb.log_on("root")

        def list_locally():
            with local_rpc.bound(server.socket) as dce:
                sessions.enumerate_over(dce)

        os.sched_setaffinity(0, {OURS})
        with Netsessiond() as server:
            script, ratios = make_script(server), []
            while len(ratios) < SERIES and min(ratios, default=RATIO + 1) > RATIO:
                quiet = [median_ms(action) for action in (log_on, list_locally)]
                with Flood(server, script, piece_bytes) as flood:
                    flooded = [median_ms(action) for action in (log_on, list_locally)]
                    counters = server.counters
                ratios.append(max(with_them / without for with_them, without in zip(flooded, quiet)))
                for what, with_them, without in zip(("a log-on", "a local call"), flooded, quiet):
                    say(f"{kind}: {what} takes {with_them:.2f} ms, {without:.2f} ms in quiet: {with_them / without:.1f} times")
                say(f"{kind}: {counters['smb_refused']} connections refused, {counters['smb_evicted']} closed to make room; the "
                    f"attackers {flood.said}")
        self.assertGreater(counters["smb_refused"], len(SOURCES) * EACH // 2)
        self.assertLessEqual(min(ratios), RATIO)

    def test_silent_ones(self):
        self.check("silent", lambda server: [])

    def test_slow_ones(self):
        self.check("slow", lambda server: [frames.framed(frames.smb2_negotiate(0x0210))], piece_bytes=1)

    def test_ones_that_guess_a_password(self):
        self.check("guessing", frames_of_a_guess)

    def test_ones_that_offer_8000_mechanisms(self):
        self.check("8000 mechanisms", frames_of_many_mechanisms)


if __name__ == "__main__":
    tap.main()
