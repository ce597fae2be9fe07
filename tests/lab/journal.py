"""A journald of our own, in namespaces of its own: `with Journal() as journal: ...`"""
import json
import pathlib
import subprocess
import tempfile

from .process import Process
from .wait_until import HANG_S, wait_until

JOURNALD = "/lib/systemd/systemd-journald"
# $0 is the folder. The kernel's messages and audit are the machine's.
RUN = """
mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal &&
mount --bind "$0/sockets" /run/systemd/journal && mount --bind "$0/log" /run/log/journal &&
mount --bind "$0/journald.conf" /etc/systemd/journald.conf && mount --bind /dev/null /dev/kmsg && exec "$@"
"""
CONFIGURATION = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n"
# What a service has whose standard output and error are the journal; here they are a file, which gets the lines that
# have no fields.
IN_SERVICE = """
mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$0/sockets" /run/systemd/journal || exit
export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)
exec "$@"
"""
# With catalogs of ours alone.
WITH_CATALOG = """
mount --bind "$1" /usr/lib/systemd/catalog && mount --bind "$0/catalog" /var/lib/systemd/catalog || exit
shift
journalctl --update-catalog && exec "$@"
"""


class Journal:
    """A context manager. inside: a command line to put before a daemon, so that its journal is this one."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="netsession-journal-", dir="/tmp")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)  # any user may write to the journal
        for name in ("sockets", "log", "catalog"):
            (self.folder / name).mkdir()
        (self.folder / "journald.conf").write_text(CONFIGURATION)
        self._process = Process(["unshare", "--mount", "--net", "sh", "-c", RUN, self.folder, JOURNALD],
                                self.folder / "said", grace_s=HANG_S)
        wait_until((self.folder / "sockets" / "socket").exists)
        return self

    def __exit__(self, *_):
        self._process.stop()
        self._folder.cleanup()

    @property
    def inside(self):
        return ("unshare", "--mount", "sh", "-c", IN_SERVICE, self.folder)

    def _command(self, *arguments):
        return ["journalctl", "--directory", self.folder / "log", "--quiet", "--no-pager", *arguments]

    def entries(self, *matches):
        """The entries that have these fields, "NAME=value", as dicts."""
        done = subprocess.run(self._command("-o", "json", *matches), text=True, capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def await_entry(self, *matches):
        """Waits until there is one; returns the last one."""
        wait_until(lambda: self.entries(*matches))
        return self.entries(*matches)[-1]

    def explained(self, catalogs, *matches):
        """The entries as people read them, with the texts of the catalogs in a folder."""
        done = subprocess.run(["unshare", "--mount", "sh", "-c", WITH_CATALOG, self.folder, catalogs,
                               *self._command("--catalog", *matches)], text=True, capture_output=True, check=True)
        return done.stdout
