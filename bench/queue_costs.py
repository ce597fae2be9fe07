"""What the queue of a shared database costs: the same hosts swept into PostgreSQL by one program, and through the queue by three
collectors. CPU of netsession and of the database, a host. `python3 bench/queue_costs.py [HOSTS]`, as root."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
from lab import command, postgres, sessions  # pylint: disable=wrong-import-position
from lab.netsessiond import Netsessiond  # pylint: disable=wrong-import-position
from lab.ports import free_port  # pylint: disable=wrong-import-position
from lab.sessions import Wanted  # pylint: disable=wrong-import-position

COLLECTORS, TURNS = 3, 2
ENTER = ("unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh")


def database_seconds(database):
    """CPU of all processes that the database has, and has had."""
    postmaster, ticks = int((database.folder / "data/postmaster.pid").read_text().split()[0]), 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended, and counts with the postmaster
        own = int(stat.parent.name) == postmaster
        if own or int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:15 if own else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Meter:
    """CPU a host, in microseconds, since it was made."""

    def __init__(self, database):
        self._database, self._before = database, (os.times(), database_seconds(database))

    def read(self, hosts):
        now, then = os.times(), self._before[0]
        ours = now.children_user + now.children_system - then.children_user - then.children_system
        return 1e6 * ours / hosts, 1e6 * (database_seconds(self._database) - self._before[1]) / hosts


def finish(running):
    if running.wait() != 0:
        raise SystemExit(f"{running.args} failed")


def main():
    count, port = int((*sys.argv, 10000)[1]), free_port()
    many = {name: 19000 for name in ("max_connections", "max_connections_per_address", "max_unauthenticated_connections",
                                     "max_unauthenticated_connections_per_address")}
    with postgres.PostgresServer() as database, Netsessiond(listen=f"0.0.0.0:{port}", **many) as server, \
            tempfile.TemporaryDirectory() as folder:
        server.port = port
        hosts = pathlib.Path(folder) / "hosts"
        hosts.write_text("\n".join(f"127.1.{n // 250}.{1 + n % 250}:{port}" for n in range(count)))
        environment = command.environment({"PGPASSFILE": str(database.passwords_file())})

        def start(*arguments, db=database.url):
            return subprocess.Popen(list(map(str, [command.built(), *arguments, "--db", db, "-q"])), env=environment,
                                    stdout=subprocess.DEVNULL)

        def sweep(db):
            finish(start("sweep", "-A", credentials, "--hosts", hosts, "-u", "alice", db=db))

        def sweep_by_queue():
            finish(start("sweep", "--queue", "--hosts", hosts, "-u", "alice"))
            for running in [start("collect", "-A", credentials) for _ in range(COLLECTORS)]:
                finish(running)
        credentials = server.credentials_file("root")
        with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            for turn in range(TURNS):
                for name, work in (("sweep, SQLite", lambda turn=turn: sweep(f"{folder}/{turn}.db")),
                                   ("sweep, PostgreSQL", lambda: sweep(database.url)), ("queue, PostgreSQL", sweep_by_queue)):
                    meter = Meter(database)
                    work()
                    ours, theirs = meter.read(count)
                    print(f"{name:20} {ours:6.0f} us of netsession, {theirs:6.0f} us of PostgreSQL, {ours + theirs:6.0f} us a host")


if __name__ == "__main__":
    if "NETSESSION_INSIDE" not in os.environ:
        os.environ["NETSESSION_INSIDE"] = "1"
        os.execvp(ENTER[0], [*ENTER, sys.executable, *sys.argv])
    main()
