"""How the tests ask a server by `netsession list`, and how they judge what comes of it.

Every test program here imports this before anything of the lab, which it makes importable.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab import command, frames  # pylint: disable=wrong-import-position

UNDERFLOW = 0xFFFFFFFF  # how old a new session is by Samba, sometimes
STATUS_PENDING = 0x103


def address(server, host=None):
    """What the command takes for a server on its unusual port."""
    return f"{host or server.host}:{server.port}"


def ask(server, *arguments, of=None, user=None, **options):
    """`netsession list` as the server's administrator. Returns a command.Result.

    of       what to ask instead, such as a relay before it: anything with host and port
    user     who asks instead
    options  of command.run
    """
    return command.run("list", "-A", server.credentials_file(user or server.administrator), *arguments,
                       address(of or server), **options)


def as_rows(answer):
    """What impacket was told (a sessions.Answer), in the words of `netsession list -o json`."""
    rows = []
    for row in answer.rows:
        row = dict(row)
        if "user_flags" in row:
            flags = row["user_flags"]
            row["user_flags"] = [name for bit, name in ((1, "guest"), (2, "noencryption")) if flags & bit]
            row["user_flags"] += [hex(flags & ~3)] if flags & ~3 else []
        if row.get("active_seconds") == UNDERFLOW:
            row["active_seconds"] = 0
        rows.append(row)
    return rows


def without_times(rows):
    """Rows in an order of their own (Samba has none), and without what grows from call to call."""
    return sorted(({key: value for key, value in row.items() if key != "active_seconds"} for row in rows), key=repr)


def story(status, server=None):
    """The one line on stderr, as a regular expression: netsession: SERVER: ...(STATUS)..."""
    who = ".+" if server is None else re.escape(server)
    return rf"\Anetsession: {who}: [^\n]*\({status}[,)][^\n]*\n\Z"


def assert_refused(test, status, result, server=None, code=3):
    """The command failed as it should: exit code, no output, one line of story with the status."""
    test.assertEqual(code, result.exit, result)
    test.assertEqual("", result.stdout, result)
    test.assertRegex(result.stderr, story(status, server))


def is_interim(message):
    """An SMB2 answer that only says that the answer takes longer: some runs have it, others not."""
    return frames.command(message) is not None and frames.status(message) == STATUS_PENDING
