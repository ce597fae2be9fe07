#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-container: builds the container of netsession-samba out of the packages that make test-packages has built, and
uses it beside a Samba in a container of its own. Argument: SUITE.

Exit status: 0; 1 where something fails, which the last lines name."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import checkout
import column
import failure
from root import Root

HERE = pathlib.Path(__file__).parent


def use(suite, log):
    root = Root(suite, "amd64", purpose="container")
    built = Root(suite, "amd64")
    with tempfile.TemporaryDirectory(prefix="netsession-container-") as name, root.locked(), built.locked():
        folder = pathlib.Path(name)
        root.prepare(log)
        packages = sorted((built.path / column.FOLDER.lstrip("/") / "build/deb").glob("*.deb"))
        if not packages:
            raise failure.Failure(f"there are no packages: run make test-packages SUITE={suite} before")
        for path in (*packages, checkout.REPOSITORY / "packaging/container/Containerfile"):
            shutil.copy(path, folder)
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
    column.RESULTS.mkdir(parents=True, exist_ok=True)
    with failure.reported(), open(column.RESULTS / f"container-{suite}.log", "w", encoding="utf-8") as log:
        use(suite, log)
    print(f"netsession-samba works in a container on {suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
