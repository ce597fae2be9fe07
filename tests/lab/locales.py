"""Locales of the lab's own: `with Locales() as locales: command.run("list", env=locales.environment("tr_TR.UTF-8"))`

They are generated into a temporary folder, so the machine needs none but C, and localedef with its sources (Debian
packages: libc-bin, locales). What runs with them takes its locale from the environment, whether it calls setlocale or
not; where translations are installed, as they are with those packages, its messages are German.
"""
import pathlib
import subprocess
import tempfile

# C knows ASCII alone; in ISO-8859-1 each byte is a letter, and numbers have a comma; in Turkish I is not the capital of i.
NAMES = ("C", "C.UTF-8", "de_DE.ISO-8859-1", "tr_TR.UTF-8")
SET_LOCALE = pathlib.Path(__file__).parents[1] / "fixtures" / "programs" / "set_locale.c"


class Locales:
    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="netsession-lab-")
        folder = pathlib.Path(self._folder.name)
        folder.chmod(0o755)
        for name in NAMES[1:]:
            source, charset = name.split(".")
            subprocess.run(["localedef", "-i", source, "-f", charset, folder / name], check=True, capture_output=True)
        self._preloaded = folder / "set_locale.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", SET_LOCALE, "-o", self._preloaded], check=True)
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def environment(self, name):
        """Variables for a program that is to run in this locale."""
        return {"LC_ALL": name, "LANG": name, "LANGUAGE": "de:tr", "LOCPATH": self._folder.name, "LD_PRELOAD": str(self._preloaded)}

    def inside(self, name):
        """The same, to put before a command line."""
        return ["env", *(f"{variable}={value}" for variable, value in self.environment(name).items())]

# A command line to put before: no locale but C can be found there.
BARE = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /usr/lib/locale && exec env LC_ALL=C.UTF-8 "$@"', "sh")
