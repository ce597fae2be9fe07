"""The lab of record.py: an smbd of our own, a tap between it and its clients, ways to
call the clients, and the files that come of it."""
import datetime
import importlib.metadata
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from impacket.dcerpc.v5 import srvs, transport
from impacket.smbconnection import SMBConnection
import samba
from samba.dcerpc import srvsvc
from samba.ndr import ndr_unpack_in, ndr_unpack_out

SAMBA, SAMBA_TEXT = "samba-4.17", "Samba " + samba.version
IMPACKET_TEXT = "impacket " + importlib.metadata.version("impacket")
PASSWORD = "Passw0rd!"
TODAY = datetime.date.today().isoformat()
SMBD, RPC = f"smbd of {SAMBA_TEXT}", f"rpcclient of {SAMBA_TEXT}"

# ---------------------------------------------------------------- the lab: an smbd of our own


class Lab:
    def __init__(self, folder, port):
        self.folder, self.port, self.smbd = folder, port, None
        self.conf = os.path.join(folder, "smb.conf")
        self.log = os.path.join(folder, "log.smbd")
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("state", "lock", "cache", "private", "ncalrpc", "pid", "share"):
            os.makedirs(os.path.join(folder, name))
        os.chmod(os.path.join(folder, "ncalrpc"), 0o755)
        os.chmod(os.path.join(folder, "share"), 0o777)
        self.write_conf()
        for user in ("root", "daemon", "games"):
            self.run("smbpasswd", "-c", self.conf, "-s", "-a", user, text=f"{PASSWORD}\n{PASSWORD}\n")
        # On a standalone server without winbind even root is no administrator until it is told.
        sid = re.search(r"User SID:\s*(\S+)", self.run("pdbedit", "-s", self.conf, "-v", "root")).group(1)
        self.run("net", "-s", self.conf, "groupmap", "add", "sid=S-1-5-32-544", "ntgroup=Administrators",
                 "unixgroup=adm", "type=builtin")
        self.run("net", "-s", self.conf, "groupmap", "addmem", "S-1-5-32-544", sid)

    def write_conf(self, **options):
        f = self.folder
        lines = {
            "netbios name": "LABSRV", "workgroup": "LABGRP", "server role": "standalone server",
            "passdb backend": "tdbsam", "smb ports": self.port, "interfaces": "lo",
            "bind interfaces only": "yes", "disable netbios": "yes", "server services": "",
            "state directory": f + "/state", "lock directory": f + "/lock", "cache directory": f + "/cache",
            "private dir": f + "/private", "ncalrpc dir": f + "/ncalrpc", "pid directory": f + "/pid",
            "log file": self.log, "max log size": 0, "load printers": "no", "disable spoolss": "yes",
            "map to guest": "never", "debug encryption": "yes", "max smbd processes": 0,
        }
        lines.update({name.replace("_", " "): value for name, value in options.items()})
        with open(self.conf, "w") as out:
            out.write("[global]\n" + "".join(f"    {k} = {v}\n" for k, v in lines.items()))
            out.write(f"[share]\n    path = {f}/share\n    read only = no\n    guest ok = yes\n")

    def run(self, *argv, text=None, check=True):
        done = subprocess.run(argv, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"{argv}: {done.stdout}")
        return done.stdout

    def start(self, **options):
        self.stop()
        self.write_conf(**options)
        with open(os.path.join(self.folder, "out.smbd"), "a") as out:
            # A session of its own: at its end smbd signals its whole process group.
            self.smbd = subprocess.Popen(["smbd", "-F", "--no-process-group", "-s", self.conf],
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("smbd does not listen")

    def stop(self):
        """Ends smbd and the samba-dcerpcd it started: by the ids we know, no other."""
        if self.smbd is None:
            return
        pids = []
        for name in os.listdir(os.path.join(self.folder, "pid")):
            with open(os.path.join(self.folder, "pid", name)) as f:
                pids.append(int(f.read()))
        self.smbd.terminate()
        self.smbd.wait(30)
        self.smbd = None
        for pid in pids:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        time.sleep(1)

    def session_keys(self, session_id):
        """What smbd dumped about one session under 'debug encryption': {title: bytes}."""
        with open(self.log, errors="replace") as f:
            text = f.read()
        dumps = text.split("debug encryption: dumping generated session keys")[1:]
        for dump in dumps:
            keys = {}
            for title, body in re.findall(r"^\s*([A-Z][\w ]+?)[ \t]+((?:\s*\[[0-9A-F]{4}\].*\n)+)", dump, re.M):
                keys[title] = bytes(
                    int(h, 16) for line in body.splitlines() if "[" in line
                    for h in re.findall(r"\b[0-9A-F]{2}\b", line.strip()[6:58]))
            if keys.get("Session Id") == struct.pack("<Q", session_id):
                return keys
        raise KeyError(hex(session_id))


# ---------------------------------------------------------------- the tap


class Tap:
    """Relays TCP connections to smbd, from any loopback address, and keeps the frames."""

    def __init__(self, port, target_port):
        self.port, self.target_port = port, target_port
        self.source = "127.0.0.1"
        self.talks = []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if ":" in self.source:
                server = socket.socket(socket.AF_INET6)
                server.connect(("::1", self.target_port))
            else:
                server = socket.socket()
                server.bind((self.source, 0))
                server.connect(("127.0.0.1", self.target_port))
            talk = []
            self.talks.append(talk)
            for side, a, b in (("C", client, server), ("S", server, client)):
                threading.Thread(target=self.relay, args=(talk, side, a, b), daemon=True).start()

    @staticmethod
    def relay(talk, side, a, b):
        have = b""
        try:
            while data := a.recv(65536):
                have += data
                while len(have) >= 4 and len(have) >= 4 + int.from_bytes(have[1:4], "big"):
                    end = 4 + int.from_bytes(have[1:4], "big")
                    talk.append((side, have[:end]))
                    have = have[end:]
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def last(self):
        return [Frame(side, data) for side, data in self.talks[-1]]


COMMANDS = ("negotiate session-setup logoff tree-connect tree-disconnect create close flush read write lock "
            "ioctl cancel echo query-directory change-notify query-info set-info oplock-break").split()


class Frame:
    """One NBSS frame with one SMB2 message; only as much is understood as picking needs."""

    def __init__(self, side, data):
        self.side, self.data, self.smb2 = side, data, data[4:]
        m = self.smb2
        self.command = self.status = self.session_id = self.message_id = None
        if m[:4] == b"\xfeSMB":
            self.command = COMMANDS[struct.unpack_from("<H", m, 12)[0]]
            self.status, = struct.unpack_from("<I", m, 8)
            self.flags, = struct.unpack_from("<I", m, 16)
            self.message_id, = struct.unpack_from("<Q", m, 24)
            self.session_id, = struct.unpack_from("<Q", m, 40)

    def pipe_bytes(self):
        m, at = self.smb2, None
        if self.side == "C" and self.command == "ioctl":
            at = struct.unpack_from("<II", m, 64 + 24)
        elif self.side == "C" and self.command == "write":
            length, = struct.unpack_from("<I", m, 64 + 4)
            at = struct.unpack_from("<H", m, 64 + 2)[0], length
        elif self.side == "S" and self.command == "ioctl" and self.status in (0, 0x80000005):
            at = struct.unpack_from("<II", m, 64 + 32)
        elif self.side == "S" and self.command == "read" and self.status in (0, 0x80000005):
            length, = struct.unpack_from("<I", m, 64 + 4)
            at = m[64 + 2], length
        return m[at[0]:at[0] + at[1]] if at else b""


PDU_TYPES = {0: "request", 2: "response", 3: "fault", 11: "bind", 12: "bind_ack", 13: "bind_nak",
             14: "alter_context", 15: "alter_context_resp", 16: "auth3"}


def pdus(frames, side, kind):
    """The DCE/RPC PDUs of one kind that one side put into the pipe, in order."""
    stream = b"".join(f.pipe_bytes() for f in frames if f.side == side)
    found = []
    while stream:
        order = "little" if stream[4] & 0x10 else "big"
        length = int.from_bytes(stream[8:10], order)
        assert 16 <= length <= len(stream), (length, len(stream))
        if PDU_TYPES[stream[2]] == kind:
            found.append(stream[:length])
        stream = stream[length:]
    return found


# ---------------------------------------------------------------- files


class Output:
    def __init__(self, folder):
        self.folder, self.index = folder, []

    def write(self, name, data, *comments, keys=()):
        assert data, name
        text = "".join(f"# {line}\n" for c in comments for line in c.splitlines())
        text += f"# {TODAY}, {len(data)} bytes\n"
        text += "".join(f"# {key} = {value.hex()}\n" for key, value in keys)
        text += "".join(data[i:i + 32].hex(" ") + "\n" for i in range(0, len(data), 32))
        with open(os.path.join(self.folder, name + ".hex"), "w") as out:
            out.write(text)
        self.index.append((name + ".hex", comments[0]))


# ---------------------------------------------------------------- what is inside, told by Samba's own decoder


def stub_of(found):
    """The stub of a call from its PDUs (response or request, no authentication trailer)."""
    return b"".join(pdu[24:] for pdu in found)


def text(value):
    return "NULL" if value is None else '"' + value.encode("unicode_escape").decode() + '"'


def tell_info(info):
    level, ctr = info.level, info.ctr
    if ctr is None:
        return [f"level {level}, container NULL"]
    if ctr.array is None:
        return [f"level {level}, container with count {ctr.count} and array NULL"]
    lines = [f"level {level}, {ctr.count} entries"]
    for i, e in enumerate(ctr.array):
        if ctr.count > 10 and 2 <= i < ctr.count - 1:
            if i == 2:
                lines.append("  ... (the rest of the same kind)")
            continue
        cells = []
        for name in ("client", "user", "num_open", "time", "idle_time", "user_flags", "client_type", "transport"):
            if hasattr(e, name):
                value = getattr(e, name)
                cells.append(f"{name} " + (str(value) if isinstance(value, int) else text(value)))
        lines.append(f"  entry {i}: " + ", ".join(cells))
    return lines


def tell_enum_response(stub, big=False):
    call = srvsvc.NetSessEnum()
    ndr_unpack_out(call, stub, bigendian=big)
    resume = "NULL" if call.out_resume_handle is None else call.out_resume_handle
    result = call.result[0] if isinstance(call.result, tuple) else call.result
    return "\n".join(["NetrSessionEnum response: " + tell_info(call.out_info_ctr)[0]] + tell_info(call.out_info_ctr)[1:]
                     + [f"total entries {call.out_totalentries}, resume handle {resume}, return value {result}"])


def tell_enum_request(stub, big=False):
    call = srvsvc.NetSessEnum()
    ndr_unpack_in(call, stub, bigendian=big)
    resume = "NULL" if call.in_resume_handle is None else call.in_resume_handle

    def shorten(value):
        return f"{value[:8]!r}... ({len(value)} characters)" if value and len(value) > 80 else text(value)
    return (f"NetrSessionEnum request: server {shorten(call.in_server_unc)}, client {shorten(call.in_client)}, "
            f"user {shorten(call.in_user)}\n" + tell_info(call.in_info_ctr)[0]
            + f", preferred maximum length {call.in_max_buffer}, resume handle {resume}")


def tell_del_request(stub):
    call = srvsvc.NetSessDel()
    ndr_unpack_in(call, stub)
    return f"NetrSessionDel request: server {text(call.in_server_unc)}, client {text(call.in_client)}, user {text(call.in_user)}"


def tell_pdus(found):
    return f"{len(found)} PDU{'s' if len(found) > 1 else ''}, frag_length " + ", ".join(
        str(int.from_bytes(p[8:10], "little" if p[4] & 0x10 else "big")) for p in found)


# ---------------------------------------------------------------- clients


class Bench:
    """The lab with its tap, and one way to call each client through it.

    rpcclient's command line halves backslashes: four of them put two on the wire.
    """

    def __init__(self, folder, port, out):
        self.lab, self.tap, self.out = Lab(folder, port), Tap(port + 1, port), out
        self.held, self.bind = [], None

    def rpcclient(self, command, *options, user="root", password=PASSWORD):
        """Runs one rpcclient command; returns the frames of its connection."""
        count = len(self.tap.talks)
        self.lab.run("rpcclient", "-s", self.lab.conf, "-p", str(self.tap.port), "-U", f"{user}%{password}",
                     *options, "127.0.0.1", "-c", command, check=False)
        time.sleep(0.2)
        assert len(self.tap.talks) == count + 1, command
        return self.tap.last()

    def connect(self, source="127.0.0.1", user="daemon", password=PASSWORD, dialect=0x0210):
        """An impacket connection; the server sees it come from source. From 3.0 on impacket seals whenever it can."""
        self.tap.source = source
        smb = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=self.tap.port, preferredDialect=dialect, timeout=30)
        self.tap.source = "127.0.0.1"
        smb.login(user, password)
        return smb

    def hold(self, *args, **kw):
        self.held.append(self.connect(*args, **kw))
        return self.held[-1]

    def let_go(self):
        for smb in self.held:
            try:
                smb.close()
            except Exception:  # the server may have closed it already
                pass
        self.held = []
        time.sleep(1)

    def impacket(self, action, bind=srvs.MSRPC_UUID_SRVS, user="root"):
        """Binds with impacket, does action(dce); returns the frames. Errors of the peer are what we came for."""
        smb = self.connect(user=user)
        pipe = transport.SMBTransport(smb.getRemoteHost(), filename=r"\srvsvc", smb_connection=smb)
        dce = pipe.get_dce_rpc()
        dce.connect()
        try:
            dce.bind(bind)
            action(dce)
        except Exception as error:
            print("   impacket:", str(error).splitlines()[0])
        frames = self.tap.last()
        try:
            smb.close()
        except Exception:
            pass
        return frames
