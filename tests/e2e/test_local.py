"""The local computer: netsessiond asked over its Unix socket by our functions and commands, and by impacket, as several
users of this computer."""
import os
import pathlib
import re
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from fixtures.programs import Programs, run
from lab import command, sessions, tap
from lab.cli import assert_refused, as_rows, error_line
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.wait_until import HANG_S, calm, wait_until

USERS, COUNT = ("alice", "bob", "carol", "dave"), 24
LEVELS = (0, 1, 2, 10, 502)
NOBODYS_UID = 4000000123
OF_LEVEL = {0: ("client",), 1: ("client", "user", "num_opens"), 2: ("client", "user", "num_opens", "client_type"),
            10: ("client", "user"), 502: ("client", "user", "num_opens", "client_type", "transport")}


def as_user(user):
    """A command line to put before, which makes another user of what follows."""
    groups = "--init-groups" if isinstance(user, str) else "--clear-groups"
    return ("setpriv", f"--reuid={user}", f"--regid={user}", groups)


def locally(service, *arguments, user=None, **options):
    """A netsession command that asks the service, as root unless told."""
    return command.run(*arguments, env={"NETSESSION_SOCKET": service.socket}, inside=as_user(user) if user else (),
                       **options)


def steady(rows):
    """Rows without what grows from call to call."""
    return [{key: value for key, value in row.items() if not key.endswith("_seconds")} for row in rows]


def counters(service):
    """{name: value}, told by doctor."""
    found = locally(service, "doctor", "-o", "json").json["findings"]
    texts = [finding["text"].partition(":")[0].split() for finding in found if finding["step"] == "counter"]
    return {name: int(value) for name, value in texts}


class OneService(unittest.TestCase):
    OPTIONS = {"policy": "documented", "administrators": "root"}

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Netsessiond(USERS, **cls.OPTIONS))
        cls.enterClassContext(sessions.held(cls.service, sessions.crowd(COUNT, USERS)))
        cls.programs = cls.enterClassContext(Programs())
        cls.environment = {"NETSESSION_SOCKET": str(cls.service.socket)}

    def judge(self, **options):
        """What impacket is told. A sessions.Answer."""
        with bound(self.service.socket) as dce:
            return sessions.enumerate_over(dce, **options)


class Questions(OneService):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_lm = cls.programs.compile("list_by_lm.c", "netapi32")

    def list_by_lm(self, *arguments, **options):
        """Returns (lines of sessions, lines of statuses)."""
        result = run(self.by_lm, *arguments, env=self.environment, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        lines = result.stdout.splitlines()
        return ([line for line in lines if not line.startswith("status ")],
                [line for line in lines if line.startswith("status ")])

    def test_a_program_of_windows_functions_lists_at_every_level(self):
        for level in LEVELS:
            for server in ("-", ""):
                with self.subTest(level=level, server=server):
                    answer = self.judge(level=level)
                    rows, statuses = self.list_by_lm(server, level, 0xFFFFFFFF, valgrind=level == 502)
                    count = len(answer.rows)
                    self.assertEqual(COUNT, count)
                    self.assertEqual([f"status 0 entries {count} total {count} buffer given"], statuses)
                    self.assertEqual([[row[name] for name in ("client", "user") if name in row] for row in answer.rows],
                                     [row.split()[:2] for row in rows])

    def test_the_command_lists_what_impacket_is_told(self):
        for level in LEVELS:
            with self.subTest(level):
                expected = steady(as_rows(self.judge(level=level)))
                self.assertEqual(set(OF_LEVEL[level]), set(expected[0]) - {"user_flags"})
                self.assertEqual(expected, steady(locally(self.service, "list", "-l", level, "-o", "json").sessions))

    def test_the_richest_level_is_found(self):
        result = locally(self.service, "list", "-v")
        self.assertEqual(0, result.exit)
        self.assertRegex(result.stderr, r"^netsession: local computer: answered at level 502; sessions: \d+\n$")

    def test_pages_neither_repeat_nor_skip(self):
        everybody = [row["client"] for row in self.judge(level=0).rows]
        for page_bytes in (0, 1, 100):
            rows, statuses = self.list_by_lm("-", 0, page_bytes)
            self.assertEqual(everybody, rows)
            self.assertGreater(len(statuses), 3)
            self.assertEqual(["status 234"] * (len(statuses) - 1) + ["status 0"],
                             [" ".join(line.split()[:2]) for line in statuses])

    def test_impacket_pages_by_the_resume_handle(self):
        everybody, resume_handle, status = [], 0, 234
        with bound(self.service.socket) as dce:
            while status == 234:
                status, rows, _, resume_handle = sessions.enumerate_over(dce, 1, resume_handle=resume_handle,
                                                                         page_bytes=200)
                everybody += rows
        self.assertEqual(steady(self.judge(level=1).rows), steady(everybody))

    def test_requests_in_fragments_are_put_together(self):
        client = "n" * 500
        with bound(self.service.socket, fragment_bytes=48) as dce:
            self.assertEqual(2312, sessions.enumerate_over(dce, 10, client="\\\\" + client).status)
            self.assertEqual(0, sessions.enumerate_over(dce, 10).status)
        assert_refused(self, 2312, locally(self.service, "list", "-c", client * 2, "-u", client * 2), "local computer")

    def test_qualifiers_narrow_the_answer(self):
        one = self.judge(level=1).rows[3]
        for qualifiers in (("-u", one["user"].upper()), ("-c", one["client"]), ("-c", one["client"].lstrip("\\")),
                           ("-c", one["client"], "-u", one["user"])):
            with self.subTest(qualifiers):
                result = locally(self.service, "list", "-o", "json", *qualifiers)
                self.assertIn((one["client"], one["user"]), [(row["client"], row["user"]) for row in result.sessions])
                self.assertLess(len(result.sessions), 20)
        result = locally(self.service, "info", "-o", "json", one["client"], one["user"])
        self.assertEqual([one["user"]], [row["user"] for row in result.sessions])
        assert_refused(self, 2312, locally(self.service, "list", "-c", "192.0.2.99"), "local computer")
        assert_refused(self, 2221, locally(self.service, "list", "-u", "nosuchuser"), "local computer")

    def test_credentials_are_passed_over(self):
        for arguments in (("-N",), ("--kerberos", "--encrypt", "-p", "1", "--wins", "192.0.2.1")):
            self.assertEqual(0, locally(self.service, "list", *arguments).exit)
        result = command.run("list", env=self.environment | {"NETSESSION_CREDENTIALS": "/nonexistent"})
        self.assertEqual((0, ""), (result.exit, result.stderr))

    def test_watch_tells_who_is_there(self):
        result = locally(self.service, "watch", "--polls", 1, "-o", "jsonl")
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        self.assertEqual(len(self.judge(level=0).rows), len(result.stdout.splitlines()))

    def test_sessions_are_closed(self):
        user = self.judge(level=1).rows[-1]["user"]
        result = locally(self.service, "close", "-u", user, "--yes")
        self.assertEqual(0, result.exit, result)
        assert_refused(self, 2221, locally(self.service, "list", "-u", user), "local computer")
        self.assertEqual(3, locally(self.service, "close", "-u", user, "--yes").exit)


class Doctor(OneService):
    OPTIONS = {"policy": "documented", "administrators": "@daemon"}

    def findings(self, **options):
        result = locally(self.service, "doctor", "-o", "json", **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        return result.json["findings"]

    def test_tells_who_we_are_which_levels_are_granted_and_what_was_counted(self):
        found = self.findings(user="daemon")
        self.assertEqual(["service", "caller", "level 502", "level 2", "level 1", "level 10", "level 0", "sources"],
                         [finding["step"] for finding in found[:8]])
        self.assertIn(str(self.service.socket), found[0]["text"])
        self.assertEqual("daemon, @daemon", found[1]["text"])
        self.assertEqual({"counter"}, {finding["step"] for finding in found[8:-1]})
        self.assertEqual(("publishers", "notice"), (found[-1]["step"], found[-1]["verdict"]))
        self.assertIn("none is connected: lists have no other sessions than those of netsessiond's own SMB clients",
                      found[-1]["text"])
        self.assertEqual({"good"}, {finding["verdict"] for finding in found[:-1]})

    def test_keeps_the_counters_for_those_who_may_see_them(self):
        found = self.findings(user="games")
        self.assertEqual([("caller", "good"), ("level 502", "bad"), ("level 2", "bad"), ("level 1", "bad"),
                          ("level 10", "good"), ("level 0", "good"), ("sources", "good"), ("counters", "notice")],
                         [(finding["step"], finding["verdict"]) for finding in found[1:]])

    def test_tells_in_plain_words_what_is_missing(self):
        result = command.run("doctor", env={"NETSESSION_SOCKET": "/nonexistent/socket"})
        self.assertEqual(3, result.exit)
        self.assertRegex(result.stdout, r"^FAIL  service .*\(2114\).*start netsessiond")


class Access(unittest.TestCase):
    """Who may ask what: the account and its groups, as the kernel and the system tell them."""

    # What root, an administrator by name, an administrator by group, and others are granted.
    GRANTED = {"documented": {"root": (), "daemon": LEVELS, "games": LEVELS, "mail": (0, 10), NOBODYS_UID: (0, 10)},
               "hardened": {"root": (), "daemon": LEVELS, "games": LEVELS, "mail": (), NOBODYS_UID: ()}}

    def test_levels_and_deletion_are_granted_as_the_policy_says(self):
        for policy, granted in self.GRANTED.items():
            with Netsessiond(USERS, policy=policy, administrators="daemon,@games") as service:
                for user, levels in granted.items():
                    for level in LEVELS:
                        if user == "root":  # an administrator of nothing here, and no exception
                            levels = (0, 10) if policy == "documented" else ()
                        with self.subTest(policy=policy, user=user, level=level):
                            result = locally(service, "list", "-l", level, user=user)
                            if level in levels:
                                self.assertEqual((0, ""), (result.exit, result.stderr), result)
                            else:
                                assert_refused(self, 5, result, "local computer")
                    result = locally(service, "close", "-u", "nosuchuser", "--yes", user=user)
                    self.assertEqual(3, result.exit)

    def test_only_administrators_close(self):
        with Netsessiond(USERS, policy="documented", administrators="daemon") as service:
            program = self.enterContext(Programs()).compile("by_command.c", "netsession")
            environment = {"NETSESSION_SOCKET": str(service.socket)}
            for user, status in (("games", 5), ("daemon", 2312)):
                result = command.run(program=program, stdin="del - - - nosuchuser\n", env=environment,
                                     inside=as_user(user))
                self.assertEqual(str(status), result.stdout.split()[0], result)


class Absence(unittest.TestCase):
    def setUp(self):
        self.programs = self.enterContext(Programs())
        self.folder = pathlib.Path(self.programs._folder.name)  # pylint: disable=protected-access
        self.socket = self.folder / "local.sock"

    def list_by_lm(self, **options):
        program = self.programs.compile("list_by_lm.c", "netapi32")
        return run(program, "-", 1, 0xFFFFFFFF, env={"NETSESSION_SOCKET": str(self.socket)}, **options).stdout

    def test_nobody_listens_is_2114(self):
        self.assertEqual("status 2114 entries 0 total 0 buffer NULL\n", self.list_by_lm(valgrind=True))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket))
        listener.close()
        self.assertEqual("status 2114 entries 0 total 0 buffer NULL\n", self.list_by_lm())

    def test_the_story_tells_what_to_do(self):
        for arguments in (("list",), ("info", "192.0.2.1", "alice"), ("close", "-u", "alice", "--yes"),
                          ("watch", "--polls", "1")):
            result = command.run(*arguments, env={"NETSESSION_SOCKET": self.socket})
            self.assertEqual((3, ""), (result.exit, result.stdout), result)
            self.assertRegex(result.stderr, error_line(2114, "local computer"))
            self.assertIn("start netsessiond on this computer, or name a server", result.stderr)

    def test_a_socket_that_forbids_it_is_5(self):
        self.folder.chmod(0o755)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.socket))
        listener.listen()
        self.socket.chmod(0o600)
        result = command.run("list", env={"NETSESSION_SOCKET": self.socket}, inside=as_user("games"))
        assert_refused(self, 5, result, "local computer")

    def test_a_service_that_does_not_answer_is_not_waited_for(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.socket))
        listener.listen()
        result = command.run("list", "--timeout", "0.5", env={"NETSESSION_SOCKET": self.socket})
        assert_refused(self, 1460, result, "local computer")
        self.assertLess(result.seconds, calm(3))

    def test_a_service_that_says_nonsense_is_told_so(self):
        for nonsense, status in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", 1728), (b"", 64)):
            listener = socket.socket(socket.AF_UNIX)
            self.socket.unlink(missing_ok=True)
            listener.bind(str(self.socket))
            listener.listen()

            def answer():
                taken, _ = listener.accept()
                taken.recv(100)
                taken.sendall(nonsense)
                taken.close()
            thread = threading.Thread(target=answer)
            thread.start()
            assert_refused(self, status, command.run("list", env={"NETSESSION_SOCKET": self.socket}), "local computer")
            thread.join()
            listener.close()


class WithoutWarnings(threading.Thread):
    """One connection to the service, as a context manager, which does not pass on the request for the warnings."""

    WARNINGS = 4  # src/local/interface.h

    def __init__(self, service, path):
        super().__init__()
        self._service, self._listener = service, socket.socket(socket.AF_UNIX)
        self._listener.settimeout(HANG_S)
        self._listener.bind(str(path))
        self._listener.listen()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join()
        self._listener.close()

    def run(self):
        taken, _ = self._listener.accept()
        with taken, taken.makefile("rb") as requests, Peer(self._service) as peer:
            while header := requests.read(16):
                request = header + requests.read(struct.unpack_from("<H", header, 8)[0] - 16)
                if header[2] == REQUEST and struct.unpack_from("<H", request, 22)[0] == self.WARNINGS:
                    continue
                peer.say(request)
                kind, body = peer.pdu()
                taken.sendall(pdu(kind, body, call=struct.unpack_from("<I", header, 12)[0]))


class Warnings(OneService):
    def test_sessions_are_shown_if_only_the_warnings_do_not_come_in_time(self):
        path = pathlib.Path(self.programs._folder.name) / "relay.sock"  # pylint: disable=protected-access
        for arguments, code, status in ((("-u", "alice"), 4, 0), (("-u", "nobody"), 3, 2221)):
            with self.subTest(arguments), WithoutWarnings(self.service, path):
                result = command.run("list", "--timeout", "0.5", "-o", "json", *arguments,
                                     env={"NETSESSION_SOCKET": str(path)})
            path.unlink()
            server = result.json["servers"][0]
            self.assertEqual((code, status), (result.exit, server["status"]), result)
            self.assertEqual(status == 0, len(server["sessions"]) > 0, result)
            self.assertIn("netsessiond does not say whether its sources are complete", result.stderr)


class Kept(OneService):
    OPTIONS = {"policy": "hardened", "administrators": "root,daemon"}

    def setUp(self):
        self.by_command = self.programs.compile("by_command.c", "netsession")

    def connections(self):
        return counters(self.service)["local_connections"]

    def costs(self, doing):
        """How many connections it makes."""
        idle = -self.connections() + self.connections()  # what asking for them makes
        before = self.connections()
        doing()
        return self.connections() - before - idle

    def test_calls_share_a_connection_until_it_is_closed(self):
        lines = "enum - - 5000 0\n" * 5
        for between, expected in (("", 1), ("close -\n", 2), ("forked - - 5000 0\n", 2)):
            stdin = lines + between + lines

            def ask(stdin=stdin):
                result = command.run(program=self.by_command, stdin=stdin, env=self.environment)
                self.assertEqual(0, result.exit, result)
                self.assertTrue(all(line.startswith("0 ") or line == "closed" for line in result.stdout.splitlines()),
                                result)
            self.assertEqual(expected, self.costs(ask), stdin)

    def test_connecting_asks_nothing_and_its_connection_serves_the_next_call(self):
        result = command.run(program=self.by_command, stdin="connect - -\nenum - - 5000 0\n", env=self.environment)
        self.assertEqual("0", result.stdout.splitlines()[0])
        self.assertEqual(1, self.costs(lambda: command.run(program=self.by_command, env=self.environment,
                                                           stdin="connect - -\nenum - - 5000 0\n")))

    def test_threads_ask_at_once(self):
        program = self.programs.compile("by_threads.c", "netsession", "-pthread")
        made = self.costs(lambda: self.assertEqual(
            "right 1600 wrong 0\n", run(program, "-", "-", 1, 16, 100, 5, env=self.environment).stdout))
        self.assertLessEqual(made, 40)

    def test_a_service_that_came_anew_is_asked_without_a_word(self):
        with Netsessiond(USERS, policy="hardened", administrators="root") as service:
            program = self.by_command
            process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                       env=command.environment({"NETSESSION_SOCKET": str(service.socket)}))
            with process:
                for _ in range(2):
                    process.stdin.write("enum - - 5000 0\n")
                    self.assertTrue(process.stdout.readline().startswith("0 "))
                    service.restart()
                process.stdin.close()


class Peer:
    """A context manager: a connection to the service that speaks bytes."""

    def __init__(self, service):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(service.socket))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, data):
        self.socket.sendall(data)

    def pdu(self):
        """The next one's (type, stub or body); None: the service hung up."""
        header = self._exactly(16)
        if header is None:
            return None
        body = self._exactly(struct.unpack_from("<H", header, 8)[0] - 16)
        return header[2], body

    def ends(self):
        """Whether nothing more comes but the end; a PDU that tells why may come before."""
        while (answered := self.pdu()) is not None:
            if answered[0] not in (FAULT, BIND_NAK):
                return False
        return True

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            data += more
        return data


REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK = 0, 2, 3, 11, 12, 13
SRVSVC = "c84f324b7016d30112785a47bf6ee188" + "03000000"
NDR = "045d888aeb1cc9119fe808002b104860" + "02000000"


def pdu(kind, body=b"", *, call=1, flags=3, length=None, version=5, auth=0):
    return struct.pack("<4B4sHHI", version, 0, kind, flags, b"\x10\0\0\0", 16 + len(body) if length is None else length,
                       auth, call) + body


def bind_pdu(interface=SRVSVC):
    return pdu(BIND, struct.pack("<HHI", 4280, 4280, 0) + bytes([1, 0, 0, 0, 0, 0, 1, 0]) +
               bytes.fromhex(interface + NDR))


def call_pdu(opnum, stub=b"", **options):
    return pdu(REQUEST, struct.pack("<IHH", len(stub), 0, opnum) + stub, **options)


def enum_stub(level=1):
    return struct.pack("<9I", 0, 0, 0, level, level, 4, 0, 0, 0xFFFFFFFF) + struct.pack("<I", 0)


class Robust(OneService):
    OPTIONS = {"policy": "hardened", "administrators": "root", "max_local_connections": 40, "idle_timeout_s": 2}

    def bound_peer(self):
        peer = self.enterContext(Peer(self.service))
        peer.say(bind_pdu())
        self.assertEqual(BIND_ACK, peer.pdu()[0])
        return peer

    def test_what_is_no_pdu_ends_the_connection_and_nothing_else(self):
        before = counters(self.service)["local_malformed"]
        wrong = {"text": b"GET / HTTP/1.1\r\n\r\n", "another version": pdu(BIND, version=4),
                 "a length below the header's": pdu(BIND, length=8), "an empty bind": pdu(BIND),
                 "a request before the bind": call_pdu(12), "an unknown kind": pdu(99),
                 "a response": pdu(RESPONSE, bytes(8)), "authentication": pdu(BIND, bytes(24), auth=8), "zeros": bytes(64),
                 "ones": b"\xff" * 64,
                 "the longest": pdu(BIND, length=65535) + bytes(70000)}
        for name, data in wrong.items():
            with self.subTest(name), Peer(self.service) as peer:
                try:
                    peer.say(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertTrue(peer.ends())
        self.assertEqual(before + len(wrong), counters(self.service)["local_malformed"])

    def test_a_stub_that_does_not_decode_is_a_fault_and_the_next_call_is_answered(self):
        peer = self.bound_peer()
        for opnum, stub in ((12, b""), (12, bytes(7)), (12, b"\xff" * 40), (13, b"\1\0\0\0" + b"\xff" * 12),
                            (99, b""), (0, b"")):
            peer.say(call_pdu(opnum, stub))
            self.assertEqual(FAULT, peer.pdu()[0], (opnum, stub))
        peer.say(call_pdu(12, enum_stub()))
        self.assertEqual(RESPONSE, peer.pdu()[0])

    def test_who_does_not_read_is_not_read_and_gets_all_answers_later(self):
        peer, answers = self.bound_peer(), 0
        request = call_pdu(12, enum_stub())
        peer.socket.setblocking(False)
        sent = 0
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                sent += peer.socket.send(request[sent % len(request):] + request * 50)
                deadline = min(deadline, time.monotonic() + 1)
            except BlockingIOError:
                time.sleep(0.01)
        self.assertGreater(sent, 10 * len(request))
        peer.socket.settimeout(10)
        for _ in range(sent // len(request)):
            self.assertEqual(RESPONSE, peer.pdu()[0])
            answers += 1
        self.assertGreater(answers, 10)
        print(f"# {answers} requests sent before the first answer was read")

    def test_who_asks_nothing_is_sent_away(self):
        for peer in (self.bound_peer(), self.enterContext(Peer(self.service))):
            started_at = time.monotonic()
            self.assertTrue(peer.ends())
            self.assertLess(time.monotonic() - started_at, calm(6))

    def test_beyond_the_bound_callers_are_refused_until_a_place_is_free(self):
        peers = [self.bound_peer() for _ in range(40)]
        self.assertTrue(self.enterContext(Peer(self.service)).ends())
        peers[7].socket.close()
        wait_until(lambda: counters(self.service)["local_connections_now"] < 40)
        self.bound_peer()

    def test_one_user_does_not_take_all_places(self):
        program = ("import socket, sys, time\nmade = [socket.socket(socket.AF_UNIX) for _ in range(30)]\n"
                   "for s in made: s.connect(sys.argv[1])\nprint('connected', flush=True)\nsys.stdin.read()\n")
        process = subprocess.Popen([*as_user("games"), "/usr/bin/python3", "-c", program, self.service.socket],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with process:
            self.assertEqual("connected\n", process.stdout.readline())
            told = counters(self.service)
            process.stdin.close()
        self.assertLessEqual(told["local_connections_now"], 15)
        self.assertGreaterEqual(told["local_refused"], 15)

    def test_another_user_of_the_name_root_is_not_root(self):
        """As winbind names one of a domain where `winbind use default domain` is set."""
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as passwd:
            passwd.write(pathlib.Path("/etc/passwd").read_text(encoding="utf-8") + "root:x:54321:65534::/:/bin/sh\n")
            passwd.flush()
            os.chmod(passwd.name, 0o644)
            with Netsessiond(["alice"], inside=("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/passwd; exec "$@"',
                                                passwd.name)) as server:
                done = subprocess.run(["setpriv", "--reuid=54321", "--clear-groups", command.built("netsession"), "list"],
                                      env=command.environment({"NETSESSION_SOCKET": str(server.socket)}), text=True,
                                      capture_output=True, check=False)
                self.assertEqual((3, 5), (done.returncode, int(re.search(r"\((\d+)", done.stderr)[1])), done.stderr)
                [line] = [line for line in server.audit if line["status"] == 5][:1]
                self.assertEqual("uid:54321", line["caller"])

    def test_everybody_may_connect(self):
        self.assertEqual(0o666, stat.S_IMODE(self.service.socket.stat().st_mode))


if __name__ == "__main__":
    tap.main()
