"""Ports that behave badly, each a context manager with host and port: `with silent() as server: ...`

Nobody listening at all: ports.free_port() and nothing on it.
"""
import contextlib
import socketserver
import struct
import threading

from . import frames
from .ports import free_port
from .samba import SambaServer


class OddServer:
    """A listener whose connections are each handed to answer(socket), and closed when that returns."""

    host = "127.0.0.1"

    def __init__(self, answer, host=host, port=None):
        self.host, self.port = host, port or free_port()
        self.connections = 0
        self._answer = answer

    def __enter__(self):
        odd = self

        class Handler(socketserver.BaseRequestHandler):
            """One connection."""

            def handle(self):
                odd.connections += 1
                with contextlib.suppress(OSError):  # the peer may well give up on us
                    odd._answer(self.request)

        class Listener(socketserver.ThreadingTCPServer):
            """SO_REUSEADDR, and no waiting for connections at the end."""

            allow_reuse_address, daemon_threads, block_on_close = True, True, False

        self._listener = Listener((self.host, self.port), Handler)
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()


def silent():
    """Accepts and reads, and never answers."""
    return OddServer(_read_until_closed)


def closes_at_once():
    """Accepts and closes before it has read anything."""
    return OddServer(lambda connection: None)


def greets(banner):
    """Speaks first, something else than SMB."""
    def answer(connection):
        connection.sendall(banner)
        _read_until_closed(connection)
    return OddServer(answer)


def ssh():
    """What sshd says to everybody who connects."""
    return greets(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")


def http():
    """What a web server says to something it does not understand."""
    return answers(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def refuses_session(code):
    """A negative session response, RFC 1002 4.3.4, to everybody who connects."""
    return greets(b"\x83\0\0\1" + bytes([code]))


def huge_frame(promised_bytes=0xFFFFFF, sent_bytes=1000):
    """Answers with the largest length there is (16 MiB less one byte) and then only a little garbage."""
    return answers(struct.pack(">I", promised_bytes) + b"\xa5" * sent_bytes)


def smb1_answer():
    """Answers an SMB2 NEGOTIATE in SMB1: "none of your dialects" (DialectIndex 0xFFFF, [MS-CIFS] 2.2.4.52.2).

    The bytes are Samba 4.17.12's own when it speaks SMB1 alone and is asked in SMB1 for "SMB 2.002" or "SMB 2.???".
    """
    return answers(frames.framed(bytes.fromhex(
        "ff534d42 72 00000000 88 13c0 0000 0000000000000000 0000 ffff fffe 0000 0000"  # header
        "01 ffff 0000")))                                                              # one word, no bytes


def answers_negotiate(dialect, **said):
    """Chooses that dialect, whatever is offered; said: of frames.smb2_negotiate_response."""
    return answers(frames.framed(frames.smb2_negotiate_response(dialect, **said)))


def answers(reply):
    """Reads one frame, sends the reply, and waits until the peer goes."""
    def answer(connection):
        frames.read_frame(connection)
        connection.sendall(reply)
        _read_until_closed(connection)
    return OddServer(answer)


def smb1_only_samba():
    """A real Samba that speaks SMB1 alone.

    Seen on 4.17.12: an SMB2 NEGOTIATE, whatever its dialects, gets no byte: Samba closes the connection at once (FIN
    within 2 ms) and logs nothing. An SMB1 NEGOTIATE without "NT LM 0.12" gets what smb1_answer() sends; with it, an
    SMB1 answer that picks it.
    """
    return SambaServer({"server max protocol": "NT1", "server min protocol": "NT1"})


def _read_until_closed(connection):
    while connection.recv(65536):
        pass
