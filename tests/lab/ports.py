"""Free loopback ports, given to one user at a time, also among test programs that run at once.

Ports lie below the kernel's range for outgoing connections (32768 up), so that no client can take one between our
look and the server's bind. A port is reserved by an abstract Unix socket of its number, which the kernel drops
with the process that holds it. It matters: an smbd does not fail on a port that another smbd has, it shares it
(SO_REUSEPORT), and each then gets some of the other's clients.
"""
import functools
import random
import socket

FIRST, LAST = 15000, 32000


@functools.cache
def loopbacks():
    """The addresses to serve on: 127.0.0.1, and ::1 unless this machine has no IPv6."""
    return ("127.0.0.1", "::1") if _is_free("::1", 0) else ("127.0.0.1",)


def free_port():
    """Gives a port free for TCP on all loopback addresses that no other lab process will be given meanwhile."""
    for port in random.sample(range(FIRST, LAST), 500):
        if _reserve(port) and all(_is_free(address, port) for address in loopbacks()):
            return port
    raise RuntimeError(f"no free loopback port among 500 tried between {FIRST} and {LAST}")


def _reserve(port):
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f"\0netsession-lab-port-{port}")
    except OSError:
        reservation.close()
        return False
    reservation.detach()  # stays open as long as this process lives
    return True


def _is_free(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True
