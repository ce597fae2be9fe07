"""`netsession close --hosts`: one user is disconnected from all hosts of a list, and each host has one outcome."""
import pathlib
import struct
import tempfile
import unittest

from lab import command, sessions, tap
from lab.cli import address, read_csv
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.samba import SambaServer
from lab.scripted_smb import ARRAY, STRING, ScriptedSmb, head, tail
from lab.sessions import Wanted
from lab.terminal import Terminal


class CloseFleet(unittest.TestCase):
    def setUp(self):
        self.servers = [self.enterContext(Netsessiond()) for _ in range(3)]
        for server in self.servers[1:]:  # one password everywhere
            for user in ("root", "alice", "bob"):
                server.set_password(user, self.servers[0].password(user))
            server.reload()
        self.names = [f"127.0.0.1:{server.port}" for server in self.servers]
        self.closed_port = f"127.0.0.1:{free_port()}"
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.list = folder / "hosts"
        self.list.write_text("\n".join([*self.names, self.closed_port]))
        self.enterContext(sessions.held(self.servers[0], [Wanted("alice", "127.0.0.7"), Wanted("bob", "127.0.0.8"),
                                                          Wanted("alice", "127.0.0.9")]))
        self.enterContext(sessions.held(self.servers[1], [Wanted("alice", "127.0.0.7")]))

    def arguments(self, *arguments):
        return ["close", "-A", str(self.servers[0].credentials_file("root")), "--hosts", str(self.list), *arguments]

    def close(self, *arguments, **options):
        return command.run(*self.arguments(*arguments), **options)

    def users(self):
        """Of each server, who is connected beside the one that asks."""
        result = command.run("list", "-A", self.servers[0].credentials_file("root"), "-o", "json", *self.names)
        return [sorted(row["user"] for row in server["sessions"] if row["user"] != "root") for server in result.json["servers"]]

    def outcomes(self, result):
        return {line["server"]: (line["outcome"], line["sessions"]) for line in result.jsonl}

    def test_a_user_is_disconnected_everywhere_and_others_stay(self):
        result = self.close("-u", "alice", "--yes", "-o", "jsonl")
        self.assertEqual({self.names[0]: ("closed", 2), self.names[1]: ("closed", 1), self.names[2]: ("nothing_to_close", 0),
                          self.closed_port: ("unreachable", 0)}, self.outcomes(result), result)
        self.assertEqual(1, result.exit)
        for line in (f"  alice from \\\\127.0.0.7 on {self.names[0]}\n", f"  alice from \\\\127.0.0.9 on {self.names[0]}\n",
                     f"  alice from \\\\127.0.0.7 on {self.names[1]}\n"):
            self.assertIn(line, result.stderr)
        self.assertEqual([["bob"], [], []], self.users())
        deleted = [line for line in self.servers[0].audit if line["operation"] == "NetrSessionDel"]
        self.assertEqual({("root", 0)}, {(line["caller"].rpartition("\\")[2], line["status"]) for line in deleted})

    def test_to_close_again_does_no_harm(self):
        self.list.write_text("\n".join(self.names))
        self.assertEqual(0, self.close("-u", "alice", "--yes").exit)
        again = self.close("-u", "alice", "--yes", "-o", "jsonl")
        self.assertEqual((0, {("nothing_to_close", 0)}), (again.exit, set(self.outcomes(again).values())), again)
        self.assertEqual("", again.stderr)

    def test_all_formats_have_the_outcomes(self):
        self.assertEqual({("nothing_to_close", "0"), ("unreachable", "53")},
                         {(row["outcome"], row["status"]) for row in read_csv(self.close("-u", "dave", "--yes", "-o", "csv").stdout)})
        found = self.close("-u", "dave", "--yes", "-o", "json").json
        self.assertEqual((1, "close", 4), (found["schema"], found["report"], len(found["rows"])))
        self.assertEqual(["TIME", "SERVER", "OUTCOME", "SESSIONS"], self.close("-u", "dave", "--yes").stdout.split()[:4])

    def test_nothing_is_closed_without_a_yes(self):
        self.assertEqual(2, self.close("-u", "alice").exit)
        self.assertEqual(2, self.close("--yes").exit)
        with Terminal(*self.arguments("-u", "alice")) as terminal:
            terminal.read_until(b"Close 3 sessions? [y/N] ")
            terminal.type("n\n")
            self.assertEqual(1, terminal.end(), terminal.shown)
        self.assertEqual([["alice", "alice", "bob"], ["alice"], []], self.users())
        with Terminal(*self.arguments("-u", "alice", "-c", "127.0.0.7")) as terminal:
            terminal.read_until(b"Close 2 sessions? [y/N] ")
            terminal.type("y\n")
            self.assertEqual(1, terminal.end(), terminal.shown)
        self.assertEqual([["alice", "bob"], [], []], self.users())

    def test_a_wrong_password_ends_it_before_anything_is_closed(self):
        with tempfile.NamedTemporaryFile("w", dir="/tmp") as file:
            file.write("username = root\npassword = wrong\n")
            file.flush()
            result = command.run("close", "-A", file.name, "--hosts", self.list, "-u", "alice", "--yes", "--max-log-on-failures", 1)
        self.assertEqual((3, ""), (result.exit, result.stdout), result)
        self.assertIn("nothing was closed", result.stderr)
        self.assertEqual([["alice", "alice", "bob"], ["alice"], []], self.users())


class OfSamba(unittest.TestCase):
    """Over SMB nothing shows which sessions share an smbd, but they come from one client."""

    def setUp(self):
        self.samba = self.enterContext(SambaServer())
        self.name = address(self.samba)
        self.list = self.enterContext(tempfile.NamedTemporaryFile("w", dir="/tmp"))
        self.list.write(self.name + "\n")
        self.list.flush()
        self.enterContext(sessions.held(self.samba, [Wanted("mail", "127.0.0.7"), Wanted("games", "127.0.0.7"),
                                                     Wanted("man", "127.0.0.8")]))
        self.arguments = ["close", "-A", str(self.samba.credentials_file("root")), "--hosts", self.list.name, "-u", "mail"]

    def test_the_sessions_that_may_be_closed_too_are_named(self):
        result = command.run(*self.arguments, "--yes", "-o", "jsonl")
        self.assertEqual([(self.name, "closed", 1)],
                         [(line["server"], line["outcome"], line["sessions"]) for line in result.jsonl], result)
        self.assertEqual(f"""\
netsession: these sessions are selected:
  mail from 127.0.0.7 on {self.name}
netsession: Samba closes all connections of a client together; these sessions may be closed too:
  games from 127.0.0.7 on {self.name}
""", result.stderr)

    def test_the_question_includes_them(self):
        with Terminal(*self.arguments) as terminal:
            terminal.read_until(b"Close 1 session, and perhaps the others listed? [y/N] ")
            terminal.type("n\n")
            self.assertEqual(1, terminal.end(), terminal.shown)
        self.assertIn("games from 127.0.0.7", terminal.shown.decode())


DENIED, UNKNOWN_LEVEL = 5, 124


def ndr_string(text):
    units = (text + "\0").encode("utf-16-le")
    return struct.pack("<III", len(text) + 1, 0, len(text) + 1) + units + bytes(-len(units) % 4)


class OfAnOddServer(unittest.TestCase):
    def test_nothing_is_closed_where_the_sessions_that_may_be_closed_too_cannot_be_listed(self):
        """As of Samba: level 1 is the only one. It lists the sessions of alice, and denies the list of all."""
        operations = []

        def answer(_, request):
            operations.append(struct.unpack_from("<H", request, 22)[0])
            level, = (number for number in (502, 2, 1, 10) if struct.pack("<II", number, number) in request[24:])
            if level == 1 and "alice".encode("utf-16-le") in request:
                yield (head(1, 1) + struct.pack("<IIIIII", STRING, STRING + 4, 1, 1, 1, 0) + ndr_string("\\\\10.0.0.1")
                       + ndr_string("alice") + tail(1, 0, 0))
            else:
                yield struct.pack("<IIIII", level, level, ARRAY, 0, 0) + struct.pack("<III", 0, 0, DENIED if level == 1 else UNKNOWN_LEVEL)

        with ScriptedSmb(answer) as server, tempfile.NamedTemporaryFile("w", dir="/tmp") as hosts:
            hosts.write(f"fs1@127.0.0.1:{server.port}\n")
            hosts.flush()
            result = command.run("close", "-N", "-u", "alice", "--hosts", hosts.name, "--yes", "-o", "jsonl")
        self.assertEqual([("denied", 0, DENIED)], [(line["outcome"], line["sessions"], line["status"]) for line in result.jsonl])
        self.assertEqual(3, result.exit, result)
        self.assertIn("nothing is closed there, because the other sessions", result.stderr)
        self.assertEqual({12}, set(operations), "NetrSessionEnum alone")


if __name__ == "__main__":
    tap.main()
