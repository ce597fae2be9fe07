"""A program run by the lab: nothing that it starts outlives the test, however the test ends (see subreaper.py)."""
import pathlib
import subprocess
import sys

from . import subreaper

SUBREAPER = pathlib.Path(__file__).with_name("subreaper.py")


class Process:
    """A running command and all its descendants.

    log      path of the file that gets its stdout and stderr
    grace_s  how long stop() lets it end by itself before it kills everything
    """

    def __init__(self, command, log, grace_s=0):
        with open(log, "ab") as output:
            self._subreaper = subprocess.Popen(
                [sys.executable, "-I", "-S", SUBREAPER, str(grace_s), *map(str, command)],
                stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True)

    @property
    def pids(self):
        """Those of the command and all its descendants, parents first."""
        return subreaper.descendants(self._subreaper.pid)

    def wait(self, timeout_s):
        """Waits until the command has ended by itself. Returns its exit status, modulo 256."""
        return self._subreaper.wait(timeout_s)

    def ended(self):
        """True once the command has ended (nothing of it is left then)."""
        return self._subreaper.poll() is not None

    def stop(self):
        """Returns when the command and all its descendants are gone."""
        self._subreaper.stdin.close()
        self._subreaper.wait()


def resident_mib(pid):
    """The memory of a process that is in RAM, in MiB."""
    [line] = [line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
