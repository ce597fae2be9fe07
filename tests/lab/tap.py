"""Runs the unittest cases of a test program and reports them as TAP (https://testanything.org), one line a test.

At the end of tests/e2e/test_something.py:

    if __name__ == "__main__":
        tap.main()

The name of a test method is its sentence: test_lists_what_samba_lists gives "ok 1 - lists what samba lists".
Arguments choose tests: only those with one of them in "Class: sentence" run. What tests and their children print goes
to stderr, since stdout is for TAP.
"""
import os
import signal
import sys
import time
import unittest


def main(module="__main__"):
    """Runs the module's tests and ends the program: exit code 0 if all is well, else 1 (meson then says ERROR
    instead of FAIL, and counts the lines all the same)."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        sys.stdout.flush()
        os.dup2(2, 1)
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        if sys.argv[1:]:
            suite = unittest.TestSuite(
                test for test in _tests_of(suite) if any(choice in sentence(test) for choice in sys.argv[1:]))
        print("TAP version 13", file=out, flush=True)
        result = _Report(out)
        signal.signal(signal.SIGTERM, result.terminate)
        suite.run(result)
        # The plan comes last: a failing setUpClass takes its tests away, and then a plan given first would be wrong.
        print(f"1..{result.number}" + ("" if result.number else " # SKIP nothing to run"), file=out, flush=True)
    sys.exit(0 if result.wasSuccessful() else 1)


def skip(reason):
    """Reports that the whole module cannot run here, and ends the program."""
    print(f"TAP version 13\nok 1 - {os.path.basename(sys.argv[0])} # SKIP {reason}\n1..1")
    sys.exit(0)


class Terminated(Exception):
    """The test program got SIGTERM, which is what meson sends when time is up."""


def sentence(test):
    """How a test is called in the report. What is no test (a failing setUpClass) keeps its own words."""
    if not isinstance(test, unittest.TestCase):
        return str(test)
    words = test._testMethodName.removeprefix("test").strip("_").replace("_", " ")  # pylint: disable=protected-access
    return f"{type(test).__name__}: {words}"


def _tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _tests_of(item)
        else:
            yield item


class _Report(unittest.TestResult):
    """Prints one line for each test as it ends, and below it the time and every story of what went wrong."""

    def __init__(self, out):
        super().__init__()
        self.number = 0
        self._out = out
        self._begin()

    def terminate(self, *_):
        """Fails the test that runs and begins no other, so that all clean up behind them."""
        self.stop()
        raise Terminated

    def startTest(self, test):
        super().startTest(test)
        self._begin()

    def stopTest(self, test):
        super().stopTest(test)
        self._print(sentence(test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "not ok", story=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "not ok", story=self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        failed, errors = len(self.failures), len(self.errors)
        super().addSubTest(test, subtest, err)
        for _, story in self.failures[failed:] + self.errors[errors:]:
            self._note(test, "not ok", story=f"{subtest}\n{story}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, self._outcome, "" if self._stories else f" # SKIP {reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._note(test, "not ok", " # TODO known to fail", self.expectedFailures[-1][1])

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._note(test, "not ok", story="expected to fail, but succeeded")

    def _begin(self):
        self._outcome, self._directive, self._stories, self._started_at = "ok", "", [], time.monotonic()

    def _note(self, test, outcome, directive="", story=None):
        """Several notes can come for one test: of its subtests, and of its tearDown."""
        self._outcome, self._directive = outcome, directive
        self._stories += [story] if story else []
        if not isinstance(test, unittest.TestCase):  # setUpClass and the like are neither started nor stopped
            self._print(sentence(test))

    def _print(self, name):
        self.number += 1
        lines = [f"{self._outcome} {self.number} - {name.replace('#', '')}{self._directive}",
                 f"# {time.monotonic() - self._started_at:.2f} s",
                 *(f"# {line}" for story in self._stories for line in story.splitlines())]
        print("\n".join(lines), file=self._out, flush=True)
        self._begin()
