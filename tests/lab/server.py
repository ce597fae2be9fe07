"""What the lab's servers have in common: a temporary folder, a process, users, and a log to show when a test fails."""
import os
import pathlib
import secrets
import shutil
import tempfile
import time

from .wait_until import HANG_S


class StartFailed(Exception):
    """A server did not come up, or not yet."""


class Server:
    """A context manager. A subclass names domain and log (a folder in the folder) and writes _start(), which sets
    _process (process.Process) and ends with _wait_for()."""

    domain = log = None

    def __init__(self, users, passwords=None):
        """passwords  {user: password}; who is not in it gets a random one"""
        self._passwords = {user: new_password() for user in users} | (passwords or {})
        self._process = self.folder = None

    def password(self, user):
        return self._passwords[user]

    def credentials_file(self, user, password=None, domain=None):
        """Writes a file for `-A FILE` that only root can read. Returns its path.

        password  instead of the right one
        domain    instead of the server's"""
        path = self.folder / f"{user}{'' if password is None else '-wrong'}-{domain or self.domain}.credentials"
        opened, name = tempfile.mkstemp(dir=self.folder)  # for root alone
        os.close(opened)
        written = pathlib.Path(name)
        known = password or self._passwords.get(user, "unknown")
        written.write_text(f"username = {user}\npassword = {known}\ndomain = {domain or self.domain}\n")
        return written.rename(path)  # at once: a command may be reading the one that is there

    def log_tail(self, lines=30):
        """The last lines of each of the server's logs."""
        logs = filter(pathlib.Path.is_file, sorted((self.folder / self.log).iterdir()))
        return "\n".join(line for log in logs for line in log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self):
        # Directly in /tmp: paths of Unix sockets, and Samba has many, have to fit into 108 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="netsession-lab-", dir="/tmp"))
        try:
            self.folder.chmod(0o711)  # sessions of ordinary users pass through to shares
            (self.folder / self.log).mkdir(parents=True)
            self._start()
        except BaseException as error:
            self._end(error)
            raise
        return self

    def __exit__(self, kind, error, _):
        self._end(error)

    def _start(self):
        raise NotImplementedError

    def _end(self, error):
        try:
            if error is not None:
                error.add_note(f"--- log of {type(self).__name__}:\n{self.log_tail()}")
        finally:
            if self._process:
                self._process.stop()
            shutil.rmtree(self.folder)

    def _wait_for(self, *steps):
        """Does each step again until it raises no OSError or StartFailed, as long as the process runs."""
        deadline = time.monotonic() + HANG_S
        for step in steps:
            while True:
                try:
                    step()
                    break
                except (OSError, StartFailed) as not_yet:
                    if self._process.ended() or time.monotonic() > deadline:
                        raise StartFailed(f"{type(self).__name__} does not answer") from not_yet
                    time.sleep(0.02)


def new_password():
    """A random one, with all kinds of characters, as a domain's policy wants."""
    return f"Aa1-{secrets.token_urlsafe(12)}"


def checked(done):
    """The output of a finished subprocess.run(); StartFailed if it failed."""
    if done.returncode != 0:
        raise StartFailed(f"{done.args}: {done.stdout}{done.stderr}")
    return done.stdout
