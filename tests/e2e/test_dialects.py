"""Every dialect and signing algorithm that Samba offers, where it insists on signing.

What was really used is read from the server's side: the NEGOTIATE answer and the SIGNED flags as they pass a relay, and
what smbstatus(1) says of the very session while it lasts.
"""
import json
import struct
import subprocess
import unittest

from lab import frames, sessions, tap
from lab.cli import run_list, is_interim
from lab.relay import TO_CLIENT, TO_SERVER, Relay
from lab.samba import SambaServer

SIGNING_CAPABILITIES = 8  # [MS-SMB2] 2.2.3.1.7: a negotiate context
ALGORITHMS = {"HMAC-SHA256": 0, "AES-128-CMAC": 1, "AES-128-GMAC": 2}
FLAG_SIGNED = 8
ENOUGH = 80  # sessions for an answer in more than one fragment

# (name in smb.conf, on the wire, as smbstatus says, signing algorithm)
DIALECTS = [("SMB2_02", 0x0202, "SMB2_02", "HMAC-SHA256"), ("SMB2_10", 0x0210, "SMB2_10", "HMAC-SHA256"),
            ("SMB3_00", 0x0300, "SMB3_00", "AES-128-CMAC"), ("SMB3_02", 0x0302, "SMB3_02", "AES-128-CMAC"),
            *(("SMB3_11", 0x0311, "SMB3_11", algorithm) for algorithm in ALGORITHMS)]


class Witness:
    """A relay's tamper that changes nothing: it sees what was negotiated, which messages were signed, and asks
    smbstatus while NetrSessionEnum is under way."""

    def __init__(self, server):
        self.dialect = self.contexts = self.smbstatus = None
        self.unsigned = []
        self._server, self._logged_on = server, False

    def __call__(self, direction, message, _):
        command = frames.command(message)
        if direction == TO_CLIENT and command == frames.NEGOTIATE:
            self.dialect, self.contexts = frames.negotiated(message)
        if direction == TO_CLIENT and command == frames.SESSION_SETUP and frames.status(message) == 0:
            self._logged_on = True
        if direction == TO_SERVER and command == frames.IOCTL:
            self.smbstatus = self._ask_smbstatus()
        if self._logged_on and not is_interim(message):  # which goes without a signature
            self.unsigned += [(direction, of) for of, flags in frames.messages_in(message) if not flags & FLAG_SIGNED]
        return message

    @property
    def algorithm(self):
        """The number of the algorithm that the server picked, None where it picks none."""
        data = self.contexts.get(SIGNING_CAPABILITIES)
        return data and struct.unpack("<HH", data)[1]

    def _ask_smbstatus(self):
        done = subprocess.run(["smbstatus", f"--configfile={self._server.configuration}", "--json", "--processes"],
                              text=True, capture_output=True, stdin=subprocess.DEVNULL, check=True)
        sessions_now = json.loads(done.stdout)["sessions"].values()
        return [session for session in sessions_now if session["username"] == "root"]


class Dialects(unittest.TestCase):
    def check(self, protocol, number, name, algorithm):
        # Samba takes the first of its list that the client has. impacket, which holds the sessions, has no list, and
        # that means CMAC at 3.1.1.
        options = {"server max protocol": protocol, "server signing": "mandatory",
                   "server smb3 signing algorithms": f"{algorithm} AES-128-CMAC"}
        with SambaServer(options, users=("mail",)) as server, \
                sessions.held(server, [sessions.Wanted("mail", "127.0.0.7")] * ENOUGH):
            witness = Witness(server)
            with Relay(server.host, server.port, tamper=witness) as relay:
                result = run_list(server, "-o", "json", "-l", 1, of=relay)
        self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertEqual([("127.0.0.1", "root")] + [("127.0.0.7", "mail")] * ENOUGH,
                         sorted((row["client"], row["user"]) for row in result.sessions))
        self.assertEqual(number, witness.dialect)
        self.assertEqual(ALGORITHMS[algorithm] if number == 0x0311 else None, witness.algorithm)
        self.assertEqual([], witness.unsigned)
        self.assertEqual([name], [session["session_dialect"] for session in witness.smbstatus])
        self.assertEqual([(algorithm, "full")], [(session["signing"]["cipher"], session["signing"]["degree"])
                                                 for session in witness.smbstatus])


def named(dialect, algorithm):
    """test_... of a dialect."""
    return f"test_{dialect.lower()}_signed_with_{algorithm.lower().replace('-', '_')}"


for case in DIALECTS:
    setattr(Dialects, named(case[0], case[3]), lambda self, case=case: self.check(*case))


if __name__ == "__main__":
    tap.main()
