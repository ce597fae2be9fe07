"""A TCP relay between a client and a server: it delays, counts and tampers.

    with Relay(server.host, server.port, delay_ms=20) as relay:
        ...connect to relay.host, relay.port...
    relay.round_trips, relay.bytes_to_server, relay.bytes_to_client, relay.connections, relay.closed_by_server

A round trip is a burst of the client's bytes after the server's (or at the start): what the client sends while it
waits for nothing counts once. The TCP handshake comes on top of it, one for each connection; the delay includes it.
"""
import asyncio
import collections
import ctypes
import struct
import threading

from . import frames
from .ports import free_port

TO_SERVER, TO_CLIENT = "to server", "to client"

CUT = "cut"          # both connections end at once, whatever they were at
STALL = "stall"      # nothing more comes through, either way, and nothing is closed
SWALLOW = "swallow"  # this one message is lost

Raw = collections.namedtuple("Raw", "data then", defaults=(None,))
Raw.__doc__ = """Bytes to send as they are, without a frame around them, and then perhaps CUT or STALL."""


class Relay:
    """A relay on a free port of 127.0.0.1.

    host, port  the server
    delay_ms    in each direction
    tamper      function (direction, message, index) that decides on each whole message; index counts the messages
                of that connection and direction from 0. It returns a message (framed anew, so the length fits), Raw,
                SWALLOW, CUT or STALL. See tampering.py. What it raises comes out of the with statement.
                May be set anew: later connections have that one.
    network     path of the network namespace to be in; None: that of this process
    source      address of this computer from which later connections go to the server; None: the system's choice
    """

    host = "127.0.0.1"

    def __init__(self, host, port, delay_ms=0, tamper=None, source=None, network=None):
        self.port = free_port()
        self.connections = self.closed_by_server = self.round_trips = self.bytes_to_server = self.bytes_to_client = 0
        self.target, self.delay_s, self.tamper, self.source = (host, port), delay_ms / 1000, tamper, source
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=[network], name="relay", daemon=True)
        self._listener = self._failure = None
        self._open = {}  # {_Connection: its StreamWriters}

    def cut(self):
        """Ends the connections that there are, at once; later ones are let through."""
        async def abort():
            for connection, writers in self._open.items():
                for writer in writers:
                    writer.transport.abort()
                connection.task.cancel()  # it may be stalled
        self._await(abort())

    def send_to_clients(self, data):
        """Sends bytes to the clients that there are, as if the server had sent them."""
        async def send():
            for client, *_ in self._open.values():
                client.write(data)
                await client.drain()
        self._await(send())

    def stall(self):
        """Lets nothing more through the connections that there are, and closes nothing."""
        async def stop():
            for connection in self._open:
                connection.stall()
        self._await(stop())

    def _run(self, network):
        if network:
            _enter_network(network)
        self._loop.run_forever()

    def __enter__(self):
        self._thread.start()
        self._listener = self._await(asyncio.start_server(self._relay, self.host, self.port))
        return self

    def __exit__(self, kind, *_):
        self._await(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._failure and kind is None:
            raise self._failure

    def _await(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _end(self):
        self._listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close

    async def _relay(self, client_reader, client_writer):
        self.connections += 1
        connection, writers = _Connection(self), [client_writer]
        self._open[connection] = writers
        try:
            await asyncio.sleep(2 * self.delay_s)  # the handshake
            server_reader, server_writer = await asyncio.open_connection(
                *self.target, local_addr=(self.source, 0) if self.source else None)
            writers.append(server_writer)
            await asyncio.gather(connection.pump(TO_SERVER, client_reader, server_writer),
                                 connection.pump(TO_CLIENT, server_reader, client_writer))
            for writer in writers:
                writer.close()
        except (OSError, _Cut, asyncio.CancelledError):
            pass
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._failure = error
        finally:
            del self._open[connection]
            for writer in writers:
                if not writer.is_closing():
                    writer.transport.abort()


def _enter_network(path):
    """Puts this thread into a network namespace: setns(2), which os has from Python 3.12 on."""
    clone_newnet = 0x40000000
    with open(path, "rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), clone_newnet) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


class _Cut(Exception):
    pass


class _Connection:
    """One client's connection: two pumps and what they share."""

    def __init__(self, relay):
        self._relay, self._tamper = relay, relay.tamper
        self.task = asyncio.current_task()  # also holds it: asyncio does not
        self._client_has_waited = True
        self._stalled = False

    def stall(self):
        self._stalled = True

    async def pump(self, direction, reader, writer):
        """Carries one direction until its end. A queue between reading and writing lets many bytes be under way."""
        queue, loop = asyncio.Queue(), asyncio.get_running_loop()
        delivery = asyncio.create_task(self._deliver(direction, queue, writer))
        try:
            async for piece in self._pieces(direction, reader):
                queue.put_nowait((loop.time() + self._relay.delay_s, piece))
            queue.put_nowait((loop.time() + self._relay.delay_s, None))
            await delivery
        finally:
            delivery.cancel()

    async def _pieces(self, direction, reader):
        """What is to be done, in order: bytes as they come, or what the tampering makes of each message."""
        if self._tamper is None:
            while data := await reader.read(65536):
                self._count(direction, len(data))
                yield Raw(data)
            return
        index = 0
        while header := await _read_up_to(reader, 4):
            message = await _read_up_to(reader, struct.unpack(">I", header)[0] & 0xFFFFFF)
            self._count(direction, len(header) + len(message))
            decision = self._tamper(direction, message, index)
            yield Raw(frames.framed(decision)) if isinstance(decision, bytes) else decision
            index += 1

    async def _deliver(self, direction, queue, writer):
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if self._stalled:
                await asyncio.Event().wait()
            if piece is None:
                writer.write_eof()
                self._relay.closed_by_server += direction == TO_CLIENT
                return
            if isinstance(piece, Raw):
                writer.write(piece.data)
                await writer.drain()
                self._client_has_waited |= direction == TO_CLIENT
                piece = piece.then
            if piece == STALL:
                self._stalled = True
            if piece == CUT:
                writer.close()  # after what was sent before
                raise _Cut

    def _count(self, direction, count):
        if direction == TO_CLIENT:
            self._relay.bytes_to_client += count
        else:
            self._relay.bytes_to_server += count
            self._relay.round_trips += self._client_has_waited
            self._client_has_waited = False


async def _read_up_to(reader, count):
    try:
        return await reader.readexactly(count)
    except asyncio.IncompleteReadError as ended:
        return ended.partial
