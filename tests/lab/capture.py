"""What goes over loopback to and from a port, and what tshark's dissectors think of it.

Debian package: tshark (with dumpcap).
"""
import subprocess
import time
from .wait_until import HANG_S



class Capture:
    """A context manager: records a port's traffic on the loopback interface into a file in the folder."""

    def __init__(self, port, folder):
        self._port, self._file, self._log = port, folder / f"port-{port}.pcapng", folder / f"port-{port}.dumpcap"

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._dumpcap = subprocess.Popen(
                ["dumpcap", "-q", "-i", "lo", "-f", f"tcp port {self._port}", "-B", "64", "-w", self._file],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + HANG_S
        while "File:" not in self._log.read_text():  # it captures from then on
            if self._dumpcap.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self._log.read_text())
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        time.sleep(0.2)  # for what is still on its way through the kernel
        self._dumpcap.terminate()
        self._dumpcap.wait(HANG_S)

    def frames(self, display_filter, *fields):
        """The frames that pass a display filter of tshark's: a line each, with the fields."""
        columns = [word for field in ("frame.number", *fields) for word in ("-e", field)]
        done = subprocess.run(
            ["tshark", "-r", self._file, "-d", f"tcp.port=={self._port},nbss", "-Y", display_filter, "-T", "fields",
             *columns], text=True, capture_output=True, check=True, timeout=120)
        return done.stdout.splitlines()
