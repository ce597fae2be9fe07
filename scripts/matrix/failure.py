# SPDX-License-Identifier: MIT
"""How the matrix fails: one line that names what is missing and what to do."""
import contextlib
import sys


class Failure(Exception):
    """A column cannot run. The text is one line for the user."""


@contextlib.contextmanager
def reported():
    """Ends the program with the one line, and after ^C with the shell's exit status for it."""
    try:
        yield
    except Failure as failure:
        sys.exit(f"{sys.argv[0].rpartition('/')[2]}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
