"""What record.py asks and keeps of DCE/RPC: PDUs, and stubs by other encoders."""
import struct
import sys
import time

from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL
from impacket.uuid import uuidtup_to_bin
from samba.dcerpc import srvsvc
from samba.ndr import ndr_pack_out

from record_lab import (IMPACKET_TEXT, PASSWORD, RPC, SAMBA, SAMBA_TEXT, SMBD, pdus, stub_of, tell_del_request,
                        tell_enum_request, tell_enum_response, tell_pdus)


def record_bind(b):
    frames = b.rpcclient("netsessenum")
    b.out.write("rpcclient-4.17-bind", pdus(frames, "C", "bind")[0],
                f"bind to srvsvc 3.0 with NDR 2.0, sent by rpcclient of {SAMBA_TEXT}\nmax_xmit_frag 4280, max_recv_frag 4280, association group 0, call id 1")
    b.out.write(f"{SAMBA}-bind-ack-to-rpcclient", pdus(frames, "S", "bind_ack")[0],
                f"bind_ack with one accepted context, sent by smbd of {SAMBA_TEXT} to its rpcclient\nmax_xmit_frag 4280, max_recv_frag 4280, secondary address \\pipe\\srvsvc, result 0 (acceptance), NDR 2.0")
    frames = b.impacket(lambda dce: None)
    b.out.write("impacket-0.10-bind", pdus(frames, "C", "bind")[0],
                f"bind to srvsvc 3.0 with NDR 2.0, sent by {IMPACKET_TEXT} (dce.bind)")
    b.out.write(f"{SAMBA}-bind-ack-to-impacket", pdus(frames, "S", "bind_ack")[0],
                f"bind_ack with one accepted context, sent by smbd of {SAMBA_TEXT} to {IMPACKET_TEXT}")
    stranger = uuidtup_to_bin(("12345678-1234-abcd-ef00-0123456789ab", "7.0"))
    frames = b.impacket(lambda dce: None, bind=stranger)
    b.out.write("impacket-0.10-bind-unknown-interface", pdus(frames, "C", "bind")[0],
                f"bind to the unknown interface 12345678-1234-abcd-ef00-0123456789ab 7.0 over \\srvsvc, sent by {IMPACKET_TEXT}")
    b.out.write(f"{SAMBA}-bind-ack-unknown-interface", pdus(frames, "S", "bind_ack")[0],
                f"bind_ack that rejects the one context, sent by smbd of {SAMBA_TEXT}\nasked: impacket-0.10-bind-unknown-interface.hex")
    frames = b.impacket(lambda dce: dce.alter_ctx(srvs.MSRPC_UUID_SRVS))
    b.out.write("impacket-0.10-alter-context", pdus(frames, "C", "alter_context")[0],
                f"alter_context to srvsvc 3.0 as a second context, sent by {IMPACKET_TEXT} (dce.alter_ctx)")
    b.out.write(f"{SAMBA}-alter-context-resp", pdus(frames, "S", "alter_context_resp")[0],
                f"alter_context_resp, sent by smbd of {SAMBA_TEXT}\nasked: impacket-0.10-alter-context.hex")


def raw_pipe(b, pdu):
    """Puts bytes into \\srvsvc as they are; returns the frames."""
    smb = b.connect(user="root")
    tree = smb.connectTree("IPC$")
    pipe = smb.openFile(tree, r"\srvsvc")
    try:
        smb.writeFile(tree, pipe, pdu)
        smb.readFile(tree, pipe, 0, 4280)
    except Exception as error:
        print("   impacket:", str(error).splitlines()[0])
    frames = b.tap.last()
    smb.close()
    return frames


def record_bind_nak(b):
    bind = bytearray(pdus(b.rpcclient("netsessenum"), "C", "bind")[0])
    version, group = bind[:], bind[:]
    version[1] = 9
    group[20:24] = struct.pack("<I", 0x12345678)
    for name, asked, what in (("version", version, "rpc_vers_minor 9"),
                              ("association-group", group, "association group 0x12345678, unknown to the server")):
        found = pdus(raw_pipe(b, bytes(asked)), "S", "bind_nak")
        if found:
            nak = found[0]
            b.out.write(f"{SAMBA}-bind-nak-{name}", nak,
                        f"bind_nak, reject reason {struct.unpack_from('<H', nak, 16)[0]}, sent by smbd of {SAMBA_TEXT}\n"
                        f"asked: rpcclient-4.17-bind.hex changed by hand to {what}")
        else:
            print("   no bind_nak for", what)


def record_faults(b):
    for name, opnum, stub, what in (
            ("unknown-opnum", 200, b"", "opnum 200 with an empty stub"),
            ("malformed-stub", 12, b"\x01\x02\x03", "opnum 12 with the stub 01 02 03"),
            ("level-differs-from-tag", 12, bytes.fromhex("00000000 00000000 00000000 01000000 02000000 00000000 ffffffff 00000000"),
             "opnum 12 with level 1 but union tag 2")):
        frames = b.impacket(lambda dce: (dce.call(opnum, stub), dce.recv()))
        found = pdus(frames, "S", "fault")
        if not found:
            print("   no fault for", what, [p.hex() for p in pdus(frames, "S", "response")])
            continue
        b.out.write(f"{SAMBA}-fault-{name}", found[0],
                    f"fault, status 0x{struct.unpack_from('<I', found[0], 24)[0]:08x}, alloc_hint "
                    f"{struct.unpack_from('<I', found[0], 16)[0]}, sent by smbd of {SAMBA_TEXT}\nasked by {IMPACKET_TEXT}: {what}")


def write_enum(b, name, frames, sender, asked=None, side="S"):
    found = pdus(frames, side, "response" if side == "S" else "request")
    tell = tell_enum_response if side == "S" else tell_enum_request
    told = tell(stub_of(found)).split("\n")
    comments = [told[0] + f", sent by {sender}", *told[1:]]
    if asked:
        comments.append("asked: " + asked)
    hints = ", ".join(str(struct.unpack_from("<I", p, 16)[0]) for p in found)
    comments.append(tell_pdus(found) + f", alloc_hint {hints}")
    b.out.write(name, b"".join(found), *comments)


def record_requests(b):
    write_enum(b, "rpcclient-4.17-session-enum-request-no-qualifiers", b.rpcclient("netsessenum"),
               RPC + " (netsessenum)", side="C")
    for level in (0, 1, 2, 10, 502):
        command = rf"netsessenum \\\\127.0.0.1 root {level} 0"
        frames = b.rpcclient(command)
        name = f"rpcclient-4.17-session-enum-request-level{level}"
        write_enum(b, name, frames, f"{RPC} ({command})", side="C")
        if level > 1:
            write_enum(b, f"{SAMBA}-session-enum-response-level{level}-refused", frames, SMBD, name + ".hex")
        for kind, client, user, resume, most in (("null", NULL, NULL, NULL, 0xffffffff),
                                                 ("empty", "\0", "\0", 0, 0xffffffff),
                                                 ("qualified", "\\\\127.0.0.1\0", "root\0", 7, 1024)):
            frames = b.impacket(lambda dce: srvs.hNetrSessionEnum(dce, client, user, level, resume, most))
            write_enum(b, f"impacket-0.10-session-enum-request-level{level}-{kind}", frames,
                       f"{IMPACKET_TEXT} (hNetrSessionEnum)", side="C")
    long_name = r"\\\\" + "x" * 2998
    frames = b.rpcclient(f"netsessenum {long_name} root 1 0")
    write_enum(b, "rpcclient-4.17-session-enum-request-2-fragments", frames, f"{RPC} (netsessenum with a long client)", side="C")

    def in_pieces(dce):
        dce.set_max_fragment_size(48)
        srvs.hNetrSessionEnum(dce, "\\\\127.0.0.1\0", "root\0", 502, 0)
    frames = b.impacket(in_pieces)
    write_enum(b, "impacket-0.10-session-enum-request-fragments-of-48", frames,
               f"{IMPACKET_TEXT} (set_max_fragment_size(48), hNetrSessionEnum)", side="C")


# In a process of its own: these bindings hold Python's lock while they wait, so the tap could not run beside them.
PYTHON_SAMBA = r"""
import sys
from samba.credentials import Credentials
from samba.dcerpc import srvsvc
from samba.param import LoadParm
conf, port, password, flags = sys.argv[1:]
lp = LoadParm(conf)
lp.set("smb ports", port)
creds = Credentials()
creds.guess(lp)
creds.set_username("root")
creds.set_password(password)
info = srvsvc.NetSessInfoCtr()
info.level, info.ctr = 1, srvsvc.NetSessCtr1()
connection = srvsvc.srvsvc(f"ncacn_np:127.0.0.1[{flags}]", lp, creds)
connection.NetSessEnum("\\\\127.0.0.1", None, "root", info, 0xffffffff, 0)
"""


def python_samba(b, flags):
    """One NetrSessionEnum by Samba's Python bindings, that is, its other client library (librpc of source4)."""
    b.lab.run(sys.executable, "-c", PYTHON_SAMBA, b.lab.conf, str(b.tap.port), PASSWORD, flags)
    return b.tap.last()


def record_big_endian(b):
    frames = python_samba(b, "bigendian")
    request, response = pdus(frames, "C", "request"), pdus(frames, "S", "response")
    b.out.write(f"{SAMBA}-python-bind-big-endian", pdus(frames, "C", "bind")[0],
                f"bind to srvsvc with the big-endian data representation, sent by the Python bindings of {SAMBA_TEXT}")
    b.out.write(f"{SAMBA}-bind-ack-to-big-endian", pdus(frames, "S", "bind_ack")[0],
                f"bind_ack, data representation byte 0x{pdus(frames, 'S', 'bind_ack')[0][4]:02x} (0x10 is little-endian), sent by {SMBD}\n"
                f"asked: {SAMBA}-python-bind-big-endian.hex")
    told = tell_enum_request(stub_of(request), big=True).split("\n")
    b.out.write(f"{SAMBA}-python-session-enum-request-big-endian", b"".join(request),
                told[0] + f", all numbers big-endian, sent by the Python bindings of {SAMBA_TEXT}", *told[1:])
    big = not response[0][4] & 0x10
    told = tell_enum_response(stub_of(response), big=big).split("\n")
    b.out.write(f"{SAMBA}-session-enum-response-to-big-endian", b"".join(response),
                told[0] + f", answer to a big-endian request, itself {'big' if big else 'little'}-endian, sent by {SMBD}", *told[1:])


def record_responses(b):
    wildcard = r"netsessenum \\\\127.0.0.1 root %d %d"
    for level in (0, 1):
        write_enum(b, f"{SAMBA}-session-enum-response-level{level}-1", b.rpcclient(wildcard % (level, 0)), SMBD,
                   f"{RPC}, {wildcard % (level, 0)} (Samba ignores both qualifiers)")
    one = b.hold("127.0.0.2", "daemon")
    one.openFile(one.connectTree("share"), "open.txt", creationDisposition=3)
    b.hold("::1", "games")
    time.sleep(3)
    for level in (0, 1):
        write_enum(b, f"{SAMBA}-session-enum-response-level{level}-3", b.rpcclient(wildcard % (level, 0)), SMBD,
                   f"{RPC}, {wildcard % (level, 0)} (Samba ignores both qualifiers)")
    write_enum(b, f"{SAMBA}-session-enum-response-level1-resumed", b.rpcclient(wildcard % (1, 1)), SMBD,
               f"{RPC}, {wildcard % (1, 1)}: resume handle 1 of 3 sessions")
    write_enum(b, f"{SAMBA}-session-enum-response-level1-past-the-end", b.rpcclient(wildcard % (1, 1000)), SMBD,
               f"{RPC}, {wildcard % (1, 1000)}: resume handle 1000 of 3 sessions")
    write_enum(b, f"{SAMBA}-session-enum-response-level1-access-denied", b.rpcclient(wildcard % (1, 0), user="daemon"),
               SMBD, f"{RPC} as a user who is no administrator, {wildcard % (1, 0)}")
    for name, command in (("", r"netsessdel \\\\127.0.0.2 daemon"), ("-no-match", r"netsessdel \\\\127.0.0.200 daemon")):
        frames = b.rpcclient(command)
        request, response = pdus(frames, "C", "request")[0], pdus(frames, "S", "response")[0]
        if not name:
            b.out.write("rpcclient-4.17-session-del-request", request,
                        tell_del_request(request[24:]) + f", sent by {RPC} ({command})")
        b.out.write(f"{SAMBA}-session-del-response{name}", response,
                    f"NetrSessionDel response: return value {struct.unpack('<I', response[24:])[0]}, sent by {SMBD}\nasked: {RPC}, {command}")
    for kind, client, user in (("both", "\\\\127.0.0.200\0", "daemon\0"), ("user-only", NULL, "nosuchuser\0")):
        frames = b.impacket(lambda dce: srvs.hNetrSessionDel(dce, client, user))
        request = pdus(frames, "C", "request")[0]
        b.out.write(f"impacket-0.10-session-del-request-{kind}", request,
                    tell_del_request(request[24:]) + f", sent by {IMPACKET_TEXT} (hNetrSessionDel)")
    b.let_go()


def record_many(b, count=130):
    for i in range(count - 1):
        b.hold(f"127.0.{i % 3}.{1 + i}", ("daemon", "games")[i % 2])
    time.sleep(2)
    for level in (0, 1):
        frames = b.rpcclient(rf"netsessenum \\\\127.0.0.1 root {level} 0")
        write_enum(b, f"{SAMBA}-session-enum-response-level{level}-{count}", frames, SMBD,
                   rf"{RPC}, netsessenum \\\\127.0.0.1 root {level} 0, with {count} sessions (its own included)")
    frames = b.impacket(lambda dce: srvs.hNetrSessionEnum(dce, NULL, NULL, 1))
    write_enum(b, f"{SAMBA}-session-enum-response-level1-{count}-to-impacket", frames, SMBD,
               f"{IMPACKET_TEXT}, hNetrSessionEnum at level 1 with {count} sessions (its own included)")
    b.let_go()


def record_guest(b):
    b.lab.start(map_to_guest="bad user")
    b.hold("127.0.0.3", "nosuchuser", "x")
    time.sleep(2)
    write_enum(b, f"{SAMBA}-session-enum-response-level1-guest", b.rpcclient(r"netsessenum \\\\127.0.0.1 root 1 0"), SMBD,
               rf"{RPC}, netsessenum \\\\127.0.0.1 root 1 0, with one guest session beside its own")
    b.let_go()


# ---------------------------------------------------------------- stubs by other encoders


FIELDS = ("cname", "username", "num_opens", "time", "idle_time", "user_flags", "cltype_name", "transport")
SAMBA_FIELDS = ("client", "user", "num_open", "time", "idle_time", "user_flags", "client_type", "transport")
LEVELS = {0: (0,), 1: (0, 1, 2, 3, 4, 5), 2: (0, 1, 2, 3, 4, 5, 6), 10: (0, 1, 3, 4), 502: (0, 1, 2, 3, 4, 5, 6, 7)}
ENTRIES = (
    ("\\\\127.0.0.9", "alice", 3, 3661, 59, 0, "", "\\Device\\NetbiosSmb"),
    ("\\\\[::1]", "Zo\xeb \u0141ukasz", 0, 4294967295, 0, 2, "", "\\Device\\NetbiosSmb"),
    ("LABPC", "\U0001d518ser\U0001f600", 1, 1, 1, 1, "Windows 10", "\\Device\\NetBT_Tcpip_{0B3A}"),
    ("", "", 0, 0, 0, 3, "", ""),
    (None, None, 7, 8, 9, 0, None, None),
)


def samba_stub(level, entries):
    info, ctr, rows = srvsvc.NetSessInfoCtr(), getattr(srvsvc, f"NetSessCtr{level}")(), []
    for entry in entries:
        row = getattr(srvsvc, f"NetSessInfo{level}")()
        for f in LEVELS[level]:
            setattr(row, SAMBA_FIELDS[f], entry[f])
        rows.append(row)
    ctr.array, ctr.count, info.level, info.ctr = rows, len(rows), level, ctr
    call = srvsvc.NetSessEnum()
    call.out_info_ctr, call.out_totalentries, call.out_resume_handle, call.result = info, 9, 7, 234
    return ndr_pack_out(call)


def impacket_stub(level, entries):
    answer = srvs.NetrSessionEnumResponse()
    answer["InfoStruct"]["Level"] = answer["InfoStruct"]["SessionInfo"]["tag"] = level
    box = answer["InfoStruct"]["SessionInfo"][f"Level{level}"]
    box["EntriesRead"] = len(entries)
    for entry in entries:
        row = getattr(srvs, f"SESSION_INFO_{level}")()
        for f in LEVELS[level]:
            value = entry[f]
            value = NULL if value is None else value + "\0" if isinstance(value, str) else value
            row[f"sesi{level}_{FIELDS[f]}"] = value
        box["Buffer"].append(row)
    answer["TotalEntries"], answer["ResumeHandle"], answer["ErrorCode"] = 9, 7, 234
    return answer.getData()


def record_stubs(b):
    for level in LEVELS:
        ours, theirs = samba_stub(level, ENTRIES), impacket_stub(level, ENTRIES)
        # Two encoders must agree in all but referent ids and padding before either is believed.
        assert len(ours) == len(theirs) and tell_enum_response(ours) == tell_enum_response(theirs), level
        for name, who, stub, note in (
                (f"impacket-0.10-session-enum-response-level{level}-stub", f"{IMPACKET_TEXT} (NetrSessionEnumResponse)", theirs,
                 "referent ids are random 16-bit numbers, padding bytes are ab or bf"),
                (f"{SAMBA}-python-session-enum-response-level{level}-stub", f"the Python bindings of {SAMBA_TEXT} (ndr_pack_out)", ours,
                 "referent ids count up from 0x00020000, padding bytes are zero")):
            told = tell_enum_response(stub).split("\n")
            b.out.write(name, stub, told[0] + f", stub only, encoded by {who} from values set by hand", *told[1:], note,
                        f"length, values and positions agree with the other encoder's file of level {level}")


def scene_rpc(b):
    b.lab.start()
    record_bind(b)
    record_bind_nak(b)
    record_faults(b)
    record_requests(b)
    record_big_endian(b)
    record_responses(b)
    record_many(b)
    record_guest(b)
    record_stubs(b)
