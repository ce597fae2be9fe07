"""netsessiond, with each allocation failing once: see fixtures/out_of_memory.py."""
import contextlib
import pathlib
import socket
import struct
import threading

from fixtures.out_of_memory import OutOfMemory, main, names, session_del
from fixtures.publisher import ACCEPTED, PUT, REMOVE, STATE, WELCOME, RawPublisher
from lab import command
from lab.cli import address
from lab.failing_allocations import program
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.raw_smb import INSUFFICIENT_RESOURCES, LOGOFF, MORE_PROCESSING_REQUIRED, PENDING, READ, RawSmb, empty, read, status
from lab.sessions import Wanted, enumerate_over, held, srvsvc
from lab.wait_until import wait_until

MANY = 300  # sessions for which a table grows


class FailingNetsessiond(Netsessiond):
    program = program("netsessiond")


class RecordingNetsessiond(FailingNetsessiond):
    """With a history, whose recorder has memory."""

    def _start(self):
        recorder = pathlib.Path(command.built(self.program)).parent / "netsession-fleet"
        if not recorder.exists():
            recorder.symlink_to(command.built("netsession-fleet"))
        self.options["db"] = self.folder / "sessions.db"
        super()._start()


def publish_many(service, first, count):
    """Publishes sessions, and a warning, and withdraws all of it. Returns when netsessiond has taken all of it."""
    keys = range(first, first + count)
    with RawPublisher(service) as raw:
        if (raw.greet() or (None,))[0] != WELCOME:
            raise MemoryError
        messages = [raw.frame(PUT, raw.session(key, f"10.{key % 7}.{key // 250}.{key % 250}", f"user{key}", key)) for key in keys]
        messages += [raw.frame(STATE, struct.pack("<I", 0) + raw.text("a warning"))]
        messages += [raw.frame(REMOVE, struct.pack("<Q", key)) for key in keys]
        raw.socket.sendall(b"".join(messages))
        taken = 0
        while taken < sum(map(len, messages)):
            kind, body = raw.hear() or (None, b"")
            if kind != ACCEPTED:
                raise MemoryError
            taken += struct.unpack("<I", body)[0]


@contextlib.contextmanager
def returning_publisher(service):
    """One that publishes three sessions, and comes back when it is disconnected, as publishers do: without memory to look
    its user up again at a reload, netsessiond disconnects it."""
    connected, is_over = [], threading.Event()

    def publish():
        while not is_over.is_set():
            with contextlib.suppress(OSError), RawPublisher(service) as publisher:
                connected[:] = [publisher.socket]
                publisher.greet()
                publisher.put_all([(key, f"10.0.0.{key}", f"user{key}") for key in range(3)])
                publisher.socket.settimeout(None)
                publisher.is_closed()
            is_over.wait(0.1)
    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        for peer in connected:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        thread.join()


class Service(OutOfMemory):
    """netsessiond"""

    NAME = "netsessiond"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(FailingNetsessiond(
            ["alice", "bob"], inside=cls.failing.inside, publishers="root", max_connections_per_address=1000,
            publisher_max_changes_per_s=100000))
        cls.enterClassContext(held(cls.server, [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8")]))
        cls.enterClassContext(returning_publisher(cls.server))
        cls.listed = wait_until(lambda: len(names(cls.server)) == 5 and names(cls.server))

    def ask(self, ask):
        self.serve(ask, self.server, self.listed)

    def check(self, answer, expected=0):
        """That an answer is as expected. A failure and the one error that is allowed are no AssertionError."""
        if answer is None or status(answer) == INSUFFICIENT_RESOURCES:
            raise MemoryError
        self.assertEqual(expected, status(answer))

    def test_a_client_logs_on_opens_a_pipe_and_logs_off(self):
        def smb():
            with RawSmb(self.server) as smb:
                smb.negotiate(0x0300)
                begun = smb.begin_log_on()
                self.check(begun[2], MORE_PROCESSING_REQUIRED)
                self.check(answer := smb.finish_log_on(begun, "root"))
                session = smb.sessions[struct.unpack_from("<Q", answer, 40)[0]]
                tree = smb.connect_tree(session)
                file = smb.open_pipe(session, tree)
                self.check(smb.ask(READ, read(file), session, tree), PENDING)
                self.check(smb.ask(LOGOFF, empty(), session))
        self.ask(smb)

    def test_calls_are_answered(self):
        def local():
            self.assertEqual(self.listed, names(self.server))

        def remote():
            with srvsvc(self.server) as dce:
                self.assertEqual(0, enumerate_over(dce, level=502).status)

        def encrypted():
            result = command.run("list", "--encrypt", "-A", self.server.credentials_file("root"), address(self.server))
            self.assertEqual(0, result.exit, result)
        for ask in (local, remote, encrypted):
            self.ask(ask)

    def test_a_session_is_closed_or_stays(self):
        def close():
            with RawSmb(self.server, source="127.0.0.9") as smb:
                smb.negotiate(0x0210)
                smb.log_on("bob")
                with bound(self.server.socket) as dce:
                    dce.request(session_del("127.0.0.9", "bob"))
                self.assertNotIn((r"\\127.0.0.9", "bob"), names(self.server))
        self.ask(close)

    def test_published_sessions_are_taken_or_refused(self):
        self.ask(lambda: publish_many(self.server, 100, MANY))

    def test_the_configuration_is_reloaded_or_stays(self):
        self.ask(lambda: self.assertIn("was reloaded", self.server.reload()))

    def test_it_starts_or_says_that_it_has_no_memory(self):
        with FailingNetsessiond(["alice"], inside=self.failing.inside, publishers="root") as server:
            self.start(server)
            self.serve(lambda: publish_many(server, 0, MANY), server, [])

            def fill_new_table():
                server.terminate()
                server.start()
                publish_many(server, 0, MANY)
            self.serve(fill_new_table, server, [])

    def test_sessions_are_recorded_or_listed_again_later(self):
        with RecordingNetsessiond(["alice"], inside=self.failing.inside) as server:
            self.start(server)

            def log_on():
                with RawSmb(server) as smb:
                    smb.negotiate(0x0210)
                    smb.log_on("alice")
            self.serve(log_on, server, [])

    def test_with_all_of_that_each_allocation_has_failed(self):
        # But for --check, lists on several lines, made-up sessions, a user of more than 64 groups, the warnings of the local
        # interface, interim responses, and log-ons by RPC.
        self.check_sources("src/daemon/*.c", "src/smb2_server/*.c", "src/rpc/*.c",
                           without=("folder = strndup", '"%s,%s"', "struct demo", "d->ids", "d->away", "MAX_GROUPS",
                                    "warning->text", "pending_request *w", "rpc_pending_bind"))


if __name__ == "__main__":
    main()
