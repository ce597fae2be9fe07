#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs tests and closes with their count. Arguments: the build folder, that of the sanitizers, and TESTS. Without TESTS
all run, and in the sanitizers' build the unit tests once more, those of the command's main job and of the names
that it takes, and those of netsessiond and netsession-samba. A word of TESTS is a suite or a pattern of test names;
they run in the first build alone."""
import collections
import fnmatch
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import reachable
from lab import ports


def run(build, *choice):
    """Runs meson's tests. Gives (exit code, passed, failed, skipped) of their single sentences."""
    done = subprocess.run(["meson", "test", "-C", build, "--print-errorlogs", *choice], check=False)
    report = xml.etree.ElementTree.parse(pathlib.Path(build) / "meson-logs" / "testlog.junit.xml")
    cases = list(report.getroot().iter("testcase"))
    if done.returncode != 0:
        tell_failures(build)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return done.returncode, len(cases) - failed - skipped, failed, skipped


def tell_failures(build):
    """Prints what the failed sentences said: meson shows a TAP program's stderr alone."""
    for line in (pathlib.Path(build) / "meson-logs" / "testlog.json").read_text().splitlines():
        test, is_failure = json.loads(line), False
        for said in test.get("stdout", "").splitlines() if test["result"] != "OK" else []:
            is_failure = said.startswith("not ok") or (is_failure and said.startswith("#"))
            if is_failure:
                print(f"{test['name']}: {said}", flush=True)


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
    if words:
        results = [run(build, *choice) for choice in chosen(build, words)]
    else:
        results = [run(build), run(sanitized, "--suite", "unit"),
                   run(sanitized, "--suite", "e2e", "list", "nbns", "netsessiond", "netsessiond_kerberos", "interop",
                       "bad_calls", "bad_messages", "samba_feed", "samba_kill", "samba_relay")]
    passed, failed, skipped = (sum(result[i] for result in results) for i in (1, 2, 3))
    broken = any(result[0] != 0 for result in results)
    if broken and failed == 0:
        failed = 1  # a test program that died without a word
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
