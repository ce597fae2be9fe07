"""Runs the netsession commands as built."""
import functools
import json
import os
import pathlib
import subprocess
import time

from .wait_until import HANG_S

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
USAGE = 2  # what the programs' exit status means: then they tell of --help


def built(name="netsession"):
    """The path of something that the build made: in $NETSESSION_BUILD, else in build/ of the repository."""
    return pathlib.Path(os.environ.get("NETSESSION_BUILD", REPOSITORY / "build")) / name


class Result:
    """What a finished command left: arguments, exit (code; negative is a signal), stdout, stderr, seconds."""

    def __init__(self, done, seconds):
        self.arguments, self.exit, self.stdout, self.stderr = done.args, done.returncode, done.stdout, done.stderr
        self.seconds = seconds

    @functools.cached_property
    def json(self):
        """stdout of `-o json`, parsed."""
        return json.loads(self.stdout)

    @functools.cached_property
    def jsonl(self):
        """stdout of `-o jsonl`, parsed: a list."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def sessions(self):
        """The sessions of all servers in `-o json`, one list."""
        return [session for server in self.json["servers"] for session in server["sessions"]]

    def __repr__(self):
        return (f"$ {' '.join(map(str, self.arguments))}\nexit {self.exit} after {self.seconds:.2f} s\n"
                f"--- stdout\n{self.stdout}--- stderr\n{self.stderr}")


def run(*arguments, program="netsession", env=None, inside=(), stdin="", timeout=HANG_S):
    """Runs a built program to its end. Returns a Result; subprocess.TimeoutExpired if that takes too long.

    env      variables on top of environment()
    inside   a command line to put before, such as ad.DomainController.inside
    """
    started_at = time.monotonic()
    done = subprocess.run([*inside, built(program), *map(str, arguments)], env=environment(env), input=stdin, text=True,
                          capture_output=True, timeout=timeout, check=False,
                          start_new_session=True)  # no terminal: a password prompt cannot hang a test
    if arguments and not str(arguments[0]).startswith("-") and "--help" not in arguments and done.returncode != USAGE:
        own = arguments[:2] if arguments[0] == "store" else arguments[:1]  # store merge may tell to run store migrate
        again = " ".join(map(str, (program, *own)))
        assert again not in done.stdout + done.stderr, f"{again} tells to run {again}: {done.stdout}{done.stderr}"
    return Result(done, time.monotonic() - started_at)


def environment(changes=None):
    """Ours, without what would give the command credentials, colours, another language or another local service than
    tests expect."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("NETSESSION_", "KRB5", "LC_", "LANG")) and name not in ("NO_COLOR", "HOME")}
    return kept | {"LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
                   "NETSESSION_SOCKET": "/nonexistent/local.sock"} | (changes or {})


def exported_names(library):
    """The names that the dynamic linker can find in a library."""
    symbols = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", built(f"{library}.so")],
                             text=True, capture_output=True, check=True).stdout
    return sorted(line.split()[0] for line in symbols.splitlines())
