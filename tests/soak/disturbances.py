"""What fails around the daemons of a soak. Each disturbance is over when its method returns."""
import contextlib
import os
import pathlib
import random
import resource
import signal
import time

from lab import command
from lab.cli import address
from lab.lost_network import LOST

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
CLOCKS = ("+1h", "-1h", "+400d", "-3d", "+0")
# In a lost network: the KDC is at an address that answers nothing, as the name server is.
KRB5_CONF = """[libdefaults]
default_realm = LOST.EXAMPLE
dns_lookup_kdc = false
[realms]
LOST.EXAMPLE = {
 kdc = 192.0.2.88
}
"""


class Clock:
    """A context manager: the wall clock that a program sees. Clocks that only go forward are the system's."""

    def __init__(self, folder):
        self._path = pathlib.Path(folder) / "clock"
        self.jump("+0")

    @property
    def inside(self):
        """What the program is run inside."""
        return ("env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME_TIMESTAMP_FILE={self._path}", "FAKETIME_CACHE_DURATION=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1")

    def jump(self, to):
        written = self._path.with_name("clock.new")
        written.write_text(to + "\n")
        written.rename(self._path)


class Disturbances:
    """next(): one of them, each as often as the others, and those that end a daemon of ours first; none of those with
    kills=False."""

    def __init__(self, seed, service, samba, relay, clock, folder, disk):
        self.chance = random.Random(f"{seed}/disturbances")
        self._service, self._samba, self._relay, self._clock = service, samba, relay, clock
        self._folder, self._disk, self._left = pathlib.Path(folder), disk, []
        self.done = {}
        self.kills = self.kill_netsessiond, self.kill_netsession_samba, self.end_netsessiond, self.end_netsession_samba
        self.others = (self.reload_all_the_time, self.rotate_the_audit_log, self.fill_the_disk, self.exhaust_descriptors,
                       self.jump_the_clock, self.lose_the_name_server, self.lose_the_kdc, self.kill_samba_s_services,
                       self.stop_netsession_samba)
        (self._folder / "krb5.conf").write_text(KRB5_CONF)
        self._credentials = self._folder / "credentials"
        self._credentials.touch(0o600)
        self._credentials.write_text("username = nobody@LOST.EXAMPLE\npassword = nothing\n")

    def next(self, kills):
        if not self._left:
            self._left = [*self.chance.sample(self.others, len(self.others)), *self.chance.sample(self.kills, len(self.kills))]
        disturbance = self._left.pop()
        if kills or disturbance not in self.kills:
            self.do(disturbance)

    def do(self, disturbance):
        disturbance()
        self.done[disturbance.__name__] = self.done.get(disturbance.__name__, 0) + 1

    def kill_netsessiond(self):
        self._service.kill()
        time.sleep(self.chance.uniform(0, 1))
        self._service.start()

    def kill_netsession_samba(self):
        self._relay.kill()
        time.sleep(self.chance.uniform(0, 1))
        self._relay.start()

    def end_netsessiond(self):
        assert self._service.terminate() == 0, self._service.said[-3000:]
        self._service.start()

    def end_netsession_samba(self):
        assert self._relay.terminate() == 0, self._relay.said[-3000:]
        self._relay.start()

    def reload_all_the_time(self):
        for _ in range(10):
            self._service.signal(signal.SIGHUP)
            time.sleep(self.chance.uniform(0, 0.1))

    def rotate_the_audit_log(self):
        with contextlib.suppress(FileNotFoundError):
            (self._disk / "audit").rename(self._disk / "audit.1")

    def fill_the_disk(self):
        """Where the audit log is."""
        filler = self._disk / "filler"
        with contextlib.suppress(OSError), open(filler, "wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        time.sleep(2)
        filler.unlink()

    def exhaust_descriptors(self):
        """Three more may be opened, and no fourth one."""
        before = {}
        for pid in (self._service.pid, self._relay.pid):
            before[pid] = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            most = max(map(int, os.listdir(f"/proc/{pid}/fd")))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (most + 3, before[pid][1]))
        time.sleep(2)
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

    def jump_the_clock(self):
        self._clock.jump(self.chance.choice(CLOCKS))
        time.sleep(1.5)

    def lose_the_name_server(self):
        result = self._in_lost_network("list", "--timeout", 0.5, "-A", self._credentials, "fs1.lost.example")
        assert result.exit == 3, result

    def lose_the_kdc(self):
        result = self._in_lost_network("list", "--timeout", 1, "--kerberos", "-A", self._credentials, address(self._service))
        assert result.exit == 3, result

    def kill_samba_s_services(self):
        """smbd starts them again when the next pipe is opened."""
        for pid in self._samba.processes("rpcd_classic") + self._samba.processes("samba-dcerpcd"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop_netsession_samba(self):
        """So that it answers no refresh request for a while."""
        self._relay.signal(signal.SIGSTOP)
        time.sleep(2)
        self._relay.signal(signal.SIGCONT)

    def _in_lost_network(self, *arguments):
        return command.run(*arguments, inside=("unshare", "--net", "--mount", "sh", "-ec", LOST, "sh", str(self._folder)),
                           env={"KRB5_CONFIG": str(self._folder / "krb5.conf")})
