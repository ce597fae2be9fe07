"""Our clients before our server, with impacket beside them: what test_both_ends*.py have in common.

A door is a class of tests' way to the server: Signed, Encrypted and Local. Sessions that are told of come from a feed,
so that each of their members is known; a caller's own session is left out.
"""
import contextlib
import unittest

from asking import address, as_rows
from programs import Conversation, Programs
from test_feed import Feeder, soon_is
from lab import command, sessions
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond

LEVELS = (0, 1, 2, 10, 502)
ALL = 0xFFFFFFFF
OWN = r"\\127.0.0.1"  # where callers come from

MEMBERS = {0: ("client",), 1: ("client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags"),
           10: ("client", "user", "active_seconds", "idle_seconds")}
MEMBERS[2] = (*MEMBERS[1], "client_type")
MEMBERS[502] = (*MEMBERS[2], "transport")
NUMBERS = ("num_opens", "active_seconds", "idle_seconds", "user_flags")


def row(client, user="", kind="", transport="", opens=0, active=0, idle=0, flags=0):
    """What is fed, named as impacket's rows are here."""
    return {"client": client, "user": user, "num_opens": opens, "active_seconds": active, "idle_seconds": idle,
            "user_flags": flags, "client_type": kind, "transport": transport}


def steady(rows):
    """Rows without what grows from call to call, and without callers' own."""
    return [{name: value for name, value in one.items() if not name.endswith("_seconds")}
            for one in rows if one["client"] != OWN]


def at_level(level, rows):
    """What a level tells of rows."""
    return [{name: value for name, value in one.items() if name in MEMBERS[level]} for one in rows]


class Status:
    """What a call of lm_by_line came to: rows, and status, entries, total and handle as numbers."""

    def __init__(self, level, lines):
        words = lines.pop().split()
        self.status, self.entries, self.total, self.handle = map(int, words[1::2])
        self.rows = [self._row(level, line.split("\t")) for line in lines]

    @staticmethod
    def _row(level, words):
        if len(words) != len(MEMBERS[level]):
            raise AssertionError(f"{len(words)} members at level {level}: {words}")
        return {name: int(word) if name in NUMBERS else word for name, word in zip(MEMBERS[level], words)}


class Caller(Conversation):
    """lm_by_line, of which one asks as one asks <lm.h>. None is NULL."""

    def _call(self, level, *words):
        line, lines = self.say("\t".join("-" if word is None else str(word) for word in words)), []
        while not line.startswith("status "):
            lines.append(line)
            line = self._process.stdout.readline().rstrip("\n")
            if not line:
                raise AssertionError(f"no end of {lines}")
        return Status(level, [*lines, line])

    def enum(self, level, preferred=ALL, handle=0, client=None, user=None):
        return self._call(level, "enum", level, preferred, handle, client, user)

    def info(self, level, client, user):
        return self._call(level, "info", level, client, user)

    def delete(self, client=None, user=None):
        return self._call(0, "del", client, user).status

    def pages(self, level, preferred, **qualifiers):
        """The documented loop. A list of Status."""
        found, handle = [], 0
        while True:
            found.append(self.enum(level, preferred, handle, **qualifiers))
            handle = found[-1].handle
            if found[-1].status != 234:
                return found


class Door(unittest.TestCase):
    """One server, at which rows() are fed, and who asks it how. Subclasses have tests."""

    OPTIONS = {}
    FED = ()
    ENCRYPTS = False  # the caller asks for it

    @classmethod
    def setUpClass(cls):
        cls.programs = cls.enterClassContext(Programs())
        cls.feed_rows = cls.programs.compile("publish_rows.c", "netsession")
        cls.by_line = cls.programs.compile("lm_by_line.c", "netapi32")
        cls.server = cls.enterClassContext(Netsessiond(
            ("alice", "bob"), policy="documented", publishers="root", max_publishers=100, **cls.OPTIONS))
        cls.enterClassContext(cls.fed(cls.FED))

    @classmethod
    @contextlib.contextmanager
    def fed(cls, rows):
        """Shows rows, in their order. Gives the feeders."""
        def count():
            with bound(cls.server.socket) as dce:
                return len(steady(sessions.enumerate_over(dce, 0).rows))

        with contextlib.ExitStack() as stack:
            feeders, before = [], count()
            for one in rows:
                feeders.append(stack.enter_context(Feeder(
                    cls.server, cls.feed_rows, 1, *(one[name] for name in (
                        "client", "user", "client_type", "transport", "num_opens", "active_seconds", "idle_seconds",
                        "user_flags")))))
                soon_is(before + len(feeders), count)
            yield feeders

    # ---- impacket's view

    def judge(self, level, **how):
        return sessions.enumerate_with_impacket(self.server, level=level, **how)

    # ---- ours

    def target(self):
        """What the command and <lm.h> call the server."""
        return address(self.server)

    def environment(self, user="root"):
        return {"NETSESSION_CREDENTIALS": str(self.server.credentials_file(user))}

    def command(self, name, *arguments, user="root", target=None, **options):
        more = ["--encrypt"] if self.ENCRYPTS else []
        target = self.target() if target is None else target
        return command.run(name, *more, *([target] if target != "-" else []), *arguments, env=self.environment(user),
                           **options)

    def asked(self, *arguments, **options):
        """The rows of `netsession list -o json`."""
        result = self.command("list", "-o", "json", *arguments, **options)
        self.assertEqual((0, ""), (result.exit, result.stderr), result)
        return result.sessions

    @contextlib.contextmanager
    def caller(self, user="root", server=None, **options):
        with Caller([self.by_line, server or self.target()], env=self.environment(user), **options) as caller:
            yield caller

    def fed_as_command_has_them(self, level):
        return steady(as_rows(sessions.Answer(0, at_level(level, self.FED), 0, 0)))


class Signed(Door):
    """SMB, neither end wants encryption."""
    OPTIONS = {"encryption": "off"}


class Encrypted(Door):
    """SMB, of which the server wants all encrypted; impacket then does so, too."""
    OPTIONS = {"encryption": "require"}
    ENCRYPTS = True


class Local(Door):
    """The Unix socket, as root."""

    def target(self):
        return "-"

    def environment(self, user="root"):
        return {"NETSESSION_SOCKET": str(self.server.socket)}

    def command(self, name, *arguments, user="root", target=None, **options):
        if user != "root":
            options["inside"] = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
        return super().command(name, *arguments, target=target, **options)

    def judge(self, level, **how):
        with bound(self.server.socket) as dce:
            return sessions.enumerate_over(dce, level, **how)
