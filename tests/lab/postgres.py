"""A private PostgreSQL on loopback: `with PostgresServer() as server: ...`"""
import contextlib
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
shared_preload_libraries = 'pg_stat_statements'
"""
# The superuser by the Unix socket without a password; others by SCRAM.
ACCESS = "local all postgres trust\nlocal all all scram-sha-256\n{type} all all 127.0.0.1/32 scram-sha-256\n"
TLS = "ssl = on\nssl_cert_file = '{folder}/server.pem'\nssl_key_file = '{folder}/server.key'\n"


def programs():
    """The folder of the newest PostgreSQL of this machine, or of that in $NETSESSION_POSTGRES; or None."""
    if "NETSESSION_POSTGRES" in os.environ:
        return pathlib.Path(os.environ["NETSESSION_POSTGRES"])
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def openssl(*arguments):
    checked(subprocess.run(["openssl", *map(str, arguments)], text=True, capture_output=True, check=False))


def make_authority(folder, name):
    """Makes the certificate of an authority in a folder, NAME.pem. Returns its path."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    return folder / f"{name}.pem"


class PostgresServer(Server):
    """postgres in a temporary folder, on 127.0.0.1, with a user named collector, whose own database is netsession."""

    domain, log = "", "logs"

    def __init__(self, network=None, has_tls=False):
        """network  from which others may connect, too, such as 192.0.2.0/24
        has_tls  without TLS, nobody may connect; authority is the file of the certificate to trust
        """
        super().__init__((USER,))
        self._network, self._has_tls = network, has_tls
        self.port = free_port()

    @property
    def url(self):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/netsession"

    @property
    def socket_url(self):
        """The same by the Unix socket."""
        return f"postgresql://{USER}@/netsession?host={self.folder}&port={self.port}"

    def passwords_file(self, password=None):
        """Writes a file for PGPASSFILE. Returns its path."""
        path = self.folder / ("wrong.pgpass" if password else "pgpass")
        path.touch(mode=0o600)
        path.write_text(f"*:{self.port}:*:{USER}:{password or self.password(USER)}\n")
        return path

    def query(self, sql, database="netsession"):
        """The rows, as lists of texts."""
        rows = checked(subprocess.run([*self._psql(database), "-c", sql], text=True, capture_output=True, check=False))
        return [row.split("\t") for row in rows.splitlines()]

    def clear(self):
        """Drops all tables."""
        self.query(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {USER}")

    def statements(self):
        """{statement: how often it ran} since the last call, of all but the superuser."""
        rows = self.query(r"SELECT regexp_replace(query, '\s+', ' ', 'g'), sum(calls) FROM pg_stat_statements JOIN pg_roles ON "
                          "pg_roles.oid = userid WHERE NOT rolsuper GROUP BY 1", "postgres")
        self.query("SELECT pg_stat_statements_reset()", "postgres")
        return {statement: int(calls) for statement, calls in rows}

    @property
    def authority(self):
        """The certificate of the authority that has signed that of the server."""
        return self.folder / "authority.pem"

    @contextlib.contextmanager
    def session(self, sql):
        """A connection that has run some statements, and stays open: a transaction that is begun there goes on."""
        with subprocess.Popen([*self._psql(), "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
            try:
                print(f"{sql}; SELECT 'done';", file=psql.stdin, flush=True)
                while psql.stdout.readline() not in ("done\n", ""):
                    pass
                yield psql
            finally:
                psql.stdin.close()

    def kill(self):
        """Ends all of its processes at once, as a crash does."""
        self._process.stop()

    def start(self):
        self._process = Process([*self._as_account(), programs() / "postgres", "-D", self.folder / "data"],
                                self.folder / self.log / "postgres.log")
        wait_until(self._accepts)

    def _psql(self, database="netsession"):
        return ["psql", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", database, "-XAtq", "-F", "\t", "-v",
                "ON_ERROR_STOP=1"]

    def _accepts(self):
        if self._process.ended():
            raise StartFailed("postgres ended")
        return subprocess.run([programs() / "pg_isready", "-h", self.folder, "-p", str(self.port)], check=False,
                              stdout=subprocess.DEVNULL).returncode == 0

    def certify(self, address):
        """Gives the server a certificate for an address, by an authority that is made at the first time."""
        if not self.authority.exists():
            make_authority(self.folder, "authority")
        request, key = self.folder / "server.csr", self.folder / "server.key"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=db", "-addext",
                f"subjectAltName=IP:{address}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self.folder / "authority.key", "-days", "2",
                "-copy_extensions", "copyall", "-out", self.folder / "server.pem")
        os.chown(key, pwd.getpwnam(ACCOUNT).pw_uid, -1)

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
            if self._has_tls:
                self.certify("127.0.0.1")
                configuration.write(TLS.format(folder=self.folder))
        (data / "pg_hba.conf").write_text(ACCESS.format(type="hostssl" if self._has_tls else "host") + (f"host all all {self._network} scram-sha-256\n" if self._network else ""))
        self.start()
        self.query(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password(USER)}'", "postgres")
        self.query(f"CREATE DATABASE netsession OWNER {USER}", "postgres")
        self.query("CREATE EXTENSION pg_stat_statements", "postgres")
