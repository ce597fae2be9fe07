"""The libraries, used by C programs as their headers say: <windows.h> and <lm.h> alone, and <netsession.h>."""
import collections
import contextlib
import unittest

from fixtures.programs import Programs, run
from lab import odd_servers, sessions, tampering, tap
from lab.cli import UNDERFLOW, address
from lab.ports import free_port
from lab.relay import STALL, TO_CLIENT, Relay
from lab.samba import SambaServer
from lab.sessions import Wanted
from lab.wait_until import calm

HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("games", "127.0.0.8"), Wanted("man", "::1", 1)]
ALL = 0xFFFFFFFF
LEVEL_1 = ("client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags")


class Windows(unittest.TestCase):
    """NetSessionEnum and its kin, from libnetapi32."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, HELD))
        programs = cls.enterClassContext(Programs())
        cls.program = programs.compile("list_by_lm.c", "netapi32")
        cls.parameters = programs.compile("lm_parameters.c", "netapi32")
        cls.uses = programs.compile("lm_uses.c", "netapi32")
        cls.credentials = {user: cls.server.credentials_file(user) for user in ("root", "mail")}
        cls.credentials["wrong"] = cls.server.credentials_file("root", "wrong")

    def run_as(self, user, program, *arguments, **options):
        environment = {"NETSESSION_CREDENTIALS": str(self.credentials[user])} if user else {}
        result = run(program, *arguments, env=environment, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        return result.stdout.splitlines()

    def list(self, *arguments, user="root", server=None, **options):
        """The lines of list_by_lm: (of sessions, of calls)."""
        lines = self.run_as(user, self.program, server or address(self.server), *arguments, **options)
        calls = [line for line in lines if line.startswith("status ")]
        return [line for line in lines if line not in calls], calls

    def expected(self, level):
        rows = sessions.enumerate_with_impacket(self.server, level=level).rows
        return sorted(tuple(str(row[key]) for key in LEVEL_1 if key in row and key != "active_seconds") for row in rows)

    def check_level_0(self, **options):
        lines, calls = self.list(0, ALL, **options)
        self.assertEqual(self.expected(0), sorted((line,) for line in lines))
        self.assertEqual([f"status 0 entries {len(lines)} total {len(lines)} buffer given"], calls)

    def check_level_1(self, **options):
        lines, calls = self.list(1, ALL, **options)
        rows = [line.split() for line in lines]
        self.assertEqual(self.expected(1), sorted((*row[:3], *row[4:]) for row in rows))
        for row in rows:
            self.assertTrue(int(row[3]) < 1000 or int(row[3]) == UNDERFLOW, row)
        self.assertEqual([f"status 0 entries {len(lines)} total {len(lines)} buffer given"], calls)

    def check_refusal(self, status, *arguments, **options):
        self.assertEqual(([], [f"status {status} entries 0 total 0 buffer NULL"]), self.list(*arguments, **options))

    def test_level_0_is_what_impacket_is_told(self):
        self.check_level_0()

    def test_level_1_is_what_impacket_is_told(self):
        self.check_level_1()

    def test_refusals_have_their_numbers_and_leave_nothing_to_free(self):
        for level in (2, 10, 502, 7):
            with self.subTest(level=level):
                self.check_refusal(124, level, ALL)
        for server, status in ((f"127.0.0.1:{free_port()}", 53), ("a,b", 2351), ("-", 2114)):
            with self.subTest(server):
                self.check_refusal(status, 1, ALL, server=server)
        for user, status in (("mail", 5), ("wrong", 1326), (None, 1312)):
            with self.subTest(user):
                self.check_refusal(status, 1, ALL, user=user)
        self.check_refusal(2312, 1, ALL, "192.0.2.1")
        self.check_refusal(2221, 1, ALL, "-", "nemo")

    def test_any_preferred_length_ends_with_all_of_them(self):
        for preferred in (0, 1, 100, 4096):
            with self.subTest(preferred):
                lines, calls = self.list(1, preferred)
                self.assertEqual((len(HELD) + 1, "status 0"), (len(lines), calls[-1][:8]))

    def test_qualifiers_choose_in_any_case_and_form(self):
        for qualifiers in (("127.0.0.7",), (r"\\127.0.0.7",), ("-", "MAIL"), (r"\\127.0.0.7", "mail")):
            with self.subTest(qualifiers):
                lines, calls = self.list(1, ALL, *qualifiers)
                self.assertEqual([["127.0.0.7", "mail", "2"]], [line.split()[:3] for line in lines])
                self.assertEqual(["status 0 entries 1 total 1 buffer given"], calls)

    def test_a_server_is_named_as_on_windows(self):
        self.assertEqual(len(HELD) + 1, len(self.list(1, ALL, server=rf"\\{address(self.server)}")[0]))

    PARAMETERS = """\
level 7: 124
then buffer NULL, entries 0, total 0
level 7 comes before NULL: 124
no bufptr: 87
no entriesread: 87
no totalentries: 87
server "a b": 2351
story: invalid server name at query (2351): the name has a blank; give a name, an address or host:port
server half a pair: 2351
user half a pair: 87
user of 1099: 87
client of 1099: 87
local: 2114
handle past the end: 0 entries 0
no handle: 0 entries all
story: ""
handle after an error: 124 is 99
allocate nothing: 0 size: 0
grow: 0 size: 0 enough
shrink to nothing: 0 gives NULL
from nothing: 0 gives a block
free: 0
free NULL: 0
size of NULL: 87
allocate to NULL: 87
"""

    def test_parameters_are_checked_as_documented(self):
        self.assertEqual(self.PARAMETERS.splitlines(), self.run_as("root", self.parameters, address(self.server)))

    USES = """\
list before: 1312
level 0: 124
level 3: 124
no buffer: 87
another computer: 50
a device: 50
no remote: 87 member 2
a disk: 87 member 4
half a pair: 87 member 3
a line break: 87
another share: 67
no share: 67
wrong password: 1326
nobody listens: 53
list after refusals: 1312
del of none: 2250
add: 0 member 0 story ""
list as root: 0
another user: 1219
again: 0
info 127.0.0.7 mail at 1: 0 opens 1 buffer given
info \\\\127.0.0.7 MAIL at 1: 0 opens 1 buffer given
info 127.0.0.7 mail at 0: 0 buffer given
info 127.0.0.7 mail at 7: 124 buffer NULL
info 127.0.0.7 NULL at 1: 87 buffer NULL
info  mail at 1: 87 buffer NULL
info 192.0.2.1 mail at 1: 2312 buffer NULL
info 127.0.0.7 nemo at 1: 2221 buffer NULL
info to NULL: 87
del of all: 87
del: 0
forget: 0
list forgotten: 1312
no such force: 87
as mail: 0
list as mail: 5
"""

    def check_uses(self, **options):
        """NetUseAdd's credentials are those of the calls that follow, until NetUseDel."""
        with SambaServer() as server, sessions.held(server, [Wanted("mail", "127.0.0.7", 1)]):
            result = run(self.uses, address(server), stdin=f"{server.password('root')}\n{server.password('mail')}\n",
                         **options)
        self.assertEqual((0, "", self.USES.splitlines()), (result.exit, result.stderr, result.stdout.splitlines()))

    def test_uses_name_credentials_and_close_sessions(self):
        self.check_uses()

    def test_valgrind_has_no_complaint_about_uses(self):
        self.check_uses(valgrind=True)

    def test_valgrind_has_no_complaint_about_answers(self):
        self.check_level_1(valgrind=True)

    def test_valgrind_has_no_complaint_about_refusals(self):
        self.check_refusal(5, 1, ALL, user="mail", valgrind=True)
        self.check_refusal(1312, 1, ALL, user=None, valgrind=True)
        self.check_refusal(2312, 1, ALL, "192.0.2.1", valgrind=True)

    def test_valgrind_has_no_complaint_about_parameters(self):
        self.assertEqual(self.PARAMETERS.splitlines(),
                         self.run_as("root", self.parameters, address(self.server), valgrind=True))


class Unix(unittest.TestCase):
    """<netsession.h>, from libnetsession: many servers side by side."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())
        cls.enterClassContext(sessions.held(cls.server, HELD))
        cls.program = cls.enterClassContext(Programs()).compile("ask_many.c", "netsession")
        cls.credentials = cls.server.credentials_file("root")
        cls.silent = cls.enterClassContext(odd_servers.silent())
        cls.deaf = cls.enterClassContext(odd_servers.closes_at_once())

    def ask(self, timeout_ms, *servers, credentials=None, **options):
        """Returns {index of the server: ([status of each end], Counter of the sessions' (client, user, opens))}."""
        result = run(self.program, credentials or self.credentials, timeout_ms, *servers, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        answers = {index: ([], collections.Counter()) for index in range(len(servers))}
        for line in result.stdout.splitlines():
            index, *words = line.split()
            statuses, rows = answers[int(index)]
            if words[0] == "status":
                statuses.append(int(words[1]))
            else:
                rows[tuple(words)] += 1
        return answers, result

    def check_eight(self, **options):
        good = address(self.server)
        servers = [good, good, rf"\\{good}", good, f"127.0.0.1:{free_port()}", address(self.deaf), "a b", good]
        answers, _ = self.ask(20000, *servers, **options)
        self.assertEqual([[0, 0], [0], [0], [0], [53], [64], [2351], [0]],
                         [answers[index][0] for index in range(8)])
        for index, (statuses, rows) in answers.items():
            for want in HELD if statuses[0] == 0 else ():
                times = len(statuses)  # the first server is asked twice
                self.assertEqual(times, rows[want.client, want.user, str(want.opens)], (index, rows))

    def test_eight_servers_are_asked_at_once_on_one_object(self):
        self.check_eight()

    def test_deadlines_run_side_by_side(self):
        answers, result = self.ask(500, *[address(self.silent)] * 8)
        self.assertEqual([1460] * 9, [status for statuses, _ in answers.values() for status in statuses])
        self.assertLess(result.seconds, calm(1.5))  # the first is asked twice

    def test_valgrind_has_no_complaint_about_eight_at_once(self):
        self.check_eight(valgrind=True)

    def test_valgrind_has_no_complaint_about_a_wrong_password(self):
        wrong = self.server.credentials_file("root", "wrong")
        answers, _ = self.ask(20000, *[address(self.server)] * 3, credentials=wrong, valgrind=True)
        self.assertEqual([1326] * 4, [status for statuses, _ in answers.values() for status in statuses])

    def test_valgrind_has_no_complaint_about_deadlines_anywhere_in_a_conversation(self):
        with contextlib.ExitStack() as stack:
            relays = [stack.enter_context(Relay(
                self.server.host, self.server.port,
                tamper=tampering.at(TO_CLIENT, index, tampering.becomes(STALL)))) for index in range(6)]
            answers, _ = self.ask(6000, "a b", *map(address, relays), valgrind=True)
        self.assertEqual([[1460]] * 6, [answers[index][0] for index in range(1, 7)])

    def test_valgrind_has_no_complaint_about_a_deadline_during_the_first_token(self):
        for timeout_ms in (1, 50, 200):
            with self.subTest(timeout_ms=timeout_ms):
                answers, _ = self.ask(timeout_ms, "a b", address(self.silent), valgrind=True)
                self.assertEqual([1460], answers[1][0])


if __name__ == "__main__":
    tap.main()
