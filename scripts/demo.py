#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make run: starts netsessiond on loopback, logs on several clients, and lists their sessions.
Argument: the build folder. smbclient, rpcclient and impacket take part if they are installed."""
import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from lab.netsessiond import Netsessiond  # noqa: E402

WAIT_S = 20
MADE_UP = 3


class Demo:
    def __init__(self, build, server):
        self.command, self.server = build / "netsession", server
        self.address = f"{server.host}:{server.port}"

    @contextlib.contextmanager
    def running(self, *command, **options):
        """A client that stays connected until the end of the block."""
        process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        try:
            yield
        finally:
            process.kill()
            process.communicate()

    def our_client(self, user):
        return self.running(self.command, "watch", "--every", "1", "-A", self.server.credentials_file(user), self.address)

    def smbclient(self, user):
        return self.running(*self.server.tool("smbclient", "-A", self.server.credentials_file(user),
                                              f"//{self.server.host}/IPC$"), stdin=subprocess.PIPE)

    @contextlib.contextmanager
    def impacket(self, user):
        from impacket.smbconnection import SMBConnection
        connection = SMBConnection(self.server.host, self.server.host, sess_port=self.server.port, timeout=WAIT_S)
        connection.login(user, self.server.password(user), self.server.domain)
        with contextlib.closing(connection):
            yield

    def clients(self):
        """Each client as (user, program, context manager)."""
        yield "alice", "netsession watch", self.our_client
        yield "bob", "netsession watch", self.our_client
        if shutil.which("smbclient"):
            yield "carol", "smbclient", self.smbclient
        if is_there("impacket"):
            yield "dave", "impacket", self.impacket

    def wait_for(self, users):
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            listed = subprocess.run([self.command, "list", "-o", "csv"], text=True, capture_output=True, check=False,
                                    env=self.local_environment()).stdout
            if all(f",{user}," in listed for user in users):
                return
            time.sleep(0.1)
        raise TimeoutError(f"some of {', '.join(users)} did not log on:\n{listed}{self.server.log_tail()}")

    def local_environment(self):
        return os.environ | {"NETSESSION_SOCKET": str(self.server.socket)}

    def show(self, *command, env=None):
        """Prints a command and runs it. Returns whether it succeeded."""
        said = " ".join(map(str, command))
        print(f"\n$ {f'NETSESSION_SOCKET={self.server.socket} ' if env else ''}{said}", flush=True)
        return subprocess.run([*map(str, command)], check=False, env=env).returncode == 0

    def list_them(self):
        administrator = self.server.credentials_file(self.server.administrator)
        is_good = self.show(self.command, "list", "-v", "-l", 502, "-A", administrator, self.address)
        is_good &= self.show(self.command, "list", "-l", 502, env=self.local_environment())
        if shutil.which("rpcclient"):
            is_good &= self.show(*self.server.tool("rpcclient", "-A", administrator, self.server.host, "-c", "netsessenum"))
        if is_there("impacket"):
            print("\nimpacket, at level 502:")
            from lab import sessions
            answer = sessions.enumerate_with_impacket(self.server, level=502)
            for row in answer.rows:
                print(f"  {row['client']}  {row['user']}  {row['num_opens']} open")
            is_good &= answer.status == 0
        return is_good


def is_there(module):
    with contextlib.suppress(ImportError):
        return bool(__import__(module))
    return False


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    os.environ["NETSESSION_BUILD"] = str(build)
    myself = pwd.getpwuid(os.geteuid()).pw_name
    print("Starting netsessiond on loopback ...", flush=True)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Netsessiond(policy="documented", administrators=f"root, {myself}", sessions=MADE_UP))
        print(f"It listens on port {server.port} and, for programs on this computer, at {server.socket}.\n"
              f"It has {MADE_UP} made-up sessions (--demo).")
        demo, users = Demo(pathlib.Path(sys.argv[1]), server), []  # build as typed, so that the printed commands can be typed
        for user, by, log_on in demo.clients():
            print(f"{user} logs on with {by}.", flush=True)
            stack.enter_context(log_on(user))
            users.append(user)
        demo.wait_for(users)
        time.sleep(1)  # so that the sessions are older than 0 s
        is_good = demo.list_them()
        print("\nThe last line of its audit log:")
        print((server.folder / server.log / "audit").read_text().splitlines()[-1])
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
