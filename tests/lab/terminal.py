"""Programs on a terminal of their own."""
import os
import pty
import select
import termios
import time

from .command import built, environment
from .wait_until import HANG_S


class Terminal:
    """A context manager: `with Terminal("list", "--as", "alice", "fs1") as terminal: ...`

    What the program has written is in shown."""

    def __init__(self, *arguments, program="netsession"):
        self._arguments, self.shown = [str(built(program)), *arguments], b""

    def __enter__(self):
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execve(self._arguments[0], self._arguments, environment())
        return self

    def __exit__(self, *_):
        os.close(self._terminal)

    def read_until(self, words, within_s=HANG_S):
        deadline = time.monotonic() + within_s
        while words not in self.shown and time.monotonic() < deadline:
            if select.select([self._terminal], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._terminal, 4096)
                except OSError:  # the other end is closed
                    break

    def type(self, text):
        os.write(self._terminal, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)

    def end(self):
        """Waits for the end. Returns the exit code, or a negative signal."""
        self.read_until(b"\0")  # all of it
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
