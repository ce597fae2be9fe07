"""What `make install` leaves, below a folder of its own: `with Installed() as installed: ...`"""
import os
import pathlib
import subprocess
import tempfile

from asking import command


class Installed:
    """A context manager; folder holds the installation and nothing else."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="netsession-installed-")
        self.folder = pathlib.Path(self._folder.name)
        subprocess.run(["meson", "install", "-C", command.built(""), "--no-rebuild", "--quiet", "--destdir",
                        self.folder], check=True, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def only(self, name):
        """The path of the one installed file of that name."""
        found = [path for path in self.folder.rglob(name) if path.is_file()]
        if len(found) != 1:
            raise AssertionError(f"{name} is installed as {found}")
        return found[0]

    def build_environment(self):
        """In which pkg-config finds it, for command lines that say `pkg-config`."""
        return {"PKG_CONFIG_PATH": str(self.only("netapi32.pc").parent), "PKG_CONFIG_SYSROOT_DIR": str(self.folder),
                "PATH": os.environ["PATH"]}

    def flags(self, package, *which):
        """What pkg-config says: which is --cflags, --libs or both."""
        return subprocess.run(["pkg-config", *(which or ("--cflags", "--libs")), package], check=True, text=True,
                              env=self.build_environment(), capture_output=True).stdout.split()

    def run_environment(self):
        """In which the dynamic linker finds it."""
        return {"LD_LIBRARY_PATH": str(self.only("libnetapi32.so").parent)}
