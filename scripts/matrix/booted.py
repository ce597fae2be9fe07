# SPDX-License-Identifier: MIT
"""Boots the systemd of a root, in namespaces of its own, and runs a command there: as on a machine of its own, whose
network interface leads nowhere. All of it ends with the command."""
import contextlib
import pathlib
import subprocess
import time

import inside
from failure import Failure

BOOT_S = 120
# $1 is the root. systemd finds what a container has to give it: https://systemd.io/CONTAINER_INTERFACE/
BOOT = """
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sys sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs dev dev
for name in null zero full random urandom tty; do
	touch "dev/$name"
	mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs run run
ip link set lo up
# Samba's nmbd does not start without an interface that can broadcast.
ip link add eth0 type veth peer name other
ip link set other up
ip address add 192.0.2.1/24 dev eth0
ip link set eth0 up
pivot_root . .
umount -l .
cd /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --show-status=0
"""


def _init_of(process):
    """The process id of a namespace's first process, as this machine has it; None: there is none yet."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0]) if children else None


def _enter(pid, command):
    return ["nsenter", "--target", str(pid), "--all", "/usr/bin/env", "-i", *inside.ENVIRONMENT, *command]


def _await_boot(process):
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline and process.poll() is None:
        pid = _init_of(process)
        if pid:
            state = subprocess.run(_enter(pid, ["systemctl", "is-system-running"]), text=True, capture_output=True,
                                   check=False).stdout.strip()
            if state in ("running", "degraded"):
                return pid
        time.sleep(0.2)
    raise Failure("systemd does not come up in the root")


@contextlib.contextmanager
def _started(root):
    with subprocess.Popen([*inside.NAMESPACES, "--net", "--cgroup", "/bin/sh", "-c", BOOT, "sh", root],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def run(root, command, log):
    """Runs it to its end; each line it prints goes to our output and to the log. Returns its exit code."""
    with _started(root) as process:
        pid = _await_boot(process)
        with subprocess.Popen(_enter(pid, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace") as entered:
            for line in entered.stdout:
                print(line, end="", flush=True)
                log.write(line)
                log.flush()
        return entered.returncode
