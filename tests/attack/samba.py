"""Attacks on netsession-samba's relay: over pipes of a real smbd, and at its socket itself, where smbd names the client by
Samba's named_pipe_auth. Each is a function of a Target and a Case."""
import socket
import struct
import threading

from lab import command, raw_smb
from lab.cli import address
from lab.raw_smb import CLOSE, IOCTL, LOGOFF, READ, WRITE
from lab.wait_until import HANG_S

from .rpc import Calls
from .smb import Spoiled, closing_ends_it


def record_opening(samba, user):
    """What smbd sends to a pipe's socket first, for a user: recorded at a socket in the relay's place."""
    folder = samba.relay_directory / "np"
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(HANG_S)
        listener.bind(str(folder / "srvsvc"))
        listener.listen()
        caller = threading.Thread(target=command.run, args=(
            "list", "--timeout", 1, "-A", samba.credentials_file(user), address(samba)))
        caller.start()
        with listener.accept()[0] as smbd:
            smbd.settimeout(HANG_S)
            length = smbd.recv(4, socket.MSG_WAITALL)
            opening = length + smbd.recv(struct.unpack(">I", length)[0], socket.MSG_WAITALL)
        caller.join()
    (folder / "srvsvc").unlink()
    folder.rmdir()
    samba.relay_directory.rmdir()
    return opening


def at_the_socket(target, case):
    """What smbd forwards, without an smbd."""
    mutate = case.mutate
    # Samba itself closes all sessions where an administrator's NetrSessionDel names neither client nor user.
    is_administrator = mutate.happens(0.5)
    opening = target.openings[is_administrator]
    pdus = Calls(mutate, case.chance.choice(target.attackers), is_administrator).stream()
    case.messages += 1 + len(pdus)
    messages = [struct.pack("<H", len(piece) if is_administrator or mutate.happens(0.99) else mutate.number() & 0xFFFF) + piece
                for one in pdus for piece in (mutate.pieces(one[:65535], 3) if mutate.happens(0.2) else [one[:65535]])]
    pieces = mutate.pieces(b"".join(messages))
    if mutate.happens(0.03):  # a mutated opening ends Samba's own programs, and only root can send one
        opening, pieces = opening[:case.chance.randrange(len(opening))], []
    with case.over_unix(target.relay.srvsvc) as connection:
        for piece in [opening, *pieces]:
            connection.sendall(piece)
            if mutate.happens(0.8) and connection.drain() is None:
                return
        if mutate.happens(0.6):
            connection.drain()


def over_smb(target, case):
    """Pipes of a user who has logged on to smbd."""
    mutate, chance = case.mutate, case.chance
    user = chance.choice(target.attackers)
    with Spoiled(target, case) as smb, closing_ends_it():
        smb.negotiate(chance.choice((0x0210, 0x0302, 0x0311)))
        session = smb.log_on(user)
        tree = smb.connect_tree(session)
        for _ in range(chance.randint(1, 6)):
            file, calls = smb.open_pipe(session, tree), Calls(mutate, user)
            for pdu in calls.stream():
                for piece in mutate.pieces(pdu[:60000], 2):
                    body, code = ((raw_smb.transceive(file, piece, 65536), IOCTL) if mutate.happens(0.3)
                                  else (raw_smb.write(file, piece), WRITE))
                    smb.say(smb.make(code, body, session, tree))
                    smb.drain()
                if mutate.happens(0.7):
                    smb.say(smb.make(READ, raw_smb.read(file, chance.choice((16, 1024, 65536))), session, tree))
                    smb.drain()
            if mutate.happens(0.5):
                smb.say(smb.make(CLOSE, raw_smb.close(file), session, tree))
        # smbd 4.17 may crash where a connection ends while its pipes have something to do.
        smb.say(smb.make(LOGOFF, raw_smb.empty(), session))
        while smb.socket.drain(0.5):
            pass
