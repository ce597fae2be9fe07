"""NetrSessionEnum and NetrSessionDel of a Samba with netsession-samba, asked by whoever asks such things, and judged by
what Samba itself says at level 1 over the same connection."""
import collections
import contextlib
import io
import os
import re
import struct
import subprocess
import unittest
import uuid

import samba.credentials
import samba.param
from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.examples.smbclient import MiniImpacketShell
from impacket.smbconnection import SMBConnection
from samba.dcerpc import srvsvc as samba_srvsvc

from lab import command, sessions, tap
from lab.cli import UNDERFLOW, address, as_rows, run_list, assert_refused, without_times
from lab.netsession_samba import NetsessionSamba
from lab.raw_rpc import (BAD_STUB, BIND, BIND_ACK, FAULT, FIRST, LAST, REQUEST, RESPONSE_PDU, SESSION_ENUM, bind_body,
                         enum_stub, pdu, request, wide)
from lab.samba import SambaServer, version
from lab.sessions import Wanted
from lab.wait_until import HANG_S, wait_until_equal

LEVELS = (0, 1, 2, 10, 502)
OK, ACCESS_DENIED, INVALID_PARAMETER, INVALID_LEVEL, MORE_DATA = 0, 5, 87, 124, 234
USER_NOT_FOUND, CLIENT_NOT_FOUND, INVALID_COMPUTER = 2221, 2312, 2351
ALL = 0xFFFFFFFF
SERVER_GET_INFO = 21
ORDINARY, OWN = "backup", "root"

# Those of whom the sessions are, and what each level tells of them.
HELD = [Wanted("mail", "127.0.0.7", 2), Wanted("mail", "127.0.0.8"), Wanted("games", "127.0.0.8", 1),
        Wanted("man", "::1"), *3 * [Wanted("daemon", "127.0.0.9")]]
SLASHES, TCP = r"\\", r"\Device\NetbiosSmb"
COLUMNS = {0: ("client",), 1: ("client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags"),
           2: ("client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags", "client_type"),
           10: ("client", "user", "active_seconds", "idle_seconds"),
           502: ("client", "user", "num_opens", "active_seconds", "idle_seconds", "user_flags", "client_type",
                 "transport")}


def answers(data):
    """The PDUs of a stream."""
    found = []
    while len(data) >= 16 and len(data) >= (length := struct.unpack_from("<H", data, 8)[0]):
        found.append(data[:length])
        data = data[length:]
    return found, data


class Relayed(unittest.TestCase):
    """A Samba with the relay, and a second name of the pipe that leads past that."""

    held, maxDiff = HELD, None

    @classmethod
    def setUpClass(cls):
        cls.samba = cls.enterClassContext(SambaServer(relayed=True))
        cls.relay = cls.enterClassContext(NetsessionSamba(cls.samba))
        os.symlink(cls.samba.pipes / "srvsvc", cls.samba.relay_directory / "np" / "direct")
        cls.enterClassContext(sessions.held(cls.samba, cls.held))

    def at_level(self, level, rows):
        """Samba's rows at level 1 as they have to be at another: it knows no client's type, and smbstatus the transport."""
        name = TCP if self.samba.transports == {"tcp"} else ""
        return [{key: row.get(key, name if key == "transport" else "") for key in COLUMNS[level]} for row in rows]

    @contextlib.contextmanager
    def connection(self, user=OWN):
        connection = SMBConnection(self.samba.host, self.samba.host, sess_port=self.samba.port, timeout=HANG_S)
        connection.login(user, self.samba.password(user), self.samba.domain)
        with contextlib.closing(connection):
            yield connection

    def pipe(self, connection, name="srvsvc"):
        dce = transport.SMBTransport(self.samba.host, self.samba.host, filename=rf"\{name}",
                                     smb_connection=connection).get_dce_rpc()
        dce.connect()
        dce.bind(srvs.MSRPC_UUID_SRVS)
        return dce

    @contextlib.contextmanager
    def both(self, user=OWN):
        """Two pipes of one connection: by way of the relay, and to Samba itself."""
        with self.connection(user) as connection:
            yield self.pipe(connection), self.pipe(connection, "direct")

    @contextlib.contextmanager
    def alone(self):
        """The same when our own earlier connections are gone, so that nobody goes meanwhile."""
        with self.both() as (relayed, direct):
            wait_until_equal(len(self.held) + 1, lambda: len(self.truth(direct)))
            yield relayed, direct

    def truth(self, direct):
        """What Samba itself says, with the names of clients that Windows' callers expect."""
        answer = sessions.enumerate_over(direct, 1)
        self.assertEqual(OK, answer.status)
        return [row | {"client": sessions.as_windows(row["client"])} for row in as_rows(answer, is_sent=True)]

    def assert_told(self, level, answer, truth):
        """The answer is at this level what Samba says, in whatever order, and times that may be."""
        self.assertEqual(OK, answer.status)
        rows = as_rows(answer, is_sent=True)
        self.assertEqual(without_times(self.at_level(level, truth)), without_times(rows))
        self.assertEqual(len(truth), answer.total)
        times = collections.defaultdict(list)
        for row in truth:
            times[row["client"], row["user"]].append(row["active_seconds"])
        for row in rows if level > 0 else ():
            theirs = times[row["client"], row["user"]]
            self.assertLessEqual(min(abs(row["active_seconds"] - time_s) for time_s in theirs), 2, f"{row} in {times}")

    def rpcclient(self, what, user=OWN):
        done = subprocess.run(self.samba.tool("rpcclient", "-A", self.samba.credentials_file(user), self.samba.host,
                                              "-c", what), text=True, capture_output=True, check=False, timeout=HANG_S)
        return done.stdout + done.stderr


class Levels(Relayed):
    def test_impacket_is_told_at_every_level_what_samba_says_at_level_1(self):
        with self.alone() as (relayed, direct):
            for level in LEVELS:
                with self.subTest(level):
                    answer = sessions.enumerate_over(relayed, level)
                    self.assert_told(level, answer, self.truth(direct))

    def test_our_command_is_told_the_same_at_every_level_and_without_one(self):
        with self.both() as (_, direct):
            truth = without_times(row for row in self.truth(direct) if row["user"] != OWN)
            for level in (*LEVELS, None):
                with self.subTest(level):
                    asked = run_list(self.samba, "-o", "json", *([] if level is None else ["--level", level]))
                    self.assertEqual((0, ""), (asked.exit, asked.stderr))
                    self.assertEqual(502 if level is None else level, asked.json["servers"][0]["level"])
                    rows = [row for row in asked.sessions if row.get("user") != OWN]
                    # At level 0 our own cannot be told from the others: there are two, from 127.0.0.1.
                    rows = [row for row in rows if level != 0 or row["client"] != SLASHES + "127.0.0.1"]
                    expected = self.at_level(502 if level is None else level, truth)
                    for row in expected:
                        row.pop("active_seconds", None)
                        if row.get("transport") == "":  # not known
                            del row["transport"]
                    self.assertEqual(without_times(expected), without_times(rows))

    def test_rpcclient_counts_them_at_every_level(self):
        """It cannot leave a filter out."""
        for level in LEVELS:
            for client, user, count in (("127.0.0.8", "mail", 1), ("127.0.0.9", "DAEMON", 3)):
                with self.subTest(level, user=user):
                    said = self.rpcclient(sessions.netsessenum(client, user, level))
                    self.assertIn(f"Received {count} entries", said)

    def test_sambas_python_reads_every_level_little_and_big_endian(self):
        parameters = samba.param.LoadParm()
        parameters.load(str(self.samba.configuration))
        parameters.set("client signing", "if_required")
        credentials = samba.credentials.Credentials()
        credentials.guess(parameters)
        credentials.set_username(OWN)
        credentials.set_password(self.samba.password(OWN))
        credentials.set_domain(self.samba.domain)
        if version() < (4, 23):
            parameters.set("smb ports", str(self.samba.port))
        else:
            parameters.set("client smb transports", f"tcp:{self.samba.port}")
        for options in ("", "bigendian"):
            pipe = samba_srvsvc.srvsvc(f"ncacn_np:{self.samba.host}[{options}]", parameters, credentials)
            with self.both() as (_, direct):
                truth = [row for row in self.truth(direct) if row["client"] != SLASHES + self.samba.host]
                for level in LEVELS:
                    asked = samba_srvsvc.NetSessInfoCtr()
                    asked.level = level
                    asked.ctr = getattr(samba_srvsvc, f"NetSessCtr{level}")()
                    told, total, _ = pipe.NetSessEnum(None, None, None, asked, ALL, 0)
                    with self.subTest(level, options=options):
                        rows = [{name: getattr(row, member) for member, name in (
                            ("client", "client"), ("user", "user"), ("num_open", "num_opens"),
                            ("idle_time", "idle_seconds"), ("client_type", "client_type"), ("transport", "transport"))
                            if hasattr(row, member)} for row in told.ctr.array if row.client != SLASHES + self.samba.host]
                        expected = [{key: value for key, value in row.items() if key not in ("user_flags",
                                                                                             "active_seconds")}
                                    for row in self.at_level(level, truth)]
                        self.assertEqual(told.ctr.count, total)
                        self.assertEqual(without_times(expected), without_times(rows))

    def test_impackets_who_shows_everybody(self):
        with self.connection() as connection, contextlib.redirect_stdout(io.StringIO()) as said:
            shell = MiniImpacketShell(connection)
            shell.do_who("")
        for want in HELD:
            self.assertRegex(said.getvalue(),
                             rf"host: +{re.escape(sessions.as_windows(want.client))}, user: +{want.user}, active: +\d{{1,4}}, idle: +0")

    def test_level_10_without_a_handle_or_a_length_as_netview_asks_it(self):
        with self.connection() as connection:
            dce = self.pipe(connection)
            told = srvs.hNetrSessionEnum(dce, NULL, NULL, 10)
        rows = {(row["sesi10_cname"][:-1], row["sesi10_username"][:-1])
                for row in told["InfoStruct"]["SessionInfo"]["Level10"]["Buffer"]}
        self.assertLessEqual({(sessions.as_windows(want.client), want.user) for want in HELD}, rows)

    def test_levels_that_do_not_exist_are_refused_as_samba_refuses_them(self):
        with self.connection() as connection:
            for name in ("srvsvc", "direct"):
                talk = Talk(self, connection, name)
                for level in (3, 11, 501, 503, ALL):
                    kind, stub = talk.ask(request(SESSION_ENUM, enum_stub(level=level, tag=level,
                                                                          behind=struct.pack("<III", 0, ALL, 0))))
                    with self.subTest(level, name=name):
                        self.assertEqual((RESPONSE_PDU, INVALID_LEVEL), (kind, struct.unpack("<I", stub[-4:])[0]))
                with self.subTest(name=name):
                    self.assertEqual((FAULT, BAD_STUB), talk.ask(request(SESSION_ENUM, enum_stub(level=10, tag=1)))[:2])
                talk.close()


class Access(Relayed):
    def test_an_ordinary_user_is_5_at_every_level(self):
        for level in LEVELS:
            with self.subTest(level):
                answer = sessions.enumerate_with_impacket(self.samba, ORDINARY, level)
                self.assertEqual((ACCESS_DENIED, [], 0), (answer.status, answer.rows, answer.total))
                self.assertIn("ACCESS_DENIED", self.rpcclient(sessions.netsessenum("127.0.0.8", "mail", level), ORDINARY))
                assert_refused(self, ACCESS_DENIED, run_list(self.samba, "--level", level, user=ORDINARY))
        assert_refused(self, ACCESS_DENIED, run_list(self.samba, user=ORDINARY))

    def test_an_ordinary_user_is_5_whatever_an_administrator_was_told_before(self):
        with self.connection() as own, self.connection(ORDINARY) as theirs:
            administrator, other = self.pipe(own), self.pipe(theirs)
            for _ in range(20):
                sessions.begin_enumeration(administrator, 10)
                sessions.begin_enumeration(other, 10)
                self.assertEqual(ACCESS_DENIED, sessions.end_enumeration(other, 10).status)
                self.assertEqual(OK, sessions.end_enumeration(administrator, 10).status)

    def test_filters_tell_an_ordinary_user_nothing(self):
        for client, user in ((r"\\127.0.0.7", None), (None, "nobody"), ("without-backslashes", None)):
            answer = sessions.enumerate_with_impacket(self.samba, ORDINARY, 10, client, user)
            self.assertEqual(ACCESS_DENIED, answer.status)


class Filters(Relayed):
    def test_clients_and_users_narrow_every_level(self):
        with self.alone() as (relayed, direct):
            for client, user in ((r"\\127.0.0.7", None), (None, "MAIL"), (r"\\127.0.0.8", "games"), (r"\\::1", ""),
                                 (r"\\[::1]", "man"), (r"\\[::FFFF:127.0.0.7]", None),
                                 ("", "Daemon")):
                for level in LEVELS:
                    named = {r"\\::1": r"\\[::1]", r"\\[::FFFF:127.0.0.7]": r"\\127.0.0.7"}.get(client, client)
                    truth = [row for row in self.truth(direct) if (not client or row["client"] == named)
                             and (not user or row["user"] == user.lower())]
                    self.assertTrue(truth)
                    with self.subTest(client=client, user=user, level=level):
                        self.assert_told(level, sessions.enumerate_over(relayed, level, client, user), truth)

    def test_what_nobody_passes_has_its_own_error(self):
        with self.both() as (relayed, _):
            for client, user, status in ((r"\\10.9.9.9", None, CLIENT_NOT_FOUND), (None, "nobody", USER_NOT_FOUND),
                                         (r"\\127.0.0.7", "man", USER_NOT_FOUND),
                                         ("127.0.0.7", None, INVALID_COMPUTER)):
                for level in LEVELS:
                    answer = sessions.enumerate_over(relayed, level, client, user)
                    with self.subTest(client=client, user=user, level=level):
                        self.assertEqual((status, [], 0), (answer.status, answer.rows, answer.total))


class Pages(Relayed):
    held = sessions.crowd(40, ("mail", "games", "man"))

    def pages(self, dce, level, page_bytes, **filters):
        handle, found = 0, []
        while not found or found[-1].status == MORE_DATA:
            found.append(sessions.enumerate_over(dce, level, resume_handle=handle, page_bytes=page_bytes, **filters))
            self.assertIn(found[-1].status, (OK, MORE_DATA))
            handle = found[-1].resume_handle
        return found

    def test_pages_of_any_length_give_each_session_once_at_every_level(self):
        with self.alone() as (relayed, direct):
            for level in LEVELS:
                for page_bytes in (0, 1, 100, 2500, 100000, ALL):
                    pages = self.pages(relayed, level, page_bytes)
                    with self.subTest(level=level, page_bytes=page_bytes):
                        rows = [row for page in pages for row in page.rows]
                        whole = sessions.Answer(OK, rows, len(rows), pages[-1].resume_handle)
                        self.assert_told(level, whole, self.truth(direct))
                        self.assertEqual([sum(len(later.rows) for later in pages[n:]) for n in range(len(pages))],
                                         [page.total for page in pages])
                        self.assertEqual(page_bytes < 1000, len(pages) > 10)

    def test_filtered_pages_are_turned_too(self):
        with self.alone() as (relayed, _):
            pages = self.pages(relayed, 502, 1, username="MAIL")
            self.assertEqual([["mail"]] * 14, [[row["user"] for row in page.rows] for page in pages])
            self.assertEqual(list(range(14, 0, -1)), [page.total for page in pages])

    def test_a_handle_leads_to_the_same_page_again_from_another_connection(self):
        with self.alone() as (relayed, _), self.both() as (other, _):
            pages = self.pages(relayed, 1, 500)
            self.assertGreater(len(pages), 3)
            for before, page in zip(pages, pages[1:]):
                again = sessions.enumerate_over(other, 1, resume_handle=before.resume_handle, page_bytes=500)
                self.assertEqual((page.status, page.resume_handle, without_times(page.rows)),
                                 (again.status, again.resume_handle, without_times(again.rows)))

    def test_past_the_end_there_is_nobody_and_no_error(self):
        with self.both() as (relayed, _):
            end = sessions.enumerate_over(relayed, 10).resume_handle  # no session is younger than ours
            for handle in (end, 0x7FFFFFFF):  # above that, impacket says 0
                past = sessions.enumerate_over(relayed, 10, resume_handle=handle)
                self.assertEqual((OK, [], 0), (past.status, past.rows, past.total))
        with self.connection() as connection:
            stub = enum_stub(behind=struct.pack("<IIIIII", 0x20000, 0, 0, ALL, 0x20004, ALL))
            kind, told = Talk(self, connection).ask(request(SESSION_ENUM, stub))
            self.assertEqual((RESPONSE_PDU, (0, OK)), (kind, total_and_status(told)))

    def test_who_stays_is_told_once_though_others_come_and_go_between_pages(self):
        with contextlib.ExitStack() as before, contextlib.ExitStack() as after, self.both() as (relayed, _):
            before.enter_context(sessions.held(self.samba, [Wanted("daemon", f"127.0.2.{n}") for n in range(1, 11)]))
            first = sessions.enumerate_over(relayed, 1, page_bytes=1500)
            self.assertEqual(MORE_DATA, first.status)
            before.close()
            after.enter_context(sessions.held(self.samba, [Wanted("daemon", f"127.0.3.{n}") for n in range(1, 11)]))
            told, last = list(first.rows), first
            while last.status == MORE_DATA:
                last = sessions.enumerate_over(relayed, 1, resume_handle=last.resume_handle, page_bytes=1500)
                told += last.rows
            self.assertEqual(OK, last.status)
            counted = collections.Counter((row["client"], row["user"]) for row in told)
            stays = collections.Counter((sessions.as_windows(want.client), want.user) for want in self.held)
            self.assertEqual(stays, collections.Counter({who: n for who, n in counted.items()
                                                         if who[1] not in ("daemon", OWN)}))


class Talk:
    """DCE/RPC over a pipe as it is, bound to srvsvc unless told otherwise."""

    def __init__(self, test, connection, name="srvsvc", binds=True):
        self.test, self.connection = test, connection
        self.tree = connection.connectTree("IPC$")
        self.file = connection.openFile(self.tree, rf"\{name}")
        self.rest = b""
        if binds:
            self.write(pdu(BIND, bind_body()))
            self.test.assertEqual(BIND_ACK, self.read()[2])

    def write(self, data):
        self.connection.writeFile(self.tree, self.file, data)

    def read(self, most=65536):
        """One PDU."""
        while True:
            whole, rest = answers(self.rest)
            if whole:
                self.rest = b"".join(whole[1:]) + rest
                return whole[0]
            self.rest = rest + self.connection.readFile(self.tree, self.file, bytesToRead=most)

    def answer(self, most=65536):
        """(kind, stub or status, call): of a whole answer, whatever its fragments."""
        stub = b""
        while True:
            got = self.read(most)
            call = struct.unpack_from("<I", got, 12)[0]
            if got[2] != RESPONSE_PDU:
                return got[2], struct.unpack_from("<I", got, 24)[0], call
            self.test.assertEqual(FIRST if not stub else 0, got[3] & FIRST)
            stub += got[24:]
            if got[3] & LAST:
                return got[2], stub, call

    def ask(self, data):
        self.write(data)
        return self.answer()[:2]

    def close(self):
        self.connection.closeFile(self.tree, self.file)


def total_and_status(stub):
    """What ends an answer that has a resume handle."""
    total, _, _, status = struct.unpack("<IIII", stub[-16:])
    return total, status


def big_endian(kind, body, call=1):
    return struct.pack(">BBBBIHHI", 5, 0, kind, FIRST | LAST, 0, 16 + len(body), 0, call) + body


class Bytes(Relayed):
    """What callers' libraries do not let one choose."""

    enumeration = request(SESSION_ENUM, enum_stub(user=wide("mail"), level=502,
                                                  behind=struct.pack("<IIIIII", 0x20000, 0, 0, ALL, 0x20004, 0)))

    def test_a_request_may_be_cut_anywhere_into_writes(self):
        with self.connection() as connection:
            talk = Talk(self, connection)
            for at in range(1, len(self.enumeration)):
                talk.write(self.enumeration[:at])
                talk.write(self.enumeration[at:])
                kind, stub, _ = talk.answer()
                self.assertEqual((RESPONSE_PDU, (2, OK)), (kind, total_and_status(stub)), f"cut at {at}")

    def test_a_request_may_be_cut_anywhere_into_fragments(self):
        stub = self.enumeration[24:]
        with self.connection() as connection:
            talk = Talk(self, connection)
            for bytes_each in (*range(8, len(stub), 8), 1, 3, 7):
                parts = [stub[at:at + bytes_each] for at in range(0, len(stub), bytes_each)]
                for number, part in enumerate(parts):
                    flags = (FIRST if number == 0 else 0) | (LAST if number == len(parts) - 1 else 0)
                    talk.write(request(SESSION_ENUM, part, flags=flags, hint=len(stub)))
                kind, told, _ = talk.answer()
                self.assertEqual((RESPONSE_PDU, (2, OK)), (kind, total_and_status(told)), f"fragments of {bytes_each}")

    def test_an_answer_may_be_read_by_pieces(self):
        everybody = request(SESSION_ENUM, enum_stub(level=502))
        with self.connection() as connection:
            talk = Talk(self, connection)
            for most in (1, 16, 24, 100, 1000):
                talk.write(everybody)
                kind, stub, _ = talk.answer(most)
                self.assertEqual((RESPONSE_PDU, OK), (kind, struct.unpack("<I", stub[-4:])[0]), f"by {most}")

    def test_requests_in_flight_at_once_are_all_answered_each_by_its_own(self):
        info = request(SERVER_GET_INFO, wide(r"\\LABSRV") + struct.pack("<I", 101))
        with self.connection() as connection:
            talk = Talk(self, connection)
            calls = {}
            for call in range(1, 41):
                level = LEVELS[call % 5]
                kind = SESSION_ENUM if call % 3 else SERVER_GET_INFO
                calls[call] = kind, level
                stub = enum_stub(level=level, behind=struct.pack("<IIIIII", 0x20000, 0, 0, ALL, 0x20004, 0))
                talk.write(request(SESSION_ENUM, stub, call=call) if kind == SESSION_ENUM else
                           info[:12] + struct.pack("<I", call) + info[16:])
            for _ in list(calls):
                kind, stub, call = talk.answer()
                opnum, level = calls.pop(call)
                self.assertEqual(RESPONSE_PDU, kind)
                if opnum == SESSION_ENUM:
                    self.assertEqual((level, level), struct.unpack_from("<II", stub))
                    self.assertEqual((len(HELD) + 1, OK), total_and_status(stub))
                else:
                    self.assertEqual(101, struct.unpack_from("<I", stub)[0])
                    self.assertIn("LABSRV".encode("utf-16-le"), stub)
            self.assertEqual({}, calls)

    def test_a_big_endian_caller_is_answered_and_so_is_one_who_changes(self):
        interface = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes + struct.pack(">I", 3)
        syntax = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes + struct.pack(">I", 2)
        bind = struct.pack(">HHIBBHHBB", 4280, 4280, 0, 1, 0, 0, 0, 1, 0) + interface + syntax
        user = struct.pack(">IIII", 0x20000, 5, 0, 5) + "mail\0".encode("utf-16-be") + bytes(2)
        stub = (bytes(8) + user + struct.pack(">II", 502, 502) + struct.pack(">IIIIII", 0x20000, 0, 0, ALL, 0x20004, 0))
        asked = big_endian(REQUEST, struct.pack(">IHH", len(stub), 0, SESSION_ENUM) + stub, 3)
        with self.connection() as connection:
            talk = Talk(self, connection, binds=False)
            talk.write(big_endian(BIND, bind))
            self.assertEqual(BIND_ACK, talk.connection.readFile(talk.tree, talk.file)[2])
            for _ in range(2):
                talk.write(asked)
                back = talk.connection.readFile(talk.tree, talk.file)
                order = "<" if back[4] & 0x10 else ">"
                length, call = struct.unpack_from(order + "H", back, 8)[0], struct.unpack_from(order + "I", back, 12)[0]
                self.assertEqual((RESPONSE_PDU, len(back), 3), (back[2], length, call))
                total, _, _, status = struct.unpack(order + "IIII", back[-16:])
                self.assertEqual((2, OK), (total, status))
                talk.write(self.enumeration)
                kind, told, _ = talk.answer()
                self.assertEqual((RESPONSE_PDU, (2, OK)), (kind, total_and_status(told)))

    def test_what_is_no_request_faults_at_the_relay_as_at_samba_and_others_go_on(self):
        bad = [request(SESSION_ENUM, b""), request(SESSION_ENUM, enum_stub()[:-9]), request(99, b""),
               request(SESSION_ENUM, wide("x", most=2, count=3) + bytes(40))]
        good = request(SESSION_ENUM, enum_stub(level=1), call=2)
        with self.connection() as connection:
            for number, data in enumerate(bad):
                told = []
                for name in ("direct", "srvsvc"):
                    talk = Talk(self, connection, name)
                    told.append(talk.ask(data))
                    kind, stub = talk.ask(good)
                    self.assertEqual((RESPONSE_PDU, OK), (kind, struct.unpack("<I", stub[-4:])[0]))
                    talk.close()
                with self.subTest(number):
                    self.assertEqual(told[0], told[1])


class Deletion(Relayed):
    held = []

    def setUp(self):
        self.enterContext(sessions.held(self.samba, HELD))

    def delete(self, client, user, who=OWN):
        with self.connection(who) as connection:
            dce = self.pipe(connection)
            try:
                return srvs.hNetrSessionDel(dce, NULL if client is None else client + "\0",
                                            NULL if user is None else user + "\0")["ErrorCode"]
            except DCERPCException as refused:
                return refused.error_code

    def left(self):
        rows = sessions.enumerate_with_impacket(self.samba).rows
        return collections.Counter((row["user"], row["client"]) for row in rows if row["user"] != OWN)

    def assert_left(self, *gone):
        expected = collections.Counter((want.user, want.client) for want in HELD) - collections.Counter(gone)
        expected = {(user, sessions.as_windows(client)): count for (user, client), count in expected.items()}
        wait_until_equal(expected, self.left)

    def test_nobody_who_matches_is_2312_and_nobody_goes(self):
        for client, user in ((r"\\10.9.9.9", None), (None, "nobody"), (r"\\127.0.0.7", "man")):
            self.assertEqual(CLIENT_NOT_FOUND, self.delete(client, user))
        self.assert_left()

    def test_those_who_match_are_closed_and_nobody_else(self):
        self.assertEqual(OK, self.delete(r"\\127.0.0.8", "mail"))
        self.assert_left(("mail", "127.0.0.8"))
        self.assertEqual(OK, self.delete(r"\\127.0.0.8", None))
        self.assert_left(("mail", "127.0.0.8"), ("games", "127.0.0.8"))
        self.assertEqual(OK, self.delete(None, "MAIL"))
        self.assert_left(("mail", "127.0.0.8"), ("games", "127.0.0.8"), ("mail", "127.0.0.7"))
        self.assertEqual(OK, self.delete(r"\\127.0.0.9", "daemon"))
        self.assert_left(("mail", "127.0.0.8"), ("games", "127.0.0.8"), ("mail", "127.0.0.7"),
                         *3 * [("daemon", "127.0.0.9")])

    def test_an_ipv6_client_is_closed_in_any_spelling(self):
        for client, user in ((r"\\[::1]", "man"), (r"\\::1", None), (r"\\[0:0::1]", "MAN")):
            with self.subTest(client), sessions.held(self.samba, [] if user == "man" else [Wanted("man", "::1")]):
                self.assertEqual(OK, self.delete(client, user))
                self.assert_left(("man", "::1"))

    def test_an_ordinary_user_is_5_and_nobody_goes(self):
        for client, user in ((r"\\127.0.0.7", None), (None, "nobody"), (None, None)):
            self.assertEqual(ACCESS_DENIED, self.delete(client, user, ORDINARY))
        self.assert_left()

    def test_everybody_is_87_and_nobody_goes(self):
        self.assertEqual(INVALID_PARAMETER, self.delete(None, None))
        self.assertEqual(INVALID_PARAMETER, self.delete("", ""))
        self.assert_left()

    def test_our_command_closes_one(self):
        done = command.run("close", "-A", self.samba.credentials_file(OWN), "--user", "man", "--yes",
                           address(self.samba))
        self.assertEqual(0, done.exit, done)
        self.assert_left(("man", "::1"))


class Many(Relayed):
    held = sessions.crowd(200, ("mail", "games", "man", "daemon"), clients=50)

    def test_200_sessions_are_told_at_every_level(self):
        with self.alone() as (relayed, direct):
            for level in LEVELS:
                with self.subTest(level):
                    self.assert_told(level, sessions.enumerate_over(relayed, level), self.truth(direct))
        asked = run_list(self.samba, "-o", "json")
        self.assertEqual((0, 502, 201), (asked.exit, asked.json["servers"][0]["level"], len(asked.sessions)))

    def test_an_answer_of_many_fragments_is_cut_as_the_caller_and_samba_agreed(self):
        stub = enum_stub(level=502, behind=struct.pack("<IIIIII", 0x20000, 0, 0, ALL, 0x20004, 0))
        whole = set()
        with self.connection() as connection:
            for fragment_bytes in (1432, 2000, 4280, 5840):
                talk = Talk(self, connection, binds=False)
                talk.write(pdu(BIND, bind_body(frag=fragment_bytes)))
                agreed = talk.read()
                self.assertEqual(BIND_ACK, agreed[2])
                most = struct.unpack_from("<H", agreed, 16)[0]
                self.assertLessEqual(most, max(fragment_bytes, 2048))  # Samba 4.17 goes no lower
                talk.write(request(SESSION_ENUM, stub))
                got = [talk.read()]
                while not got[-1][3] & LAST:
                    got.append(talk.read())
                self.assertGreater(len(got), 3)
                self.assertLessEqual(max(map(len, got)), most)
                told = b"".join(one[24:] for one in got)
                self.assertEqual((201, OK), total_and_status(told))
                whole.add(len(told))
                talk.close()
        self.assertEqual(1, len(whole))

    def test_a_session_that_is_new_is_never_136_years_old(self):
        is_shown_by_samba = False
        for number in range(600):  # Samba shows it of sessions that are half a second old at most
            with self.both() as (relayed, direct):
                told = sessions.enumerate_over(direct, 1).rows
                is_shown_by_samba |= any(row["active_seconds"] == UNDERFLOW for row in told)
                for level in (1, 10, 502):
                    rows = sessions.enumerate_over(relayed, level).rows
                    self.assertLess(max(row["active_seconds"] for row in rows), 1200, f"call {number}, level {level}")
            if is_shown_by_samba and number >= 59:
                break
        self.assertTrue(is_shown_by_samba, "Samba itself does not show it any more: this shows nothing")


if __name__ == "__main__":
    tap.main()
