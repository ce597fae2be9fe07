"""A network with a file server that is known by its NetBIOS name alone: `with NetbiosServer() as server: ...`

Two network namespaces and a cable between them (a veth pair): Samba's smbd and nmbd in one, clients in the other.
Nobody outside can talk to them: what should, runs inside. DNS knows nobody, at once: what the command is told there
is /etc/hosts; say server.use_dns() for a resolver that does not answer.

    command.run("list", "-A", server.credentials_file("root"), "FILESRV", inside=server.inside)

Debian packages: samba iproute2.
"""
import os
import subprocess
import time

from .process import Process
from .samba import SambaServer
from .server import checked
from .wait_until import HANG_S

NETBIOS_NAME = "FILESRV"
HOST, CLIENT_HOST, NOBODY = "10.77.0.1", "10.77.0.2", "10.77.0.9"
GROUP = 0x80  # the G bit of NB_FLAGS, as wins.dat has it

# The namespaces belong to the processes in them and have no name, so nothing is left to be cleaned up after them.
# The client's folders are the server's: unshare --net alone.
ENTER = """
set -e
ip link set lo up
for name in hosts nsswitch.conf resolv.conf; do mount --bind "$1/etc/$name" "/etc/$name"; done
mkdir -p /run/samba
mount --bind "$1/run" /run/samba
unshare --net sh -c 'echo $$ > "$1/client.starts"; mv "$1/client.starts" "$1/client"; exec sleep infinity' sh "$1" &
until [ -f "$1/client" ]; do sleep 0.01; done
client=$(cat "$1/client")
ip link add lan0 type veth peer name lan0 netns "$client"
ip addr add "$2/24" broadcast + dev lan0
ip link set lan0 up
nsenter --target="$client" --net -- sh -ec '
    ip link set lo up
    ip addr add "$1/24" broadcast + dev lan0
    ip link set lan0 up' sh "$3"
nmbd --foreground --no-process-group --configfile="$1/smb.conf" --log-basename="$1/log" &
exec smbd --foreground --no-process-group --configfile="$1/smb.conf" --log-basename="$1/log"
"""


class NetbiosServer(SambaServer):
    """FILESRV, which answers broadcasts for its name, and is a WINS server too.

    wins_names  {(name, suffix): (address, ...)} that its WINS server knows beside its own; a name of
                wins_groups is a group's
    """

    name, host, wins, nobody = NETBIOS_NAME, HOST, HOST, NOBODY

    def __init__(self, wins_names=None, wins_groups=()):
        super().__init__({
            "netbios name": NETBIOS_NAME,
            "smb ports": 445,
            "interfaces": f"{HOST}/24",
            "disable netbios": "no",
            "wins support": "yes",
            "local master": "no",
            "domain master": "no",
            "preferred master": "no",
        })
        self._wins_names, self._wins_groups = wins_names or {}, wins_groups

    @property
    def inside(self):
        """What to put before a command line so that it runs as a client, in the same folder as here."""
        pid = (self.folder / "client").read_text().strip()
        return ["nsenter", f"--target={pid}", "--net", "--mount", f"--wdns={os.getcwd()}", "--"]

    def run_in(self, command, **options):
        """Runs a client to its end. options are subprocess.run's; output is captured as text."""
        options = {"text": True, "capture_output": True, "check": False, "timeout": HANG_S, "input": ""} | options
        return subprocess.run([*self.inside, *map(str, command)], **options)

    def use_dns(self, use=True):
        """From now on, names are asked of a DNS server that is not there."""
        (self.folder / "etc" / "nsswitch.conf").write_text(f"hosts: files{' dns' if use else ''}\n")

    def _start(self):
        self.port = 445
        self._write_configuration()
        self._check_configuration()
        self._write_passwords()
        self._make_administrator()
        self._write_what_the_namespaces_show()
        self._write_wins_names()
        self._process = Process(["unshare", "--net", "--mount", "sh", "-c", ENTER, "sh", self.folder, HOST,
                                 CLIENT_HOST], self.folder / self.log / "output")
        credentials = self.credentials_file(self.administrator)
        list_share = self.tool("smbclient", "-A", credentials, f"//{HOST}/{self.share}", "-c", "ls")
        self._wait_for(lambda: checked(self.run_in(list_share)),
                       lambda: checked(self.run_in(["nmblookup", f"--configfile={self.configuration}",
                                                    "--broadcast=10.77.0.255", f"{NETBIOS_NAME}#20"])))

    def _write_what_the_namespaces_show(self):
        (self.folder / "run").mkdir()
        (self.folder / "etc").mkdir()
        (self.folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n10.77.0.1 in-hosts xn--mller-kva.example größe.example\n")
        (self.folder / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self.use_dns(False)

    def _write_wins_names(self):
        """wins.dat: "NAME#20" TIME ADDRESS... FLAGSR, where TIME is when the name ends."""
        lines = ["VERSION 1 0"]
        for (name, suffix), addresses in self._wins_names.items():
            flags = GROUP if name in self._wins_groups else 0
            lines.append(f'"{name}#{suffix:02x}" {int(time.time()) + 86400} {" ".join(addresses)} {0x64 | flags:x}R')
        (self.folder / "state" / "wins.dat").write_text("\n".join(lines) + "\n")
