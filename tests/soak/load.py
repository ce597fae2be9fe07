"""Clients and publishers of a soak. Each knows which sessions it holds; what goes wrong while a daemon is gone is no fault, and
is tried again."""
import collections
import contextlib
import random
import signal
import socket
import struct
import subprocess
import threading
import time

from fixtures.gate import Gate
from fixtures.publisher import HELLO, PUT, VERSION, Publisher, RawPublisher
from impacket.nmb import NetBIOSError
from impacket.smbconnection import SessionError
from lab import command, frames, raw_smb, sessions
from lab.cli import address
from lab.raw_smb import ECHO, LOGOFF, SUCCESS, RawSmb, status
from lab.wait_until import HANG_S, wait_until_equal

# What an exchange with a daemon that dies or refuses may end in.
BROKEN = (OSError, AssertionError, TypeError, struct.error, NetBIOSError, SessionError)


class Part:
    """A part of the load: act() again and again by a thread, until the soak pauses or ends."""

    def __init__(self, seed, pause_s):
        self.chance, self.pause_s, self.done, self.broken = random.Random(f"{seed}/{type(self).__name__}"), pause_s, 0, 0

    def turn(self):
        try:
            self.act()
            self.done += 1
        except BROKEN:
            self.broken += 1

    def act(self):
        raise NotImplementedError

    def settle(self):
        """Comes to what a quiet moment has: called while no part acts, and all daemons run."""

    def end(self):
        """Leaves nothing behind."""


class Load:
    """A context manager: the parts, each with a thread. They act only within running()."""

    def __init__(self, parts):
        self.parts, self.failure = parts, None
        self._gate, self._over, self._threads = Gate(), threading.Event(), []
        self._gate.close()

    def __enter__(self):
        self._threads = [threading.Thread(target=self._act, args=(part,)) for part in self.parts]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._gate.open()
        for thread in self._threads:
            thread.join()
        for part in self.parts:
            with contextlib.suppress(*BROKEN):
                part.end()

    @contextlib.contextmanager
    def running(self):
        self._gate.open()
        try:
            yield
        finally:
            self._gate.close()

    def _act(self, part):
        while not self._over.is_set() and not self.failure:
            with self._gate.through():
                if not self._over.is_set():
                    try:
                        part.turn()
                    except Exception as error:  # pylint: disable=broad-exception-caught
                        self.failure = self.failure or error
            self._over.wait(part.chance.uniform(0, 2 * part.pause_s))


class Holding(Part):
    """Sessions that are held at an SMB server, each on a connection of its own."""

    users, network = (), None
    quiet = 20  # sessions at quiet moments

    def __init__(self, seed, server, pause_s):
        super().__init__(seed, pause_s)
        self._server, self._open = server, []  # (user, source, RawSmb, session)

    def act(self):
        what = self.chance.random()
        if len(self._open) < self.quiet or what < 0.4:
            self._log_on()
        elif len(self._open) > 2 * self.quiet or what < 0.8:
            self._end(self._open.pop(self.chance.randrange(len(self._open))))
        else:
            self._forget_the_dead()

    def settle(self):
        self._forget_the_dead()
        while len(self._open) < self.quiet:
            self._log_on()
        while len(self._open) > self.quiet:
            self._end(self._open.pop())

    @property
    def held(self):
        return collections.Counter((sessions.as_windows(source), user) for user, source, *_ in self._open)

    def end(self):
        while self._open:
            self._open.pop()[2].socket.close()

    def _log_on(self):
        source, user = f"{self.network}.{self.chance.randrange(1, 255)}", self.chance.choice(self.users)
        smb = RawSmb(self._server, source=source)
        try:
            smb.negotiate(self.chance.choice(frames.DIALECTS))
            session = smb.log_on(user)
            smb.connect_tree(session)  # smbd ends connections without a tree
        except BaseException:
            smb.socket.close()
            raise
        self._open.append((user, source, smb, session))

    def _end(self, one):
        _, _, smb, session = one
        with smb, contextlib.suppress(*BROKEN):
            if self.chance.random() < 0.5:
                smb.ask(LOGOFF, raw_smb.empty(), session)

    def _forget_the_dead(self):
        """Whose connection has ended, or whose session an administrator has closed."""
        alive = []
        for one in self._open:
            _, _, smb, session = one
            try:
                answer = smb.ask(ECHO, raw_smb.empty(), session)
            except BROKEN:
                answer = None
            if answer is not None and status(answer) == SUCCESS:
                alive.append(one)
            else:
                smb.socket.close()
        self._open = alive


class LogOns(Holding):
    """Sessions at netsessiond."""

    users, network = ("ada", "bert", "cleo"), "127.70.0"


class SambaSessions(Holding):
    """Sessions at smbd, which netsession-samba publishes."""

    users, network, quiet = ("games", "man"), "127.71.0", 8


class HalfMessages(Part):
    """Clients that die in the middle of a message, before a log-on and after it."""

    def __init__(self, seed, server):
        super().__init__(seed, 0.2)
        self._server = server

    def act(self):
        with RawSmb(self._server, source="127.70.1.1") as smb:
            if self.chance.random() < 0.5:
                smb.negotiate(0x0311)
                smb.log_on("ada")
            message = frames.framed(bytes(500))
            smb.socket.sendall(message[:self.chance.randrange(1, len(message))])
            smb.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Lists(Part):
    """The command lists, watches for a moment, and is killed in the middle."""

    def __init__(self, seed, server, service=None):
        super().__init__(seed, 0.3)
        self._server = server
        self._environment = {"NETSESSION_SOCKET": str(service.socket)} if service else None

    def act(self):
        credentials = "-A", self._server.credentials_file(self._server.administrator), address(self._server)
        what = self.chance.randrange(5)
        if what == 0 and self._environment:
            result = command.run("list", "--timeout", 20, "-o", "json", env=self._environment)
        elif what == 1:
            result = command.run("watch", "--every", 0.2, "--polls", 5, "--timeout", 20, "-o", "jsonl", *credentials)
        elif what == 2:
            self._kill(*credentials)
            return
        else:
            result = command.run("list", "--timeout", 20, "-l", self.chance.choice(("auto", 0, 1, 10, 502)), *credentials)
        assert result.exit in (0, 3, 4), result

    def _kill(self, *credentials):
        with subprocess.Popen([command.built(), "watch", "--every", "0.05", *map(str, credentials)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=command.environment()) as watch:
            time.sleep(self.chance.uniform(0, 0.5))
            watch.send_signal(signal.SIGKILL)


class Closes(Part):
    """An administrator closes the sessions of one user, by the command."""

    def __init__(self, seed, server, users):
        super().__init__(seed, 2)
        self._server, self._users = server, users

    def act(self):
        result = command.run("close", "--yes", "--timeout", 20, "--user", self.chance.choice(self._users), "-A",
                             self._server.credentials_file(self._server.administrator), address(self._server))
        assert result.exit in (0, 1, 3), result


class Publishing(Part):
    """A file server by the library, examples/publisher.c: it is killed now and then, and another takes its place. It closes
    what callers want closed."""

    KEYS = 40

    def __init__(self, seed, service, program, number):
        super().__init__(f"{seed}/{number}", 0.02)
        self._service, self._program, self._number, self._rows, self._heard = service, program, number, {}, 0
        self._publisher = None

    def act(self):
        if self._publisher is None or self.chance.random() < 0.003:
            self._replace()
        self._close_what_is_wanted()
        key = self.chance.randrange(self.KEYS)
        what = self.chance.randrange(3)
        if what == 0:
            row = f"host-{self._number}-{self.chance.randrange(9)}", self.chance.choice(("dora", "emil"))
            self._rows[key] = row
            self._publisher.tell(f"put {key} {row[0]} {row[1]} {self.chance.randrange(5)}")
        elif what == 1:
            self._publisher.tell(f"touch {key}")
        else:
            self._remove(key)

    def settle(self):
        if self._publisher is None:
            self._replace()
        self._close_what_is_wanted()
        for key in range(self.KEYS):
            self._rows[key] = f"host-{self._number}-{key % 9}", "dora"
            self._publisher.tell("put {} {} {} 1".format(key, *self._rows[key]))

    @property
    def held(self):
        return collections.Counter(self._rows.values())

    def end(self):
        self._publisher.__exit__(None, None, None)

    def _replace(self):
        """SIGKILL, perhaps in the middle of a message: its sessions go with it."""
        if self._publisher:
            self._publisher.process.kill()
            self._publisher.__exit__(None, None, None)
        self._rows, self._heard = {}, 0
        self._publisher = Publisher(self._service, self._program)

    def _remove(self, key):
        self._rows.pop(key, None)
        self._publisher.tell(f"remove {key}")

    def _close_what_is_wanted(self):
        lines = self._publisher.lines()
        for line in lines[self._heard:]:
            self._remove(int(line.split()[1]))
        self._heard = len(lines)


class HalfPublishers(Part):
    """Publishers that die in the middle of a message."""

    def __init__(self, seed, service):
        super().__init__(seed, 0.5)
        self._service = service

    def act(self):
        with RawPublisher(self._service) as publisher:
            if self.chance.random() < 0.5:
                publisher.greet()
                publisher.put(1, "half", "frida")
            frame = self.chance.choice((publisher.frame(HELLO, struct.pack("<II", VERSION, 1) + publisher.text("half")),
                                        publisher.frame(PUT, publisher.session(2, "half", "frida"))))
            publisher.socket.sendall(frame[:self.chance.randrange(1, len(frame))])


class HalfPipes(Part):
    """Callers at smbd that die while the relay has half of their call, or before they have read the answer."""

    def __init__(self, seed, samba):
        super().__init__(seed, 0.5)
        self._samba = samba

    def act(self):
        with sessions.srvsvc(self._samba) as dce:
            if self.chance.random() < 0.5:
                sessions.begin_enumeration(dce, self.chance.choice((0, 1, 10, 502)))
            else:
                dce.get_rpc_transport().send(b"\5\0\0\1\x10\0\0\0\x60\0\0\0\2\0\0\0" + bytes(self.chance.randrange(60)))


def listed(*arguments, **options):
    """What `netsession list` lists: a Counter of (client, user)."""
    result = command.run("list", "-l", 502, "--timeout", HANG_S, "-o", "json", *arguments, **options)
    assert result.exit == 0, result
    return collections.Counter((row["client"], row.get("user")) for row in result.sessions)


def await_equal(what, expected, condition):
    """Waits for a list to be what is expected; fails with what is missing and what is too many."""
    def difference():
        try:
            found = condition()
        except (AssertionError, KeyError, ValueError) as error:
            return repr(error)
        return found - expected, expected - found
    try:
        wait_until_equal((collections.Counter(), collections.Counter()), difference)
    except AssertionError as error:
        raise AssertionError(f"{what} lists too much and too little: {error}") from error
