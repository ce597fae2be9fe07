"""netsession-samba, with each allocation failing once: see fixtures/out_of_memory.py."""
import contextlib

from fixtures.out_of_memory import OutOfMemory, main, names, session_del
from lab.failing_allocations import program
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.sessions import Wanted, enumerate_over, held, srvsvc
from lab.wait_until import wait_until_equal


class FailingNetsessionSamba(NetsessionSamba):
    program = program("netsession-samba")


class Samba(OutOfMemory):
    """netsession-samba, beside smbd"""

    NAME = "netsession-samba"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.samba = cls.enterClassContext(SambaServer(relayed=True))
        cls.service = cls.enterClassContext(Netsessiond((), policy="documented", publishers="root", refresh_timeout_ms=60000))
        cls.relay = cls.enterClassContext(FailingNetsessionSamba(cls.samba, cls.service.publish_socket,
                                                                 inside=cls.failing.inside))

    def test_it_starts_or_says_that_it_has_no_memory(self):
        self.start(self.relay)

    def test_all_sessions_are_published_in_the_end(self):
        def publish():
            with held(self.samba, [Wanted("games", "127.0.0.9")]):
                wait_until_equal([(r"\\127.0.0.9", "games")], lambda: names(self.service))
        self.serve(publish, self.service, [])

    def test_calls_through_the_relay_are_answered(self):
        def relay():
            with held(self.samba, [Wanted("games", "127.0.0.9")]), srvsvc(self.samba) as dce:
                self.assertEqual(0, enumerate_over(dce, level=502).status)
                dce.request(session_del("127.0.0.9", "games"))
        self.serve(relay, self.service, [])

    @contextlib.contextmanager
    def recovered(self):
        """An allocation of the relay may have failed in the place of the command's, and status reports a poll that failed until
        somebody asks for the sessions again."""
        self.relay.await_state(lambda _: names(self.service) == [] and self.relay.state.get("publish_message") == "")
        yield

    def test_smb_conf_is_changed_or_stays(self):
        other = self.samba.folder / "other.conf"
        lines = self.samba.configuration.read_text().splitlines(keepends=True)
        other.write_text("".join(line for line in lines if "socket_dir" not in line))
        for name in ("check", "enable", "status", "disable"):
            self.run_command(name, "--smb-conf", other, "--directory", self.samba.relay_directory, around=self.recovered)

    def test_with_all_of_that_each_allocation_has_failed(self):
        # But for a Samba without helpers or of another version, closing by smbcontrol, disable, names of other charsets or by number, and many sessions.
        self.check_sources("src/samba/**/*.c",
                           without=('strdup("")', "char *made", "smbcontrol *c", '&configuration, "--configfile=%s", smb_conf) < 0) {',
                                    "char *converted", "list->sessions", "name = malloc", "*entries = reallocarray",
                                    "name = strndup", "r = calloc(1, sizeof *r)", "r->smb_conf = strdup(smb_conf)"))


if __name__ == "__main__":
    main()
