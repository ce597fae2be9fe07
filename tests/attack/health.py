"""Clients of good behaviour beside an attack. They hold sessions, list them, and let the configuration be read anew; what
they see has to be right at any time."""
import collections
import itertools
import json
import select
import signal
import subprocess
import time

from fixtures.publisher import RawPublisher
from lab import command, sessions
from lab.cli import address
from lab.daemon import COMPLAINT
from lab.process import resident_mib
from lab.samba import misses_sessions
from lab.wait_until import HANG_S, calm, wait_until_equal

SLOW_S = 20  # for an answer on a machine that has nothing else to do, under sanitizers
GROWTH_MIB = 96  # after the warm-up; the sanitizers keep some of what is freed


class Finding(AssertionError):
    """What an attack must not bring about."""


class Health:
    """The good clients of a server: a context manager. judge(), reload() and rest() raise Finding.

    server  whose sessions are listed; daemon  what is attacked, in its process
    held    the sessions that good clients hold; their users have no other
    may_lack  some of them may be missing in a list
    """

    def __init__(self, server, daemon, held, may_lack=False):
        self.server, self.daemon, self._held, self._may_lack = server, daemon, held, may_lack
        self.expected = collections.Counter((sessions.as_windows(want.client), want.user) for want in held)
        self.answers, self.slowest_s, self.reloads, self.mib, self._warm_mib = 0, 0, 0, 0, None
        self._ways = itertools.cycle([self.over_smb])

    def __enter__(self):
        self._sessions = sessions.held(self.server, self._held)
        self._sessions.__enter__()
        self.judge()
        return self

    def __exit__(self, *_):
        self._sessions.__exit__(None, None, None)

    def __str__(self):
        return (f"good clients: {self.answers:,} lists, the slowest in {self.slowest_s:.2f} s; {self.reloads:,} reloads; "
                f"memory from {self._warm_mib or 0:.0f} to {self.mib:.0f} MiB")

    def judge(self):
        """One list, whatever the attackers are at: all good sessions are in it, once, and no other of these users."""
        began_at = time.monotonic()
        rows = next(self._ways)()
        seconds = time.monotonic() - began_at
        self.answers += 1
        self.slowest_s = max(self.slowest_s, seconds)
        users = {user for _, user in self.expected}
        found = collections.Counter(row for row in rows if row[1] in users)
        if found - self.expected or not (found == self.expected or self._may_lack):
            raise Finding(f"a good client's list lacks {self.expected - found} and has {found - self.expected} in addition")
        if seconds > calm(SLOW_S):
            raise Finding(f"a good client waited {seconds:.1f} s for a list")
        self._complaints()

    def reload(self):
        """Lets the configuration be read anew, where there is one."""

    def rest(self):
        """While no attacker is connected: nothing is left of them, and memory has not grown."""
        try:
            if not self._may_lack:
                wait_until_equal(self.expected, lambda: collections.Counter(next(self._ways)()))
            wait_until_equal(self.left, self.left_now)
        except AssertionError as error:
            raise Finding(f"attackers who have gone left something behind: {error}") from error
        self._complaints()
        self.mib = resident_mib(self.daemon.pid)
        self._warm_mib = self._warm_mib or self.mib
        if self.mib > 1.5 * self._warm_mib + GROWTH_MIB:
            raise Finding(f"memory has grown from {self._warm_mib:.0f} to {self.mib:.0f} MiB")

    left = None  # what left_now() gives where only good clients are there

    def left_now(self):
        return None

    def over_smb(self):
        listed = self._list("-A", self.server.credentials_file(self.server.administrator), address(self.server))
        return [row for row in listed if row[1] != self.server.administrator]  # the one that it makes itself

    def _complaints(self):
        said = self.daemon.said
        if COMPLAINT.search(said) or self.daemon.has_ended:
            raise Finding(f"{self.daemon.program} has failed:\n{said[-6000:]}")

    def _list(self, *arguments, **options):
        try:
            result = command.run("list", "--timeout", HANG_S, "-o", "json", *arguments, timeout=2 * HANG_S, **options)
        except subprocess.TimeoutExpired as error:
            raise Finding("a good client's list did not end") from error
        try:
            return [(row["client"], row.get("user")) for row in result.sessions]
        except (json.JSONDecodeError, KeyError):
            self._complaints()
            raise Finding(f"a good client got no list: {result}") from None


class ServiceHealth(Health):
    """Of a netsessiond, whose sessions a good publisher reports, too."""

    USERS = ("faith", "hope")  # no attacker and no recording names them
    PUBLISHED = tuple((key, f"\\\\good-{key}", "charity") for key in range(1, 6))

    def __init__(self, server):
        super().__init__(server, server, [sessions.Wanted(user, f"127.9.9.{number}") for number, user in
                                          enumerate(2 * self.USERS, 1)])
        self.expected += collections.Counter(row[1:] for row in self.PUBLISHED)
        self._ways = itertools.cycle([self.locally, self.over_smb])
        self.left = len(self._held), sum(self.expected.values()), 1

    def __enter__(self):
        self._publisher = RawPublisher(self.server)
        self._publisher.greet()
        self._publisher.put_all(self.PUBLISHED)
        wait_until_equal(len(self.PUBLISHED), lambda: len(self.locally()))
        return super().__enter__()

    def __exit__(self, *_):
        self._publisher.socket.close()
        super().__exit__()

    def reload(self):
        """With changes that matter to nobody's rights. The publisher reads what it was sent, and closes nothing."""
        if select.select([self._publisher.socket], [], [], 0)[0]:
            self._publisher.socket.recv(1 << 18)
        self.reloads += 1
        self.server.options["max_answer_mib"] = 64 + self.reloads % 64
        self.server.options["encryption"] = ("offer", "off")[self.reloads % 2]
        self.server.write_configuration()
        self.server.signal(signal.SIGHUP)

    def left_now(self):
        counters = self.server.counters
        return counters["smb_connections_now"], counters["sessions_now"], counters["publishers_now"]

    def locally(self):
        return self._list(env={"NETSESSION_SOCKET": str(self.server.socket)})


class RelayHealth(Health):
    """The health of an smbd behind netsession-samba's relay. From 4.20 on smbd may keep the session of a client that it has
    thrown out, and its pipes; such a session hides others (docs/SAMBA.md)."""

    USERS = ("games", "man")
    left = {"held_bytes": 0} if misses_sessions() else {"held_bytes": 0, "pipes_now": 0}

    def __init__(self, samba, relay):
        super().__init__(samba, relay, [sessions.Wanted(user, f"127.9.9.{number}") for number, user in
                                        enumerate(2 * self.USERS, 1)], may_lack=misses_sessions())

    def left_now(self):
        return {name: self.daemon.state[name] for name in self.left}
