"""netsession-fleet, with each allocation failing once: sweeps, reports, exports, closing on a list of servers, and stores. See
fixtures/out_of_memory.py."""
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

from fixtures.out_of_memory import OUT_OF_MEMORY, OutOfMemory, main
from lab import command, sessions
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.raw_smb import RawSmb
from lab.sessions import Wanted

# These need a domain controller, PostgreSQL, a name server, or netsessiond's other end of a pipe.
ELSEWHERE = ("record.c", "domain_*", "directory*", "*postgres*", "collect*", "sweep_queue*", "export_bloodhound*", "reverse_lookup*", "array*")
# The same, and Samba.
LINES = "is_ours", "fleet->samba.count", "w->server"
SOURCES = "cmd/netsession-fleet", "src/fleet", "src/store"


class Fleet(OutOfMemory):
    """netsession-fleet"""

    NAME = "netsession-fleet"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Netsessiond(["alice", "bob"], max_connections_per_address=1000))
        cls.enterClassContext(sessions.held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("alice", "127.0.0.8")]))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))
        cls.log_on = "-A", cls.server.credentials_file("root")
        cls.closed = f"127.0.0.1:{free_port()}"
        cls.hosts = cls.folder / "hosts"
        cls.hosts.write_text(f"{address(cls.server)}\n{cls.closed}\n")
        cls.filled = cls.folder / "filled.db"
        for selected in (), ("-u", "alice"):
            command.run("sweep", *cls.log_on, "--hosts", cls.hosts, "--db", cls.filled, "-q", *selected)
        cls.db = cls.folder / "sessions.db"

    @contextlib.contextmanager
    def new_store(self):
        for file in self.folder.glob("sessions.db*"):
            file.unlink()
        yield

    @contextlib.contextmanager
    def filled_store(self):
        with self.new_store():
            shutil.copy(self.filled, self.db)
            yield

    def has_both(self, result):
        """The exit status is the same where the port of a host is closed and where there was no memory."""
        if OUT_OF_MEMORY.search(result.stdout + result.stderr):
            return
        for host in (address(self.server), self.closed):
            self.assertIn(host, result.stdout + result.stderr, result)
        with contextlib.closing(sqlite3.connect(self.db)) as store:
            self.assertEqual([("ok",)], store.execute("PRAGMA integrity_check").fetchall())

    def test_sweep_lists_all_hosts_or_says_that_it_has_no_memory(self):
        for form in ("jsonl", "table", "json", "csv"):
            self.run_command("sweep", *self.log_on, "--hosts", self.hosts, "--db", self.db, "--wins", "none", "-v", "-o", form, code=1,
                             judge=self.has_both, around=self.new_store)

    def test_sweep_resumes_and_shows_its_status(self):
        with self.filled_store(), contextlib.closing(sqlite3.connect(self.filled)) as store:
            store.execute("DELETE FROM outcome WHERE run = (SELECT max(id) FROM run)")
            store.execute("UPDATE run SET end = NULL WHERE id = (SELECT max(id) FROM run)")
            store.commit()
        self.run_command("sweep", *self.log_on, "--resume", "--db", self.db, "-v", "-o", "jsonl", code=1, judge=self.has_both,
                         around=self.filled_store)
        for form in ("table", "json"):
            self.run_command("sweep", "status", "--db", self.filled, "-o", form)

    def test_reports_have_their_rows(self):
        def names_alice(result):
            self.assertIn("alice", result.stdout)
        for form in ("table", "json", "jsonl", "csv"):
            self.run_command("report", "who", "alice", "--db", self.filled, "-o", form, judge=names_alice)
        self.run_command("report", "on", address(self.server), "--db", self.filled, judge=names_alice)
        self.run_command("report", "changes", "--db", self.filled)
        self.run_command("report", "hosts", "--db", self.filled)
        for variable, below in ("XDG_STATE_HOME", ""), ("HOME", ".local/state"):
            place = self.folder / variable / below / "netsession"
            place.mkdir(parents=True)
            shutil.copy(self.filled, place / "sessions.db")
            self.run_command("report", "hosts", env={"XDG_STATE_HOME": "", variable: str(self.folder / variable)})
        self.run_command("report", "prune", "--older-than", "1", "--db", self.db, around=self.filled_store)

    def test_exports_have_their_sessions(self):
        self.run_command("export", "ocsf", "--db", self.filled, judge=lambda result: self.assertIn("alice", result.stdout))

    def test_a_store_is_merged_whole_or_not_at_all(self):
        self.run_command("store", "merge", self.filled, "--db", self.db, around=self.new_store)

    def test_a_user_is_closed_everywhere_or_the_command_says_that_it_has_no_memory(self):
        @contextlib.contextmanager
        def with_session():
            with RawSmb(self.server, source="127.0.0.9") as smb:
                smb.negotiate(0x0210)
                smb.log_on("bob")
                yield
        for form in ("jsonl", "table"):
            self.run_command("close", *self.log_on, "--yes", "-u", "bob", "--hosts", self.hosts, "-o", form, code=1,
                             around=with_session)

    def test_watch_keeps_what_it_sees_or_says_that_it_has_no_memory(self):
        for around in self.new_store, self.filled_store:
            self.run_command("watch", "--polls", "2", "--every", "0.01", *self.log_on, "--db", self.db, address(self.server), around=around)

    def test_with_all_of_that_each_allocation_has_failed(self):
        self.check_sources(*(str(file.relative_to(command.REPOSITORY)) for folder in SOURCES
                             for file in (command.REPOSITORY / folder).glob("*.c")
                             if not any(file.match(pattern) for pattern in ELSEWHERE)), without=LINES)


if __name__ == "__main__":
    main()
