"""When netsession-samba looks at Samba's sessions, and what it makes of what smbstatus says."""
import concurrent.futures
import os
import pathlib
import socket
import time

from fixtures.samba_publisher import USERS, SambaPublisherTest, session_entry
from lab import sessions, tap
from lab.netsession_samba import NetsessionSamba
from lab.wait_until import HANG_S, calm, wait_until_equal

DROPPING_S = 10
PATIENCE_S = 2  # netsessiond's, with a publisher that does not answer


class Polls(SambaPublisherTest):
    def setUp(self):
        super().setUp()
        self.begin()

    def assert_never_two_at_once(self):
        runs = self.programs.runs
        self.assertEqual(["begin", "end"] * (len(runs) // 2), runs[:len(runs) // 2 * 2])

    def test_without_callers_smbstatus_does_not_run(self):
        self.relay.await_state(lambda state: len(self.programs.runs) == 2)
        for _ in range(3):
            with sessions.held(self.samba, sessions.crowd(3, USERS)):
                time.sleep(1)
        self.assertEqual((["begin", "end"], 1), (self.programs.runs, self.relay.state["publish_polls"]))

    def test_callers_of_the_relay_cause_no_poll(self):
        for _ in range(5):
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=10).status)
        self.assertEqual(1, self.relay.state["publish_polls"])

    def users_over_smb(self):
        """The users whom the relay lists, but who asks."""
        answer = sessions.enumerate_with_impacket(self.samba, level=10)
        self.assertEqual(0, answer.status)
        return sorted(row["user"] for row in answer.rows if row["user"] != self.samba.administrator)

    def test_a_session_that_an_answer_lacks_is_over_when_smbstatus_lacks_it_too(self):
        with sessions.held(self.samba, [sessions.Wanted("daemon"), sessions.Wanted("games")]):
            self.assertEqual(["daemon", "games"], self.users_over_smb())
            looks = self.relay.state["publish_polls"]
            self.assertEqual(["daemon", "games"], self.users_over_smb())
            self.assertEqual(looks, self.relay.state["publish_polls"])
        wait_until_equal([], self.users_over_smb)
        self.assertGreater(self.relay.state["publish_polls"], looks)

    def test_a_session_that_an_answer_lacks_stays_as_long_as_smbstatus_has_it(self):
        """As if Samba had left it out, which 4.22 to 4.25 do now and then while others log on."""
        with sessions.held(self.samba, [sessions.Wanted("daemon"), sessions.Wanted("games")]):
            self.assertEqual(["daemon", "games"], self.users_over_smb())
            self.programs.says({"sessions": {"1": session_entry(1, "127.0.0.1", "games")}})
        wait_until_equal(["games"], self.users_over_smb)
        for _ in range(3):
            self.assertEqual(["games"], self.users_over_smb())
        self.programs.is_real()
        wait_until_equal([], self.users_over_smb)

    def test_if_smbstatus_fails_or_hangs_an_answer_counts_as_it_is(self):
        for script in ("exit 3", "sleep 1000"):
            self.programs.is_real()
            with sessions.held(self.samba, [sessions.Wanted("daemon")]):
                wait_until_equal(["daemon"], self.users_over_smb)
                self.programs.write(script)
            began = time.monotonic()
            wait_until_equal([], self.users_over_smb)
            self.assertLess(time.monotonic() - began, calm(3 * (PATIENCE_S + 1)))
        self.assertIn("NetrSessionEnum: Samba's list has fewer sessions than before, and smbstatus cannot be asked: sessions may be "
                      "missing", self.relay.said)

    def test_polls_go_on_after_a_call_and_are_rare(self):
        self.rows()
        began, before = time.monotonic(), self.relay.state["publish_polls"]
        after = self.relay.await_state(lambda state: state["publish_polls"] > before + 1)["publish_polls"]
        self.assertLessEqual(after - before, time.monotonic() - began + 1)  # one a second at most

    def test_polls_never_overlap_and_many_callers_share_one(self):
        self.programs.is_real("sleep 0.2")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = list(pool.map(lambda _: self.rows(), range(64)))
        self.assertEqual(64, len(asked))
        self.assert_never_two_at_once()
        self.assertLess(len(self.programs.runs) // 2, 40)

    def test_a_failed_poll_keeps_the_last_known_sessions_and_nobody_waits(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            wait_until_equal(3, lambda: len(self.rows()))
            self.programs.write("echo tdb is broken >&2; exit 3")
            said = self.relay.await_said(r"publish: smbstatus ended with exit status 3: tdb is broken",
                                         lambda: self.locally("list"))
            self.assertEqual(1, len(said))
            began = time.monotonic()
            for _ in range(20):
                self.assertEqual(3, len(self.rows(is_complete=False)))
            self.assertRegex(self.locally("list").stderr, r'\Anetsession: local computer: warning: publisher "samba": the sessions are '
                             r"those of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: smbstatus ended with exit status 3: tdb is broken\n\Z")
            self.assertLess(time.monotonic() - began, 30, "twenty calls that each wait for a refresh take 40 s")
            state = self.relay.state
            self.assertEqual("smbstatus ended with exit status 3: tdb is broken", state["publish_message"])
            self.assertIn(state["publish_polls_failed"], range(1, 8))
            self.assertEqual(1, self.relay.said.count("tdb is broken"))
            self.programs.is_real()
        wait_until_equal(0, lambda: self.locally("list").exit)
        wait_until_equal({}, self.names)
        self.assertEqual("", self.relay.state["publish_message"])
        self.assertEqual(1, self.relay.said.count("smbstatus lists Samba's sessions again"))

    def cut_short(self, times):
        """smbstatus lists nobody so often, and complains as Samba does that stops at a record; then it is Samba's own."""
        cut = self.programs.folder / "cut"
        self.programs.write(f"echo x >> {cut}; [ $(wc -l < {cut}) -gt {times} ] && exec {self.programs.real} \"$@\"\n"
                            "echo 'f: Invalid record in smbXsrv_session_global.tdb:key A ndr_pull_struct_blob - Range Error' >&2\n"
                            "echo '{\"sessions\": {}}'")

    def test_a_list_that_samba_cut_short_is_polled_again(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            wait_until_equal(3, lambda: len(self.rows()))
            self.cut_short(3)
            self.assertEqual(3, len(self.rows()))
            self.assertEqual("", self.relay.state["publish_message"])
        wait_until_equal({}, self.names)

    def test_a_list_that_is_cut_short_again_and_again_keeps_the_last_known_sessions(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            wait_until_equal(3, lambda: len(self.rows()))
            self.cut_short(1000)
            self.relay.await_said("smbstatus listed too few sessions 4 times: Invalid record in", lambda: self.locally("list"))
            self.assertEqual(3, len(self.rows(is_complete=False)))
            self.programs.is_real()
        wait_until_equal(0, lambda: self.locally("list").exit)
        wait_until_equal({}, self.names)

    def test_invalid_output_keeps_the_last_known_sessions(self):
        with sessions.held(self.samba, sessions.crowd(3, USERS)):
            wait_until_equal(3, lambda: len(self.rows()))
            for invalid in ("echo '{\"sessions\": {'", f"{self.programs.real} \"$@\" | head -c 200", "echo '{}'", "echo; kill -9 $$"):
                before = len(self.relay.said)
                self.programs.write(invalid)
                wait_until_equal(4, lambda: self.locally("list").exit)
                self.assertEqual(3, len(self.rows(is_complete=False)))
                self.assertRegex(self.relay.said[before:], r"publish: smbstatus (did not print|was ended by a signal)")
                self.programs.is_real()
                wait_until_equal(0, lambda: self.locally("list").exit)

    def test_a_poll_that_hangs_holds_up_neither_callers_nor_the_end(self):
        self.set_refresh_timeout(PATIENCE_S * 1000)
        self.programs.write(f"echo $$ > {self.programs.folder}/pid; sleep 1000")
        answered = self.locally("list", "-o", "json")
        self.assertEqual(4, answered.exit)
        self.assertLess(answered.seconds, calm(PATIENCE_S + 8))
        self.assertLess(self.locally("list").seconds, calm(PATIENCE_S + 2))
        for level in (1, 10, 502):
            self.assertEqual(0, sessions.enumerate_with_impacket(self.samba, level=level).status)
        pid = int((self.programs.folder / "pid").read_text())
        began = time.monotonic()
        self.assertEqual(0, self.relay.terminate())
        self.assertLess(time.monotonic() - began, calm(8))
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())

    def test_invalid_names_are_not_listed_and_the_others_are(self):
        self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "a\nb"), "2": session_entry(2, "10.0.0.2", "carol"),
                                         "3": session_entry(3, "x" * 2000, "dave"), "4": {}}})
        wait_until_equal(4, lambda: self.locally("list").exit)
        self.assertEqual([("10.0.0.2", "carol")], [(row["client"], row["user"]) for row in self.rows(is_complete=False)])
        for _ in range(3):
            time.sleep(0.25)
            self.rows(is_complete=False)
        self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "a\nb"), "2": session_entry(2, "10.0.0.2", "carol")}})
        wait_until_equal('netsession: local computer: warning: publisher "samba": 1 session is not published: the names cannot '
                         "be shown\n", lambda: self.locally("list").stderr)
        self.assertEqual(2, self.relay.said.count("netsessiond does not accept these names"))
        self.assertNotIn("a\nb", self.relay.said)

    def test_transports_and_start_times_of_smbstatus_are_published(self):
        began = time.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", time.gmtime(time.time() - 100))
        self.programs.says({"sessions": {
            "1": session_entry(1, "10.0.0.1", "carol", creation_time=began, channels={"1": {"transport": "tcp"}}),
            "2": session_entry(2, "10.0.0.2", "dave", creation_time=began, channels={"1": {"transport": "nbt"}})}})
        wait_until_equal({"carol": r"\Device\NetbiosSmb", "dave": None},
                         lambda: {row["user"]: row.get("transport") for row in self.rows()})
        for row in self.rows():
            self.assertIn(row["active_seconds"], range(100, 130))

    def test_if_smbstatus_lacks_the_port_the_kernel_has_it(self):
        """Connections of the test's own, as if smbd had them: to 445, where nobody else listens at that address, and not."""
        mine = f"127.66.{os.getpid() // 256 % 256}.{os.getpid() % 254 + 1}"
        with socket.create_server((mine, 445)) as direct, socket.create_server((mine, 0)) as other, \
                socket.create_server(("::1", 0), family=socket.AF_INET6) as other6:
            callers = [self.enterContext(socket.create_connection(server.getsockname()[:2]))
                       for server in (direct, other, other6)]
            ends = [f"ipv{6 if ':' in name[0] else 4}:{name[0]}:{name[1]}" for name in
                    (caller.getsockname() for caller in callers)]
            self.programs.says({"sessions": {
                str(n): session_entry(n, f"10.0.0.{n}", f"user{n}", hostname=end)
                for n, end in enumerate((*ends, "host.example", "ipv4:127.0.0.1:1"), 1)}})
            wait_until_equal({"user1": r"\Device\NetbiosSmb", "user2": None, "user3": None, "user4": None, "user5": None},
                             lambda: {row["user"]: row.get("transport") for row in self.rows()})

    def test_a_session_that_belongs_to_another_user_now_is_listed_anew(self):
        self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "carol")}})
        wait_until_equal({("10.0.0.1", "carol"): 1}, self.names)
        self.programs.says({"sessions": {"1": session_entry(1, "10.0.0.1", "dave")}})
        wait_until_equal({("10.0.0.1", "dave"): 1}, self.names)

    def test_ten_thousand_sessions_hold_up_nobody(self):
        many = 10000
        self.programs.says({"sessions": {str(n): session_entry(n, f"10.0.{n // 250}.{n % 250}", f"user{n}")
                                         for n in range(1, many + 1)}})
        self.locally("list")
        slowest = 0
        deadline = time.monotonic() + HANG_S
        while self.relay.state["publish_sessions"] != many:
            began = time.monotonic()
            self.assertIn("version", self.relay.state)
            slowest = max(slowest, time.monotonic() - began)
            self.assertLess(began, deadline)
        self.assertLess(slowest, 1)
        wait_until_equal(many, lambda: len(self.rows()))
        self.programs.says({"sessions": {}})
        wait_until_equal({}, self.names)


class Dropped(SambaPublisherTest):
    """Samba 4.22 and 4.25 stop listing at the record of a session whose client has gone without a log-off."""

    def test_nobody_is_missing_while_clients_go_without_a_log_off(self):
        self.begin()
        held = sessions.crowd(20, USERS, opens=1)
        expected = {(want.client, want.user) for want in held}
        with sessions.held(self.samba, held), sessions.srvsvc(self.samba) as dce:
            sessions.enumerate_over(dce, 10)
            wait_until_equal(set(), lambda: expected - self.names().keys())
            with sessions.dropped(self.samba, ("www-data", "backup")):
                deadline = time.monotonic() + DROPPING_S
                while time.monotonic() < deadline:
                    answer = sessions.enumerate_over(dce, 10)
                    self.assertEqual(set(), expected - {(row["client"][2:], row["user"]) for row in answer.rows})
                    self.assertEqual(set(), expected - self.names().keys())


class WithoutNetsessiond(SambaPublisherTest):
    """The relay alone asks for looks."""

    def setUp(self):
        super().setUp()
        self.relay = self.enterContext(NetsessionSamba(self.samba, inside=self.programs.inside))

    def test_the_first_answer_at_level_502_has_the_transports(self):
        self.programs.says({"sessions": {
            "1": session_entry(1, "127.0.0.1", "root", channels={"1": {"transport": "tcp"}}),
            "2": session_entry(2, "127.0.0.1", "daemon", channels={"1": {"transport": "tcp"}}),
            "3": session_entry(3, "127.0.0.1", "games", channels={"1": {"transport": "nbt"}})}})
        with sessions.held(self.samba, [sessions.Wanted("daemon"), sessions.Wanted("games")]):
            rows = sessions.enumerate_with_impacket(self.samba, level=502).rows
            self.assertEqual({"root": r"\Device\NetbiosSmb", "daemon": r"\Device\NetbiosSmb", "games": ""},
                             {row["user"]: row["transport"] for row in rows})
            self.assertEqual(1, self.relay.state["publish_polls"])
            for level in (0, 1, 2, 10, 502):
                sessions.enumerate_with_impacket(self.samba, level=level)
            self.assertEqual(1, self.relay.state["publish_polls"])

    def test_the_first_answer_has_the_transports_that_later_ones_have(self):
        """Samba from 4.23 on tells them, whatever the port."""
        with sessions.held(self.samba, [sessions.Wanted("daemon", opens=1)]):
            first, later = ({row["user"]: row["transport"] for row in
                             sessions.enumerate_with_impacket(self.samba, level=502).rows} for _ in range(2))
        self.assertEqual(later, first)
        self.assertEqual({"daemon", "root"}, first.keys())

    def test_an_smbstatus_that_hangs_delays_a_call_by_the_refresh_timeout(self):
        self.programs.write("sleep 1000")
        began = time.monotonic()
        answer = sessions.enumerate_with_impacket(self.samba, level=502)
        self.assertEqual((0, [""]), (answer.status, [row["transport"] for row in answer.rows]))
        self.assertLess(time.monotonic() - began, calm(PATIENCE_S + 5))


if __name__ == "__main__":
    tap.main()
