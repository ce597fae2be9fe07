"""What record.py asks and keeps of SPNEGO: whole log-ons, each by another client."""
import re

import samba
from record_lab import IMPACKET_TEXT, RPC, SAMBA_TEXT, SMBD
from record_rpc import python_samba

SAMBA_VERSION = re.match(r"\d+\.\d+", samba.version).group()
IMPACKET_VERSION = re.search(r"\d+\.\d+", IMPACKET_TEXT).group()


def log_on_frames(frames):
    """The NEGOTIATE response that counts, with the server's hint, and all SESSION_SETUPs behind it."""
    end = next(i for i, frame in enumerate(frames) if frame.side == "S" and frame.command == "session-setup"
               and frame.status == 0) + 1
    start = max(i for i, frame in enumerate(frames[:end]) if frame.side == "S" and frame.command == "negotiate")
    return [frame for frame in frames[start:end] if frame.command in ("negotiate", "session-setup")]


def write_log_on(b, name, frames, client):
    kept = log_on_frames(frames)
    kinds = [f"{frame.command} {'request' if frame.side == 'C' else 'response'}" for frame in kept]
    b.out.write(name, b"".join(frame.data for frame in kept), f"a log-on by NTLM in SPNEGO, {client} to {SMBD}",
                ", ".join(kinds))


def scene_log_on(b):
    b.lab.start()
    write_log_on(b, f"spnego-rpcclient-{SAMBA_VERSION}", b.rpcclient("netsessenum"), RPC)
    write_log_on(b, f"spnego-python-samba-{SAMBA_VERSION}", python_samba(b, ""),
                 f"the Python bindings of {SAMBA_TEXT}")
    write_log_on(b, f"spnego-impacket-{IMPACKET_VERSION}-to-samba-{SAMBA_VERSION}", b.impacket(lambda dce: None),
                 IMPACKET_TEXT)
