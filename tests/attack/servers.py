"""Servers that mean no good, before the netsession command: a real server's answers, mutated and then signed or encrypted as
is right. The attacker stands in the middle and knows the user's password, so it has the keys of both. Each attack is a
function of a Target and a Case."""
import contextlib
import hashlib
import hmac
import random
import socket
import struct
import subprocess
import threading

from Cryptodome.Cipher import ARC4
from impacket import ntlm

from lab import command, frames, raw_smb
from lab.daemon import COMPLAINT
from lab.frames import NEGOTIATE, SESSION_SETUP, status
from lab.raw_smb import MORE_PROCESSING_REQUIRED, SIGNED, TRANSFORM, Session, preauth_hash
from lab.relay import CUT, STALL, SWALLOW, TO_SERVER, Raw, Relay
from lab.wait_until import HANG_S

from .health import Finding
from .mutation import Mutator

SERVERS = 4  # that list and watch ask at the same time
TIMEOUT_S = 1
EXITS = (0, 1, 3, 4)  # that the command documents for servers


def session_key(token, password):
    """The key of an NTLMv2 log-on, [MS-NLMP] 3.3.2 and 3.1.5.1.2, from its AUTHENTICATE message."""
    def field(at):
        length, _, offset = struct.unpack_from("<HHI", token, at)
        return token[offset:offset + length]
    response, domain, user, sent = field(20), field(28), field(36), field(52)
    owner = user.decode("utf-16-le").upper().encode("utf-16-le") + domain
    responder = hmac.new(ntlm.compute_nthash(password), owner, hashlib.md5).digest()
    base = hmac.new(responder, response[:16], hashlib.md5).digest()
    return ARC4.new(base).decrypt(sent) if sent else base


class Forger:
    """What a server in the middle makes of one connection after another: tamper() is for Relay."""

    def __init__(self, seed, password, others):
        self.mutate = Mutator(random.Random(seed), others)
        self._password, self.messages = password, 0
        self._begin()

    def _begin(self):
        self._hash, self._dialect, self._cipher, self._algorithm, self._session = bytes(64), 0, raw_smb.CCM, None, None
        self._spoils_at = self.mutate.chance.randrange(12)

    def tamper(self, direction, message, index):
        with contextlib.suppress(struct.error, ValueError, IndexError, KeyError):  # of an exchange that is mutated already
            if direction == TO_SERVER:
                self._observe_request(message, index)
                return message
            self._observe_answer(message)
        self.messages += 1
        if index < self._spoils_at or not self.mutate.happens(1 if index == self._spoils_at else 0.2):
            return message
        try:
            return self._forge(message)
        except (struct.error, ValueError, IndexError):
            return self.mutate.spoil(message)

    def _observe_request(self, message, index):
        if index == 0:
            self._begin()
        command_of = frames.command(message)
        if command_of in (NEGOTIATE, SESSION_SETUP):
            self._hash = preauth_hash(self._hash, message)
        at = message.find(b"NTLMSSP\0\3\0\0\0")
        if command_of == SESSION_SETUP and at >= 0:
            key = session_key(message[at:], self._password)
            [number] = struct.unpack_from("<Q", message, 40)
            self._session = Session(number, self._dialect, key, self._hash, self._cipher, self._algorithm)

    def _observe_answer(self, message):
        command_of = frames.command(message)
        if command_of == NEGOTIATE:
            self._dialect, contexts = frames.negotiated(message)
            self._hash = preauth_hash(self._hash, message)
            if 2 in contexts:
                self._cipher = struct.unpack_from("<H", contexts[2], 2)[0]
            if 8 in contexts:
                self._algorithm = struct.unpack_from("<H", contexts[8], 2)[0]
        elif command_of == SESSION_SETUP and status(message) == MORE_PROCESSING_REQUIRED:
            self._hash = preauth_hash(self._hash, message)

    def _forge(self, message):
        """Another message, or several, or what is none."""
        chance, mutate = self.mutate.chance, self.mutate
        what = chance.random()
        if what < 0.02:
            return chance.choice((CUT, CUT, CUT, SWALLOW, STALL))
        if what < 0.05:
            return Raw(struct.pack(">I", mutate.number(len(message)) & 0xFFFFFFFF) + message, CUT)
        if what < 0.1:
            return Raw(frames.framed(message) + frames.framed(mutate.maybe(message, 0.5)))
        if message[:4] == TRANSFORM:
            return self._session.seal(self._changed(self._session.unseal(message)), is_of_server=True)
        changed = self._changed(message)
        if len(message) >= 64 and message[16] & SIGNED and len(changed) >= 64:
            return self._session.sign(changed)
        return changed

    def _changed(self, message):
        """Mutated in its body most often, since a client soon sees what is wrong with a header."""
        if self.mutate.happens(0.15):
            return self.mutate.spoil(message, 2)
        if self.mutate.happens(0.1):
            statuses = (0, 0x103, 0x80000005, 0xC0000016, 0xC0000022, 0xC00000BB, 0xC000009A, 0xC0000203, 0xC0000225, 0xC000035C)
            return message[:8] + struct.pack("<I", self.mutate.chance.choice(statuses)) + message[12:]
        at = message.find(b"\x05\x00") if self.mutate.happens(0.6) else 64  # a PDU of DCE/RPC within
        at = at if at >= 64 else 64
        return message[:at] + self.mutate.spoil(message[at:], 3)


def _run(target, case, *arguments, **options):
    """The command, whose end has to be a good one."""
    case.log.append(("command", ">", " ".join(map(str, arguments)).encode()))
    try:
        result = command.run(*arguments, timeout=HANG_S, **options)
    except subprocess.TimeoutExpired as error:
        raise Finding(f"{arguments} did not end, {case.name}") from error
    if result.exit not in EXITS or COMPLAINT.search(result.stderr):
        raise Finding(f"{case.name}: {result}")


def _before_servers(target, case, *arguments, servers=1):
    """The command asks servers in the middle."""
    user = target.server.administrator
    forgers = [Forger(f"{case.seed}/{case.name}/{number}", target.password(user), case.mutate.others) for number in range(servers)]
    with contextlib.ExitStack() as stack:
        relays = [stack.enter_context(Relay(target.host, target.port, tamper=forger.tamper)) for forger in forgers]
        _run(target, case, *arguments, "--timeout", TIMEOUT_S, "-A", target.credentials,
             *(f"{relay.host}:{relay.port}" for relay in relays))
    case.messages += sum(forger.messages for forger in forgers)


def list_sessions(target, case):
    encrypt = ["--encrypt"] if case.mutate.happens(0.3) else []
    pages = ["--page-bytes", case.chance.choice((1, 1000, 20000))] if case.mutate.happens(0.3) else []
    _before_servers(target, case, "list", "-l", case.chance.choice(("auto", 0, 1, 2, 10, 502)), *encrypt, *pages,
                    "-o", case.chance.choice(("table", "json", "jsonl", "csv")), servers=SERVERS)


def watch(target, case):
    _before_servers(target, case, "watch", "--every", 0.2, "--polls", 4, "-o", case.chance.choice(("table", "jsonl")),
                    servers=SERVERS)


def close(target, case):
    """Of sessions whose publisher does not close them."""
    _before_servers(target, case, "close", "--yes", "--user", "charity")


def doctor(target, case):
    _before_servers(target, case, "doctor", "-o", case.chance.choice(("table", "json")))


def local(target, case):
    """Runs the command against a Unix socket that answers with mutated bytes."""
    path = target.server.folder / f"mutated-{case.number}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        answering = threading.Thread(target=_mutate_local, args=(target, case, listener))
        answering.start()
        try:
            arguments = case.chance.choice((["list", "-l", case.chance.choice((0, 1, 2, 10, 502))], ["list"],
                                            ["watch", "--every", 0.1, "--polls", 3], ["doctor"]))
            _run(target, case, *arguments, *([] if arguments[0] == "doctor" else ["--timeout", TIMEOUT_S]),
                 env={"NETSESSION_SOCKET": str(path)})
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            answering.join()
            path.unlink()


def _mutate_local(target, case, listener):
    """Until the listener is closed: each connection goes to the real service, and its answers are mutated."""
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        with caller, socket.socket(socket.AF_UNIX) as service, contextlib.suppress(OSError):
            caller.settimeout(HANG_S)
            service.settimeout(HANG_S)
            service.connect(str(target.server.socket))
            while request := caller.recv(1 << 18):
                service.sendall(request)
                answer = service.recv(1 << 18)
                case.messages += 1
                if not answer:
                    break
                caller.sendall(case.mutate.maybe(answer, 0.4))
