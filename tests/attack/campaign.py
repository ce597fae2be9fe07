"""Runs attacks by several threads until the time is over, while good clients are asked all the time."""
import collections
import contextlib
import pathlib
import threading
import time

from fixtures.gate import Gate
from lab.command import built

from .case import Case
from .health import Finding

KEPT = 8  # the last cases of each thread, which a finding is saved with
REST_S = 15  # between two looks at what attackers leave behind
FINDINGS = "attack-findings"


class Campaign:
    """attacks  {kind: function of target and case}; each has a thread of its own
    health   judge(), rest(), reload(); see health.py
    """

    def __init__(self, target, attacks, health, seed, others=()):
        self.target, self.attacks, self.health, self.seed, self.others = target, attacks, health, seed, others
        self.cases, self.messages, self.began_at = collections.Counter(), collections.Counter(), time.monotonic()
        self._gate, self._over, self._failure = Gate(), threading.Event(), None
        self._last = {kind: collections.deque(maxlen=KEPT) for kind in attacks}

    def run(self, seconds, report=lambda text: None, report_s=30):
        """Raises Finding, whose cases are saved below the build folder."""
        threads = [threading.Thread(target=self._attack, args=(kind,)) for kind in self.attacks]
        for thread in threads:
            thread.start()
        ends_at, rests_at, reports_at = self.began_at + seconds, self.began_at + min(REST_S, seconds / 3), self.began_at + report_s
        try:
            while time.monotonic() < ends_at and not self._over.is_set():
                self.health.judge()
                self.health.reload()
                if time.monotonic() > rests_at:
                    rests_at = time.monotonic() + REST_S
                    with self._gate.closed():
                        self.health.rest()
                if time.monotonic() > reports_at:
                    reports_at += report_s
                    report(str(self))
                self._over.wait(0.2)
            with self._gate.closed():
                self.health.rest()
        except Finding as finding:
            self._failure = self._failure or finding
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
        if self._failure:
            self._failure.add_note(f"seed {self.seed}; the last cases are in {self.save()}")
            raise self._failure

    def one(self, kind, number):
        """That case alone, and the good clients behind it."""
        self._case(kind, number)
        self.health.judge()
        self.health.rest()

    def save(self):
        """Writes the last cases of each kind. Returns the folder."""
        folder = pathlib.Path(built(FINDINGS)) / str(self.seed)
        folder.mkdir(parents=True, exist_ok=True)
        for kind, cases in self._last.items():
            for case in cases:
                (folder / case.name.replace(":", "-")).write_text(f"seed {self.seed} case {case.name}\n{case.written()}")
        return folder

    def __str__(self):
        seconds = time.monotonic() - self.began_at
        kinds = ", ".join(f"{kind} {self.cases[kind]:,}" for kind in self.attacks)
        return (f"{seconds:.0f} s: {sum(self.cases.values()):,} attacks ({kinds}), {sum(self.messages.values()):,} messages "
                f"({sum(self.messages.values()) / seconds:.0f} a second); {self.health}")

    def _attack(self, kind):
        number = 0
        while not self._over.is_set():
            number += 1
            try:
                with self._gate.through():
                    self._case(kind, number)
            except Exception as error:  # pylint: disable=broad-exception-caught
                self._failure = self._failure or error
                self._over.set()

    def _case(self, kind, number):
        case = Case(self.seed, kind, number, self.others)
        self._last[kind].append(case)
        with contextlib.suppress(OSError):  # the server may close the connection whenever it likes
            self.attacks[kind](self.target, case)
        self.cases[kind] += 1
        self.messages[kind] += case.messages
