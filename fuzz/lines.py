# SPDX-License-Identifier: MIT
"""Counts the lines of src that the corpora reach, by folder and by file."""
import collections
import fnmatch
import json
import os
import subprocess

import build
from build import OUT, ROOT

ENOUGH = 0.95

# Sources that no target runs, and why.
EXCLUDED = {
}

# Files that are reached less than ENOUGH, and what is missing.
REASONS = {
}


def excluded(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXCLUDED)


def export(programs, archive):
    """Runs each target over its corpus. Returns (lines reached, lines) of each file below src, and writes report.txt."""
    out = OUT / "lines"
    for target, program in programs.items():
        subprocess.run([program, "-runs=0", OUT / "corpus" / target], capture_output=True,
                       env=dict(os.environ, LLVM_PROFILE_FILE=str(out / f"{target}.profraw")))
    subprocess.run(["llvm-profdata", "merge", "-o", out / "all.profdata", *(out / f"{t}.profraw" for t in programs)],
                   check=True)
    # The archive has the files that no target links, too.
    arguments = [archive, *(word for program in programs.values() for word in ("-object", program)),
                 f"-instr-profile={out / 'all.profdata'}", ROOT / "src"]
    with open(out / "report.txt", "w") as report:
        subprocess.run(["llvm-cov", "show", *arguments], stdout=report, check=True)
    table = subprocess.run(["llvm-cov", "export", "-summary-only", *arguments], check=True, capture_output=True,
                           text=True).stdout
    counts = {}
    for file in json.loads(table)["data"][0]["files"]:
        count = file["summary"]["lines"]
        if count["count"] > 0:
            counts[os.path.relpath(file["filename"], ROOT / "src")] = count["covered"], count["count"]
    return counts


def report(targets, jobs):
    """Prints the table. Returns whether each file is reached enough or has a reason."""
    counts = export(*build.with_line_counters(targets, jobs))
    folders = collections.defaultdict(list)
    for name, count in counts.items():
        if not excluded(name):
            folders[os.path.dirname(name)].append(count)
    print(f"{'folder':16} {'lines':>6} {'reached':>8}")
    for name, files in [*sorted(folders.items()), ("in all", sum(folders.values(), []))]:
        covered, lines = (sum(column) for column in zip(*files))
        print(f"{name:16} {lines:6} {covered / lines:8.1%}")
    is_good = True
    for name, (covered, lines) in sorted(counts.items()):
        if excluded(name) or covered >= ENOUGH * lines:
            continue
        is_good = is_good and name in REASONS
        print(f"{name}: {covered} of {lines} lines; {REASONS.get(name, 'no reason is known')}")
    print(f"line by line: {(OUT / 'lines/report.txt').relative_to(ROOT)}")
    return is_good
