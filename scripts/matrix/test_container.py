#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-container: builds the Debian packages on a release, the container of netsession-samba out of them and a container
of Samba; starts both, and lists the session of a client by way of them. Argument: SUITE.

Exit status: 0, also where podman cannot run, which the last line says then; 1 where something fails, which the last
lines name."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import checkout
import column
import failure
import packages
from root import Root

HERE = pathlib.Path(__file__).parent


def why_not():
    """Why podman cannot run here; None: it can."""
    try:
        done = subprocess.run(["podman", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        return f"podman: {error.strerror}"
    return done.stderr.strip().partition("\n")[0] if done.returncode != 0 else None


def use(suite, built, log):
    root = Root(suite, "amd64", purpose="container")
    with tempfile.TemporaryDirectory(prefix="netsession-container-") as name, root.locked():
        folder = pathlib.Path(name) / "packages"
        root.prepare(log)
        packages.put(built, folder)
        shutil.copy(checkout.REPOSITORY / "packaging/container/Containerfile", folder)
        base = folder.with_suffix(".tar")
        try:
            subprocess.run(["tar", "--one-file-system", "-cf", base, "-C", root.path, "."], check=True)
            done = subprocess.run(["unshare", "--mount", "--cgroup", "/bin/sh", HERE / "use-container", base, folder], check=False)
        finally:
            base.unlink(missing_ok=True)
        if done.returncode != 0:
            raise failure.Failure(f"the container fails on {suite}")


def main():
    suite = sys.argv[1]
    reason = why_not()
    if reason:
        print(f"skipped: podman cannot run here: {reason}")
        return 0
    column.RESULTS.mkdir(parents=True, exist_ok=True)
    with failure.reported(), open(column.RESULTS / f"container-{suite}.log", "w", encoding="utf-8") as log:
        use(suite, packages.build(suite, checkout.copy, log), log)
    print(f"netsession-samba works in a container on {suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
