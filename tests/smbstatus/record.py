#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records what the smbstatus of this computer says, as root: PYTHONPATH=.. ./record.py"""
import json
import pathlib
import subprocess

from impacket.smbconnection import SMBConnection

from lab import sessions
from lab.samba import SambaServer

HERE = pathlib.Path(__file__).parent


def record(samba, name, *arguments):
    said = subprocess.run(["smbstatus", "--json", *arguments, f"--configfile={samba.configuration}"], check=True,
                          env={"LC_ALL": "C.UTF-8", "TZ": "UTC0", "PATH": "/usr/sbin:/usr/bin"}, capture_output=True).stdout
    version = json.loads(said)["version"].rpartition(".")[0]
    (HERE / f"{version}-{name}.json").write_bytes(said.replace(str(samba.folder).encode(), b"/lab"))


def main():
    with SambaServer({"map to guest": "bad user"}) as samba:
        record(samba, "nobody", "-p")
        with sessions.held_by_smbclient(samba, ("root", "daemon"), opens_file=True), \
                sessions.held(samba, [sessions.Wanted("games", "127.0.0.9", 2), sessions.Wanted("games", "::1")]):
            guest = SMBConnection(samba.host, samba.host, sess_port=samba.port)
            guest.login("nobody-known", "x")
            record(samba, "sessions", "-p")
            record(samba, "shares", "-S")
            guest.close()


if __name__ == "__main__":
    main()
