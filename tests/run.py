#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs all tests and closes with their count. Arguments: the build folder, and that of the
sanitizers, in which the unit tests run once more, those of the command's main job and of the names
that it takes, and those of netsessiond and netsession-samba."""
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree


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
                print(f"{test['name']}: {said}")


def main():
    build, sanitized = sys.argv[1:]
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
