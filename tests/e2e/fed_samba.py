"""What the tests of Samba's sessions at netsessiond have in common: `class Closing(Fed): ...`"""
import collections
import json
import os
import pathlib
import shutil
import tempfile
import unittest

from lab import command
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer
from lab.soon import soon_is

USERS = ("daemon", "games", "man", "mail")


class Programs:
    """A context manager: a folder for PATH whose smbstatus is a script of ours, which may call the real one."""

    def __init__(self):
        self.real = shutil.which("smbstatus", path="/usr/bin:/usr/local/bin:/usr/local/samba/bin")

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="netsession-smbstatus-")
        self.folder = pathlib.Path(self._folder.name)
        self.is_real()
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @property
    def inside(self):
        """What netsession-samba is run inside."""
        return "env", f"PATH={self.folder}:{os.environ['PATH']}"

    def write(self, script):
        """What smbstatus is from now on. A run that goes on is that of the old script."""
        path = self.folder / "new"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        path.rename(self.folder / "smbstatus")

    def is_real(self, before=""):
        """It is Samba's, and its runs are counted. before: commands of the shell."""
        runs = f"'{self.folder}/runs'"
        self.write(f"echo begin >> {runs}\n{before}\n{self.real} \"$@\"\nstatus=$?\necho end >> {runs}\nexit $status")

    def says(self, answer, after_s=0):
        """It says what it is told to, and takes its time for that."""
        (self.folder / "answer").write_text(json.dumps(answer))
        self.write(f"sleep {after_s}; cat '{self.folder}/answer'")

    @property
    def runs(self):
        """The lines "begin" and "end" of its runs."""
        path = self.folder / "runs"
        return path.read_text().split() if path.exists() else []


def told(number, client, user, **more):
    """An entry of what smbstatus says."""
    return {"session_id": str(number), "uid": 1, "username": user, "remote_machine": client,
            "server_id": {"pid": "4000000", "task_id": "0", "vnn": "4294967295", "unique_id": str(number)}, **more}


class Fed(unittest.TestCase):
    """Each test has its own smbd, netsessiond and netsession-samba, unless it says otherwise."""

    OPTIONS = {}

    def setUp(self):
        self.programs = self.enterContext(Programs())
        self.samba = self.enterContext(SambaServer(self.OPTIONS, relayed=True))
        self.service = self.enterContext(Netsessiond((), policy="documented", publishers="root"))
        self.relay = NetsessionSamba(self.samba, self.service.publish_socket, inside=self.programs.inside)

    def begin(self):
        self.enterContext(self.relay)
        self.relay.await_state(lambda state: state["feed"] == "connected" and state["feed_looks"] > 0)

    def locally(self, *arguments):
        return command.run(*arguments, env={"NETSESSION_SOCKET": str(self.service.socket)})

    def rows(self):
        listed = self.locally("list", "--level", 502, "-o", "json")
        self.assertEqual(0, listed.exit, listed)
        for row in listed.sessions:
            self.assertEqual("\\\\", row["client"][:2])
            row["client"] = row["client"][2:]
        return listed.sessions

    def names(self):
        """{(client, user): how many}"""
        return dict(collections.Counter((row["client"], row["user"]) for row in self.rows()))
