"""Odd texts, published at netsessiond by netsession_publisher_*: our own clients and impacket get them alike, as they were
published, at each level and at each endpoint."""
from fixtures.both_ends import ALL, LEVELS, MEMBERS, Encrypted, Local, Signed, at_level, row, steady
from lab import tap
from lab.cli import read_csv

E_ACUTE, E_AND_ACUTE = "caf\u00e9", "cafe\u0301"

PUBLISHED = [
    row(r"\\fs-Ä", "Ärger", "", r"\Device\NetbiosSmb"),
    row("日本語", "田中太郎", "型", "輸送", 1),
    row("\\\\\U0001F600-1", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001D11E", "\U0010FFFD"),
    row("n" * 1023, "u" * 1023, "k" * 1023, "t" * 1023),
    row("é" * 512, "é" * 512, "\U0001D11E" * 256, "語" * 341),
    row("N" * 1024, "U" * 1024, "K" * 1024, "T" * 1024),
    row("10.0.0.7", "guest", "", "", 1, 0, 0, 1), row(r"\\10.0.0.7", "weak", "", "", 2, 0, 0, 2),
    row("\\\\10.0.0.7", "both", "", "", 0xFFFFFFFE, 0, 0, 0xFFFFFFFE),
    row("\\", ""), row("\\\\", ""), row(r"\\\10.0.0.7", "three"), row(r"a\\b", r"LAB\who"),
    row("WS 01", "Zoë van der Berg", " ", "  x  "), row("-", "-", "-", "-"),
    row('a,"b";\'c', '"q",', "<&>", "%s%n$(id)"), row("{}[]", "null", "0", "true"),
    row("e-1", E_ACUTE), row("e-2", E_AND_ACUTE), row("straße", "WEISS"), row("İstanbul", "ıi"), row("ΣΊΣΥΦΟΣ", "ς"),
    row("\ufeffbom", "\uffff\ufffe", "\u202eltr", "\ue000"), row("\U00010400", "\U0001F1E9\U0001F1EA"),
]

# Others under which one of PUBLISHED is found.
OTHERS = [("FS-ä", "äRGER", [0]), ("\\\\日本語", "田中太郎", [1]), ("\U0001F600-1", None, [2]), ("N" * 1021, None, []),
          (None, "U" * 1023, [3]), ("É" * 512, "É" * 512, [4]), ("10.0.0.7", None, [6, 7, 8]), (None, "café", [17]),
          (None, E_AND_ACUTE.upper(), [18]), ("STRASSE", "weiß", [19]), ("σίσυφος", "Σ", [21]),
          ("\U00010428", None, [23]), (None, "\uffff\ufffe", [22]), ("ws 01", None, [13]), ('A,"B";\'C', None, [15])]


class Texts:
    """Of each endpoint."""

    PUBLISHED = PUBLISHED

    def test_programs_of_lm_h_are_told_as_impacket_is(self):
        for level in LEVELS:
            with self.subTest(level):
                with self.caller() as caller:
                    ours = steady(caller.enum(level).rows)
                self.assertEqual(at_level(level, PUBLISHED), [{**published, **one} for published, one in zip(at_level(level, PUBLISHED), ours)])
                self.assertEqual(steady(self.judge(level).rows), ours)

    def test_the_command_tells_the_same_as_json_and_as_csv(self):
        for level in LEVELS:
            with self.subTest(level):
                expected = self.fed_as_command_has_them(level)
                self.assertEqual(expected, steady(self.asked("-l", level)))
                lines = self.command("list", "-l", level, "-o", "jsonl").jsonl
                self.assertEqual(expected, [{name: one[name] for name in MEMBERS[level] if name in one} for one in steady(lines)])
                table = read_csv(self.command("list", "-l", level, "-o", "csv").stdout)
                for name in ("client", "user", "client_type", "transport"):
                    if name in MEMBERS[level]:
                        self.assertEqual([one.get(name, "") for one in expected], [one[name] for one in steady(table)])

    def test_pages_of_them_are_no_other(self):
        with self.caller() as caller:
            for preferred in (1, 3000):
                self.assertEqual(steady(PUBLISHED), steady(one for page in caller.pages(502, preferred) for one in page.rows))

    def test_they_are_found_by_their_texts_in_any_case(self):
        with self.caller() as caller:
            for client, user, found in OTHERS:
                with self.subTest(client=client, user=user):
                    ours = caller.enum(502, ALL, 0, client, user)
                    self.assertEqual((0 if found else 2312, steady(PUBLISHED[n] for n in found)),
                                     (ours.status, steady(ours.rows)))
                    named = client and "\\\\" + client.lstrip("\\")
                    theirs = self.judge(502, client=named, username=user)
                    self.assertEqual((ours.status, steady(ours.rows)), (theirs.status, steady(theirs.rows)))
                    if found:
                        arguments = [word for pair in (("-c", client), ("-u", user)) if pair[1] for word in pair]
                        self.assertEqual([PUBLISHED[n]["client"] for n in found],
                                         [one["client"] for one in self.asked("-l", 502, *arguments)])

    def test_valgrind_has_no_complaint(self):
        with self.caller(valgrind=True) as caller:
            self.assertEqual(steady(PUBLISHED), steady(caller.enum(502).rows))
            self.assertEqual(len(PUBLISHED[2]["user"]), len(caller.info(10, PUBLISHED[2]["client"], PUBLISHED[2]["user"]).rows[0]["user"]))


class SignedTexts(Texts, Signed):
    pass


class EncryptedTexts(Texts, Encrypted):
    pass


class LocalTexts(Texts, Local):
    pass


if __name__ == "__main__":
    tap.main()
