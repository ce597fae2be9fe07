"""What a relay can do to one message, as values for Relay(tamper=...):

    Relay(server.host, server.port, tamper=at(TO_CLIENT, 2, flip(-1)))
    Relay(server.host, server.port, tamper=on(TO_CLIENT, frames.IOCTL, truncate(80)))
    Relay(server.host, server.port, tamper=on(TO_SERVER, frames.TREE_CONNECT, becomes(STALL)))

at() and on() say which message, the others what becomes of it: a function message -> what Relay's tamper may return.
"""
import itertools

from . import frames
from .relay import STALL, TO_CLIENT


def at(direction, index, change):
    """Changes the index-th message of each connection in that direction, counted from 0."""
    return lambda towards, message, number: change(message) if (towards, number) == (direction, index) else message


def on(direction, command, change, nth=0):
    """Changes the nth message, counted from 0 over all connections, whose SMB2 command it is (see frames.py).

    What is sealed has no command to see: use at() there.
    """
    seen = itertools.count()

    def tamper(towards, message, _):
        wanted = towards == direction and frames.command(message) == command and next(seen) == nth
        return change(message) if wanted else message

    return tamper


def flip(offset, mask=1):
    """Inverts bits of the byte at offset; negative from the end. A signed message no longer verifies then."""
    def change(message):
        changed = bytearray(message)
        changed[offset] ^= mask
        return bytes(changed)
    return change


def truncate(length):
    """Only the first bytes, in a frame of that length."""
    return lambda message: message[:length]


def becomes(replacement):
    """Something else in its place: a message, Raw, SWALLOW, CUT or STALL."""
    return lambda _: replacement


def is_long_answers_end(message):
    """The last READ answer of a long NetrSessionEnum: its RPC PDU has PFC_LAST_FRAG."""
    if frames.command(message) != frames.READ or len(message) < 64 + 16 + 4:
        return False
    return bool(message[64 + 16 + 3] & 2)


def holds_back_the_last_fragment(direction, message, _):
    return STALL if direction == TO_CLIENT and is_long_answers_end(message) else message
