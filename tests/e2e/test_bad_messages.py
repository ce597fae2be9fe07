"""SMB2 messages that are malformed, forged or out of turn, before netsessiond: bad_messages.py has them. After each one the
server serves the others as before, and in the build of the sanitizers it has said nothing."""
import contextlib
import random
import struct
import unittest

from fixtures import bad_messages
from fixtures.bad_messages import CLOSED, WITH_BODY, At, Raw, Row, bodies, logged_on
from lab import frames, raw_smb, sessions, tap
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.raw_smb import (ACCESS_DENIED, CHANGE_NOTIFY, ECHO, FILE_CLOSED, INVALID_DEVICE_REQUEST, INVALID_DEVICE_STATE,
                         INVALID_PARAMETER, IOCTL, LOCK, LOGOFF, LOGON_FAILURE, MORE_PROCESSING_REQUIRED, NAME_DELETED,
                         OPLOCK_BREAK, PENDING, QUERY_DIRECTORY, READ, RawSmb, SESSION_SETUP, SUCCESS, TREE_CONNECT,
                         USER_SESSION_DELETED, status)


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Netsessiond(["alice", "bob"]))

    def hear(self, smb, expected):
        """One answer: a status, several of which one may be, the statuses of a compound, or CLOSED."""
        message = smb.hear()
        if expected == CLOSED:
            self.assertIsNone(message)
            return
        self.assertIsNotNone(message, "closed")
        statuses = []
        while True:
            statuses.append(status(message))
            following = struct.unpack_from("<I", message, 20)[0]
            if following == 0:
                break
            message = message[following:]
        if isinstance(expected, list):
            self.assertEqual([hex(one) for one in expected], [hex(one) for one in statuses])
        else:
            self.assertEqual(1, len(statuses))
            self.assertIn(hex(statuses[0]), [hex(one) for one in (expected if isinstance(expected, tuple) else (expected,))])

    def check(self, rows):
        count = 0
        with bound(self.server.socket) as other:
            for row in rows:
                with self.subTest(f"{row.section}: {row.what} ({row.state.__name__})"), RawSmb(self.server) as smb:
                    said = row.make(at := row.state(smb))
                    expected = [CLOSED] if row.expected == CLOSED else row.expected
                    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                        for message in said if isinstance(said, list) else [said]:
                            smb.socket.sendall(message if isinstance(message, Raw) else frames.framed(message))
                    for one in expected:
                        self.hear(smb, one)
                    if at.session and CLOSED not in expected:
                        self.assertIn(status(smb.ask(ECHO, raw_smb.empty(), at.session)), (SUCCESS, USER_SESSION_DELETED))
                    self.assertEqual(0, sessions.enumerate_over(other, 0).status)
                count += 1
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)
        return count

    def test_before_negotiate(self):
        self.check(bad_messages.before_negotiate())

    def test_negotiate(self):
        self.check(bad_messages.in_negotiate())

    def test_before_log_on(self):
        self.check(bad_messages.before_log_on())

    def test_signatures_and_encryption(self):
        self.check(bad_messages.protection())

    def test_bodies(self):
        self.check(bad_messages.in_bodies())

    def test_compounds_and_cancels(self):
        self.check(bad_messages.in_compounds())

    def test_good_bodies_are_good(self):
        """What the tables spoil."""
        others = {LOCK: INVALID_DEVICE_REQUEST, QUERY_DIRECTORY: INVALID_PARAMETER, CHANGE_NOTIFY: INVALID_PARAMETER,
                  OPLOCK_BREAK: INVALID_DEVICE_STATE, READ: PENDING, IOCTL: PENDING}
        self.check(Row("3.3.5", f"command {command}", logged_on, lambda at, command=command: at.make(command, bodies(at)[command]),
                       [others.get(command, SUCCESS)]) for command in WITH_BODY)

    def test_what_must_be_encrypted(self):
        with Netsessiond(["alice"], encryption="require") as strict:
            with RawSmb(strict) as smb:
                smb.negotiate(0x0210)  # which has no encryption
                self.assertEqual(ACCESS_DENIED, status(smb.begin_log_on()[2]))
            with RawSmb(strict) as smb:
                smb.negotiate(0x0302)
                session = smb.log_on("alice")
                for command in WITH_BODY:
                    for message in (smb.make(command, bodies(At(None))[command], session),
                                    smb.make(command, bodies(At(None))[command], session_id=session.id)):
                        smb.say(message)
                        self.assertEqual(ACCESS_DENIED, status(smb.hear()), command)
                smb.say(session.seal(smb.make(TREE_CONNECT, raw_smb.tree_connect(), session_id=session.id)))
                self.assertEqual(SUCCESS, status(smb.hear()))

    def test_no_session_is_reached_by_another_s_keys(self):
        with RawSmb(self.server) as smb, RawSmb(self.server) as elsewhere:
            alices = logged_on(smb)
            bob, there = smb.log_on("bob"), logged_on(elsewhere)
            request = raw_smb.transceive(alices.file, b"x")
            tries = [  # a request of alice's by bob, by her session of another connection, and by another connection
                (smb, bob.sign(smb.make(IOCTL, request, session_id=alices.session.id, tree_id=alices.tree)), ACCESS_DENIED),
                (smb, there.session.sign(smb.make(IOCTL, request, session_id=alices.session.id, tree_id=alices.tree)), ACCESS_DENIED),
                (smb, smb.make(IOCTL, request, bob, tree_id=alices.tree), NAME_DELETED),
                (elsewhere, alices.session.sign(elsewhere.make(IOCTL, request, session_id=alices.session.id, tree_id=alices.tree)),
                 USER_SESSION_DELETED),
                (elsewhere, elsewhere.make(SESSION_SETUP, raw_smb.session_setup(b"x"), session_id=alices.session.id),
                 USER_SESSION_DELETED),
                (elsewhere, elsewhere.make(LOGOFF, raw_smb.empty(), session_id=alices.session.id), USER_SESSION_DELETED),
            ]
            for number, (connection, message, expected) in enumerate(tries):
                with self.subTest(number):
                    connection.say(message)
                    self.assertEqual(hex(expected), hex(status(connection.hear())))
            tree = smb.connect_tree(bob)  # the same number in another session
            self.assertEqual(FILE_CLOSED, status(smb.ask(IOCTL, request, bob, tree)))
            smb.say(bob.seal(smb.make(ECHO, raw_smb.empty(), session_id=alices.session.id)))
            self.assertIsNone(smb.hear())

    def test_nobody_becomes_another_by_logging_on_anew(self):
        with RawSmb(self.server) as smb:
            alices = logged_on(smb)
            begun = smb.begin_log_on(alices.session)
            self.assertEqual(MORE_PROCESSING_REQUIRED, status(begun[2]))
            self.assertEqual(ACCESS_DENIED, status(smb.finish_log_on(begun, "bob", session=alices.session)))
            self.assertEqual(USER_SESSION_DELETED, status(smb.ask(ECHO, raw_smb.empty(), alices.session)))
        with RawSmb(self.server) as smb:
            alices = logged_on(smb)
            begun = smb.begin_log_on(alices.session)
            self.assertEqual(LOGON_FAILURE, status(smb.finish_log_on(begun, "alice", "wrong", alices.session)))
            self.assertEqual(USER_SESSION_DELETED, status(smb.ask(ECHO, raw_smb.empty(), alices.session)))

    def test_signed_nonsense(self):
        """Two thousand requests with the right signature and the wrong bytes."""
        chance = random.Random(20)
        answered = 0
        while answered < 2000:
            with RawSmb(self.server) as smb:
                at = logged_on(smb, chance.choice((0x0210, 0x0302)))
                for _ in range(100):
                    command = chance.choice(WITH_BODY)
                    body = bytearray(bodies(at)[command])
                    for _ in range(chance.randrange(4)):
                        body[chance.randrange(len(body))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
                    if chance.random() < 0.2:
                        del body[chance.randrange(len(body)):]
                    message = at.make(command, bytes(body), credits=chance.choice((0, 64, 0xFFFF)))
                    smb.say(message)
                    answer = smb.hear()
                    answered += 1
                    if answer is None or command == LOGOFF:
                        break
        self.assertEqual(0, sessions.enumerate_with_impacket(self.server).status)


if __name__ == "__main__":
    tap.main()
