#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make matrix: all columns, one after the other. Writes build/matrix/results.json after each; closes with the table.
Arguments: the names of columns; without any, all of them."""
import datetime
import json
import subprocess
import sys

import column
import failure
import tested_with

# By clang the tests that know another compiler from gcc; on other architectures those that need no peer.
BY_CLANG = "unit house abi list netsessiond samba_relay kerberos"
COLUMNS = [
    column.Column("bookworm"),
    column.Column("trixie"),
    column.Column("trixie", compiler="clang", tests=BY_CLANG),
    column.Column("sid"),
    column.Column("sid", compiler="clang", tests=BY_CLANG),
    column.Column("trixie", arch="i386", tests="unit"),
    column.Column("trixie", cross="s390x", tests="unit"),
]


def run(one):
    """The column's result, which also says so where it cannot run."""
    try:
        return column.run(one)
    except failure.Failure as why:
        print(f"{one.name}: {why}", flush=True)
        return {"name": one.name, "suite": one.suite, "arch": one.cross or one.arch, "tests": one.tests, "debian": one.suite,
                "compiler": one.compiler, "libraries": {}, "passed": 0, "failed": 1, "skipped": 0,
                "failures": [str(why)], "minutes": 0, "megabytes": 0}


def main():
    chosen = [one for one in COLUMNS if not sys.argv[1:] or one.name in sys.argv[1:]]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=column.checkout.REPOSITORY, text=True,
                            capture_output=True, check=False).stdout.strip()
    results = []
    with failure.reported():
        for one in chosen:
            results.append(run(one))
            (column.RESULTS / "results.json").write_text(json.dumps(
                {"date": f"{datetime.date.today()}", "commit": commit, "columns": results}, indent=1) + "\n")
    print("\n".join(tested_with.table(map(tested_with.cells, results))))
    print(column.closing_line(results))
    return int(any(result["failed"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
