"""netsessiond as built, on loopback: `with Netsessiond() as server: ...`

    server = Netsessiond(["alice", "bob"], policy="documented", idle_timeout_s=2)

In the build of the sanitizers it is their daemon, and what they complain of fails the test.
"""
import functools
import json
import os
import re
import signal
import subprocess
import time

from . import frames
from .command import built
from .ports import free_port
from .process import Process
from .server import Server, StartFailed

ORDINARY_USERS = ("alice", "bob", "carol", "dave")
ADMINISTRATOR = "root"
DOMAIN = "LABSRV"

COMPLAINT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|Assertion .* failed")
STOP_S = 30


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


class Netsessiond(Server):
    """netsessiond in a temporary folder of its own, on 127.0.0.1 and ::1 and at two Unix sockets.

    users      ordinary accounts, by NTLM; the administrator is one beside them
    passwords  {user: password}; who is not in it gets a random one
    arguments  of the command line, beside --config
    inside     a command line to put before, such as ad.DomainController.inside
    options    keys of the configuration, in whatever section they are; they win over ours. A key that is None is not
               said. They may be changed before reload() and restart().

    Whoever does not say so otherwise, ours are: administrators are root, by whichever door; the policy is hardened.
    """

    host, host6 = "127.0.0.1", "::1"
    domain, administrator, log = DOMAIN, ADMINISTRATOR, "log"

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
    def feed_socket(self):
        return self.folder / "feed.sock"

    @property
    def ntlm_users(self):
        return self.folder / "ntlm_users"

    @property
    def pid(self):
        """That of netsessiond itself, whatever it runs inside."""
        program = built("netsessiond").resolve()
        return next(pid for pid in self._process.pids if os.path.realpath(f"/proc/{pid}/exe") == str(program))

    @property
    def said(self):
        """What it has logged, all of it."""
        return (self.folder / self.log / "stderr").read_text(errors="replace")

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
        ours = {"listen": f"{self.host}:{self.port}, [{self.host6}]:{self.port}", "socket": self.socket,
                "feed_socket": self.feed_socket, "ntlm_users": self.ntlm_users, "mechanisms": "ntlm",
                "file": self.folder / self.log / "audit"}
        lines = {}
        for key, value in (ours | self.options).items():
            if value is not None:
                lines.setdefault(section_of()[key], []).append(f"{key} = {value}\n")
        self.configuration.write_text("".join(f"[{section}]\n{''.join(said)}" for section, said in lines.items()))
        self.write_users()

    def write_users(self):
        """Writes the file of passwords."""
        written = self.folder / "ntlm_users.new"
        written.touch(0o600)
        written.write_text("".join(f"{self.domain}:{user}:{password}\n" for user, password in self._passwords.items()))
        written.rename(self.ntlm_users)

    def set_password(self, user, password):
        """From the next reload() on."""
        self._passwords[user] = password

    def signal(self, number):
        os.kill(self.pid, number)

    def reload(self):
        """Lets it read what the options are now. Returns what it says of that; it may be a complaint."""
        self.write_configuration()
        return self.await_said(r".*(?:was read anew|all stays as it was).*", lambda: self.signal(signal.SIGHUP))[0]

    def restart(self):
        """As if it had died and another had been started, with the options as they are now."""
        self.signal(signal.SIGKILL)
        self._process.wait(STOP_S)
        self._run()

    def terminate(self):
        """Lets it end by itself. Returns its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Waits until it has ended, which somebody has told it to. Returns its exit status."""
        return self._process.wait(STOP_S)

    def await_said(self, pattern, act=lambda: None):
        """Acts, and waits until it logs lines of this pattern. Returns what matches."""
        before, deadline = len(self.said), time.monotonic() + 20
        act()
        while time.monotonic() < deadline:
            found = [match[0] for match in re.finditer(pattern, self.said[before:]) if match.end() < len(self.said)]
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"it never said {pattern}, but {self.said[before:]}")

    def _start(self):
        self.port = free_port()
        self._run()

    def _run(self):
        self.write_configuration()
        self._process = Process([*self._inside, built("netsessiond"), "--config", self.configuration,
                                 *self._arguments], self.folder / self.log / "stderr", grace_s=STOP_S)
        self._wait_for(self._negotiate)

    def _negotiate(self):
        if "serves as" not in self.said:
            raise StartFailed("it has not said that it serves")
        if not self._inside and "listen" not in self.options and not frames.exchange(
                self.host, self.port, frames.smb1_negotiate("NT LM 0.12", "SMB 2.002", "SMB 2.???")):
            raise StartFailed("closed the connection")

    def _end(self, error):
        code, said = 0, ""
        try:
            if self._process and error is None and not self._process.ended():
                code = self.terminate()
            said = self.said
        finally:
            super()._end(error)
        if error is None and (code != 0 or COMPLAINT.search(said)):
            raise AssertionError(f"netsessiond ended with {code}, having said\n{said}")
