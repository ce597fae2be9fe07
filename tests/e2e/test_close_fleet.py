"""`netsession close --hosts`: one user is disconnected from all hosts of a list, and each host has one outcome."""
import pathlib
import tempfile
import unittest

from lab import command, sessions, tap
from lab.cli import read_csv
from lab.netsessiond import Netsessiond
from lab.ports import free_port
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


if __name__ == "__main__":
    tap.main()
