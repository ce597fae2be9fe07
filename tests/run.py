#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs tests and closes with their count. Arguments: the build folder, that of the sanitizers, and TESTS.

Without TESTS all tests run. In the build of the sanitizers the unit tests run once more, those of the command's main job
and of the names that it takes, and those of netsessiond and netsession-samba; the C programs that call the libraries are
compiled with the sanitizers there. The tests of the two builds run at the same time, since most of them wait for
something most of the time. Those that measure run behind them, one by one.

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
SANITIZED = ("list", "nbns", "netsessiond", "netsessiond_kerberos", "interop", "bad_calls", "bad_messages", "samba_publish",
             "samba_kill", "samba_relay")
printing = threading.Lock()


def show(line):
    with printing:
        print(line, flush=True)


def run(build, *choice, jobs=os.cpu_count() + 1):
    """Runs meson's tests, so many at a time. Returns (exit code, passed, failed, skipped) of their single sentences."""
    command = ["meson", "test", "-C", build, "--print-errorlogs", *choice, "--num-processes", str(jobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as meson:
        for line in meson.stdout:
            show(f"{pathlib.Path(build).name}: {line.rstrip()}" if line.strip() else "")
    report = xml.etree.ElementTree.parse(pathlib.Path(build) / "meson-logs" / "testlog.junit.xml")
    cases = list(report.getroot().iter("testcase"))
    if meson.returncode != 0:
        show_failures(build)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return meson.returncode, len(cases) - failed - skipped, failed, skipped


def show_failures(build):
    """Prints the failed sentences with their reasons: meson shows only the stderr of a TAP program."""
    for line in (pathlib.Path(build) / "meson-logs" / "testlog.json").read_text().splitlines():
        test, is_failure = json.loads(line), False
        for said in test.get("stdout", "").splitlines() if test["result"] != "OK" else []:
            is_failure = said.startswith("not ok") or (is_failure and said.startswith("#"))
            if is_failure:
                show(f"{test['name']}: {said}")


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
    passed, failed, skipped = (sum(result[i] for result in results) for i in (1, 2, 3))
    broken = any(result[0] != 0 for result in results)
    if broken and failed == 0:
        failed = 1  # a test program that died without a word
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
