"""A local service that answers NetrSessionEnum at one level as a test says: `with ScriptedService(answers) as service: ...`"""
import contextlib
import pathlib
import socketserver
import struct
import tempfile
import threading
import uuid

from .raw_rpc import BIND_ACK, NDR, REQUEST, RESPONSE_PDU, pdu, wide

INVALID_LEVEL = 124
SRVSVC = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le


class ScriptedService:
    """A Unix socket of a temporary folder, whose path is socket.

    answers  a list of answers, each a list of (client, user, active seconds), and at level 502 (..., client type,
             transport); the last one is given again and again
    level    10 or 502
    missing  how many sessions more it announces than it sends
    """

    def __init__(self, answers, missing=0, level=10):
        self._answers, self._missing, self._level, self.asked = list(answers), missing, level, 0

    def __enter__(self):
        service = self

        class Handler(socketserver.StreamRequestHandler):
            """One connection."""

            def handle(self):
                with contextlib.suppress(OSError):
                    while header := self.rfile.read(16):
                        self.wfile.write(service._answer(header, self.rfile))

        class Listener(socketserver.ThreadingUnixStreamServer):
            """It does not wait for connections at the end."""

            daemon_threads, block_on_close = True, False

        self._folder = tempfile.TemporaryDirectory(prefix="netsession-scripted-")
        self.socket = pathlib.Path(self._folder.name) / "socket"
        self._listener = Listener(str(self.socket), Handler)
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()
        self._folder.cleanup()

    def _answer(self, header, stream):
        """Reads the rest of a PDU, which has to be a whole request. Returns the answer to it."""
        kind, length, call = header[2], *struct.unpack("<H2xI", header[8:])
        body = stream.read(length - 16)
        if kind != REQUEST:
            contexts = body[8]
            # As an older netsessiond has it, which lists sessions by srvsvc only: abstract syntax not supported.
            first = struct.pack("<HH", 0, 0) + NDR if body[16:32] == SRVSVC else struct.pack("<HH20x", 2, 1)
            results = first + struct.pack("<HH20x", 2, 2) * (contexts - 1)
            return pdu(BIND_ACK, struct.pack("<HHIH", 4280, 4280, 1, 0) + bytes(2) + struct.pack("<BBH", contexts, 0, 0)
                       + results, call=call)
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        stub = enum_answer(answer, self._missing, self._level)
        return pdu(RESPONSE_PDU, struct.pack("<IHBx", len(stub), 0, 0) + stub, call=call)


def enum_answer(rows, missing=0, level=10):
    """The stub of a NetrSessionEnum answer, [MS-SRVS] 3.1.4.5."""
    tail = (0, 0x2000C, 0x20010) if level == 502 else ()  # user_flags and the pointers to two more texts
    opens = (0,) if level == 502 else ()
    entries = b"".join(struct.pack(f"<{4 + len(opens) + len(tail)}I", 0x20004, 0x20008, *opens, row[2], 0, *tail)
                       for row in rows)
    texts = b"".join(wide(text)[4:] for client, user, _, *more in rows for text in (client, user, *more))
    buffer = struct.pack("<I", len(rows)) + entries + texts if rows else b""
    return (struct.pack("<IIIII", level, level, 0x20000, len(rows), 0x20000 if rows else 0) + buffer
            + struct.pack("<III", len(rows) + missing, 0, 0))
