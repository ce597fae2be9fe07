"""How tests run `netsession list`, and how they judge its output."""
import csv
import io
import re

from . import command, frames

UNDERFLOW = 0xFFFFFFFF  # how old a new session is by Samba, sometimes
STATUS_PENDING = 0x103


def address(server, host=None):
    """The server, with its unusual port, as an argument of the command."""
    return f"{host or server.host}:{server.port}"


def run_list(server, *arguments, of=None, user=None, **options):
    """Runs `netsession list` as the server's administrator. Returns a command.Result.

    of       the server to list instead, such as a relay before it: anything with host and port
    user     the user to log on as instead
    options  of command.run
    """
    return command.run("list", "-A", server.credentials_file(user or server.administrator), *arguments,
                       address(of or server), **options)


def as_rows(answer, is_sent=False):
    """The rows of impacket's answer (a sessions.Answer), in the words of `netsession list -o json`, which leaves out what
    nobody knows. is_sent: as they were sent, with a start that Samba does not know as 0."""
    rows = []
    for row in answer.rows:
        row = dict(row)
        if "user_flags" in row:
            flags = row["user_flags"]
            row["user_flags"] = [name for bit, name in ((1, "guest"), (2, "noencryption")) if flags & bit]
            row["user_flags"] += [hex(flags & ~3)] if flags & ~3 else []
        if row.get("active_seconds") == UNDERFLOW:
            row["active_seconds"] = 0
            if not is_sent:
                del row["active_seconds"]
        if row.get("transport") == "" and not is_sent:
            del row["transport"]
        rows.append(row)
    return rows


def read_back(text):
    """The value of a text in a table, an event or CSV."""
    return re.sub(r"\\x([0-9A-F]{2})|\\u([0-9A-F]{4})|\\U([0-9A-F]{8})",
                  lambda found: chr(int(next(filter(None, found.groups())), 16)), text)


def read_csv(text):
    """The rows of CSV as netsession(1) says that a program reads them."""
    return [{name: read_back(cell.removeprefix("'")) for name, cell in row.items()}
            for row in csv.DictReader(io.StringIO(text, newline=""))]


def without_times(rows):
    """Rows without the seconds that grow from call to call, in an order of their own: Samba's rows have none."""
    return sorted(({key: value for key, value in row.items() if key != "active_seconds"} for row in rows), key=repr)


def error_line(status, server=None):
    """A regular expression for the only line on stderr: netsession: SERVER: ...(STATUS)..."""
    who = ".+" if server is None else re.escape(server)
    return rf"\Anetsession: {who}: [^\n]*\({status}[,)][^\n]*\n\Z"


def assert_refused(test, status, result, server=None, code=3):
    """The command failed as it should: exit code, no output, one error line with the status."""
    test.assertEqual(code, result.exit, result)
    test.assertEqual("", result.stdout, result)
    test.assertRegex(result.stderr, error_line(status, server))


def is_interim(message):
    """Whether an SMB2 response only says that the final one takes longer. Some runs have it, others do not."""
    return frames.command(message) is not None and frames.status(message) == STATUS_PENDING
