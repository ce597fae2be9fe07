#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-new-user: builds the Debian packages on a release, and goes the way of docs/install.md with them in a bare root
of it, where systemd runs: from apt to the sessions of a Samba. Prints the seconds of each step. Argument: SUITE.

Exit status: 0; 1 where something fails, which the last lines name."""
import shutil
import sys

import booted
import checkout
import column
import failure
import inside
import packages
from root import Root

PACKAGES = "srv/packages"
HERE = checkout.REPOSITORY / "scripts/matrix"
# What a computer has on which Debian's installer was run, and what debootstrap's bare root lacks.
INSTALLED = ["systemd-sysv", "dbus"]


def walk(suite, built, log):
    root = Root(suite, "amd64", purpose="new-user")
    with root.locked():
        if root.path.exists():
            shutil.rmtree(root.path)
        root.prepare(log)
        if inside.run(root.path, ["apt-get", "install", "-q", "-y", "--no-install-recommends", *INSTALLED], log, network="machine")[0]:
            raise failure.Failure(f"{' '.join(INSTALLED)} cannot be installed: see {log.name}")
        packages.put(built, root.path / PACKAGES)
        shutil.copy(HERE / "new-user", root.path / "srv")
        if inside.run(root.path, ["/bin/sh", "/srv/new-user", "download", f"/{PACKAGES}"], log, network="machine")[0] != 0 or \
                booted.run(root.path, ["/bin/sh", "/srv/new-user", "use"], log) != 0:
            raise failure.Failure(f"a new user's way fails on {suite}: see {log.name}")


def main():
    suite = sys.argv[1]
    column.RESULTS.mkdir(parents=True, exist_ok=True)
    with failure.reported(), open(column.RESULTS / f"new-user-{suite}.log", "w", encoding="utf-8") as log:
        walk(suite, packages.build(suite, checkout.copy, log), log)
    print(f"a new user gets from apt to the sessions of a Samba on {suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
