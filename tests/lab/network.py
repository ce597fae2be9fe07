"""A small network of its own: a host for us and one that serves, joined by a cable, with Samba's nmbd and smbd on it.

Both hosts are network namespaces that belong to the processes in them: nothing is left to be cleaned up after them.
"""
import os
import subprocess
import time

from .process import Process
from .samba import SambaServer
from .server import StartFailed, checked

NETWORK, OURS, SERVERS = "192.0.2", "192.0.2.1", "192.0.2.2"

# The client's host waits; the server's joins it by a cable and says so.
WAIT = "ip link set lo up; echo $$ > \"$1\"; exec sleep infinity"


def _host(folder, name):
    """A network namespace of its own. Returns the process that holds it, and its pid."""
    file = folder / f"{name}.pid"
    process = Process(["unshare", "--net", "sh", "-c", WAIT, "sh", file], folder / f"{name}.log")
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()):
        if time.monotonic() > deadline:
            raise StartFailed(f"no namespace for {name}")
        time.sleep(0.02)
    return process, file.read_text().strip()


class NetbiosServer(SambaServer):
    """A file server that is known by its NetBIOS name alone: FILESRV, at 192.0.2.2, port 445.

    is_wins  it is the network's WINS server too, and knows itself; it answers no broadcast then any less
    inside   what to put before a command line so that it runs on our host, 192.0.2.1
    """

    host, name = SERVERS, "FILESRV"

    def __init__(self, is_wins=False):
        super().__init__({"netbios name": self.name, "interfaces": f"{SERVERS}/24", "disable netbios": "no",
                          "wins support": "yes" if is_wins else "no", "bind interfaces only": "yes",
                          "smb ports": "445", "local master": "no"})
        self._others = []
        self._pid = {}

    @property
    def inside(self):
        return ["nsenter", f"--target={self._pid['ours']}", "--net", f"--wdns={os.getcwd()}", "--"]

    def _in_servers(self, *command):
        return ["nsenter", f"--target={self._pid['servers']}", "--net", "--", *map(str, command)]

    def _start(self):
        for name in ("ours", "servers"):
            process, self._pid[name] = _host(self.folder, name)
            self._others.append(process)
        checked(subprocess.run(
            [*self.inside, "ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns",
             self._pid["servers"]], text=True, capture_output=True, check=False))
        for inside, address in ((self.inside, OURS), (self._in_servers(), SERVERS)):
            for command in (["ip", "address", "add", f"{address}/24", "broadcast", f"{NETWORK}.255", "dev", "cable"],
                            ["ip", "link", "set", "cable", "up"]):
                checked(subprocess.run([*inside, *command], text=True, capture_output=True, check=False))
        self.port = 445
        self._write_configuration()
        self._write_passwords()
        self._make_administrator()
        log = self.folder / self.log
        self._process = Process(self._in_servers("smbd", "--foreground", "--no-process-group", "--configfile",
                                                 self.configuration, "--log-basename", log), log / "output")
        self._others.append(Process(
            self._in_servers("nmbd", "--foreground", "--no-process-group", "--configfile", self.configuration,
                             "--log-basename", log), log / "nmbd-output"))
        self._wait_for(self._is_known)

    def _is_known(self):
        """By Samba's own client: that nmbd answers, and smbd listens."""
        for command in (["nmblookup", f"--configfile={self.configuration}", f"--broadcast={NETWORK}.255", self.name],
                        ["smbclient", f"--configfile={self.configuration}", "-L", SERVERS, "-N"]):
            done = subprocess.run([*self.inside, *command], text=True, capture_output=True, check=False)
            if done.returncode != 0:
                raise StartFailed(done.stdout + done.stderr)

    def _end(self, error):
        for process in reversed(self._others):
            process.stop()
        super()._end(error)
