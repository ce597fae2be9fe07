"""<lm.h> before netsessiond, at all levels, in pages and by qualifiers; and impacket is told the same of the same sessions.

Each of it over signed SMB, over encrypted SMB, and at the local endpoint.
"""

from fixtures.both_ends import ALL, LEVELS, Encrypted, Local, Signed, at_level, row, steady
from fixtures.programs import run
from lab import sessions, tap
from lab.ports import free_port
from lab.wait_until import wait_until_equal

MORE_DATA, ACCESS_DENIED, INVALID_PARAMETER, INVALID_LEVEL = 234, 5, 87, 124
USER_NOT_FOUND, CLIENT_NOT_FOUND, INVALID_COMPUTER, NOT_STARTED = 2221, 2312, 2351, 2114

PUBLISHED = [row(r"\\fs-1", "carol", "Samba 4.17", r"\Device\NetbiosSmb", 3, 100, 40, 1),
       row("fs-1", "dave", "", "", 0, 50, 50, 2),
       row(r"\\10.0.0.7", "carol", "Windows", r"\Device\NetBT_Tcpip", 1, 4000000, 3, 0),
       row(r"\\[fd00::1]", "erin", "", r"\Device\NetbiosSmb", 4294967294, 7, 0, 3),
       *(row(rf"\\ws-{n:03}", f"user{n % 7}", "", r"\Device\NetbiosSmb", n, 1000 + n, n, n % 4) for n in range(20))]


class Questions:
    """Of each endpoint."""

    PUBLISHED = PUBLISHED

    def test_every_level_tells_what_was_fed_and_impacket_agrees(self):
        for level in LEVELS:
            with self.subTest(level):
                theirs = self.judge(level)
                with self.caller() as caller:
                    ours = caller.enum(level)
                self.assertEqual((0, len(ours.rows), len(ours.rows)), (ours.status, ours.entries, ours.total))
                self.assertEqual(steady(at_level(level, PUBLISHED)), steady(ours.rows))
                self.assertEqual(steady(theirs.rows), steady(ours.rows))

    def test_times_lie_between_those_that_impacket_is_told_before_and_after(self):
        for level in (1, 2, 10, 502):
            before = self.judge(level).rows
            with self.caller() as caller:
                ours = caller.enum(level).rows
            for low, our, high in zip(before[:len(PUBLISHED)], ours, self.judge(level).rows):
                for name in ("active_seconds", "idle_seconds"):
                    self.assertLessEqual(low[name], our[name])
                    self.assertLessEqual(our[name], high[name])

    def test_valgrind_has_no_complaint_at_any_level(self):
        with self.caller(valgrind=True) as caller:
            for level in LEVELS:
                self.assertEqual(steady(at_level(level, PUBLISHED)),
                                 steady(one for page in caller.pages(level, 500) for one in page.rows))

    # ---- pages

    def test_the_documented_loop_gets_each_session_once_by_pages_of_any_size(self):
        with self.caller() as caller:
            for level in LEVELS:
                for preferred in (0, 1, 300):
                    with self.subTest(level=level, preferred=preferred):
                        pages = caller.pages(level, preferred)
                        rows = [one for page in pages for one in page.rows]
                        self.assertEqual(steady(at_level(level, PUBLISHED)), steady(rows))
                        self.assertEqual([MORE_DATA] * (len(pages) - 1) + [0], [page.status for page in pages])
                        self.assertGreater(len(pages), 2)
                        # A total is of what could be had from there on.
                        self.assertEqual([sum(later.entries for later in pages[n:]) for n in range(len(pages))],
                                         [page.total for page in pages])
                        if preferred < 2:
                            self.assertEqual({1}, {page.entries for page in pages})

    def test_impacket_turns_the_same_pages(self):
        for level in (1, 502):
            handle, theirs = 0, []
            while handle is not None:
                answer = self.judge(level, resume_handle=handle, page_bytes=700)
                theirs.append(steady(answer.rows))
                handle = answer.resume_handle if answer.status == MORE_DATA else None
            with self.caller() as caller:
                ours = [steady(page.rows) for page in caller.pages(level, 700)]
            self.assertEqual([page for page in theirs if page], [page for page in ours if page])

    def test_a_handle_leads_to_the_same_page_again_and_none_to_the_first(self):
        with self.caller() as caller:
            pages = caller.pages(2, 400)
            handles = [0, *(page.handle for page in pages)]
            self.assertEqual(sorted(set(handles)), handles)
            for handle, page in reversed(list(zip(handles, pages))):
                again = caller.enum(2, 400, handle)
                self.assertEqual((page.status, page.handle, steady(page.rows)),
                                 (again.status, again.handle, steady(again.rows)))
            first = caller.enum(2, 400, None)
            self.assertEqual((MORE_DATA, steady(pages[0].rows)), (first.status, steady(first.rows)))

    def test_past_the_end_there_is_nobody_and_no_error(self):
        with self.caller() as caller:
            for handle in (caller.enum(1).handle, 0x7FFFFFFF, 0xFFFFFFFF):
                past = caller.enum(1, ALL, handle)
                self.assertEqual((0, 0, 0, handle), (past.status, past.entries, past.total, past.handle))

    # ---- qualifiers

    def test_qualifiers_are_taken_with_and_without_backslashes_in_any_case(self):
        with self.caller() as caller:
            for client, user in ((r"\\fs-1", None), ("fs-1", None), (r"\\FS-1", "CAROL"), ("Fs-1", "dAVE"),
                                 (None, "Carol"), ("[fd00::1]", None), (r"\\ws-011", "user4"), ("", "erin")):
                with self.subTest(client=client, user=user):
                    for level in LEVELS:
                        found = caller.enum(level, client=client, user=user)
                        expected = [one for one in PUBLISHED if (not client or one["client"].lstrip("\\") ==
                                                           client.lstrip("\\").lower())
                                    and (not user or one["user"] == user.lower())]
                        self.assertEqual((0, steady(at_level(level, expected))), (found.status, steady(found.rows)))
                        self.assertEqual((len(expected),) * 2, (found.entries, found.total))
                        named = client and "\\\\" + client.lstrip("\\")
                        self.assertEqual(steady(found.rows),
                                         steady(self.judge(level, client=named, username=user).rows))

    def test_qualified_pages_are_turned_too(self):
        with self.caller() as caller:
            pages = caller.pages(502, 1, user="USER3")
            self.assertEqual(steady(one for one in PUBLISHED if one["user"] == "user3"),
                             steady(one for page in pages for one in page.rows))
            self.assertEqual([3, 2, 1], [page.total for page in pages])

    def test_nobody_is_2312_or_2221_and_leaves_the_handle_alone(self):
        with self.caller() as caller:
            for client, user, status in (("10.9.9.9", None, CLIENT_NOT_FOUND), (None, "nemo", USER_NOT_FOUND),
                                         ("fs-1", "erin", USER_NOT_FOUND), ("10.9.9.9", "carol", CLIENT_NOT_FOUND)):
                for level in LEVELS:
                    found = caller.enum(level, ALL, 3, client, user)
                    self.assertEqual((status, 0, 0, 3), (found.status, found.entries, found.total, found.handle))
                named = client and "\\\\" + client
                self.assertEqual(status, self.judge(10, client=named, username=user).status)

    # ---- errors

    def test_what_cannot_be_asked_has_its_number(self):
        with self.caller() as caller:
            for level in (3, 7, 11, 501, 503, ALL):
                self.assertEqual((INVALID_LEVEL, 0, 0, 5),
                                 self.outcome(caller.enum(level, ALL, 5)))
            for long in ({"user": "u" * 1024}, {"client": "c" * 1022}):
                self.assertEqual((INVALID_PARAMETER, 0, 0, 5), self.outcome(caller.enum(1, ALL, 5, **long)))
            for fitting, status in (({"user": "u" * 1023}, USER_NOT_FOUND), ({"client": "c" * 1021}, CLIENT_NOT_FOUND)):
                self.assertEqual((status, 0, 0, 5), self.outcome(caller.enum(1, ALL, 5, **fitting)))
        for server in ("a b", "fs1:0", "[::1"):
            with self.caller(server=server) as caller:
                self.assertEqual(INVALID_COMPUTER, caller.enum(502).status)
        with self.caller(server=f"127.0.0.1:{free_port()}") as caller:
            self.assertEqual(53, caller.enum(502).status)

    @staticmethod
    def outcome(found):
        return found.status, found.entries, found.total, found.handle

    # ---- one session

    def test_info_tells_of_one_at_each_level(self):
        with self.caller() as caller:
            for level in LEVELS:
                for client, user, index in ((r"\\FS-1", "Dave", 1), ("10.0.0.7", "carol", 2), ("ws-006", "user6", 10)):
                    found = caller.info(level, client, user)
                    self.assertEqual((0, steady(at_level(level, [PUBLISHED[index]]))), (found.status, steady(found.rows)))
            for level, client, user, status in (
                    (502, "10.9.9.9", "carol", CLIENT_NOT_FOUND), (2, "fs-1", "erin", USER_NOT_FOUND),
                    (1, None, "carol", INVALID_PARAMETER), (1, "fs-1", "", INVALID_PARAMETER),
                    (3, "fs-1", "carol", INVALID_LEVEL)):
                self.assertEqual((status, []), (lambda found: (found.status, found.rows))(
                    caller.info(level, client, user)))

    # ---- closing

    def test_del_tells_the_publisher_of_the_session_and_no_other(self):
        more = [row("x-1", "ivan"), row(r"\\x-1", "judy"), row("x-2", "ivan")]
        with self.published(more) as publishers, self.caller() as caller:
            for client, user, closed in (("X-1", "IVAN", (0,)), (r"\\x-1", None, (0, 1)), (None, "ivan", (0, 2))):
                before = [len(publisher.lines()) for publisher in publishers]
                self.assertEqual(0, caller.delete(client, user))
                wait_until_equal([lines + (n in closed) for n, lines in enumerate(before)],
                                 lambda: [len(publisher.lines()) for publisher in publishers])
            for client, user, status in (("x-9", None, CLIENT_NOT_FOUND), ("x-2", "judy", CLIENT_NOT_FOUND),
                                         (None, "nemo", CLIENT_NOT_FOUND), (None, None, INVALID_PARAMETER),
                                         ("", "", INVALID_PARAMETER)):
                with self.subTest(client=client, user=user):
                    self.assertEqual(status, caller.delete(client, user))


class OverSmb:
    """Where one logs on."""

    def test_an_ordinary_user_gets_levels_0_and_10_and_closes_nobody(self):
        with self.caller("alice") as caller:
            for level in LEVELS:
                found = caller.enum(level, ALL, 5)
                if level in (0, 10):
                    self.assertEqual((0, len(found.rows)), (found.status, found.total))
                else:
                    self.assertEqual((ACCESS_DENIED, 0, 0, 5), self.outcome(found))
                self.assertEqual(found.status,
                                 sessions.enumerate_with_impacket(self.server, "alice", level).status)
                if level in (0, 10):
                    self.assertEqual(steady(at_level(level, PUBLISHED)), steady(caller.enum(level).rows))
            self.assertEqual(ACCESS_DENIED, caller.delete(None, "carol"))
            self.assertEqual(ACCESS_DENIED, caller.info(502, "fs-1", "carol").status)
            self.assertEqual(0, caller.info(10, "fs-1", "carol").status)

    def test_a_session_that_del_closes_is_disconnected(self):
        with sessions.held(self.server, [sessions.Wanted("bob", "127.0.0.7"), sessions.Wanted("bob", "127.0.0.8")]) as held:
            with self.caller() as caller:
                self.assertEqual([r"\\127.0.0.7", r"\\127.0.0.8"],
                                 sorted(one["client"] for one in caller.enum(502, user="BOB").rows))
                self.assertEqual(0, caller.delete("127.0.0.7", "Bob"))
                self.assertEqual([r"\\127.0.0.8"], [one["client"] for one in caller.enum(502, user="BOB").rows])
                self.assertEqual([r"\\127.0.0.8"], [one["client"] for one in self.judge(10, username="bob").rows])
            held[1].getSMBServer().echo()
            self.assertRaises(Exception, held[0].getSMBServer().echo)

    def test_parameters_are_checked_as_at_samba(self):
        program = self.programs.compile("lm_parameters.c", "netapi32")
        said = run(program, self.target(), env=self.environment()).stdout.splitlines()
        for line in ("level 7: 124", "no bufptr: 87", "handle past the end: 0 entries 0", "no handle: 0 entries all",
                     "user of 1099: 87", f"local: {NOT_STARTED}", "handle after an error: 0 is 99"):
            self.assertIn(line, said)


class SignedQuestions(Questions, OverSmb, Signed):
    pass


class EncryptedQuestions(Questions, OverSmb, Encrypted):
    pass


class LocalQuestions(Questions, Local):
    pass


if __name__ == "__main__":
    tap.main()
