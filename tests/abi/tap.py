# SPDX-License-Identifier: MIT
# The Test Anything Protocol, as meson reads it: a plan, a line for each test, notes behind '#'.
import sys


def report(results):
    """Prints (sentence, problems) pairs as TAP; an empty problems passes. Gives the exit code."""
    print(f"1..{len(results)}")
    failed = 0
    for number, (sentence, problems) in enumerate(results, 1):
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
        for problem in problems:
            for line in problem.splitlines():
                print(f"# {line}")
    return 1 if failed else 0


def skip_all(reason):
    """Says why nothing can be tested here, and ends."""
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)
