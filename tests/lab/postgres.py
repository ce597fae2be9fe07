"""A private PostgreSQL on loopback: `with PostgresServer() as server: ...`"""
import os
import pathlib
import pwd
import subprocess

from .ports import free_port
from .process import Process
from .server import Server, StartFailed, checked
from .wait_until import wait_until

# Who owns the server, which refuses to run as root. Debian's package makes the account.
ACCOUNT = "postgres"
USER = "collector"

CONFIGURATION = """
listen_addresses = '{addresses}'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
password_encryption = 'scram-sha-256'
max_connections = 40
"""
# The superuser by the Unix socket; others by SCRAM.
ACCESS = "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def programs():
    """The folder of the newest PostgreSQL of this machine, or None."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


class PostgresServer(Server):
    """postgres in a temporary folder, on 127.0.0.1, with a user named collector, whose own database is netsession."""

    domain, log = "", "logs"

    def __init__(self, network=None):
        """network  from which others may connect, too, such as 192.0.2.0/24"""
        super().__init__((USER,))
        self._network = network
        self.port = free_port()

    @property
    def url(self):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/netsession"

    def passwords_file(self, password=None):
        """Writes a file for PGPASSFILE. Returns its path."""
        path = self.folder / ("wrong.pgpass" if password else "pgpass")
        path.touch(mode=0o600)
        path.write_text(f"*:{self.port}:*:{USER}:{password or self.password(USER)}\n")
        return path

    def query(self, sql, database="netsession"):
        """The rows, as lists of texts."""
        rows = checked(subprocess.run(["psql", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database, "-XAtq", "-F",
                                       "\t", "-v", "ON_ERROR_STOP=1", "-c", sql], text=True, capture_output=True, check=False))
        return [row.split("\t") for row in rows.splitlines()]

    def clear(self):
        """Drops all tables."""
        self.query(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {USER}")

    def kill(self):
        """Ends all of its processes at once, as a crash does."""
        self._process.stop()

    def start(self):
        self._process = Process([*self._as_account(), programs() / "postgres", "-D", self.folder / "data"],
                                self.folder / self.log / "postgres.log")
        wait_until(self._accepts)

    def _accepts(self):
        if self._process.ended():
            raise StartFailed("postgres ended")
        return subprocess.run([programs() / "pg_isready", "-h", self.folder, "-p", str(self.port)], check=False,
                              stdout=subprocess.DEVNULL).returncode == 0

    def _as_account(self):
        return ["setpriv", "--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]

    def _start(self):
        account = pwd.getpwnam(ACCOUNT)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        for path in (self.folder, data):
            os.chown(path, account.pw_uid, account.pw_gid)
        checked(subprocess.run([*self._as_account(), programs() / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                                "--locale=C.UTF-8", "--no-sync"], text=True, capture_output=True, check=False))
        with open(data / "postgresql.conf", "a") as configuration:
            configuration.write(CONFIGURATION.format(port=self.port, folder=self.folder,
                                                     addresses="*" if self._network else "127.0.0.1"))
        (data / "pg_hba.conf").write_text(ACCESS + (f"host all all {self._network} scram-sha-256\n" if self._network else ""))
        self.start()
        self.query(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password(USER)}'", "postgres")
        self.query(f"CREATE DATABASE netsession OWNER {USER}", "postgres")
