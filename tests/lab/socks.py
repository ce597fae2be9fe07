"""A SOCKS proxy (RFC 1928): `with Socks() as proxy: ...` has its url."""
import socket
import struct
import threading

from .odd_servers import OddServer

KNOWN = {"fs1.lab.example": "127.0.0.1"}


def read(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Socks:
    """A SOCKS 5 proxy that knows KNOWN; asked_for is a list of (name or address, port). After dies_after connections it closes
    each one at once."""

    def __init__(self, method=0, reply=None, dies_after=None):
        self.method, self.reply, self.dies_after, self.asked_for = method, reply, dies_after, []
        self.server = OddServer(self.serve)

    def serve(self, connection):
        if self.dies_after is not None and len(self.asked_for) >= self.dies_after:
            return
        version, count = read(connection, 2)
        assert version == 5 and 0 in read(connection, count)
        connection.sendall(bytes((5, self.method)))
        if self.method:
            return
        _, _, _, kind = read(connection, 4)
        host = (socket.inet_ntop(socket.AF_INET, read(connection, 4)) if kind == 1
                else socket.inet_ntop(socket.AF_INET6, read(connection, 16)) if kind == 4
                else read(connection, read(connection, 1)[0]).decode())
        [port] = struct.unpack(">H", read(connection, 2))
        self.asked_for.append((host, port))
        try:
            if self.reply or (kind == 3 and host not in KNOWN):
                raise OSError("no such name")
            there = socket.create_connection((KNOWN.get(host, host), port))
        except OSError:
            connection.sendall(bytes((5, self.reply or 4, 0, 1)) + bytes(6))
            return
        with there:
            connection.sendall(bytes((5, 0, 0, 3, 5)) + b"proxy" + bytes(2))
            back = threading.Thread(target=pump, args=(there, connection), daemon=True)
            back.start()
            pump(connection, there)
            back.join()

    def __enter__(self):
        self.server.__enter__()
        self.url = f"socks5://{self.server.host}:{self.server.port}"
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)
