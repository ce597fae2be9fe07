#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make run: a private Samba on loopback, some sessions on it, and netsession listing them.
Argument: the build folder. Needs root, as smbd does."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from lab.samba import SambaServer  # noqa: E402
from lab.sessions import Wanted, held  # noqa: E402

SESSIONS = [Wanted("daemon", "127.0.0.7", opens=3), Wanted("mail", "127.0.0.12"),
            Wanted("backup", "127.0.0.25", opens=1), Wanted("games", "::1")]


def main():
    if os.geteuid() != 0:
        sys.exit("make run: smbd wants to be started by root; try sudo make run")
    command = str(pathlib.Path(sys.argv[1]) / "netsession")
    print("Starting a private Samba on loopback ...", flush=True)
    with SambaServer() as server, held(server, SESSIONS):
        time.sleep(2)  # so that there is a since-when
        arguments = [command, "list", "-v", "-A", str(server.credentials_file(server.administrator)),
                     f"127.0.0.1:{server.port}"]
        print(f"It listens on port {server.port}, and {len(SESSIONS)} sessions are held.\n")
        print("$", " ".join(arguments), flush=True)
        return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
