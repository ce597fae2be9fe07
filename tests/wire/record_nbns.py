#!/usr/bin/python3
"""What record.py keeps of the NetBIOS name service: nmblookup's questions, and what nmbd answers to those very bytes.

By itself: record_nbns.py OUTPUT_FOLDER records these files alone, and prints their lines for README.md."""
import json
import pathlib
import sys

from record_lab import SAMBA_TEXT, Output

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab.nmbd import NetbiosServer  # pylint: disable=wrong-import-position

NMBD, NMBLOOKUP = f"nmbd of {SAMBA_TEXT}", f"nmblookup of {SAMBA_TEXT}"

# Runs as a client, beside nmblookup: hears its question, and asks the same of who should answer.
TAP = """
import json, socket, subprocess, sys
where, *command = sys.argv[1:]
hears, asks = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
hears.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
asks.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
hears.bind(("", 137))
asks.settimeout(5)
asker = subprocess.Popen(command, stdout=subprocess.DEVNULL)
question = hears.recv(1000)
asker.kill()
asker.wait()
asks.sendto(question, (where, 137))
answer, (host, port) = asks.recvfrom(1000)
print(json.dumps([question.hex(), answer.hex(), host, port]))
"""


def ask(server, where, *arguments):
    command = ["nmblookup", f"--configfile={server.configuration}", *arguments]
    done = server.run_in([sys.executable, "-c", TAP, where, *command])
    if done.returncode:
        raise RuntimeError(done.stderr)
    question, answer, host, port = json.loads(done.stdout)
    assert port == 137
    return bytes.fromhex(question), bytes.fromhex(answer), host


def scene_nbns(b):
    names = {("TWOSRV", 0x20): ("10.77.0.9", "10.77.0.1"), ("CROWD", 0x20): ("10.77.0.5",)}
    with NetbiosServer(names, wins_groups=("CROWD",)) as server:
        question, answer, host = ask(server, "10.77.0.255", "--broadcast=10.77.0.255", "FILESRV#20")
        b.out.write("nmblookup-4.17-name-query-broadcast", question,
                    f"NAME QUERY REQUEST for FILESRV<20>, broadcast, sent by {NMBLOOKUP}")
        b.out.write("nmbd-4.17-name-query-response-broadcast", answer,
                    f"POSITIVE NAME QUERY RESPONSE: FILESRV<20>, one address, {host}, sent by {NMBD}",
                    "asked: nmblookup-4.17-name-query-broadcast.hex")
        for name, kind, what in (("TWOSRV", "wins-2-addresses", "POSITIVE NAME QUERY RESPONSE: TWOSRV<20>, the addresses 10.77.0.9 and 10.77.0.1"),
                                 ("CROWD", "wins-group", "POSITIVE NAME QUERY RESPONSE: CROWD<20>, a group"),
                                 ("NOSUCH", "wins-negative", "NEGATIVE NAME QUERY RESPONSE: NOSUCH<20>")):
            question, answer, _ = ask(server, server.wins, "--unicast=127.0.0.1", "--recursion", f"{name}#20")
            b.out.write(f"nmbd-4.17-name-query-response-{kind}", answer,
                        f"{what}, sent by {NMBD} as a WINS server",
                        f"asked by {NMBLOOKUP}: {question.hex()}")
            if name == "TWOSRV":
                b.out.write("nmblookup-4.17-name-query-wins", question,
                            f"NAME QUERY REQUEST for TWOSRV<20> to a WINS server, sent by {NMBLOOKUP}")


if __name__ == "__main__":
    class Alone:
        out = Output(sys.argv[1])
    scene_nbns(Alone)
    for file, shows in sorted(Alone.out.index):
        print(f"| `{file}` | {shows} |")
