"""Makes the Python package samba.tests importable: Samba's own tests. python3-samba of Debian 12 contains it; for newer
ones scripts/fetch-samba-tests puts it into build/samba-tests."""
import importlib.util

import samba

from .command import REPOSITORY

FETCHED = REPOSITORY / "build" / "samba-tests"


def make_importable():
    """Extends the package samba by the fetched folder if python3-samba lacks samba.tests. Returns whether samba.tests
    can be imported."""
    if importlib.util.find_spec("samba.tests") is None:
        samba.__path__.append(str(FETCHED / samba.version))
    return importlib.util.find_spec("samba.tests") is not None


def why_missing():
    """The reason that scripts/fetch-samba-tests left, or that it did not run."""
    try:
        return (FETCHED / "missing").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return f"python3-samba {samba.version} lacks samba.tests: run scripts/fetch-samba-tests"
