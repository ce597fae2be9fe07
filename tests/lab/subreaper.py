"""Runs a command and ends everything that it starts as soon as this program's stdin closes.

    python3 subreaper.py GRACE_S COMMAND ARG...

smbd starts helpers that make sessions of their own and outlive it (samba-dcerpcd and its rpcd_* workers), so
neither a pid nor a process group holds all of it. This program is a "child subreaper" (prctl(2)): every orphan below
it becomes its child, and it can kill and reap them all by pid. Its stdin is a pipe from the test: that closes
when the test stops it, and also when the test dies of SIGKILL.

GRACE_S is how long the command may take to end by itself after SIGTERM; 0 kills at once.
"""
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def descendants(pid):
    """The pids below pid, read from the kernel."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                for child in children.read().split():
                    found += [int(child), *descendants(child)]
    except OSError:  # ended while we looked
        pass
    return found


def reap():
    """Collects what has ended. Returns {pid: exit code}, or None once there are no children."""
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended or None
        if pid == 0:
            return ended
        ended[pid] = os.waitstatus_to_exitcode(status)


def end_everything(main, grace_s):
    """SIGTERM to the command itself, then SIGKILL to all that is left, until nothing is."""
    if grace_s > 0 and main.pid in descendants(os.getpid()):
        os.kill(main.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while reap() is not None:
        if time.monotonic() >= deadline:
            for pid in descendants(os.getpid()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        time.sleep(0.005)


def keep(main):
    """Waits until the command ends or stdin closes. Returns the command's exit code, or 0."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (signal.SIGCHLD, *STOP):
        signal.signal(number, lambda *_: None)  # caught, not ignored: the command must not inherit it
    with selectors.DefaultSelector() as events:
        events.register(sys.stdin, selectors.EVENT_READ)
        events.register(wake_read, selectors.EVENT_READ)
        while True:
            ended = reap()
            if ended is None or main.pid in ended:
                return (ended or {}).get(main.pid, 1)
            for key, _ in events.select():
                if key.fileobj is sys.stdin or set(os.read(wake_read, 4096)) & set(STOP):
                    return 0


def start(command):
    """Starts the command in a session of its own: an ending smbd signals its whole process group."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


if __name__ == "__main__":
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    running = start(sys.argv[2:])
    code = keep(running)
    end_everything(running, float(sys.argv[1]))
    sys.exit(code & 0xFF)
