#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make matrix: columns, one after the other. Each result goes into build/matrix/results.json, where those of the other
columns stay; closes with the table of this run. Arguments: the names of columns; without any, all of them."""
import contextlib
import datetime
import json
import subprocess
import sys

import column
import failure
import tested_with

FILE = column.RESULTS / "results.json"

# By clang the tests that know another compiler from gcc; on other architectures those that need no peer.
BY_CLANG = "unit house abi list netsessiond samba_relay kerberos"
COLUMNS = [
    column.Column("bookworm"),
    column.Column("trixie"),
    column.Column("trixie", compiler="clang", tests=BY_CLANG),
    column.Column("sid"),
    column.Column("sid", compiler="clang", tests=BY_CLANG),
    column.Column("trixie", arch="i386", tests="unit"),
    column.Column("bookworm", cross="s390x", tests="unit"),
]


def run(one):
    """The column's result, which also says so where it cannot run."""
    try:
        return column.run(one)
    except failure.Failure as why:
        print(f"{one.name}: {why}", flush=True)
        return {"name": one.name, "suite": one.suite, "arch": one.cross or one.arch, "tests": one.tests,
                "debian": one.suite, "compiler": one.compiler, "libraries": {}, "passed": 0, "failed": 1, "skipped": 0,
                "failures": [str(why)], "minutes": 0, "megabytes": 0}


def described():
    """The commit that is tested."""
    return subprocess.run(["git", "describe", "--always", "--dirty"], cwd=column.checkout.REPOSITORY, text=True,
                          capture_output=True, check=False).stdout.strip()


def saved():
    """The results of earlier runs, by the names of their columns."""
    with contextlib.suppress(FileNotFoundError):
        return {result["name"]: result for result in json.loads(FILE.read_text())["columns"]}
    return {}


def save(results):
    """Writes the results in the order of the columns."""
    in_order = [results[one.name] for one in COLUMNS if one.name in results]
    FILE.write_text(json.dumps({"date": f"{datetime.date.today()}", "columns": in_order}, indent=1) + "\n")


def main():
    names = sys.argv[1:] or [one.name for one in COLUMNS]
    unknown = set(names) - {one.name for one in COLUMNS}
    if unknown:
        sys.exit(f"matrix.py: {', '.join(unknown)}: no such column; there are {', '.join(one.name for one in COLUMNS)}")
    run_now, commit = [], described()
    with failure.reported():
        for one in (one for one in COLUMNS if one.name in names):
            run_now.append(run(one) | {"commit": commit})
            save(saved() | {run_now[-1]["name"]: run_now[-1]})
    print("\n".join(tested_with.table(map(tested_with.cells, run_now))))
    print(column.closing_line(run_now))
    return int(any(result["failed"] for result in run_now))


if __name__ == "__main__":
    sys.exit(main())
