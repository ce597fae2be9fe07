#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs tests and closes with their count. Arguments: the build folder, that of the sanitizers, and TESTS.

Without TESTS all tests run. In the build of the sanitizers the unit tests run once more, those of the command's main job
and of the names that it takes, those of sweeps and their stores, and those of netsessiond and netsession-samba; the C
programs that call the libraries are compiled with the sanitizers there. The tests of the two builds run at the same time,
since most of them wait for something most of the time. Those that measure run behind them, one by one.

A word of TESTS is a suite or a pattern of test names; they run in the first build alone."""
import collections
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import threading
import xml.etree.ElementTree

import reachable
from lab import ports

MEASUREMENTS = ("--suite", "measure")
SANITIZED = ("attack", "close_fleet", "exports", "list", "nbns", "netsessiond", "netsessiond_kerberos", "interop", "bad_calls",
             "bad_messages", "samba_publish", "samba_kill", "samba_relay", "out_of_memory", "out_of_memory_fleet", "out_of_memory_netsessiond",
             "out_of_memory_samba", "report", "sweep", "sweep_odd_hosts", "sweep_store")
PASSED = ("OK", "EXPECTEDFAIL", "SKIP")
printing = threading.Lock()


def show(line):
    with printing:
        print(line, flush=True)


def run(build, *choice, jobs=os.cpu_count() + 1):
    """Runs meson's tests, so many at a time. Returns (passed, skipped, what failed) of their sentences."""
    command = ["meson", "test", "-C", build, "--print-errorlogs", *choice, "--num-processes", str(jobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as meson:
        for line in meson.stdout:
            show(f"{pathlib.Path(build).name}: {line.rstrip()}" if line.strip() else "")
    cases = list(xml.etree.ElementTree.parse(pathlib.Path(build) / "meson-logs" / "testlog.junit.xml").iter("testcase"))
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    failures = failures_of(build) if meson.returncode != 0 else []
    return len(cases) - failed - skipped, skipped, failures


def failures_of(build):
    """Prints the failed sentences with their reasons, since meson shows only the stderr of a TAP program. Returns a line
    for each, and for a program that failed without one: a sanitizer's report at its end, for example."""
    failures, name = [], pathlib.Path(build).name
    tests = map(json.loads, (pathlib.Path(build) / "meson-logs" / "testlog.json").read_text().splitlines())
    for test in (test for test in tests if test["result"] not in PASSED):
        lines = test.get("stdout", "").splitlines()
        sentences = [line for line in lines if line.startswith("not ok") and "# TODO" not in line]
        failures += [f"{name}: {test['name']}: {sentence}" for sentence in sentences] or \
            [f"{name}: {test['name']}: {test['result']}, exit status {test['returncode']}"]
        is_failure = False
        for line in lines:
            is_failure = line.startswith("not ok") or (is_failure and line.startswith("#"))
            if is_failure:
                show(f"{test['name']}: {line}")
    return failures or [f"{name}: meson ended with exit status other than 0, and names no test"]


def run_all(build, sanitized):
    """All tests in both builds. Returns the results of run()."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(run, build, "--no-suite", MEASUREMENTS[1]),
                pool.submit(run_sanitized, sanitized, os.cpu_count())]
        results = [runs[0].result(), *runs[1].result()]
    return [*results, run(build, *MEASUREMENTS)]


def run_sanitized(build, jobs):
    return [run(build, "--suite", "e2e", *SANITIZED, jobs=jobs), run(build, "--suite", "unit", jobs=jobs)]


def chosen(build, words):
    """The choices for run() by which the words' tests run, and no others of the same names."""
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", build], text=True, capture_output=True,
                                      check=True).stdout)
    suites, names = collections.defaultdict(set), {}
    for test in tests:
        for suite in (suite.rpartition(":")[2] for suite in test["suite"]):
            suites[suite].add(test["name"])
    for word in words:
        matching = {word: suites[word]} if word in suites else \
            {suite: set(fnmatch.filter(members, word)) for suite, members in suites.items()}
        if not any(matching.values()):
            sys.exit(f"TESTS: {word} is no suite, and no test has such a name; suites: {', '.join(suites)}")
        for suite, members in matching.items():
            names.setdefault(suite, set()).update(members)
    return [("--suite", suite, *([] if members == suites[suite] else sorted(members)))
            for suite, members in names.items() if members]


def main():
    build, sanitized, *words = sys.argv[1:]
    reachable.enter(pathlib.Path(__file__).parents[1])
    if "::1" not in ports.loopbacks():
        print("this machine has no IPv6: tests that connect from ::1 fail")
    results = [run(build, *choice) for choice in chosen(build, words)] if words else run_all(build, sanitized)
    passed, skipped = (sum(result[i] for result in results) for i in (0, 1))
    failures = [failure for result in results for failure in result[2]]
    for failure in failures:
        print(f"failed: {failure}")
    print(f"{passed} passed, {len(failures)} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
