#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-packages: builds the Debian packages on a release, and those of the version before; uses them in a bare root of
it, and upgrades them there where systemd runs. Argument: SUITE.

Exit status: 0; 1 where something fails, which the last lines name."""
import pathlib
import shutil
import subprocess
import sys

import booted
import checkout
import column
import failure
import file_lists
import inside
import packages
from root import Root

NOW, BEFORE = "srv/packages", "srv/packages-before"
HERE = pathlib.Path(__file__).parent


def git(*arguments):
    return subprocess.run(["git", "-c", f"safe.directory={checkout.REPOSITORY}", *arguments], cwd=checkout.REPOSITORY,
                          capture_output=True, check=True).stdout


def last_of_version_before():
    """The last commit that had another version than the work tree."""
    changed = git("log", "-1", "--format=%H", "-G", "^    version: '", "--", "meson.build").decode().strip()
    if not changed:
        raise failure.Failure("the version before is built from git's history, which is not here")
    return git("rev-parse", f"{changed}^").decode().strip()


def copy_commit(commit, folder):
    """Makes the folder anew, with the files of a commit in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", folder], input=git("archive", commit), check=True)


def compare(suite):
    """Fails where make install and the packages that were built last differ."""
    root = Root(suite, "amd64")
    with root.locked():
        built = root.path / column.FOLDER.lstrip("/") / "build/deb"
        found = file_lists.differences(root, [path for path in built.glob("*.deb") if "-dbgsym_" not in path.name])
    if found:
        raise failure.Failure("make install and the packages differ: " + "; ".join(found))


def build_before(suite, log):
    """The packages of the version before, which are kept for the next time."""
    commit = last_of_version_before()
    kept = column.RESULTS / f"packages-{suite}-{commit}"
    if not kept.exists():
        half = kept.with_name(f"{kept.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        packages.put(packages.build(suite, lambda folder: copy_commit(commit, folder), log), half)
        half.rename(kept)
    return {path.name: path.read_bytes() for path in kept.glob("*.deb")}


def use(suite, before, now, log):
    """Installs, uses, removes and purges them where nothing else is installed; then what they depend on is, and they are
    upgraded."""
    root = Root(suite, "amd64", purpose="bare")
    with root.locked():
        if root.path.exists():
            shutil.rmtree(root.path)
        root.prepare(log)
        packages.put(now, root.path / NOW)
        packages.put(before, root.path / BEFORE)
        for name in ("use-packages", "upgrade-packages"):
            shutil.copy(HERE / name, root.path / "srv")
        code, _ = inside.run(root.path, ["/bin/sh", "/srv/use-packages", f"/{NOW}"], log, network="machine")
        if code != 0:
            raise failure.Failure(f"the packages fail on {suite}: see {log.name}")
        if booted.run(root.path, ["/bin/sh", "/srv/upgrade-packages", f"/{BEFORE}", f"/{NOW}"], log) != 0:
            raise failure.Failure(f"the packages of the version before cannot be upgraded on {suite}: see {log.name}")


def main():
    suite = sys.argv[1]
    column.RESULTS.mkdir(parents=True, exist_ok=True)
    with failure.reported(), open(column.RESULTS / f"packages-{suite}.log", "w", encoding="utf-8") as log:
        before = build_before(suite, log)
        now = packages.build(suite, checkout.copy, log)
        compare(suite)
        use(suite, before, now, log)
    print(f"the packages can be built, installed, used, upgraded and purged on {suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
