# SPDX-License-Identifier: MIT
"""Runs a command inside a root: with its own mounts, processes and host name, so that all of them end with the
command, however it ends. Tests make mount namespaces themselves, which chroot(2) would forbid: hence pivot_root."""
import contextlib
import shutil
import subprocess

# And no locale, as on a bare machine.
ENVIRONMENT = ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb"]

# $1 is the root, $2 "lo" for a network of its own. The shell stays, to collect what the command leaves behind.
ENTER = """
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
if [ "$2" = lo ]; then ip link set lo up; fi
echo debian >/proc/sys/kernel/hostname
pivot_root . .
umount -l .
cd /
shift 2
"$@"
"""
NAMESPACES = ["setpriv", "--pdeathsig", "KILL",
              "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--uts", "--ipc"]


@contextlib.contextmanager
def started(root, command, network="lo", folder="/", **options):
    """A process in a folder inside the root; when the context is left early, all that the process began ends as well.

    network  "lo": loopback alone. "machine": the machine's own, for packages
    options  subprocess.Popen's
    """
    if network == "machine":
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    own_network = ["--net"] if network == "lo" else []
    with subprocess.Popen([*NAMESPACES, *own_network, "/bin/sh", "-c", ENTER, "sh", root, network,
                           "/usr/bin/env", "-i", f"--chdir={folder}", *ENVIRONMENT, *command],
                          stdin=subprocess.DEVNULL, text=True, errors="replace", **options) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def run(root, command, log, **options):
    """Runs it to its end; each line it prints goes to our output and to the log. Returns (exit code, lines)."""
    lines = []
    with started(root, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            log.write(line)
            log.flush()
            lines.append(line.rstrip("\n"))
    return process.returncode, lines


def output(root, command):
    """What a command inside prints; empty where it is not there."""
    with started(root, command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        return process.stdout.read()


def is_root(path):
    return (path / "usr/bin/env").exists()
