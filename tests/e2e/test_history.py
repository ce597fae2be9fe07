"""The history of netsessiond ([history] db): the beginning and the end of every session, recorded by netsession-fleet beside it, and
told by `netsession report`."""
import pathlib
import signal
import tempfile
import time
import unittest

from lab import command, sessions, tap
from lab.netsessiond import Netsessiond
from lab.sessions import Wanted
from lab.wait_until import wait_until


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text):
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


class History(unittest.TestCase):
    def setUp(self):
        self.db = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp"))) / "state/sessions.db"

    def rows(self, *arguments):
        result = command.run("report", "--db", self.db, "-o", "json", *arguments)
        self.assertEqual(0, result.exit, result)
        return result.json["rows"]

    def await_rows(self, count, *arguments):
        wait_until(lambda: self.db.exists() and len(self.rows(*arguments)) == count)
        return self.rows(*arguments)

    # ---- sessions

    def test_a_session_is_recorded_from_its_beginning_to_its_end(self):
        with Netsessiond(db=self.db, netbios_name="FS1") as server:
            before = int(time.time())
            with sessions.held(server, [Wanted("alice", "127.0.0.7")]):
                [found] = self.await_rows(1, "who", "alice")
                self.assertEqual(("FS1", "\\\\127.0.0.7", "alice", True),
                                 tuple(found[key] for key in ("server", "client", "user", "certain")))
                self.assertLessEqual(utc(before), found["started"])
                self.assertNotIn("gone", found)
                during = int(time.time())
            self.await_rows(0, "who", "alice")
            [found] = self.rows("who", "ALICE", "--at", utc(seconds(found["first_seen"])))
            self.assertLessEqual(utc(during), found["gone"])
            self.assertEqual(found["gone"], found["last_seen"])
            self.assertEqual([], self.rows("who", "alice", "--at", utc(seconds(found["gone"]) + 1)))
            self.assertEqual([], self.rows("who", "alice", "--at", utc(seconds(found["started"]) - 1)))

    def test_only_the_owner_reads_the_database(self):
        with Netsessiond(db=self.db) as server, sessions.held(server, [Wanted("alice", "127.0.0.7")]):
            self.await_rows(1, "who", "alice")
            self.assertEqual([0o600], sorted({path.stat().st_mode & 0o777 for path in self.db.parent.iterdir()}))
            self.assertEqual(0o700, self.db.parent.stat().st_mode & 0o777)


if __name__ == "__main__":
    tap.main()
