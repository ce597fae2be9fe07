"""A private Samba file server on loopback: `with SambaServer() as server: ...`"""
import functools
import json
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import time

from impacket import ntlm

from . import frames
from .ports import free_port, loopbacks
from .process import Process
from .server import Server, StartFailed, checked

# System accounts of every Debian. Samba wants a Unix account behind each of its users; the lab adds none.
ORDINARY_USERS = ("daemon", "games", "man", "mail", "www-data", "backup")
ADMINISTRATOR = "root"
DOMAIN = "LABSRV"


@functools.cache
def version():
    """smbd's: (4, 17)."""
    said = subprocess.run(["smbd", "--version"], text=True, capture_output=True, check=True).stdout
    return tuple(map(int, re.search(r"Version (\d+)\.(\d+)", said).groups()))


def misses_sessions():
    """Whether NetrSessionEnum now and then has too few sessions, and status 0, when clients leave without a log-off: 4.22
    and 4.25 do (docs/SAMBA.md)."""
    return version() >= (4, 20)


class SambaServer(Server):
    """smbd in a temporary folder of its own, on 127.0.0.1 and ::1, with one share named "share".

    options    lines for smb.conf's [global], e.g. {"server max protocol": "SMB2_02"}; they win over ours. Useful:
                 server max protocol, server min protocol   SMB2_02 SMB2_10 SMB3_00 SMB3_02 SMB3_11; NT1 is SMB1
                 server smb3 signing algorithms             HMAC-SHA256 AES-128-CMAC AES-128-GMAC (see below)
                 server signing = mandatory, smb encrypt = required, log level = 5
                 hosts deny = ALL, and it answers nobody
    users      ordinary accounts; they must exist on the machine
    passwords  {user: password}; who is not in it gets a random one
    relayed    it looks for its pipes in relay_directory, where netsession_samba.NetsessionSamba has to be

    Which dialect and signing algorithm come out (seen on 4.17.12; selftest.py shows it again): at 3.1.1 the first of
    *Samba's* list that the client has, which is by default AES-128-GMAC, AES-128-CMAC, HMAC-SHA256. The option
    governs the older dialects too: 2.0.2 and 2.1 need HMAC-SHA256 in it; 3.0, 3.0.2 and a 3.1.1 client that sends no
    signing capabilities, or none that Samba has, need AES-128-CMAC. Where the list lacks it, NEGOTIATE itself fails
    with STATUS_INVALID_PARAMETER.

    smbd starts samba-dcerpcd at the first open of a pipe: that one takes 0.3 s longer than the next.
    """

    host, host6 = "127.0.0.1", "::1"
    domain, administrator, log = DOMAIN, ADMINISTRATOR, "log"
    share, file = "share", "held.txt"  # the file is there for sessions to hold open

    def __init__(self, options=None, users=ORDINARY_USERS, passwords=None, relayed=False):
        self.users = tuple(users)
        super().__init__((ADMINISTRATOR, *self.users), passwords)
        self._options, self._relayed = dict(options or {}), relayed
        self.port = None

    def tool(self, name, *arguments):
        """A command line of one of Samba's client programs with this server's configuration and port."""
        return [name, f"--configfile={self.configuration}", f"--port={self.port}", *map(str, arguments)]

    @property
    def configuration(self):
        """smb.conf. An absolute path: smbd hands it to samba-dcerpcd after it has changed to /, and where that cannot
        read it, every open of a pipe ends in NT_STATUS_CONNECTION_DISCONNECTED."""
        return self.folder / "smb.conf"

    @property
    def relay_directory(self):
        return self.folder / "relay"

    @property
    def pipes(self):
        """Where samba-dcerpcd listens, once it runs."""
        return self.folder / "ncalrpc" / "np"

    @property
    def pid(self):
        """The pid of smbd itself, from its pid file."""
        return int((self.folder / "pid" / "smbd.pid").read_text())

    @property
    def smbd_of(self):
        """{user: the pid of the smbd that has a session of his}, as smbstatus tells."""
        return {session["username"]: session["server_id"]["pid"] for session in self._told_sessions()}

    @property
    def transports(self):
        """The transports that smbstatus tells of its sessions, "tcp" for example: Samba from 4.23 on."""
        return {channel["transport"] for session in self._told_sessions()
                for channel in session.get("channels", {}).values() if "transport" in channel}

    def _told_sessions(self):
        return json.loads(self._run("smbstatus", "--json", "-p"))["sessions"].values()

    def processes(self, name):
        """The pids of its processes of this name: smbd, samba-dcerpcd, rpcd_classic. From Samba 4.20 on what a process
        serves stands behind its name: smbd[127.0.0.1]."""
        def is_it(pid):
            try:
                return pathlib.Path(f"/proc/{pid}/comm").read_text().strip().split("[")[0] == name[:15]
            except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
                return False
        return [pid for pid in self._process.pids if is_it(pid)]

    def restart(self):
        """As if smbd had died, and with it all that it started, and another had been started."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait(60)
        self._run_smbd()

    def _start(self):
        self.port = free_port()
        self._write_configuration()
        self._check_configuration()
        self._write_passwords()
        self._make_administrator()
        self._run_smbd()

    def _run_smbd(self):
        self._process = Process(["smbd", "--foreground", "--no-process-group", "--configfile", self.configuration,
                                 "--log-basename", self.folder / self.log], self.folder / self.log / "output")
        self._wait_for(self._negotiate)

    def _write_configuration(self):
        own = {"state directory": "state", "lock directory": "lock", "cache directory": "cache",
               "private dir": "private", "ncalrpc dir": "ncalrpc", "pid directory": "pid"}
        for name in (*own.values(), self.share):
            (self.folder / name).mkdir()
        (self.folder / self.share).chmod(0o777)
        (self.folder / self.share / self.file).touch()
        (self.folder / self.share / self.file).chmod(0o666)
        options = {
            "netbios name": DOMAIN,
            "workgroup": "LABGRP",
            "server role": "standalone server",
            "passdb backend": f"smbpasswd:{self.folder}/private/smbpasswd",
            "smb ports": self.port,
            "interfaces": " ".join(loopbacks()),
            "bind interfaces only": "yes",
            "disable netbios": "yes",
            "server services": "",
            "log file": self.folder / self.log / "smbd",
            "load printers": "no",
            "disable spoolss": "yes",
            "map to guest": "never",
            **{name: self.folder / sub for name, sub in own.items()},
            **({"external_rpc_pipe:socket_dir": self.relay_directory} if self._relayed else {}),
            **self._options,
        }
        lines = ["[global]", *(f"{name} = {value}" for name, value in options.items()),
                 f"[{self.share}]", f"path = {self.folder / self.share}", "read only = no"]
        self.configuration.write_text("\n".join(lines) + "\n")

    def _check_configuration(self):
        """Before anything else: where `net` cannot load smb.conf, it writes to the machine's own databases."""
        checked(subprocess.run(["testparm", "--suppress-prompt", self.configuration], text=True, check=False,
                               capture_output=True, stdin=subprocess.DEVNULL))

    def _write_passwords(self):
        """smbpasswd(5) lines: faster than one `smbpasswd -a` a user, and no password in any argument list. Names are in Samba's
        charset, as the system has them."""
        charset = self._options.get("unix charset", "UTF-8")
        lines = []
        for user, password in self._passwords.items():
            uid = pwd.getpwnam(os.fsdecode(user.encode(charset))).pw_uid
            nt_hash = ntlm.compute_nthash(password).hex().upper()
            lines.append(f"{user}:{uid}:{'X' * 32}:{nt_hash}:[U          ]:LCT-{int(time.time()):08X}:\n")
        path = self.folder / "private" / "smbpasswd"
        path.touch(0o600)
        path.write_bytes("".join(lines).encode(charset))

    def _make_administrator(self):
        """Without winbind nobody is in BUILTIN\\Administrators, and even root is denied, unless mapped by hand."""
        details = self._run("pdbedit", "--user", ADMINISTRATOR, "--verbose")
        sid = next(line.split()[-1] for line in details.splitlines() if line.startswith("User SID:"))
        self._run("net", "groupmap", "add", "sid=S-1-5-32-544", "ntgroup=Administrators", "unixgroup=adm",
                  "type=builtin")
        self._run("net", "groupmap", "addmem", "S-1-5-32-544", sid)

    def _run(self, *command):
        return checked(subprocess.run([*command, f"--configfile={self.configuration}"], text=True, check=False,
                                      capture_output=True, stdin=subprocess.DEVNULL))

    @property
    def _refuses_everybody(self):
        return self._options.get("hosts deny") == "ALL"

    def _negotiate(self):
        """Asks with the oldest request there is, which smbd answers whatever dialects it is configured for."""
        if self._refuses_everybody:
            with socket.create_connection((self.host, self.port)):
                return
        if not frames.exchange(self.host, self.port, frames.smb1_negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???")):
            raise StartFailed("closed the connection")
