"""What record.py keeps of SMB2: messages, and signed and sealed ones with their keys."""
import hashlib
import hmac
import struct

from Cryptodome.Cipher import ARC4
from Cryptodome.Hash import MD4
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from impacket.dcerpc.v5 import srvs
from impacket.dcerpc.v5.dtypes import NULL

from record_lab import IMPACKET_TEXT, PASSWORD, PDU_TYPES, RPC, SAMBA, SAMBA_TEXT, SMBD


DIALECTS = (("SMB2_02", "2.0.2"), ("SMB2_10", "2.1"), ("SMB3_00", "3.0"), ("SMB3_02", "3.0.2"), ("SMB3_11", "3.1.1"))


def ipc_max(dialect):
    """rpcclient's -m sets 'client max protocol', which it does not obey for IPC$."""
    return f"--option=clientipcmaxprotocol={dialect}"


def kdf(key, label, context, bits=128):
    """SP800-108 in counter mode with HMAC-SHA256, as [MS-SMB2] 3.1.4.2 wants it."""
    fixed = b"\0\0\0\1" + label + b"\0" + context + struct.pack(">I", bits)
    return hmac.new(key, fixed, hashlib.sha256).digest()[:bits // 8]


def ntlm_session_key(logon, password):
    """The exported session key of an NTLMv2 log-on, from the password and the AUTHENTICATE message ([MS-NLMP] 3.3.2).

    smbd dumps no keys below dialect 3.0.
    """
    frame = [f for f in logon if f.side == "C"][-1].smb2
    token = frame[frame.index(b"NTLMSSP\0\3\0\0\0"):]

    def field(at):
        length, _, offset = struct.unpack_from("<HHI", token, at)
        return token[offset:offset + length]
    nt_hash = MD4.new(password.encode("utf-16le")).digest()
    identity = field(36).decode("utf-16le").upper().encode("utf-16le") + field(28)
    v2_hash = hmac.new(nt_hash, identity, "md5").digest()
    base_key = hmac.new(v2_hash, field(20)[:16], "md5").digest()
    return ARC4.new(base_key).decrypt(field(52))


def preauth_hash(frames):
    """[MS-SMB2] 3.1.4.4.1: over the messages without their NBSS headers."""
    value = bytes(64)
    for f in frames:
        value = hashlib.sha512(value + f.smb2).digest()
    return value


def signature(algorithm, key, frame):
    m = frame.smb2[:48] + bytes(16) + frame.smb2[64:]
    if algorithm == "hmac-sha256":
        return hmac.new(key, m, hashlib.sha256).digest()[:16]
    if algorithm == "aes-cmac":
        mac = CMAC(AES(key))
        mac.update(m)
        return mac.finalize()
    role = (1 if frame.side == "S" else 0) | (2 if frame.command == "cancel" else 0)
    return AESGCM(key).encrypt(struct.pack("<QI", frame.message_id, role), b"", m)


def logon_of(frames):
    """NEGOTIATE and SESSION_SETUP, requests and responses, up to the final SUCCESS."""
    return [f for f in frames if f.command in ("negotiate", "session-setup")]


def join(frames):
    return b"".join(f.data for f in frames)


def record_signing(b, algorithm, option, dialect):
    text = dict(DIALECTS)[dialect]
    b.lab.start(server_signing="mandatory")
    frames = b.rpcclient("netsessenum", ipc_max(dialect), "--client-protection=sign",
                         *([f"--option=clientsmb3signingalgorithms={option}"] if option else []))
    logon = logon_of(frames)
    session_key = ntlm_session_key(logon, PASSWORD)
    preauth = preauth_hash(logon[:-1])
    if dialect in ("SMB2_02", "SMB2_10"):
        key, how = session_key, "the session key itself"
    elif dialect == "SMB3_11":
        key, how = kdf(session_key, b"SMBSigningKey\0", preauth), 'KBKDF(session_key, "SMBSigningKey\\0", preauth)'
    else:
        key, how = kdf(session_key, b"SMB2AESCMAC\0", b"SmbSign\0"), 'KBKDF(session_key, "SMB2AESCMAC\\0", "SmbSign\\0")'
    dumped = dialect.startswith("SMB3")
    if dumped:
        keys = b.lab.session_keys(logon[-1].session_id)
        assert session_key == keys["Session Key"] and key == keys["Signing Key"], "our derivation and Samba's dump differ"
    signed = [f for f in frames if f.flags & 8]
    assert all(signature(algorithm, key, f) == f.smb2[48:64] for f in signed), algorithm
    unsigned = [f for f in frames if not f.flags & 8 and f not in logon]
    for f in unsigned:
        print("   unsigned after the log-on:", f.side, f.command, hex(f.status))
    pair = [f for f in frames if f.command == "tree-connect"]
    call = [f for f in frames if f.command == "ioctl" and f.flags & 8][-2:]
    values = [("session_key", session_key), ("signing_key", key)] + ([("preauth", preauth)] if dialect == "SMB3_11" else [])
    verified = f"verified with Python's hmac and cryptography: {algorithm} with signing_key, which is {how}"
    verified += " and what smbd dumped" if dumped else "; session_key by [MS-NLMP] from the log-on and the password Passw0rd!"
    where = f"dialect {text}, {algorithm}, between rpcclient and smbd of {SAMBA_TEXT}"
    name = f"signing-{algorithm}-{text}"
    b.out.write(name, join(pair + call),
                f"signed SMB2 messages: {where}",
                "each frame with its NBSS header: TREE_CONNECT request, TREE_CONNECT response, IOCTL request, IOCTL response", verified, keys=values)
    b.out.write(name + "-logon", join(logon),
                f"whole log-on, its last message signed: {where}",
                "each frame with its NBSS header: " + ", ".join(f"{f.command.upper().replace('-', '_')} {'request' if f.side == 'C' else 'response'}" for f in logon),
                *(["preauth is the hash over all of these but the last"] if dialect == "SMB3_11" else []),
                ("the last frame is signed; " if logon[-1].flags & 8 else "the last frame is NOT signed; ") + verified, keys=values)


def unseal(cipher, key, frame):
    """[MS-SMB2] 2.2.41, 3.1.4.3: the transform header's signature is the AEAD tag, bytes 20 to 52 are the AAD."""
    head, body = frame.smb2[:52], frame.smb2[52:]
    ccm = "ccm" in cipher
    nonce = head[20:31] if ccm else head[20:32]
    aead = AESCCM(key, tag_length=16) if ccm else AESGCM(key)
    return aead.decrypt(nonce, body + head[4:20], head[20:52])


def record_sealing(b, cipher, dialect):
    text, bits = dict(DIALECTS)[dialect], 256 if "256" in cipher else 128
    b.lab.start(server_smb_encrypt="required")
    frames = b.rpcclient("netsessenum", ipc_max(dialect), "--client-protection=encrypt",
                         f"--option=clientsmb3encryptionalgorithms={cipher}")
    logon = logon_of(frames)
    keys = b.lab.session_keys(logon[-1].session_id)
    session_key, preauth = keys["Session Key"], preauth_hash(logon[:-1])
    if dialect == "SMB3_11":
        derived = [kdf(session_key, label, preauth, bits) for label in (b"SMBC2SCipherKey\0", b"SMBS2CCipherKey\0")]
        how = 'KBKDF(session_key, "SMBC2SCipherKey\\0" and "SMBS2CCipherKey\\0", preauth)'
    else:
        derived = [kdf(session_key, b"SMB2AESCCM\0", c) for c in (b"ServerIn \0", b"ServerOut\0")]
        how = 'KBKDF(session_key, "SMB2AESCCM\\0", "ServerIn \\0" and "ServerOut\\0")'
    assert derived == [keys["ServerIn Key"], keys["ServerOut Key"]], "our derivation and Samba's dump differ"
    sealed = [f for f in frames if f.smb2[:4] == b"\xfdSMB"]
    plain = [unseal(cipher.lower(), derived[f.side == "S"], f) for f in sealed]
    assert all(p[:4] == b"\xfeSMB" for p in plain)
    values = [("session_key", session_key), ("key_client_to_server", derived[0]), ("key_server_to_client", derived[1])]
    values += [("preauth", preauth)] if dialect == "SMB3_11" else []
    verified = f"verified with Python's cryptography: {cipher} with the two keys, which are {how} and what smbd dumped"
    where = f"dialect {text}, {cipher}, between rpcclient and smbd of {SAMBA_TEXT}"
    name = f"sealing-{cipher.lower()}-{text}"
    b.out.write(name, join(sealed[:2]), f"sealed SMB2 messages: {where}",
                "each frame with its NBSS header: TREE_CONNECT request, TREE_CONNECT response",
                f"plain lengths {len(plain[0])} and {len(plain[1])}", verified,
                keys=values + [("plain_request", plain[0]), ("plain_response", plain[1])])
    b.out.write(name + "-logon", join(logon), f"whole log-on before sealed messages: {where}",
                "each frame with its NBSS header; its preauth and keys are those of " + name + ".hex", verified, keys=values)


def scene_signing(b):
    for algorithm, option, dialect in (("hmac-sha256", None, "SMB2_02"), ("hmac-sha256", None, "SMB2_10"),
                                       ("aes-cmac", None, "SMB3_00"), ("aes-cmac", None, "SMB3_02"),
                                       ("aes-cmac", "AES-128-CMAC", "SMB3_11"), ("aes-gmac", "AES-128-GMAC", "SMB3_11"),
                                       ("hmac-sha256", "HMAC-SHA256", "SMB3_11")):
        record_signing(b, algorithm, option, dialect)


def scene_sealing(b):
    for cipher, dialect in (("AES-128-CCM", "SMB3_00"), ("AES-128-CCM", "SMB3_11"), ("AES-128-GCM", "SMB3_11"),
                            ("AES-256-CCM", "SMB3_11"), ("AES-256-GCM", "SMB3_11")):
        record_sealing(b, cipher, dialect)


# ---------------------------------------------------------------- scene B: SMB2 messages


STATUS = {0: "STATUS_SUCCESS", 0x103: "STATUS_PENDING", 0x80000005: "STATUS_BUFFER_OVERFLOW",
          0xc0000016: "STATUS_MORE_PROCESSING_REQUIRED", 0xc000006d: "STATUS_LOGON_FAILURE",
          0xc0000034: "STATUS_OBJECT_NAME_NOT_FOUND", 0xc00000cc: "STATUS_BAD_NETWORK_NAME",
          0xc00000b0: "STATUS_PIPE_DISCONNECTED", 0xc0000022: "STATUS_ACCESS_DENIED"}


def write_frame(b, name, frame, sender, *more):
    """One SMB2 message with its NBSS header; the first comment tells its header."""
    what = f"{frame.command.upper().replace('-', '_')} {'request' if frame.side == 'C' else 'response'}"
    if frame.side == "S":
        what += f", {STATUS.get(frame.status, hex(frame.status))}"
    lines = [f"{what}, sent by {sender}",
             f"with NBSS header; message id {frame.message_id}, flags 0x{frame.flags:x} ({'signed' if frame.flags & 8 else 'not signed'}"
             + (", asynchronous)" if frame.flags & 2 else ")"), *more]
    inside = frame.pipe_bytes()
    if inside:
        lines.append(f"pipe bytes inside: {len(inside)}" + (f", a {PDU_TYPES[inside[2]]}" if inside[:2] == b"\5\0" and len(inside) > 15 else ""))
    b.out.write(name, frame.data, *lines)


def pick(frames, side, command, status=None, nth=0):
    return [f for f in frames if f.side == side and f.command == command and status in (None, f.status)][nth]


def record_negotiates(b):
    for option, text in DIALECTS:
        frames = b.rpcclient("netsessenum", ipc_max(option))
        write_frame(b, f"rpcclient-4.17-negotiate-request-{text}", pick(frames, "C", "negotiate"), f"{RPC} (client ipc max protocol = {option})")
        answer = pick(frames, "S", "negotiate")
        dialect = struct.unpack_from("<H", answer.smb2, 68)[0]
        size = struct.unpack_from("<III", answer.smb2, 64 + 28)
        write_frame(b, f"{SAMBA}-negotiate-response-{text}", answer, SMBD,
                    f"dialect 0x{dialect:04x}; MaxTransactSize {size[0]}, MaxReadSize {size[1]}, MaxWriteSize {size[2]}",
                    f"asked: rpcclient-4.17-negotiate-request-{text}.hex")
    smb = b.connect(dialect=None, user="root")
    frames = b.tap.last()
    smb.close()
    old = frames[0]
    b.out.write("impacket-0.10-negotiate-request-smb1", old.data,
                f"SMB1 NEGOTIATE request that offers 'SMB 2.002' and 'SMB 2.???', sent by {IMPACKET_TEXT}", "with NBSS header")
    write_frame(b, f"{SAMBA}-negotiate-response-to-smb1", frames[1], SMBD,
                f"dialect 0x{struct.unpack_from('<H', frames[1].smb2, 68)[0]:04x}", "asked: impacket-0.10-negotiate-request-smb1.hex")


def record_refusals(b):
    frames = b.rpcclient("netsessenum", password="wrong")
    write_frame(b, f"{SAMBA}-session-setup-response-logon-failure", pick(frames, "S", "session-setup", 0xc000006d), SMBD,
                "asked with a wrong password")
    smb = b.connect(user="root")
    tree = smb.connectTree("IPC$")
    for action in (lambda: smb.openFile(tree, r"\nosuchpipe"), lambda: smb.connectTree("nosuchshare"),
                   lambda: smb.getSMBServer().ioctl(tree, smb.openFile(tree, r"\srvsvc"), 0x0011c017, 1, b.bind, 0, 20)):
        try:
            action()
        except Exception as error:
            print("   impacket:", str(error).splitlines()[0])
    frames = b.tap.last()
    smb.logoff()
    frames = b.tap.last()
    smb.close()
    write_frame(b, f"{SAMBA}-create-response-no-such-pipe", pick(frames, "S", "create", nth=0), SMBD, r"asked for \nosuchpipe")
    write_frame(b, f"{SAMBA}-tree-connect-response-bad-network-name", pick(frames, "S", "tree-connect", nth=1), SMBD,
                "asked for the share nosuchshare")
    write_frame(b, "impacket-0.10-ioctl-request-max-output-20", pick(frames, "C", "ioctl"), IMPACKET_TEXT,
                "FSCTL_PIPE_TRANSCEIVE with MaxOutputResponse 20 and a bind")
    write_frame(b, f"{SAMBA}-ioctl-response-buffer-overflow", pick(frames, "S", "ioctl", 0x80000005), SMBD,
                "the first 20 bytes of a bind_ack", "asked: impacket-0.10-ioctl-request-max-output-20.hex")
    write_frame(b, "impacket-0.10-logoff-request", pick(frames, "C", "logoff"), IMPACKET_TEXT)
    write_frame(b, f"{SAMBA}-logoff-response", pick(frames, "S", "logoff"), SMBD, "asked: impacket-0.10-logoff-request.hex")


def record_pending(b):
    """The first bind after smbd's start waits for samba-dcerpcd, so it goes asynchronous."""
    frames = b.rpcclient("netsessenum")
    interim = pick(frames, "S", "ioctl", 0x103)
    final = [f for f in frames if f.side == "S" and f.status == 0 and f.message_id == interim.message_id][0]
    write_frame(b, f"{SAMBA}-ioctl-response-pending", interim, SMBD,
                "the interim response to an FSCTL_PIPE_TRANSCEIVE, on a session where all else is signed")
    write_frame(b, f"{SAMBA}-ioctl-response-after-pending", final, SMBD,
                f"the final response to what {SAMBA}-ioctl-response-pending.hex announced")


def record_conversation(b):
    """One whole call by rpcclient whose answer takes READs, and one by impacket with WRITE and READ."""
    for i in range(60):
        b.hold(f"127.0.0.{1 + i}")
    frames = b.rpcclient("netsessenum")
    b.bind = pick(frames, "C", "ioctl").pipe_bytes()
    for nth, kind in ((0, "-1"), (1, "-2")):
        write_frame(b, "rpcclient-4.17-session-setup-request" + kind, pick(frames, "C", "session-setup", nth=nth), RPC)
    write_frame(b, f"{SAMBA}-session-setup-response-more-processing", pick(frames, "S", "session-setup", 0xc0000016), SMBD)
    write_frame(b, f"{SAMBA}-session-setup-response-success", pick(frames, "S", "session-setup", 0), SMBD)
    for command in ("tree-connect", "create", "close", "tree-disconnect"):
        write_frame(b, f"rpcclient-4.17-{command}-request", pick(frames, "C", command), RPC)
        write_frame(b, f"{SAMBA}-{command}-response", pick(frames, "S", command), SMBD)
    for nth, kind in ((0, "bind"), (1, "session-enum")):
        write_frame(b, f"rpcclient-4.17-ioctl-request-{kind}", pick(frames, "C", "ioctl", nth=nth), RPC, "FSCTL_PIPE_TRANSCEIVE")
    write_frame(b, f"{SAMBA}-ioctl-response-bind-ack", pick(frames, "S", "ioctl", 0), SMBD)
    write_frame(b, f"{SAMBA}-ioctl-response-first-fragment", pick(frames, "S", "ioctl", 0, nth=1), SMBD,
                "the first fragment of a NetrSessionEnum response at level 1 with 61 sessions")
    write_frame(b, "rpcclient-4.17-read-request", pick(frames, "C", "read"), RPC, f"asks for the next fragment after {SAMBA}-ioctl-response-first-fragment.hex")
    write_frame(b, f"{SAMBA}-read-response", pick(frames, "S", "read"), SMBD, "the last fragment of that response")
    frames = b.impacket(lambda dce: srvs.hNetrSessionEnum(dce, NULL, NULL, 1))
    for command in ("session-setup", "tree-connect", "create", "write", "read"):
        write_frame(b, f"impacket-0.10-{command}-request", pick(frames, "C", command), IMPACKET_TEXT)
    write_frame(b, f"{SAMBA}-write-response", pick(frames, "S", "write"), SMBD, "asked: impacket-0.10-write-request.hex")
    write_frame(b, f"{SAMBA}-read-response-bind-ack", pick(frames, "S", "read"), SMBD, "asked: impacket-0.10-read-request.hex")
    b.let_go()
    frames = b.rpcclient("netsessenum", ipc_max("SMB3_00"))
    validate = [f for f in frames if f.command == "ioctl" and struct.unpack_from("<I", f.smb2, 64 + 4)[0] == 0x00140204]
    for f in validate:
        side = "rpcclient-4.17-ioctl-request" if f.side == "C" else f"{SAMBA}-ioctl-response"
        write_frame(b, f"{side}-validate-negotiate-info", f, RPC if f.side == "C" else SMBD, "FSCTL_VALIDATE_NEGOTIATE_INFO at dialect 3.0")
    if not validate:
        print("   rpcclient sent no FSCTL_VALIDATE_NEGOTIATE_INFO")


def record_small_requests(b):
    """What impacket asks of an open pipe beside data, and how it takes its leave."""
    smb = b.connect(user="root")
    low, tree = smb.getSMBServer(), smb.connectTree("IPC$")
    pipe = smb.openFile(tree, r"\srvsvc")
    asked = ((lambda: low.queryInfo(tree, pipe, fileInfoClass=5), "FileStandardInformation"),
             (lambda: low.setInfo(tree, pipe, struct.pack("<II", 1, 0), fileInfoClass=23), "FilePipeInformation: read by messages"),
             (lambda: low.flush(tree, pipe), None), (low.echo, None),
             (lambda: low.ioctl(tree, pipe, 0x0011400c, 1, b"", 0, 1024), "FSCTL_PIPE_PEEK"),
             (lambda: low.waitNamedPipe(tree, "srvsvc"), "FSCTL_PIPE_WAIT for srvsvc"),
             (lambda: low.cancel(2), None), (lambda: low.close(tree, pipe), None), (lambda: low.disconnectTree(tree), None))
    for action, text in asked:
        try:
            action()
        except Exception as error:
            print("   impacket:", str(error).splitlines()[0])
    frames = b.tap.last()
    smb.close()
    texts = {"query-info": asked[0][1], "set-info": asked[1][1]}
    for command in ("query-info", "set-info", "flush", "echo", "cancel", "close", "tree-disconnect"):
        more = [texts[command]] if command in texts else []
        write_frame(b, f"impacket-0.10-{command}-request", pick(frames, "C", command), IMPACKET_TEXT, *more)
    for nth, kind in ((0, "pipe-peek"), (1, "pipe-wait")):
        write_frame(b, f"impacket-0.10-ioctl-request-{kind}", pick(frames, "C", "ioctl", nth=nth), IMPACKET_TEXT, asked[4 + nth][1])
    write_frame(b, f"{SAMBA}-query-info-response-standard", pick(frames, "S", "query-info"), SMBD, "asked: impacket-0.10-query-info-request.hex")
    write_frame(b, f"{SAMBA}-echo-response", pick(frames, "S", "echo"), SMBD, "asked: impacket-0.10-echo-request.hex")


def scene_smb2(b):
    b.lab.start()
    record_pending(b)
    record_negotiates(b)
    record_conversation(b)
    record_refusals(b)
    record_small_requests(b)
