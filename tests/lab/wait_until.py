"""Waiting for an event instead of for a time, and bounds on time that hold on a busy machine."""
import os
import pathlib
import time

# A test that waits this long for something that must happen gives up: the bound keeps a hanging program from holding up
# the tests. It says nothing about how long anything may take, and holds on a machine with ten times its usual load.
HANG_S = 150


def wait_until(condition, within_s=HANG_S):
    """Waits until condition() is true, and returns its value."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s} s in vain for {condition.__name__}")
        time.sleep(0.02)


def wait_until_equal(expected, condition, within_s=HANG_S):
    """Waits until condition() gives what is expected; fails with what it gave last."""
    deadline = time.monotonic() + within_s
    while (found := condition()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"expected {expected!r}, still {found!r} after {within_s} s")
        time.sleep(0.02)


def calm(seconds):
    """The most that something may take which takes up to so many seconds on a machine with nothing else to do: more in
    proportion where more processes want to run than there are processors."""
    load, _, _, running, _ = pathlib.Path("/proc/loadavg").read_text().split()
    return seconds * max(1, max(float(load), int(running.partition("/")[0])) / os.cpu_count())
