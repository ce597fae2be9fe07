"""Waiting for what has to come, and no longer than that."""
import time

WAIT_S = 30


def soon(condition):
    """Waits until it holds, and returns what it gives."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {condition.__name__}")
        time.sleep(0.02)


def soon_is(expected, condition):
    """The same, until it gives what is expected; fails with what it gave last."""
    deadline = time.monotonic() + WAIT_S
    while (found := condition()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"expected {expected!r}, still {found!r}")
        time.sleep(0.02)
