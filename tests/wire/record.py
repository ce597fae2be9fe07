#!/usr/bin/python3
"""Records the wire samples of this folder anew, from peers that are not ours.

Needs root, and Debian 12's samba smbclient python3-samba python3-impacket
python3-cryptography, and samba-ad-dc with what tests/lab/ad.py names. Starts an smbd of its own on loopback and sends every client
through a tap, a TCP relay that keeps each frame. Times, ids and keys differ from run
to run; the shapes do not.

    record.py LAB_FOLDER OUTPUT_FOLDER [PORT]      (takes PORT and PORT+1, 15450 by default)
"""
import os
import sys

from record_lab import Bench, Output
from record_log_on import scene_log_on
from record_nbns import scene_nbns
from record_pac import scene_pac
from record_rpc import scene_rpc
from record_smb2 import scene_sealing, scene_signing, scene_smb2

README = """# Wire samples
Bytes that programs other than ours put on the wire, for tests of our decoders and encoders. Each file says
in its first lines who sent it, in answer to what, and which values are inside. Lines that start with `#` are
comments; the rest is hex. Lines of the form `# name = hex` are keys and plain texts that belong to the bytes.

| name | what the bytes are |
|---|---|
| `*-stub.hex` | an NDR stub alone |
| `*-bind*`, `*-alter-context*`, `*-fault*`, `*-session-enum-*`, `*-session-del-*` | DCE/RPC PDUs, one after the other if there are several fragments |
| `*-name-query*` | datagrams of the NetBIOS name service |
| `*-pac-*` | a buffer of a Kerberos ticket's PAC |
| all others | SMB2 frames with their 4-byte NBSS headers, one after the other if there are several |

(Names with `ioctl`, `read` or `write` in them are frames, whatever they carry.)

Recorded by `record.py` (with `record_lab.py`, `record_log_on.py`, `record_nbns.py`, `record_pac.py`, `record_rpc.py`,
`record_smb2.py`): it starts an smbd of its own on loopback, in a folder that it makes, and lets each client
talk to it through a TCP relay that keeps the frames (the name service's in two network namespaces, where
nmblookup's question is sent on to nmbd; the PACs are of a domain controller in one). The comments are decoded by Samba's own NDR code; signatures
and sealed messages are verified before they are written, against keys that smbd dumps (`debug encryption = yes`).
To record again, as root (needs Debian's samba, smbclient, python3-samba, python3-impacket, python3-cryptography):

    /usr/bin/python3 record.py LAB_FOLDER OUTPUT_FOLDER [PORT]

It empties LAB_FOLDER first, and overwrites this file. `spnego-*` are recorded on several releases of Debian: there
by `record.py` with the scene of `record_log_on.py` alone. Sessions, keys and passwords in the samples are throw-away.
Times, ids and the order of entries differ from run to run.

| file | shows |
|---|---|
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, output, port = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 15450
    b = Bench(folder, port, Output(output))
    try:
        for scene in (scene_rpc, scene_signing, scene_sealing, scene_smb2, scene_log_on, scene_nbns):
            print(scene.__name__)
            scene(b)
        scene_pac(b.out)
    finally:
        b.let_go()
        b.lab.stop()
    with open(os.path.join(output, "README.md"), "w") as out:
        out.write(README)
        for name, what in sorted(b.out.index):
            out.write(f"| `{name}` | {what.splitlines()[0].replace('|', '')} |\n")


if __name__ == "__main__":
    main()
