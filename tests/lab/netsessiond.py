"""netsessiond as built, on loopback: `with Netsessiond() as server: ...`

    server = Netsessiond(["alice", "bob"], policy="documented", idle_timeout_s=2)

In the build of the sanitizers it is their daemon, and what they complain of fails the test.
"""
import functools
import json
import os
import re
import shutil
import signal
import subprocess

from . import frames
from .command import built
from .daemon import Daemon
from .ports import free_port, loopbacks
from .process import Process
from .server import StartFailed
from .wait_until import HANG_S

ORDINARY_USERS = ("alice", "bob", "carol", "dave")
ADMINISTRATOR = "root"
DOMAIN = "LABSRV"


@functools.cache
def section_of():
    """{key: section}, as the program itself has them."""
    sample = subprocess.run([built("netsessiond"), "--describe", "sample"], text=True, capture_output=True, check=True)
    section, found = None, {}
    for line in sample.stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith(";"):
            found[line[1:].partition(" =")[0]] = section
    return found


class Netsessiond(Daemon):
    """netsessiond in a temporary folder of its own, on 127.0.0.1 and ::1 and at two Unix sockets.

    users      ordinary accounts, by NTLM; the administrator is one beside them
    passwords  {user: password}; who is not in it gets a random one
    arguments  of the command line, beside --config
    inside     a command line to put before, such as ad.DomainController.inside
    options    keys of the configuration, in whatever section they are; they win over ours. A key that is None is not
               said. They may be changed before reload() and restart().

    Whoever does not say so otherwise, ours are: administrators are root, by whichever door; the policy is hardened; it
    runs as root. Another user gets the folder and what netsessiond reads in it.
    """

    host, host6 = "127.0.0.1", "::1"
    domain, administrator, program = DOMAIN, ADMINISTRATOR, "netsessiond"

    def __init__(self, users=ORDINARY_USERS, passwords=None, arguments=(), inside=(), **options):
        self.users = tuple(user for user in users if user != ADMINISTRATOR)
        super().__init__((ADMINISTRATOR, *self.users), passwords)
        self.options, self._arguments, self._inside = dict(options), tuple(map(str, arguments)), tuple(inside)
        self.port = None

    @property
    def configuration(self):
        return self.folder / "netsessiond.conf"

    @property
    def socket(self):
        """The path of the local door's socket."""
        return self.folder / "local.sock"

    @property
    def publish_socket(self):
        return self.folder / "publish.sock"

    @property
    def ntlm_users(self):
        return self.folder / "ntlm_users"

    @property
    def audit(self):
        """The lines of the audit log, parsed."""
        return [json.loads(line) for line in (self.folder / self.log / "audit").read_text().splitlines()]

    @property
    def counters(self):
        """{name: value}, asked for by SIGUSR1."""
        [line] = self.await_said(r"counters: .*", lambda: self.signal(signal.SIGUSR1))
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}

    def tool(self, name, *arguments):
        """A command line of one of Samba's client programs with a configuration of its own, and our port."""
        configuration = self.folder / "smb.conf"
        configuration.write_text(f"[global]\nworkgroup = {DOMAIN}\nlock directory = {self.folder}\n"
                                 f"state directory = {self.folder}\ncache directory = {self.folder}\n"
                                 f"private dir = {self.folder}\npid directory = {self.folder}\n")
        return [name, f"--configfile={configuration}", f"--port={self.port}", *map(str, arguments)]

    def write_configuration(self):
        """Writes what it is started with or reads anew: the options as they are now."""
        listen = [f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}" for host in loopbacks()]
        ours = {"listen": ", ".join(listen), "socket": self.socket, "publish_socket": self.publish_socket,
                "ntlm_users": self.ntlm_users, "mechanisms": "ntlm", "user": "root", "file": self.folder / self.log / "audit"}
        lines = {}
        for key, value in (ours | self.options).items():
            if value is not None:
                lines.setdefault(section_of()[key], []).append(f"{key} = {value}\n")
        self.configuration.write_text("".join(f"[{section}]\n{''.join(said)}" for section, said in lines.items()))
        self.write_users()
        self._give(self.configuration)

    def _give(self, path):
        """To the user that netsessiond runs as, if it is another one."""
        if self.options.get("user", "root") != "root":
            shutil.chown(path, self.options["user"])

    def write_users(self):
        """Writes the file of passwords."""
        written = self.folder / "ntlm_users.new"
        written.touch(0o600)
        written.write_text("".join(f"{self.domain}:{user}:{password}\n" for user, password in self._passwords.items()))
        self._give(written)
        written.rename(self.ntlm_users)

    def set_password(self, user, password):
        """From the next reload() on."""
        self._passwords[user] = password

    def forget_user(self, user):
        """The file of passwords has the user no more, from the next reload() on."""
        del self._passwords[user]

    def reload(self):
        """Lets it read what the options are now. Returns what it says of that; it may be a complaint."""
        self.write_configuration()
        return self.await_said(r".*(?:was reloaded|was not reloaded).*", lambda: self.signal(signal.SIGHUP))[0]

    def _start(self):
        self.port = free_port()
        self._run()

    def _sanitizer(self):
        """A command line that goes before netsessiond: the leak sanitizer reads its file at the end, when netsessiond may not
        read the checkout any more."""
        found = re.search(r"(.*suppressions=)([^:]+)(.*)", os.environ.get("LSAN_OPTIONS", ""))
        if not found:
            return ()
        return "/usr/bin/env", f"LSAN_OPTIONS={found[1]}{shutil.copy(found[2], self.folder)}{found[3]}"

    def _run(self):
        for path in (self.folder, self.folder / self.log):
            self._give(path)
        self.write_configuration()
        log = self.folder / self.log / "stderr"
        self._said_before = len(self.said) if log.exists() else 0
        self._process = Process([*self._inside, *self._sanitizer(), built(self.program), "--config", self.configuration,
                                 *self._arguments], log, grace_s=HANG_S)
        self._wait_for(self._negotiate)

    def _negotiate(self):
        if "is ready" not in self.said[self._said_before:]:
            raise StartFailed("it has not said that it serves")
        if not self._inside and "listen" not in self.options and not frames.exchange(
                self.host, self.port, frames.smb1_negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???")):
            raise StartFailed("closed the connection")
