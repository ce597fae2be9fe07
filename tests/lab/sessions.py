"""Sessions held open on a server, and independent ways to list a server's sessions.

A `server` is anything with host, port, domain, administrator and password(user); for rpcclient and smbclient
also tool() and credentials_file(), for open files share and file. samba.SambaServer has all of it.
"""
import collections
import concurrent.futures
import contextlib
import itertools
import re
import socket
import subprocess
import threading
import time

from impacket import nmb, smb3
from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.smb3structs import FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_OPEN
from impacket.smbconnection import SMBConnection

from .wait_until import HANG_S

Wanted = collections.namedtuple("Wanted", "user client opens", defaults=("127.0.0.1", 0))
Wanted.__doc__ = """A session to be held: the user, the address to connect from (any of 127/8, or ::1), files to open.

Samba credits num_opens to the first session of the same user in the same smbd process, so to that very one here.
"""

Answer = collections.namedtuple("Answer", "status rows total resume_handle")
Answer.__doc__ = """What NetrSessionEnum gave: the Win32 status, and rows as dicts named as in `netsession -o json`, but
with user_flags as the number on the wire."""

# Member of SESSION_INFO_*, without its sesiN_, and our name for it. [MS-SRVS] 2.2.4.11 to 2.2.4.15.
COLUMNS = {"cname": "client", "username": "user", "num_opens": "num_opens", "time": "active_seconds",
           "idle_time": "idle_seconds", "user_flags": "user_flags", "cltype_name": "client_type",
           "transport": "transport"}


def as_windows(client):
    """How Windows, and we, name the client of a session that has this address."""
    return rf"\\[{client}]" if ":" in client else rf"\\{client}"


def crowd(count, users, clients=64, opens=0):
    """Count wanted sessions: the users in turn, from the addresses 127.0.1.1, 127.0.1.2, ... in turn."""
    addresses = [f"127.0.1.{1 + n}" for n in range(clients)]
    return [Wanted(user, address, opens)
            for _, user, address in zip(range(count), itertools.cycle(users), itertools.cycle(addresses))]


@contextlib.contextmanager
def held(server, wanted, threads=8):
    """Holds the wanted sessions, each on a TCP connection of its own, by impacket. Gives the list of connections.

    Samba lists a session as soon as its log-on has succeeded. Each session has a tree connection, too: smbd looks once a
    minute for connections without one and closes them, which a test on a busy machine lives to see.
    """
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(_log_on, server, want) for want in wanted]
    connections = [future.result() for future in futures if future.exception() is None]
    try:
        for future in futures:
            future.result()
        yield connections
    finally:
        for connection in connections:
            connection.close()


@contextlib.contextmanager
def dropped(server, users):
    """Lets the users log on and close their connections without a log-off, again and again, until it is left."""
    over = threading.Event()

    def drop(user):
        while not over.is_set():
            _log_on(server, Wanted(user)).getSMBServer()._NetBIOSSession.get_socket().close()
    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        dropping = [pool.submit(drop, user) for user in users]
        try:
            yield
        finally:
            over.set()
    for future in dropping:
        future.result()


@contextlib.contextmanager
def held_by_smbclient(server, users, opens_file=False, client_guid=None):
    """Holds one session for each user by Samba's own client. Gives the list of processes (their stdin is open).

    client_guid  a UUID that all of them say, so that Samba has one smbd for all of those; None: each has its own
    """
    guid = [f"--option=libsmb:client_guid={client_guid}"] if client_guid else []
    before = _listed(server)
    processes = []
    try:
        for user in users:
            process = subprocess.Popen(
                server.tool("smbclient", *guid, "-A", server.credentials_file(user),
                            f"//{server.host}/{server.share}"),
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
            processes.append(process)
            if opens_file:
                process.stdin.write(f"open {server.file}\n")
                process.stdin.flush()
        _wait_until_listed(server, before + collections.Counter(users),
                           len(processes) if opens_file else 0)
        yield processes
    finally:
        for process in processes:
            process.communicate()  # closes its stdin, at which smbclient logs off and ends


@contextlib.contextmanager
def srvsvc(server, user=None):
    """impacket's association with srvsvc, as user (the administrator unless told). At 3.0: the hash that its NTLM signs by
    at 3.1.1 is wrong, to Samba too. Gives it."""
    connection = SMBConnection(server.host, server.host, sess_port=server.port, timeout=HANG_S)
    user = user or server.administrator
    connection.login(user, server.password(user), server.domain)
    pipe = transport.SMBTransport(server.host, server.host, filename=r"\srvsvc", smb_connection=connection)
    with contextlib.closing(connection):
        dce = pipe.get_dce_rpc()
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        yield dce


def enumerate_with_impacket(server, user=None, level=1, client=None, username=None, resume_handle=0,
                            page_bytes=0xFFFFFFFF):
    """Asks the server by NetrSessionEnum, as user (the administrator unless told). Returns an Answer.

    The rest is as for enumerate_over.
    """
    with srvsvc(server, user) as dce:
        return enumerate_over(dce, level, client, username, resume_handle, page_bytes)


def enumerate_over(dce, level=1, client=None, username=None, resume_handle=0, page_bytes=0xFFFFFFFF):
    """Asks over a bound association of impacket's, whatever carries it. Returns an Answer.

    level             one that exists: impacket cannot encode another
    client, username  filters; None is sent as NULL
    """
    begin_enumeration(dce, level, client, username, resume_handle, page_bytes)
    return end_enumeration(dce, level)


def begin_enumeration(dce, level=1, client=None, username=None, resume_handle=0, page_bytes=0xFFFFFFFF):
    """Sends what enumerate_over asks. end_enumeration has to follow."""
    request = srvs.NetrSessionEnum()
    request["ServerName"] = NULL
    request["ClientName"] = _wide(client)
    request["UserName"] = _wide(username)
    request["InfoStruct"]["Level"] = request["InfoStruct"]["SessionInfo"]["tag"] = level
    request["InfoStruct"]["SessionInfo"][f"Level{level}"]["Buffer"] = NULL
    request["PreferedMaximumLength"] = page_bytes
    request["ResumeHandle"] = resume_handle
    dce.call(request.opnum, request)


def end_enumeration(dce, level=1):
    """Waits for what begin_enumeration asked for, at the same level. Returns an Answer."""
    # Not dce.request(): impacket drops what comes with ERROR_MORE_DATA.
    response = srvs.NetrSessionEnumResponse(dce.recv())
    return Answer(response["ErrorCode"], _rows(response, level), response["TotalEntries"], response["ResumeHandle"])


def enumerate_with_rpcclient(server, user=None, level=1):
    """Asks by Samba's rpcclient. Returns (name of the status, number of sessions); rpcclient tells no more.

    rpcclient cannot give a level without both filters, so they name its own session. Samba ignores them.
    """
    user = user or server.administrator
    done = subprocess.run(
        server.tool("rpcclient", "-A", server.credentials_file(user), server.host,
                    "-c", netsessenum(server.host, user, level)),
        text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=HANG_S, check=False)
    received = re.search(r"Received (\d+) entries", done.stdout)
    if received:
        return "WERR_OK", int(received[1])
    refused = re.search(r"\b(?:WERR|NT_STATUS)_\w+", done.stdout + done.stderr)
    return refused[0] if refused else done.stdout + done.stderr, 0


def netsessenum(client, user, level):
    """rpcclient's command for NetrSessionEnum with both filters; it halves backslashes."""
    return rf"netsessenum \\\\{client} {user} {level} 0"


class _FreshSMB3(smb3.SMB3):
    """SMB3 on a socket of ours. Its constructor takes a given session for one that has negotiated already."""

    def negotiateSession(self, *arguments):
        self._Connection["SequenceWindow"] = 0
        super().negotiateSession(*arguments)


def _log_on(server, want):
    host = server.host6 if ":" in want.client else server.host
    stream = socket.create_connection((host, server.port), timeout=HANG_S, source_address=(want.client, 0))
    try:
        session = nmb.NetBIOSTCPSession("", host, host, sess_port=server.port, timeout=HANG_S, sock=stream)
        connection = SMBConnection(existingConnection=_FreshSMB3(
            host, host, "", nmb.TYPE_SERVER, server.port, HANG_S, session=session))
        connection.login(want.user, server.password(want.user), server.domain)
        if connection.isGuestSession():  # [MS-SMB2] 3.2.5.3.1: it is not signed, and Samba 4.25 refuses impacket's signature
            connection.getSMBServer()._Session["SigningActivated"] = False
        tree = connection.connectTree(server.share if want.opens else "IPC$")
        for _ in range(want.opens):
            connection.openFile(tree, server.file, FILE_READ_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                creationDisposition=FILE_OPEN)
        return connection
    except BaseException:
        stream.close()
        raise


def _wide(text):
    return NULL if text is None else text + "\0"


def _rows(response, level):
    container = response["InfoStruct"]["SessionInfo"][f"Level{level}"]
    rows = []
    for entry in container["Buffer"]:
        row = {}
        for member, column in COLUMNS.items():
            if f"sesi{level}_{member}" in entry.fields:
                value = entry[f"sesi{level}_{member}"]
                row[column] = value.rstrip("\0") if isinstance(value, str) else value
        rows.append(row)
    return rows


def _listed(server):
    return collections.Counter(row["user"] for row in enumerate_with_impacket(server).rows)


def _wait_until_listed(server, expected, opens):
    deadline = time.monotonic() + HANG_S
    while True:
        rows = enumerate_with_impacket(server).rows
        users = collections.Counter(row["user"] for row in rows)
        if users >= expected and sum(row["num_opens"] for row in rows) >= opens:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected {dict(expected)} with {opens} opens; the server lists {rows}")
        time.sleep(0.02)
