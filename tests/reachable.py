# SPDX-License-Identifier: MIT
"""Tests run programs as other users, who cannot enter a checkout below a folder such as /root. Nothing is opened for
them on the machine: in a mount namespace of the tests' own an empty folder has that one's place, with the checkout in it."""
import os
import pathlib
import sys

ENTERED = "NETSESSION_TESTS_ENTERED"  # set in the namespace

# $1 is the closed folder, $2 the checkout.
COVER = """
here=$PWD held=$(mktemp -d)
mount --bind "$2" "$held"
mount -t tmpfs -o mode=755 netsession-tests "$1"
mkdir -p "$2"
mount --move "$held" "$2"
rmdir "$held"
cd "$here"
shift 2
exec "$@"
"""


def is_open(folder):
    return folder.stat().st_mode & 0o001 != 0


def enter(checkout):
    """Returns where other users can enter the checkout; else runs this program again where they can."""
    checkout = pathlib.Path(checkout).resolve()
    if not is_open(checkout):
        sys.exit(f"other users cannot enter {checkout}, and tests run programs as other users: chmod o+x {checkout}")
    closed = [folder for folder in checkout.parents if not is_open(folder)]
    if not closed or ENTERED in os.environ:
        return
    os.environ[ENTERED] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-ec", COVER, "sh", str(closed[-1]),
                          str(checkout), sys.executable, *sys.argv])
