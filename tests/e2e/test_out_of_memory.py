"""netsession and the functions of <lm.h>, with each allocation failing once: see fixtures/out_of_memory.py."""
import contextlib
import pathlib
import struct
import tempfile

from fixtures.out_of_memory import INCOMPLETE, OUT_OF_MEMORY, OutOfMemory, main
from fixtures.publisher import STATE, RawPublisher
from lab import command
from lab.cli import address
from lab.netsessiond import Netsessiond
from lab.raw_smb import RawSmb
from lab.sessions import Wanted, held
from lab.wait_until import wait_until


class Command(OutOfMemory):
    """netsession"""

    NAME = "netsession"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Netsessiond(["alice", "bob"], publishers="root", max_connections_per_address=1000))
        cls.enterClassContext(held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("alice", "127.0.0.8")]))
        cls.here = {"NETSESSION_SOCKET": str(cls.server.socket)}
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir="/tmp")))
        cls.log_on = "-A", cls.server.credentials_file("root")
        cls.remote = *cls.log_on, address(cls.server)

    def lists_all(self, result):
        for client in ("127.0.0.7", "127.0.0.8"):
            self.assertIn(client, result.stdout)

    def test_list_prints_all_sessions_or_says_that_it_has_no_memory(self):
        for form in ("table", "json", "jsonl", "csv"):
            self.run_command("list", "-o", form, *self.remote, judge=self.lists_all)
        self.run_command("list", "--encrypt", *self.remote, judge=self.lists_all)
        self.run_command("list", *self.log_on, "-u", "alice", f"localhost:{self.server.port}", judge=self.lists_all)
        self.run_command("list", *self.log_on, "-c", "127.0.0.7", "-u", "LABSRV\\alice", "--wins", "127.0.0.1",
                         address(self.server))

    def test_list_of_this_computer_has_its_warnings(self):
        with RawPublisher(self.server) as raw:
            raw.greet()
            raw.say(STATE, struct.pack("<I", 1) + RawPublisher.text("some are missing"))
            wait_until(lambda: command.run("list", env=self.here).exit == INCOMPLETE)
            self.run_command("list", code=INCOMPLETE, judge=self.lists_all, env=self.here)

    def test_a_log_on_by_kerberos_that_cannot_be(self):
        nowhere = {"KRB5_CONFIG": "/dev/null", "KRB5CCNAME": "FILE:/nonexistent"}
        self.run_command("list", "--kerberos", *self.remote, code=3, env=nowhere)
        self.run_command("list", address(self.server), code=3, env=nowhere)

    def test_doctor_reports_each_step(self):
        steps = len(command.run("doctor", *self.remote).stdout.splitlines())

        def judge(result):
            if OUT_OF_MEMORY.search(result.stdout) is None:
                self.assertEqual(steps, len(result.stdout.splitlines()), result)
        self.run_command("doctor", *self.remote, judge=judge)
        self.run_command("doctor", env=self.here)

    def test_close_closes_a_session_or_says_that_it_has_no_memory(self):
        @contextlib.contextmanager
        def with_session():
            with RawSmb(self.server, source="127.0.0.9") as smb:
                smb.negotiate(0x0210)
                smb.log_on("bob")
                yield
        self.run_command("close", "--yes", "-u", "bob", *self.remote, around=with_session)

    def test_watch_reports_the_sessions(self):
        self.run_command("watch", "--polls", "2", "--every", "0.01", *self.remote)

    def test_metrics_writes_its_file_or_says_that_it_has_no_memory(self):
        file = self.folder / "netsession.prom"
        self.run_command("metrics", env=self.here)
        self.run_command("metrics", "--file", file, env=self.here)
        self.assertIn("netsession_up", file.read_text())
        self.assertEqual([file], list(self.folder.iterdir()))

    def test_with_all_of_that_each_allocation_has_failed(self):
        # But for tickets of Kerberos and for NetBIOS, which need servers; and netsession publishes nothing.
        self.check_sources("cmd/netsession/*.c", "src/client/*.c",
                           without=("ticket_lookup", "ticket_job", "netbios_lookup", "netsession_publisher"))


class WindowsApi(OutOfMemory):
    """Each function of <lm.h>"""

    NAME = "lm_without_memory"

    def test_each_function_succeeds_or_says_that_it_has_no_memory(self):
        with Netsessiond(["alice"]) as server, held(server, [Wanted("root", "127.0.0.7")]):
            self.run_command(rf"\\{address(server)}", "root", server.password("root"))
            self.run_command(rf"\\{address(server)}", "LABSRV\\root", server.password("root"))


if __name__ == "__main__":
    main()
