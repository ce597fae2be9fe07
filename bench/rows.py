"""What is measured: each function gives Rows of one subject. `bench/README.md` says how to read them."""
import contextlib
import re
import socket
import subprocess
import time

from lab import command, sessions
from lab.ad import DomainController
from lab.cli import address
from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.process import resident_mib
from lab.relay import Relay
from lab.samba import SambaServer

from . import callers
from .contest import Figure, Row, take_turns

DELAY_MS = 20  # of the slow network, in each direction
LEVELS = (1, 502)
DRAWN = ("a session added", "a page of 100, encoded", "one of a client and a user")  # of the table, in the graph


class Effort:
    """How much is measured: turns of each contest, and the numbers of sessions."""

    def __init__(self, is_quick):
        self.is_quick = is_quick
        self.turns, self.warm_calls = (3, 200) if is_quick else (9, 1000)
        self.listed = (100, 10000) if is_quick else (100, 10000, 1000000)
        self.connections = (1, 10) if is_quick else (1, 10, 100, 1000)
        self.relayed = (1, 200) if is_quick else (1, 200, 5000)
        self.idle = 1000 if is_quick else 10000
        self.swept = (100,) if is_quick else (100, 1000, 10000)


def round_trips(effort):
    """A cold call over a slow network."""
    with SambaServer() as samba, Netsessiond() as ours:
        for name, server in (("Samba", samba), ("netsessiond", ours)):
            with Relay(server.host, server.port, delay_ms=DELAY_MS) as relay:
                yield from round_trips_through(effort, relay, f"{name}, NTLM", callers.cold(server, of=relay))
    if effort.is_quick:
        return
    with DomainController() as dc:
        inside = [*dc.inside, "env", f"KRB5_CONFIG={dc.folder}/krb5.conf", f"KRB5RCACHEDIR={dc.folder}"]
        with Netsessiond(administrators=dc.sid_of("group", "Domain Admins"), inside=inside, mechanisms="kerberos",
                         keytab=dc.add_server("fs1")) as ours:
            dc.kinit(dc.administrator)
            for what, name, port in (("Samba", dc.name, 445), ("netsessiond", "fs1.lab.example", ours.port)):
                with Relay("127.0.0.1", port, delay_ms=DELAY_MS, network=dc.network) as relay:
                    cold = callers.cold_by_kerberos(dc, name, relay.port)
                    for how in cold.values():
                        callers.run_ms(*how, env=dc.environment)  # the KDC gives the ticket for the server
                    yield from round_trips_through(effort, relay, f"{what}, Kerberos", cold, dc.environment)


def round_trips_through(effort, relay, server, cold, env=None):
    def count(how):
        before = relay.round_trips + relay.connections
        callers.run_ms(*how, env=env)
        return relay.round_trips + relay.connections - before

    counts = {who: Figure.of([count(how)]) for who, how in cold.items()}
    yield Row(f"round trips of a cold call to {server}", "", counts, {"rpcclient": 1})
    times = take_turns({who: lambda how=how: callers.run_ms(*how, env=env) for who, how in cold.items()}, effort.turns)
    yield Row(f"cold call to {server}, {DELAY_MS} ms each way", "ms", times, {"rpcclient": 1})


def cold_command(effort):
    """A process that makes one call, and ends."""
    with SambaServer() as server, sessions.held(server, sessions.crowd(20, server.users)):
        cold = callers.cold(server)
        yield Row("cold command, 20 sessions of Samba", "ms",
                  take_turns({who: lambda how=how: callers.run_ms(*how) for who, how in cold.items()}, 2 * effort.turns),
                  {"rpcclient": 0.35, "impacket": 0.1})
        yield Row("its peak memory", "MiB",
                  take_turns({who: lambda how=how: callers.peak_mib(*how) for who, how in cold.items()}, effort.turns),
                  {"rpcclient": 0.4})
        yield Row("of it, start and end: --version; limit: true(1)", "ms",
                  take_turns({"netsession": lambda: callers.run_ms([command.built(), "--version"]),
                              "rpcclient": lambda: callers.run_ms(["rpcclient", "--version"]),
                              "limit": lambda: callers.run_ms(["true"])}, 2 * effort.turns))
        stages = [callers.cold_stages_ms(server) for _ in range(2 * effort.turns)]
        for what, times in zip(("OpenSSL's start", "NTLM's first token, with GSSAPI's mechanism",
                                "connection, log-on and call when all is loaded: Samba's share"), zip(*stages)):
            yield Row(f"of it, {what}", "ms", {"netsession": Figure.of(times)})


def bytes_of_a_call(server, caller, level):
    """(of the request, of the answer), by the server's counters."""
    before = server.counters
    caller.call_ns(level, 10)
    after = server.counters
    return [(after[name] - before[name]) // 10 for name in ("smb_bytes_in", "smb_bytes_out")]


def warm_call(effort):
    """A call over an open pipe to netsessiond, which lists ten sessions."""
    with Netsessiond(sessions=10) as server, callers.warm(server) as warm:
        sizes = bytes_of_a_call(server, warm["netsession"], 1)
        contenders = {who: lambda caller=caller, count=effort.warm_calls if who == "netsession" else 50:
                      caller.call_ns(1, count) / 1000 for who, caller in warm.items()}
        contenders["limit"] = lambda: callers.ping_pong_ns(*sizes, effort.warm_calls) / 1000
        yield Row("warm call, 10 sessions", "us", take_turns(contenders, effort.turns), {"limit": 2.5, "impacket": 0.1})


def listing(effort):
    """All sessions of netsessiond, in one answer."""
    for count in effort.listed:
        with Netsessiond(sessions=count) as server:
            for encrypt in (False, True):
                peers = ("impacket",) if count <= (100 if effort.is_quick and encrypt else 10000) else ()
                with callers.warm(server, encrypt, peers) as warm:
                    for level in LEVELS:
                        yield from listing_at(effort, server, warm, count, level, encrypt)
            if count == max(effort.listed):
                for level in LEVELS:
                    used_kib, block_kib = callers.caller_memory_kib(server, level)
                    yield Row(f"memory of the caller of {count:,} sessions, level {level}; limit: its block", "MiB",
                              {"netsession": Figure.of([used_kib / 1024]), "limit": Figure.of([block_kib / 1024])}, {"limit": 1.1})


def listing_at(effort, server, warm, count, level, encrypt):
    sizes = bytes_of_a_call(server, warm["netsession"], level) if count <= 10000 else None
    if sizes is None:
        before = server.counters["smb_bytes_out"]
        warm["netsession"].call_ns(level, 1)
        sizes = 500, server.counters["smb_bytes_out"] - before
    is_dear = count > 10000
    contenders = {who: lambda caller=caller: caller.call_ns(level, 1, expects=count * 99 // 100) / 1e6
                  for who, caller in warm.items()}
    if level == 1 and not encrypt and not is_dear:
        contenders["rpcclient"] = lambda: callers.rpcclient_call_ms(server)
    contenders["limit"] = lambda: callers.ping_pong_ns(*sizes, 1) / 1e6
    how = "encrypted" if encrypt else "signed"
    target = {"limit": 6} if is_dear else {"rpcclient": 0.1, "impacket": 0.01} if count == 10000 else {}
    yield Row(f"list of {count:,} sessions, level {level}, {how}", "ms",
              take_turns(contenders, 5 if is_dear else effort.turns), target, at=count, series=f"list, level {level}, {how}")


def unbounded(connections):
    """Settings of a netsessiond that so many connections of this computer do not exceed."""
    most = connections + 2000
    return {"max_connections": most, "max_connections_per_address": most, "max_unauthenticated_connections": most,
            "max_unauthenticated_connections_per_address": most}


def many_callers(effort):
    """The daemon under many connections."""
    bounds = unbounded(effort.idle)
    with Netsessiond(**bounds) as server:
        before_mib = resident_mib(server.pid)
        began = time.perf_counter()
        with Holder(server, effort.idle):
            took_s = time.perf_counter() - began
            each_kib = (resident_mib(server.pid) - before_mib) * 1024 / effort.idle
            used = callers.cpu_s(server.pid)
            time.sleep(2)
            idle_cpu = (callers.cpu_s(server.pid) - used) / 2
    yield Row(f"log-ons, {effort.idle:,} one after another", "a second", {"netsession": Figure.of([effort.idle / took_s])},
              more_is_better=True)
    yield Row("memory of an idle connection", "KiB", {"netsession": Figure.of([each_kib])})
    yield Row(f"processor time of {effort.idle:,} idle connections", "% of a processor", {"netsession": Figure.of([100 * idle_cpu])})
    for connections in effort.connections:
        with Netsessiond(sessions=10, **bounds) as server:
            figures = [calls_a_second(server, connections) for _ in range(3)]
        yield Row(f"calls over {connections:,} connections", "a second", {"netsession": Figure.of(figures)}, more_is_better=True,
                  at=connections, series="calls a second")


class Holder:
    """A context manager: log-ons that are held (tests/fixtures/programs/hold_log_ons.c)."""

    def __init__(self, server, count):
        self._command = [command.built("tests/fixtures/hold_log_ons"), server.credentials_file("alice"), address(server),
                         str(count), "64"]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self._process.stdout.readline()
        if not said.endswith("failed 0\n"):
            raise RuntimeError(said)
        return self

    def __exit__(self, *_):
        self._process.communicate()


def calls_a_second(server, connections):
    done = subprocess.run([command.built("bench/many_callers"), server.credentials_file("root"), address(server),
                           str(connections), "2"], text=True, capture_output=True, check=True)
    return float(done.stdout)


def session_table(effort):
    """netsessiond's table of sessions in memory."""
    said = subprocess.run([command.built("bench/bench_session_table")], text=True, capture_output=True, check=False).stdout
    each = re.search(r"a session: ([\d.]+) bytes", said)
    yield Row("the table: a session of a million", "bytes", {"netsession": Figure.of([float(each[1])])})
    found = {}
    for what, few, many, count in re.findall(r"# (.+?) +([\d.]+) us at 1000 sessions, +([\d.]+) us at (\d+)", said):
        series = found.setdefault((what, int(count)), [])  # of the same figure again, the best one counts
        series.append((float(many) / float(few), float(many), float(few)))
    for (what, count), series in sorted(found.items(), key=lambda item: item[0]):
        _, many, few = min(series)
        yield Row(f"the table: {what}, {count:,} sessions; limit: among 1,000", "us",
                  {"netsession": Figure.of([many]), "limit": Figure.of([few])}, {"limit": 1.5}, at=count,
                  series=f"the table: {what}" if what in DRAWN else None)


def samba_relay(effort):
    """A call through netsession-samba beside one that smbd hands to Samba itself."""
    for count in effort.relayed:
        with SambaServer(relayed=True) as samba, NetsessionSamba(samba) as relay, \
                sessions.held(samba, sessions.crowd(count, samba.users)):
            relay.terminate()  # then a pipe is Samba's own
            with callers.warm(samba, peers=()) as direct:
                direct["netsession"].call_ns(1, 1)
                relay.start()
                with callers.warm(samba, peers=()) as relayed:
                    for level in (1, 10):
                        figures = take_turns(
                            {"netsession": lambda level=level: relayed["netsession"].call_ns(level, 10, expects=count) / 1e6,
                             "Samba": lambda: direct["netsession"].call_ns(1, 10, expects=count) / 1e6}, effort.turns)
                        yield Row(f"through the relay, {count:,} sessions, level {level}; Samba: directly, level 1", "ms", figures,
                                  {"Samba": 1.2 if level == 1 else 1.5}, at=count, series=f"relay, level {level}")


class DeadPort:
    """A context manager: a port of all addresses of this computer that answers no SYN, as its queue is full."""

    def __enter__(self):
        self._sockets = [socket.create_server(("0.0.0.0", 0), backlog=0)]
        self.number = self._sockets[0].getsockname()[1]
        for _ in range(4):
            self._sockets.append(socket.socket())
            self._sockets[-1].setblocking(False)
            self._sockets[-1].connect_ex(("127.0.0.1", self.number))
        return self

    def __exit__(self, *_):
        for one in self._sockets:
            one.close()


def sweep(effort):
    """Many hosts, which are one netsessiond at many addresses; a tenth of them dead, or none. They are asked for one user's
    sessions, because that netsessiond also has a session of each log-on of the sweep."""
    port = free_port()
    with DeadPort() as dead, Netsessiond(listen=f"0.0.0.0:{port}", **unbounded(max(effort.swept))) as server, \
            contextlib.ExitStack() as stack:
        server.port = port
        stack.enter_context(sessions.held(server, [sessions.Wanted("alice", "127.0.0.7")]))
        for count in effort.swept:
            for each in (0,) if effort.is_quick else (0, 10):
                hosts = [(f"127.{64 + n // 65536}.{n // 256 % 256}.{n % 256}", dead.number if each and n % each == 0 else port)
                         for n in range(count)]
                what = f"sweep of {count:,} hosts{', a tenth of them dead' if each else ''}"
                ours = Figure.of([count / callers.sweep_s(server, hosts, "alice") for _ in range(effort.turns if count <= 1000 else 3)])
                for workers in (None,) if count > 1000 else (50,) if effort.is_quick else (10, 50):
                    figures = {"netsession": ours}
                    if workers:
                        figures["impacket"] = Figure.of([count / callers.sweep_s(server, hosts, "alice", workers)])
                    yield Row(f"{what}{f'; impacket: {workers} workers' if workers else ''}", "hosts a second", figures,
                              more_is_better=True, at=count)


SUBJECTS = {function.__name__: function for function in (round_trips, cold_command, warm_call, listing, many_callers, session_table,
                                                         samba_relay, sweep)}
