#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-packages: builds the Debian packages on a release, and uses them in a bare root of it. Argument: SUITE.

Exit status: 0; 1 where something fails, which the last lines name."""
import pathlib
import shutil
import sys

import checkout
import column
import failure
import inside
from root import Root

DEBS = "srv/packages"
USE = "srv/use-packages"
HERE = pathlib.Path(__file__).parent


def build(suite, log):
    """Builds in the root that the tests of this release use. Returns the packages."""
    root = Root(suite, "amd64")
    with root.locked():
        root.prepare(log)
        checkout.copy(root.path / column.FOLDER.lstrip("/"))
        for arguments, network in ((["packages-deb", "packages-build"], "machine"), (["deb", "PACKAGES=installed"], "lo")):
            if inside.run(root.path, ["make", *arguments], log, network=network, folder=column.FOLDER)[0] != 0:
                raise failure.Failure(f"make {' '.join(arguments)} fails on {suite}")
        return sorted((root.path / column.FOLDER.lstrip("/") / "build/deb").glob("*.deb"))


def use(suite, packages, log):
    """Installs, uses, removes and purges them where nothing else is installed."""
    root = Root(suite, "amd64", purpose="bare")
    with root.locked():
        if root.path.exists():
            shutil.rmtree(root.path)
        root.prepare(log)
        folder = root.path / DEBS
        folder.mkdir(parents=True)
        for package in packages:
            if "-dbgsym_" not in package.name:
                shutil.copy(package, folder)
        shutil.copy(HERE / "use-packages", root.path / USE)
        code, _ = inside.run(root.path, ["/bin/sh", f"/{USE}", f"/{DEBS}"], log, network="machine")
        if code != 0:
            raise failure.Failure(f"the packages fail on {suite}: see {log.name}")


def main():
    suite = sys.argv[1]
    column.RESULTS.mkdir(parents=True, exist_ok=True)
    with failure.reported(), open(column.RESULTS / f"packages-{suite}.log", "w", encoding="utf-8") as log:
        use(suite, build(suite, log), log)
    print(f"the packages can be built, installed, used and purged on {suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
