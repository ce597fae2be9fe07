#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds the fuzz targets, gives each a corpus made of fuzz/seeds, runs them, and says which of the
functions that they name they reached.

    fuzz/run.py [seconds] [target ...]     default: 60 seconds of each target, two at a time
    fuzz/run.py --lines [target ...]       runs nothing; prints which lines of src the corpora reach

Works in build/fuzz: corpus/<target> grows from run to run; crashes/<target>-* are reproducers, to
be run again with build/fuzz/<target> <file>. Needs clang with libFuzzer (Debian: clang,
libclang-rt-dev, llvm). Exit status: 0; 1 after a crash, a leak or a hang; 2 when a function that a
target names was not reached, or with --lines when a file is reached less than it has to be."""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import build
import lines
import seeds
from build import OUT, TARGETS

# The longest input of a target, where 16384 bytes make it slow.
MAX_BYTES = {"access_policy": 700, "admission": 400, "configuration": 3000, "guesses": 200, "interfaces": 1000,
             "nbns": 600, "ntlm_message": 1500, "pac": 2048, "publisher": 400, "relay_pipe": 1500,
             "rpc_association": 6144, "rpc_server": 2048, "samba_texts": 2000, "session_answer": 4096,
             "smb2_messages": 1024, "smb2_requests": 1400, "smb_server": 2048, "smbstatus": 4500, "spnego": 3000,
             "srvsvc_server": 2048, "text_inputs": 4500}
ENVIRONMENT = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                   ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=32")


def fuzz(target, seconds, runs):
    """Runs one target. Returns whether it lived."""
    log = OUT / f"{target}.log"
    crashes = OUT / "crashes"
    crashes.mkdir(exist_ok=True)
    with open(log, "w") as out:
        lived = subprocess.run(
            [OUT / target, f"-max_total_time={seconds}", f"-runs={runs}",
             f"-max_len={MAX_BYTES.get(target, 16384)}", "-timeout=10",
             "-rss_limit_mb=2048", "-use_value_profile=1", "-print_final_stats=1",
             f"-artifact_prefix={crashes}/{target}-", OUT / "corpus" / target],
            stdout=out, stderr=out, env=ENVIRONMENT).returncode == 0
    text = log.read_text(errors="replace")
    executed = re.search(r"number_of_executed_units: (\d+)", text)
    speed = re.search(r"average_exec_per_sec: *(\d+)", text)
    edges = re.findall(r" cov: (\d+)", text)
    print(f"{target:16} {'ok' if lived else 'FAILED'}: {executed.group(1) if executed else '?'} runs, "
          f"{speed.group(1) if speed else '?'} a second, {edges[-1] if edges else '?'} edges",
          flush=True)
    if not lived:
        telling = re.compile(r"violated:|ERROR: |runtime error:|Test unit written|Assertion")
        found = [line for line in text.splitlines() if telling.search(line)]
        print("\n".join("    " + line for line in found), flush=True)
    return lived


def named(target):
    comment = (build.FUZZ / f"{target}.c").read_text()
    listed = re.search(r"Must reach:(.*?)\n \* Holds:", comment, re.S).group(1)
    return re.findall(r"[a-z]\w+", listed)


def symbolizer():
    candidates = ["llvm-symbolizer", *(f"llvm-symbolizer-{n}" for n in range(20, 12, -1))]
    return next((path for path in map(shutil.which, candidates) if path), None)


def unreached(target):
    """The functions that the target names and its corpus does not reach; prints the account."""
    path = symbolizer()
    if path is None:
        print(f"{target:16} no llvm-symbolizer: what was reached is not known")
        return []
    report = subprocess.run(
        [OUT / target, "-runs=0", "-print_coverage=1", f"-artifact_prefix={OUT}/crashes/{target}-",
         OUT / "corpus" / target],
        capture_output=True, text=True, errors="replace",
        env=dict(ENVIRONMENT, ASAN_SYMBOLIZER_PATH=path)).stderr
    reached = set(re.findall(r"^COVERED_FUNC: .*edges: \d+/\d+ (\w+)", report, re.M))
    names = named(target)
    missing = [name for name in names if name not in reached]
    print(f"{target:16} reaches {len(names) - len(missing)} of the {len(names)} functions named"
          + (f", NOT {', '.join(missing)}" if missing else ""), flush=True)
    (OUT / f"{target}.coverage").write_text(report)
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lines", action="store_true",
                        help="print which lines of src the corpora reach, and run nothing")
    parser.add_argument("--runs", type=int, default=-1, help="end each target after so many runs")
    args = parser.parse_args()
    targets = args.targets or TARGETS
    if set(targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(set(targets) - set(TARGETS))}")
    for target in targets:
        seeds.write(target, OUT / "corpus" / target)
    if args.lines:
        return 0 if lines.report(targets, args.jobs) else 2
    build.with_sanitizers(targets, args.jobs)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        lived = list(pool.map(lambda t: fuzz(t, args.seconds, args.runs), targets))
        missing = [name for names in pool.map(unreached, targets) for name in names]
    return 1 if not all(lived) else 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
