"""`make soak`: netsessiond, and netsession-samba beside a real smbd, under a mixed load while what they need fails. Prints what
they used at quiet moments; exit status 1 if a session was lost, or memory, descriptors or threads have grown."""
import argparse
import contextlib
import faulthandler
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time

from fixtures.programs import Programs
from lab import command
from lab.cli import address
from lab.daemon import COMPLAINT
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer

from .disturbances import Clock, Disturbances
from .figures import Figures, last_life, table
from .load import (Closes, HalfMessages, HalfPipes, HalfPublishers, Lists, Load, LogOns, Publishing, SambaSessions, await_equal,
                   listed)

QUIET_MOMENTS = 8
KILLS_UNTIL = 0.4  # of the time; from then on memory is compared
DISK_KIB = 256
GROWTH_KIB, GROWTH_KIB_PER_RELOAD = 1536, 12  # gss-ntlmssp loses 6 KiB at each reload
ENTERED = "NETSESSION_SOAK_ENTERED"


class Service(Netsessiond):
    """netsessiond that sees a wall clock of its own, in a folder where its confinement lets it read."""

    def _start(self):
        self.clock = Clock(self.folder)
        self._inside = self.clock.inside
        super()._start()


class Soak:
    """A context manager: the daemons, their load and what disturbs them."""

    def __init__(self, seconds, seed):
        self.seconds, self.seed, self.failures = seconds, seed, []
        self.taken = {"netsessiond": [], "netsession-samba": []}
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="netsession-soak-", dir="/tmp"))
            most = {"max_connections_per_address": 10000, "max_unauthenticated_connections": 10000,
                    "max_unauthenticated_connections_per_address": 10000, "max_publishers": 64}
            self.service = stack.enter_context(Service((*LogOns.users, "frida"), policy="documented", publishers="root", **most))
            disk = self.service.folder / "disk"
            disk.mkdir(mode=0o777)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "none", disk], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", disk], check=True)
            self.service.options["file"] = disk / "audit"
            self.service.reload()
            self.samba = stack.enter_context(SambaServer(relayed=True))
            self.relay = stack.enter_context(NetsessionSamba(self.samba, self.service.publish_socket, inside=self.service.clock.inside))
            self.disturbances = Disturbances(self.seed, self.service, self.samba, self.relay, self.service.clock, folder,
                                             disk)
            program = stack.enter_context(Programs()).compile(command.REPOSITORY / "examples" / "publisher.c", "netsession")
            self.log_ons, self.samba_sessions = LogOns(self.seed, self.service, 0.05), SambaSessions(self.seed, self.samba, 0.3)
            self.publishers = [Publishing(self.seed, self.service, program, number) for number in (1, 2)]
            parts = [self.log_ons, self.samba_sessions, *self.publishers, HalfMessages(self.seed, self.service),
                     HalfPublishers(self.seed, self.service), HalfPipes(self.seed, self.samba),
                     Lists(self.seed, self.service, self.service), Lists(f"{self.seed}/samba", self.samba),
                     Closes(self.seed, self.service, ("bert", "emil"))]
            self.load = stack.enter_context(Load(parts))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def run(self):
        began_at = time.monotonic()
        for number in range(1, QUIET_MOMENTS + 1):
            ends_at = began_at + self.seconds * number / QUIET_MOMENTS
            kills = number <= KILLS_UNTIL * QUIET_MOMENTS
            with self.load.running():
                while time.monotonic() < ends_at:
                    self.disturbances.next(kills)
                    time.sleep(min(self.seconds / 120, 5))
            if self.load.failure:
                raise self.load.failure
            self._quiet(began_at)
        self._judge_figures()

    def _quiet(self, began_at):
        """Each part has its sessions, and the daemons list exactly those."""
        for part in self.load.parts:
            part.settle()
        at_samba = self.samba_sessions.held
        held = sum((publisher.held for publisher in self.publishers), self.log_ons.held + at_samba)
        administrator = self.samba.administrator

        def samba_lists():
            found = listed("-A", self.samba.credentials_file(administrator), address(self.samba))
            return type(found)({row: count for row, count in found.items() if row[1] != administrator})
        await_equal("netsession-samba", at_samba, samba_lists)
        await_equal("netsessiond", held, lambda: listed(env={"NETSESSION_SOCKET": str(self.service.socket)}))
        counters = self.service.counters
        assert counters["sessions_now"] == sum(held.values()), counters
        self.taken["netsessiond"].append(Figures.taken(self.service.pid, began_at, sum(held.values()), counters["reloads"]))
        self.taken["netsession-samba"].append(Figures.taken(self.relay.pid, began_at, sum(at_samba.values()), 0))
        for daemon in (self.service, self.relay):
            if COMPLAINT.search(daemon.said):
                raise AssertionError(daemon.said[-5000:])
        print(f"quiet after {time.monotonic() - began_at:.0f} s: {sum(held.values())} sessions held and listed", flush=True)

    def _judge_figures(self):
        for name, taken in self.taken.items():
            first, *_, last = [None, *last_life(taken)][1:] * 2
            allowed = GROWTH_KIB + GROWTH_KIB_PER_RELOAD * (last.reloads - first.reloads)
            if last.resident_kib - first.resident_kib > allowed:
                self.failures.append(f"{name}: memory has grown by {last.resident_kib - first.resident_kib:,} KiB")
            if last.descriptors > first.descriptors:
                self.failures.append(f"{name}: {last.descriptors - first.descriptors} more descriptors are open")
            if last.threads > first.threads:
                self.failures.append(f"{name}: {last.threads - first.threads} more threads run")

    def __str__(self):
        parts = "\n".join(f"  {type(part).__name__:16} {part.done:8,} done, {part.broken:6,} broken off" for part in self.load.parts)
        done = "\n".join(f"  {name.replace('_', ' '):32} {times:4}" for name, times in sorted(self.disturbances.done.items()))
        return "\n".join([*(table(name, taken) for name, taken in self.taken.items() if taken), "load:", parts, "disturbances:", done])


def main():
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    if ENTERED not in os.environ:  # a small disk for the audit log is mounted in a namespace
        os.environ[ENTERED] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", "soak.run", *sys.argv[1:]])
    os.environ["NETSESSION_BUILD"] = str(options.build.resolve())
    faulthandler.register(signal.SIGUSR1)  # shows what all threads are at
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of all that has to be cleaned up
    seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    with Soak(60 * options.minutes, seed) as soak:
        try:
            soak.run()
        finally:
            print(soak, flush=True)
    print("\n".join(soak.failures or ["no session was lost; memory, descriptors and threads are flat"]))
    return int(bool(soak.failures))


if __name__ == "__main__":
    sys.exit(main())
