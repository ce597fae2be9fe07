"""What the daemons that were written here have in common in the lab: their log, signals, and an end that must be good."""
import os
import pathlib
import re
import signal
import time

from .command import built
from .server import Server
from .wait_until import HANG_S

COMPLAINT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed")


def first_argument(pid):
    """The name by which a process was started; "" if it has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[0]
    except OSError:
        return ""


class Daemon(Server):
    """A context manager, as Server. A subclass says its program, and in _run() starts it as _process, which logs to
    self.folder / self.log / "stderr". What the sanitizers complain of, or another end than a good one, fails the test."""

    log = "log"
    program = None

    @property
    def pid(self):
        """That of the daemon itself, whatever it runs inside. By its command line: its /proc/PID/exe is hidden from others."""
        program = os.path.realpath(built(self.program))
        return next(pid for pid in self._process.pids if os.path.realpath(first_argument(pid)) == program)

    @property
    def said(self):
        """What it has logged, all of it."""
        return (self.folder / self.log / "stderr").read_text(errors="replace")

    @property
    def has_ended(self):
        return self._process.ended()

    def signal(self, number):
        os.kill(self.pid, number)

    def await_said(self, pattern, act=lambda: None):
        """Acts, and waits until it logs lines of this pattern. Returns what matches."""
        before, deadline = len(self.said), time.monotonic() + HANG_S
        act()
        while time.monotonic() < deadline:
            found = [match[0] for match in re.finditer(pattern, self.said[before:]) if match.end() < len(self.said)]
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"it never said {pattern}, but {self.said[before:]}")

    def kill(self):
        """As if it had died."""
        self.signal(signal.SIGKILL)
        self._process.wait(HANG_S)

    def start(self):
        """Once more, after terminate() or kill()."""
        self._run()

    def restart(self):
        """As if it had died and another had been started, with the options as they are now."""
        self.kill()
        self._run()

    def terminate(self):
        """Lets it end by itself. Returns its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Waits until it has ended, which somebody has told it to. Returns its exit status."""
        return self._process.wait(HANG_S)

    def _run(self):
        raise NotImplementedError

    def _end(self, error):
        code, said = 0, ""
        try:
            if self._process and error is None and not self._process.ended():
                code = self.terminate()
            said = self.said
        finally:
            super()._end(error)
        if error is None and (code != 0 or COMPLAINT.search(said)):
            raise AssertionError(f"{self.program} ended with {code}, having said\n{said}")
