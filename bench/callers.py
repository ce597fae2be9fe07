"""The programs that call a server: ours and its peers, cold (a process for each call) and warm (one connection)."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

from fixtures import programs
from lab import command
from lab.cli import address

CONNECT_TIMEOUT_S = 2  # of a sweep

HERE = pathlib.Path(__file__).parent


def run_ms(arguments, stdin="", env=None):
    """The wall time of a command that has to succeed."""
    began = time.perf_counter()
    done = subprocess.run([*map(str, arguments)], env=command.environment(env), input=stdin, text=True, capture_output=True, check=False)
    took_ms = (time.perf_counter() - began) * 1000
    if done.returncode:
        raise RuntimeError(f"{arguments} failed: {done.stdout}{done.stderr}")
    return took_ms


def peak_mib(arguments, stdin=""):
    """The most memory that a command has, by time(1): Python's own size would count as its child's."""
    done = subprocess.run(["time", "--format=%M", *map(str, arguments)], env=command.environment(), input=stdin, text=True,
                          capture_output=True, check=True)
    return int(done.stderr.splitlines()[-1]) / 1024


def cold(server, of=None, level=1, peers=("rpcclient", "impacket")):
    """{contender: (command line, standard input)}: one call by a process of its own. of: a relay before the server."""
    target, user = of or server, server.administrator
    credentials = server.credentials_file(user)
    password = server.password(user)
    commands = {
        "netsession": ([command.built(), "list", "-l", level, "-A", credentials, address(target)], ""),
        "rpcclient": ([*server.tool("rpcclient", f"--port={target.port}", "-A", credentials, target.host, "-c", "netsessenum")], ""),
        "impacket": ([sys.executable, HERE / "impacket_calls.py", target.host, target.port, user, server.domain],
                     f"{password}\n{level} 1\n"),
    }
    return {name: commands[name] for name in ("netsession", *peers)}


def cold_stages_ms(server):
    """(OpenSSL's start, NTLM's first token, a connection with log-on and call when all is loaded)."""
    done = subprocess.run([command.built("bench/cold_stages"), server.credentials_file(server.administrator), address(server)],
                          env=command.environment(), text=True, capture_output=True, check=True)
    return [int(took_ns) / 1e6 for took_ns in done.stdout.split()]


def cold_by_kerberos(dc, name, port):
    """As cold, at a server of a domain, by the tickets in the environment of its controller."""
    cache = dc.environment["KRB5CCNAME"].removeprefix("FILE:")
    commands = {
        "netsession": [command.built(), "list", "-l", 1, f"{name}:{port}"],
        "rpcclient": ["rpcclient", f"--configfile={dc.configuration}", f"--port={port}", *dc.by_ticket, name, "-c", "netsessenum"],
        "impacket": ["env", f"KRB5CCNAME={cache}", sys.executable, HERE / "impacket_calls.py", name, port, dc.administrator,
                     dc.realm, "kerberos"],
    }
    return {name: ([*dc.inside, *arguments], "1 1\n") for name, arguments in commands.items()}


def sweep_s(server, hosts, wanted, workers=None):
    """How long it takes to ask all hosts, [(address, port)], for the sessions of a user: by netsession, which stores them, or by
    so many threads of impacket. Those at the server's port have to answer."""
    user = server.administrator
    if workers is None:
        lines = "\n".join(f"{host}:{port}" for host, port in hosts)
        arguments = [command.built(), "sweep", "-A", server.credentials_file(user), "-l", 1, "-u", wanted, "--wins", "none", "-o", "jsonl",
                     "--connect-timeout", CONNECT_TIMEOUT_S, "--retries", 0, "--hosts", "-", "--db", server.folder / "sweep.db"]
    else:
        lines = "\n".join([server.password(user), *(f"{host} {port}" for host, port in hosts)])
        arguments = [sys.executable, HERE / "impacket_sweep.py", workers, user, server.domain, CONNECT_TIMEOUT_S, wanted]
    began = time.perf_counter()
    done = subprocess.run([*map(str, arguments)], env=command.environment(), input=lines, text=True, capture_output=True, check=False)
    took_s = time.perf_counter() - began
    last = json.loads(done.stdout.splitlines()[-1])
    answered = last if workers else last["outcomes"]["answered"]
    if answered != sum(port == server.port for _, port in hosts):
        raise RuntimeError(f"{arguments}: {answered} hosts have answered: {done.stderr[-2000:]}")
    return took_s


class Warm:
    """A context manager: a program that makes calls over one connection."""

    def __init__(self, arguments, password=None):
        self._arguments, self._password = [*map(str, arguments)], password

    def __enter__(self):
        self._process = subprocess.Popen(self._arguments, env=command.environment(), text=True, bufsize=1,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._password is not None:
            self._process.stdin.write(self._password + "\n")
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    @property
    def pid(self):
        return self._process.pid

    def call_ns(self, level, count, expects=None):
        """The median time of so many calls. expects: so many sessions at least."""
        self._process.stdin.write(f"{level} {count}\n")
        said = self._process.stdout.readline()
        entries, took_ns = map(int, said.split())
        if expects and entries < expects:
            raise RuntimeError(f"{entries} sessions of {expects}")
        return took_ns


@contextlib.contextmanager
def warm(server, encrypt=False, peers=("impacket",)):
    """Gives {contender: Warm}, which have logged on."""
    user = server.administrator
    more = ["encrypt"] if encrypt else []
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(programs.Programs()).compile("time_calls.c", "netsession")
        found = {"netsession": Warm([ours, server.credentials_file(user), address(server), *more])}
        if "impacket" in peers:
            found["impacket"] = Warm([sys.executable, HERE / "impacket_calls.py", server.host, server.port, user, server.domain, *more],
                                     server.password(user))
        for caller in found.values():
            stack.enter_context(caller)
        yield found


def caller_memory_kib(server, level):
    """(what a process needs for the list of all sessions, the size of the block that NetSessionEnum gives it)."""
    caller = [command.built("bench/caller_memory"), address(server), str(level)]
    credentials = {"NETSESSION_CREDENTIALS": str(server.credentials_file(server.administrator))}
    done = subprocess.run(caller, env=command.environment(credentials), text=True, capture_output=True, check=True)
    return [*map(int, done.stdout.split())]


def rpcclient_call_ms(server, more=5):
    """What one more call at level 1 adds to an rpcclient that has made one."""
    def run(count):
        return run_ms(server.tool("rpcclient", "-A", server.credentials_file(server.administrator), server.host,
                                  "-c", ";".join(["netsessenum"] * count)))

    return (run(1 + more) - run(1)) / more


def ping_pong_ns(request_bytes, answer_bytes, count):
    """What the system takes to exchange messages of these sizes over TCP of loopback."""
    return int(subprocess.run([command.built("bench/ping_pong"), *map(str, (request_bytes, answer_bytes, count))],
                              text=True, capture_output=True, check=True).stdout)


def cpu_s(pid):
    """What a process has used of the processors so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
