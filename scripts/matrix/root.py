# SPDX-License-Identifier: MIT
"""A bare Debian in a folder, made by debootstrap and kept for the next time."""
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess

import inside
import mirrors
from failure import Failure

CACHE = pathlib.Path(os.environ.get("ROOTS") or "/var/cache/netsession/roots")
SCRIPTS = pathlib.Path("/usr/share/debootstrap/scripts")

# What has to be there before "make run", by the README's first lines.
BEFORE = ["make"]

HOSTS = "127.0.0.1 localhost debian\n::1 localhost ip6-localhost ip6-loopback\n"
# An archive that is just being changed fails for some minutes; without one of its indexes the others may do.
UPDATE = """
export DEBIAN_FRONTEND=noninteractive
dpkg --configure -a || exit
apt-get update -q || { sleep 20; apt-get update -q; } || echo "going on with the indexes that are there"
apt-get dist-upgrade -q -y --no-install-recommends &&
apt-get install -q -y --no-install-recommends "$@" && apt-get clean
"""


class Root:
    """The root of a suite and an architecture. path is its folder.

    cross  another architecture, whose libraries stand beside arch's: both have to be of the same versions, and updates
           are not there for all architectures at once, so it has none
    purpose  a word that keeps roots of one suite apart
    """

    def __init__(self, suite, arch, cross="", purpose=""):
        self.suite, self.arch, self.cross = suite, arch, cross
        self.path = CACHE / "-".join(filter(None, (suite, cross or arch, purpose)))

    @contextlib.contextmanager
    def locked(self):
        """Keeps the root to one run at a time; a second one waits."""
        if os.geteuid() != 0:
            raise Failure("only root can make and enter a root of Debian: run this as root")
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(f"{self.path}.lock", "w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another run in {self.path} to end", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self, log):
        """Makes the root where it is missing or $FRESH is set, else brings it up to date. A root that cannot be brought
        up to date is made again."""
        if inside.is_root(self.path) and not os.environ.get("FRESH"):
            if self._update(log):
                return
            print(f"{self.path} cannot be brought up to date: it is made again", flush=True)
        self._make(log)
        if not self._update(log):
            raise Failure(f"apt-get fails in {self.path}: see {log.name}")

    def clear(self):
        """Removes what a run that was ended has left where programs put temporary files."""
        for left in (self.path / "tmp").iterdir():
            subprocess.run(["rm", "-rf", "--one-file-system", left], check=True)

    def versions(self, packages):
        """{name: version} of those packages that are installed."""
        shown = inside.output(self.path, ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\\n",
                                          *packages])
        return {name: version for status, name, version in (line.split(" ") for line in shown.splitlines())
                if status == "installed"}

    def megabytes(self):
        """The root's size on disk."""
        done = subprocess.run(["du", "-sxm", self.path], text=True, capture_output=True, check=True)
        return int(done.stdout.split()[0])

    def _make(self, log):
        """In a folder beside, which gets the root's name when the root is whole: no half-made root has that name."""
        if shutil.which("debootstrap") is None:
            raise Failure("debootstrap is not installed: install it, then run this again")
        sources, half = mirrors.sources(self.suite, updates=not self.cross), self.path.with_name(f"{self.path.name}.half")
        for old in (half, self.path):
            subprocess.run(["rm", "-rf", "--one-file-system", old], check=True)
        print(f"making a bare Debian {self.suite} ({self.arch}) in {self.path}", flush=True)
        script = SCRIPTS / self.suite
        # In namespaces of its own: what it mounts ends with it.
        done = subprocess.run(
            [*inside.NAMESPACES, "--mount-proc", "debootstrap", "--variant=minbase", f"--arch={self.arch}", self.suite,
             half, sources[0].split()[1], *([] if script.exists() else [SCRIPTS / "sid"])],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | mirrors.proxy(), check=False)
        if done.returncode != 0:
            raise Failure(f"debootstrap cannot make Debian {self.suite} ({self.arch}): see {log.name}")
        _configure(half, sources)
        half.rename(self.path)

    def _update(self, log):
        code, _ = inside.run(self.path, ["/bin/sh", "-c", UPDATE, "sh", *BEFORE], log, network="machine")
        (self.path / "etc/hosts").write_text(HOSTS)
        return code == 0


def _configure(folder, sources):
    """What a bare root lacks: apt's archives, and that no service starts when its package is installed."""
    etc = folder / "etc"
    (etc / "apt/sources.list").write_text("".join(sources))
    (etc / "apt/apt.conf.d/10reach").write_text("".join(mirrors.settings()))
    (etc / "dpkg/dpkg.cfg.d/10fast").write_text("force-unsafe-io\n")
    (etc / "hostname").write_text("debian\n")
    no_services = folder / "usr/sbin/policy-rc.d"
    no_services.write_text("#!/bin/sh\nexit 101\n")
    no_services.chmod(0o755)
