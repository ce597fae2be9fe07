"""Clients that mean no good, before netsessiond: who ends in the middle of something, and who asks for too much."""
import contextlib
import itertools
import random
import re
import signal
import socket
import struct
import threading
import time
import unittest

from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL

from fixtures.bad_messages import WITH_BODY, At, bodies, half_logged_on, in_progress, logged_on, negotiated, smb1
from lab import command, frames, raw_smb, sessions, tap
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.ports import loopbacks
from lab.process import resident_mib
from lab.raw_rpc import BIND, LAST, SESSION_DEL, SESSION_ENUM, bind_body, enum_stub, pdu, request, wide
from lab.raw_smb import (CANCELLED, CLOSE, CREATE, ECHO, INSUFFICIENT_RESOURCES, IOCTL, LOGOFF, MORE_PROCESSING_REQUIRED,
                         NEGOTIATE, NOT_ACCEPTED, PENDING, PIPE_BROKEN, READ, RELATED, RawSmb, SESSION_SETUP, SUCCESS,
                         USER_SESSION_DELETED, WRITE, header, status)
from lab.wait_until import HANG_S, calm, wait_until_equal

LOG_ON_S = 3  # log_on_timeout_s; 45 by default


def administrators(server, smb, frag=4280):
    """A connection of the administrator's, with a pipe that is bound."""
    smb.negotiate(0x0210)
    session = smb.log_on(server.administrator)
    tree = smb.connect_tree(session)
    at = At(smb, session, tree, smb.open_pipe(session, tree))
    smb.ask(IOCTL, raw_smb.transceive(at.file, pdu(BIND, bind_body(frag=frag))), session, tree)
    return at


# ---- who ends in the middle ----

class Endings(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice", "bob"], policy="documented"))

    def serves(self):
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)

    def delete(self, user):
        """Ends the user's sessions, if there are any."""
        with bound(self.server.socket) as dce, contextlib.suppress(srvs.DCERPCSessionError):
            srvs.hNetrSessionDel(dce, NULL, user + "\0")

    def wait_for_data(self, at, count):
        for _ in range(count):
            self.assertEqual(PENDING, status(at.smb.ask(READ, raw_smb.read(at.file), at.session, at.tree)))

    def test_a_logoff_while_reads_wait(self):
        with RawSmb(self.server) as smb:
            at = logged_on(smb)
            self.wait_for_data(at, 20)
            smb.say(at.make(LOGOFF, raw_smb.empty()))
            self.assertEqual([SUCCESS] + [CANCELLED] * 20, [status(smb.hear()) for _ in range(21)])
            self.assertEqual(USER_SESSION_DELETED, status(smb.ask(READ, raw_smb.read(at.file), at.session, at.tree)))
        self.serves()

    def test_a_connection_that_breaks_while_reads_wait(self):
        for _ in range(20):
            with RawSmb(self.server) as smb:
                at = logged_on(smb)
                self.wait_for_data(at, 5)
                smb.say(at.make(READ, raw_smb.read(at.file)))
                smb.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
        self.serves()

    def test_a_caller_who_ends_his_own_sessions(self):
        """All sessions of root, among them the one that asks, others of its connection and others' connections."""
        stub = bytes(4) + bytes(4) + wide(self.server.administrator)
        for by_transceive in (True, False):
            with self.subTest(by_transceive=by_transceive), RawSmb(self.server) as smb, RawSmb(self.server) as elsewhere:
                at, there = administrators(self.server, smb), administrators(self.server, elsewhere)
                beside = smb.log_on(self.server.administrator)
                alices = smb.log_on("alice")
                second = smb.open_pipe(at.session, at.tree)
                self.wait_for_data(At(smb, at.session, at.tree, second), 3)
                self.wait_for_data(there, 3)
                asked = request(SESSION_DEL, stub)
                smb.say(at.make(IOCTL, raw_smb.transceive(at.file, asked)) if by_transceive
                        else at.make(WRITE, raw_smb.write(at.file, asked)))
                self.assertEqual([SUCCESS] + [CANCELLED] * 3, [status(smb.hear()) for _ in range(4)])
                for gone in (at.session, beside):
                    self.assertEqual(USER_SESSION_DELETED, status(smb.ask(ECHO, raw_smb.empty(), gone)))
                self.assertEqual(SUCCESS, status(smb.ask(ECHO, raw_smb.empty(), alices)))
                self.assertIn(elsewhere.hear() and CANCELLED, (None, CANCELLED))
        self.serves()

    def test_the_session_before_on_the_same_connection(self):
        with RawSmb(self.server) as smb:
            at = logged_on(smb)
            self.wait_for_data(at, 3)
            after = smb.log_on("alice", previous_id=at.session.id)
            self.assertEqual([CANCELLED] * 3, [status(smb.hear()) for _ in range(3)])
            self.assertEqual(USER_SESSION_DELETED, status(smb.ask(ECHO, raw_smb.empty(), at.session)))
            self.assertEqual(SUCCESS, status(smb.ask(ECHO, raw_smb.empty(), after)))
            self.assertEqual(SUCCESS, status(smb.finish_log_on(smb.begin_log_on(after, previous_id=after.id), "alice", session=after)))
            self.assertEqual(SUCCESS, status(smb.ask(ECHO, raw_smb.empty(), after)))

    def test_log_ons_that_break_off(self):
        for number in range(100):
            with RawSmb(self.server) as smb:
                smb.negotiate(0x0302)
                begun = smb.begin_log_on()
                smb.hear = lambda: None  # it does not wait for the answer
                smb.finish_log_on(begun, "alice", None if number % 2 else "wrong")
        self.serves()
        wait_until_equal(0, lambda: self.server.counters["sessions_now"])

    def test_a_session_that_is_ended_while_it_is_renewed(self):
        for _ in range(20):
            with RawSmb(self.server) as smb:
                at = logged_on(smb)
                first = raw_smb.session_setup(b"\x60\x05\x06\x03\x2b\x06\x01")
                smb.say(at.make(SESSION_SETUP, first), at.make(SESSION_SETUP, first), at.make(LOGOFF, raw_smb.empty()),
                        at.make(ECHO, raw_smb.empty()))
                heard = [status(smb.hear()) for _ in range(3)]
                self.assertTrue(USER_SESSION_DELETED in heard or NOT_ACCEPTED in heard, heard)
        with RawSmb(self.server) as smb:
            at = logged_on(smb)
            self.assertEqual(MORE_PROCESSING_REQUIRED, status(smb.begin_log_on(at.session)[2]))
            self.delete("alice")
            self.assertIsNone(smb.hear())
        self.serves()

    def test_sessions_that_are_ended_while_all_kinds_of_things_happen(self):
        """Log-ons, pipes and ends by three threads, while an administrator ends them and the configuration is read anew."""
        ends_at, rounds = time.monotonic() + 8, []

        def come_and_go(seed):
            chance = random.Random(seed)
            while time.monotonic() < ends_at:
                # Whatever comes back, or does not.
                with contextlib.suppress(OSError, AssertionError, TypeError, struct.error, KeyError), RawSmb(self.server) as smb:
                    at = logged_on(smb, chance.choice((0x0210, 0x0302)))
                    rounds.append(seed)
                    for _ in range(chance.randrange(30)):
                        command = chance.choice(WITH_BODY)
                        smb.say(at.make(command, bodies(at)[command]))
                        if chance.random() < 0.1:
                            smb.begin_log_on(at.session)

        threads = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        while time.monotonic() < ends_at:
            self.delete("alice")
            self.server.signal(signal.SIGHUP)
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        self.assertEqual({0, 1, 2}, set(rounds))
        self.serves()

    def test_bytes_behind_a_malformed_message_destroy_no_answer_before_it(self):
        """TCP resets a connection that is closed while input is unread; Windows then drops what it has not read."""
        answered = frames.framed(frames.smb1_negotiate("NT LM 0.12", "SMB 2.002"))
        with socket.create_connection((self.server.host, self.server.port), timeout=HANG_S) as made:
            made.sendall(answered + frames.framed(b"?" * 64) + bytes(1 << 20))
            time.sleep(0.3)
            self.assertEqual(0, made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "no reset")
            received = b"".join(iter(lambda: made.recv(65536), b""))
        self.assertEqual(b"\xfeSMB", received[4:8])
        self.serves()

    def test_the_end_of_the_server_in_the_middle(self):
        connections = [self.enterContext(RawSmb(self.server)) for _ in range(12)]
        for number, smb in enumerate(connections):
            at = (logged_on, half_logged_on, negotiated)[number % 3](smb)
            if at.session:
                self.wait_for_data(at, 3)
            if at.begun:
                smb.say(smb.make(SESSION_SETUP, raw_smb.session_setup(b"\x60" * 1000), session_id=in_progress(at)))
        self.assertEqual(0, self.server.terminate())


# ---- who asks for too much ----

class TooMuch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program = command.built("netsessiond").read_bytes()
        cls.is_sanitized = b"__asan_init" in program or b"__tsan_init" in program

    def assert_grown_by_less(self, mib, server, before_mib):
        if not self.is_sanitized:  # the sanitizers keep what is freed
            self.assertLess(resident_mib(server.pid) - before_mib, mib)

    def test_a_client_that_does_not_log_on_is_disconnected_at_the_log_on_timeout_whatever_it_sends(self):
        with Netsessiond(["alice"], log_on_timeout_s=LOG_ON_S) as server, RawSmb(server) as logged:
            session = logged_on(logged).session
            started_at, ended = time.monotonic(), {}
            silent, dribbling, half = (self.enterContext(RawSmb(server)) for _ in range(3))
            half.negotiate(0x0302)
            half.begin_log_on()
            drops = iter(struct.pack(">I", 4000) + bytes(4000))
            acts = {silent: lambda: None, dribbling: lambda: dribbling.socket.send(bytes([next(drops)])),
                    half: lambda: half.say(half.make(ECHO, raw_smb.empty()))}
            while acts and time.monotonic() - started_at < 10 * LOG_ON_S:
                for smb, act in list(acts.items()):
                    smb.socket.settimeout(0.05)
                    with contextlib.suppress(TimeoutError):
                        try:
                            act()
                            is_open = smb.socket.recv(4096) != b""
                        except ConnectionError:
                            is_open = False
                        if not is_open:
                            ended[smb] = time.monotonic() - started_at
                            del acts[smb]
            self.assertEqual({}, acts, "connections that are still open")
            self.assertLess(LOG_ON_S - 0.1, min(ended.values()))
            self.assertEqual(3, server.counters["smb_timed_out"])
            self.assertEqual(SUCCESS, status(logged.ask(ECHO, raw_smb.empty(), session)))

    def test_a_client_with_many_large_calls_does_not_keep_others_waiting(self):
        with (Netsessiond(["alice"], policy="documented", sessions=50000, max_answer_mib=64) as server,
              RawSmb(server, 200) as smb, RawSmb(server, 200) as other):
            at, elsewhere = logged_on(smb, 0x0210), logged_on(other, 0x0210)
            bind, ask = (raw_smb.transceive(raw_smb.ANY_FILE, pdu(BIND, bind_body())),
                         raw_smb.write(raw_smb.ANY_FILE, request(SESSION_ENUM, enum_stub())))

            def enumerations(count, *last):
                """One message that opens so many pipes, and asks for all sessions through each."""
                return at.compound(*[(CREATE, raw_smb.create(), 0), (IOCTL, bind, RELATED), (WRITE, ask, RELATED), *last] * count)

            started_at = time.monotonic()
            smb.say(enumerations(1))
            smb.hear()
            one_s = time.monotonic() - started_at
            for last in ((), ((CLOSE, raw_smb.close(raw_smb.ANY_FILE), RELATED),)):
                smb.say(enumerations(60, *last))
                time.sleep(0.01)
                started_at = time.monotonic()
                self.assertEqual(SUCCESS, status(other.ask(ECHO, raw_smb.empty(), elsewhere.session)))
                self.assertLess(time.monotonic() - started_at, calm(10 * one_s + 0.5))
                smb.hear()

    def test_many_calls_at_once_are_answered_in_their_order(self):
        """More than one turn is for, by the local socket and by a pipe."""
        with Netsessiond(["alice"], sessions=20000) as server, socket.socket(socket.AF_UNIX) as local:
            calls = b"".join(request(SESSION_ENUM, enum_stub(), call=number) for number in range(2, 42))
            local.settimeout(60)
            local.connect(str(server.socket))
            local.sendall(pdu(BIND, bind_body(frag=65528)) + calls)
            stream, seen = local.makefile("rb"), []
            while len(seen) < 41:
                head = stream.read(16)
                length, _, call = struct.unpack_from("<HHI", head, 8)
                stream.read(length - 16)
                if head[3] & LAST:
                    seen.append(call)
            self.assertEqual([1, *range(2, 42)], seen)
            with RawSmb(server) as smb:
                at, seen = administrators(server, smb, 65528), []
                self.assertEqual(SUCCESS, status(smb.ask(WRITE, raw_smb.write(at.file, calls), at.session, at.tree)))
                while len(seen) < 40:
                    answer = smb.ask(READ, raw_smb.read(at.file, 65536), at.session, at.tree)
                    while status(answer) == PENDING:
                        answer = smb.hear()
                    head = answer[64 + 16:64 + 32]
                    if head[3] & LAST:
                        seen.append(struct.unpack_from("<I", head, 12)[0])
                self.assertEqual(list(range(2, 42)), seen)

    def test_unfinished_log_ons_are_bounded(self):
        with Netsessiond(["alice"]) as server, contextlib.ExitStack() as stack:
            before = resident_mib(server.pid)
            for _ in range(20):
                smb = stack.enter_context(RawSmb(server))
                smb.negotiate(0x0302)
                begun = [smb.begin_log_on() for _ in range(100)]
                self.assertEqual({MORE_PROCESSING_REQUIRED}, {status(one[2]) for one in begun})
                self.assertEqual(USER_SESSION_DELETED, status(smb.finish_log_on(begun[0], "alice")))
                self.assertEqual(SUCCESS, status(smb.finish_log_on(begun[-1], "alice")))
            self.assert_grown_by_less(20 * 8 * 0.05 + 16, server, before)

    def test_unread_answers_are_bounded(self):
        with Netsessiond(["alice"], max_answer_mib=1, sessions=5000, policy="documented") as server:
            before = resident_mib(server.pid)
            with RawSmb(server) as smb:
                smb.negotiate(0x0302)
                seen = []
                for _ in range(4):
                    session = smb.log_on("alice")
                    tree = smb.connect_tree(session)
                    for _ in range(60):
                        file = smb.open_pipe(session, tree)
                        smb.ask(IOCTL, raw_smb.transceive(file, pdu(BIND, bind_body())), session, tree)
                        asked = request(SESSION_ENUM, enum_stub())
                        seen.append(status(smb.ask(WRITE, raw_smb.write(file, asked), session, tree)))
                self.assertEqual({SUCCESS}, set(seen))  # most of the calls are answered by faults
                self.assert_grown_by_less(40, server, before)
                self.assertLess(5000, len(sessions.enumerate_with_impacket(server).rows))  # who has read all
            wait_until_equal(0, lambda: sessions.enumerate_with_impacket(server, level=0).status)

    def test_written_bytes_that_are_not_read_are_bounded(self):
        with Netsessiond(["alice"], max_answer_mib=1, policy="documented") as server, RawSmb(server) as smb:
            before = resident_mib(server.pid)
            smb.negotiate(0x0210)
            seen = set()
            for _ in range(6):
                session = smb.log_on("alice")
                tree = smb.connect_tree(session)
                for _ in range(40):
                    file = smb.open_pipe(session, tree)
                    smb.ask(IOCTL, raw_smb.transceive(file, pdu(BIND, bind_body())), session, tree)
                    piece = request(SESSION_ENUM, enum_stub()) * 500
                    for _ in range(3):
                        seen.add(status(smb.ask(WRITE, raw_smb.write(file, piece[:60000]), session, tree)))
            self.assertEqual({SUCCESS, PIPE_BROKEN}, seen)
            self.assert_grown_by_less(40, server, before)
            self.assertEqual(0, sessions.enumerate_with_impacket(server).status)  # who has written little is served

    def test_pending_requests_are_bounded_and_end_soon(self):
        with Netsessiond(["alice"]) as server, RawSmb(server) as smb:
            smb.negotiate(0x0302)
            session = smb.log_on("alice")
            tree = smb.connect_tree(session)
            seen = []
            for _ in range(12):
                file = smb.open_pipe(session, tree)
                seen += [status(smb.ask(READ, raw_smb.read(file), session, tree)) for _ in range(64)]
            self.assertEqual([PENDING] * 512 + [INSUFFICIENT_RESOURCES] * 256, seen)
            started_at = time.monotonic()
            smb.say(smb.make(LOGOFF, raw_smb.empty(), session))
            self.assertEqual([SUCCESS] + [CANCELLED] * 512, [status(smb.hear()) for _ in range(513)])
            self.assertLess(time.monotonic() - started_at, calm(5))

    def test_a_client_that_does_not_read_takes_no_memory(self):
        with Netsessiond(["alice"]) as server:
            before = resident_mib(server.pid)
            deaf = []
            for _ in range(5):
                smb = self.enterContext(RawSmb(server, timeout_s=1))
                smb.negotiate(0x0302)
                smb.begin_log_on()
                ids = itertools.count(smb.next_id)
                batches = (b"".join(frames.framed(header(ECHO, number, credits=1) + raw_smb.empty())
                                    for number in itertools.islice(ids, 2000)) for _ in range(400))
                with contextlib.suppress(TimeoutError):
                    for batch in batches:
                        smb.socket.sendall(batch)
                    self.fail("it was read from for ever")
                deaf.append(smb)
            self.assert_grown_by_less(len(deaf) * 0.4, server, before)
            self.assertEqual(0, sessions.enumerate_with_impacket(server).status)

    def test_a_thousand_connections_of_nonsense(self):
        chance = random.Random(22)
        starts = [b"", b"\0", b"\0\0\0", b"\0\x01\0\0\xfeSMB", frames.framed(frames.smb2_negotiate(0x0311)),
                  frames.framed(frames.smb2_negotiate(0x0210)) + frames.framed(header(SESSION_SETUP, 1) + raw_smb.session_setup(b"\x60")),
                  frames.framed(smb1(b"\x02SMB 2.???\0")), frames.framed(b"\xfdSMB" + bytes(60))]
        bounds = {"max_connections_per_address": 2000, "max_unauthenticated_connections": 4000,
                  "max_unauthenticated_connections_per_address": 2000}
        with Netsessiond(["alice"], **bounds) as server:
            before = resident_mib(server.pid)
            held = []
            for _ in range(1000):
                connection = socket.create_connection((server.host, server.port), timeout=HANG_S)
                held.append(connection)
                with contextlib.suppress(OSError):
                    connection.sendall(chance.choice(starts) + chance.randbytes(chance.choice((0, 1, 60, 2000, 20000))))
            self.assertEqual(0, sessions.enumerate_with_impacket(server).status)
            self.assert_grown_by_less(120, server, before)
            for connection in held:
                connection.close()
            wait_until_equal(0, lambda: server.counters["smb_connections_now"])
            counters = server.counters
            self.assertEqual((0, 0), (counters["smb_connections_now"], counters["sessions_now"]))


# ---- why connections are closed ----

class Closed(unittest.TestCase):
    """Why netsessiond closes a connection stands in its log, with the client's address."""

    # What a client sends, and why it is closed for that.
    ERRORS = (
        (frames.framed(b"?" * 64), "the message is not an SMB2 message"),
        (frames.framed(frames.smb1_negotiate("NT LM 0.12")), "the client offers SMB1 only"),
        (frames.framed(header(ECHO) + raw_smb.empty()), "the request precedes NEGOTIATE"),
        (frames.framed(frames.smb2_negotiate(0x0302)) + frames.framed(header(NEGOTIATE, 1)), "the client sent a second NEGOTIATE"),
        (frames.framed(header(99)), "the SMB2 command does not exist"),
        (frames.framed(frames.smb2_negotiate(0x0302)) + frames.framed(header(ECHO, 77) + raw_smb.empty()),
         "the message id was not granted, or was used before"),
        (frames.framed(frames.smb2_negotiate(0x0302)) + frames.framed(b"\xfdSMB" + bytes(60)),
         "the encrypted message is of no session with a key"),
    )

    def closed(self, server, reason, act, level="warning", host="127.0.0.1"):
        """The reason is logged once the act is done, by whom and how bad."""
        [line] = server.await_said(rf".*: SMB connection from .* closed: .*{re.escape(reason)}\n", act)
        self.assertIn(f" {level}: SMB connection from {host} closed: ", line)

    def test_what_a_client_sent_is_logged_with_its_address(self):
        for number, (sent, reason) in enumerate(self.ERRORS):
            if number % 5 == 0:  # more lines would be suppressed
                server = self.enterContext(Netsessiond([]))
            host = server.host6 if number % 2 and server.host6 in loopbacks() else server.host
            with self.subTest(reason), socket.create_connection((host, server.port), timeout=20) as made:
                self.closed(server, f"protocol error: {reason}", lambda: made.sendall(sent), host=f"[{host}]" if ":" in host else host)

    def test_a_timeout_is_logged(self):
        with Netsessiond(["alice"], log_on_timeout_s=2, idle_timeout_s=1) as server:
            with RawSmb(server) as idle:
                self.closed(server, "no request for 1 s (idle_timeout_s)", lambda: logged_on(idle), "notice")
            with RawSmb(server) as silent:
                self.closed(server, "no log-on within 2 s (log_on_timeout_s)", silent.negotiate, "notice")

    def test_a_session_that_was_deleted_or_replaced_is_logged(self):
        with (Netsessiond(["alice"], policy="documented") as server, RawSmb(server) as first, RawSmb(server) as second,
              bound(server.socket) as dce):
            before, at = logged_on(first).session, second
            self.closed(server, "its client has logged on again", lambda: (
                at.negotiate(0x0302), at.log_on("alice", previous_id=before.id)), "notice")
            self.closed(server, "NetrSessionDel closed its last session",
                        lambda: srvs.hNetrSessionDel(dce, NULL, "alice\0"), "notice")

    def test_that_a_client_closes_its_connection_is_not_logged(self):
        with Netsessiond(["alice"]) as server:
            before = len(server.said)
            for _ in range(3):
                with RawSmb(server) as smb:
                    logged_on(smb)
            wait_until_equal(0, lambda: server.counters["smb_connections_now"])
            self.assertNotIn("closed:", server.said[before:])

    def test_the_lines_are_limited_and_the_others_counted(self):
        """At most 10 in 5 seconds."""
        many, pattern = 300, r": SMB connection from 127.0.0.1 closed: protocol error"
        with Netsessiond([]) as server:
            started_at = time.monotonic()
            for _ in range(many):
                with socket.create_connection((server.host, server.port), timeout=20) as made:
                    made.sendall(frames.framed(b"?" * 64))
                    self.assertEqual(b"", made.recv(1))
            windows = (time.monotonic() - started_at) // 5 + 2
            self.assertEqual(many, server.counters["smb_malformed"])
            self.assertEqual(0, server.terminate())
            suppressed = re.findall(r"warning: SMB endpoint: (\d+) similar messages suppressed", server.said)
            self.assertEqual(many, len(re.findall(pattern, server.said)) + sum(map(int, suppressed)))
            self.assertLessEqual(len(re.findall(pattern, server.said)), 10 * windows)


if __name__ == "__main__":
    tap.main()
