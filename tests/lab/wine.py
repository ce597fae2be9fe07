"""Wine, without a display: `with WinePrefix() as wine: wine.run("program.exe", ...)`"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from . import command
from .wait_until import HANG_S

COMPILER = "x86_64-w64-mingw32-gcc"
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/lib/wine", "/usr/lib/wine64"])


def find(*names):
    """The path of the first of the programs that is installed; None: there is none."""
    return next(filter(None, (shutil.which(name, path=PLACES) for name in names)), None)


LOADER, SERVER = find("wine64", "wine"), find("wineserver64", "wineserver")


def missing():
    """What has to be installed before tests can run Windows programs; "" if nothing is missing."""
    needed = {"wine64": LOADER and SERVER, "wine64-tools": find("winegcc-stable", "winegcc"),
              "gcc-mingw-w64-x86-64-win32": find(COMPILER)}
    return ", ".join(package for package, is_there in needed.items() if not is_there)


class WinePrefix:
    """A context manager: a new prefix for 64-bit programs, and the Wine that runs in it. What Wine starts once for all
    programs goes on between them, so that each begins at once."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netsession-wine-", dir="/tmp")))
            self.system32 = self.folder / "drive_c/windows/system32"
            # Of this prefix alone. Should nobody end it, it ends itself a minute behind the last program.
            stack.callback(self._run_in_background, SERVER, "-k", "-w")
            self._run_in_background(SERVER, "-p60")
            self.boot("--init")
            self._cleanup = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def boot(self, option):
        """Makes the prefix, or brings it up to date."""
        self._run_in_background(LOADER, "wineboot", option)

    def run(self, program, *arguments, env=None):
        """Runs a program to its end. Returns a command.Result, without what Windows has at the end of a line."""
        done = command.run(program, *arguments, program=LOADER, env=self.variables | (env or {}))
        done.stdout, done.stderr = done.stdout.replace("\r\n", "\n"), done.stderr.replace("\r\n", "\n")
        return done

    @property
    def variables(self):
        """In which Wine uses the prefix, and says nothing."""
        return {"WINEPREFIX": str(self.folder), "WINEDEBUG": "-all", "WINEARCH": "win64"}

    def _run_in_background(self, *arguments):
        """Runs what leaves processes behind, which would keep a pipe open."""
        subprocess.run(arguments, check=True, env=command.environment(self.variables), stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=HANG_S)
