"""netsession-samba as built, beside a Samba server: `with SambaServer(relayed=True) as samba, NetsessionSamba(samba): ...`"""
import socket
import time

from .command import built
from .daemon import Daemon
from .process import Process
from .server import StartFailed
from .wait_until import HANG_S


class NetsessionSamba(Daemon):
    """`netsession-samba run` beside a samba.SambaServer that is relayed.

    feed_socket  of the netsessiond that is told of Samba's sessions; None: nobody is
    arguments    of the command line, beside those
    inside       a command line to put before, such as strace
    """

    program = "netsession-samba"

    def __init__(self, samba, feed_socket=None, arguments=(), inside=()):
        super().__init__(())
        self._samba, self._arguments, self._inside = samba, tuple(map(str, arguments)), tuple(inside)
        self._feed = ["--publish-socket", feed_socket] if feed_socket else ["--no-publish"]

    @property
    def directory(self):
        return self._samba.relay_directory

    @property
    def srvsvc(self):
        """What smbd opens as the pipe of that name."""
        return self.directory / "np" / "srvsvc"

    @property
    def state(self):
        """{name: value}, as it says itself."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(HANG_S)
            asked.connect(str(self.directory / "status"))
            lines = b"".join(iter(lambda: asked.recv(4096), b"")).decode().splitlines()
        values = dict(line.split(": ", 1) for line in lines)
        return {name: int(value) if value.isdigit() else value for name, value in values.items()}

    def await_state(self, judge):
        """Waits until judge says yes to its state, which it returns."""
        deadline = time.monotonic() + HANG_S
        while not judge(self.state):
            if time.monotonic() > deadline:
                raise AssertionError(f"it stays at {self.state}")
            time.sleep(0.02)
        return self.state

    def _start(self):
        self._run()

    def _run(self):
        self._said_before = len(self.said) if (self.folder / self.log / "stderr").exists() else 0
        self._process = Process([*self._inside, built(self.program), "run", "--smb-conf", self._samba.configuration, "--directory",
                                 self.directory, *self._feed, *self._arguments],
                                self.folder / self.log / "stderr", grace_s=HANG_S)
        self._wait_for(self._serves)

    def _serves(self):
        if "serves srvsvc" not in self.said[self._said_before:]:
            raise StartFailed("it has not said that it serves")
