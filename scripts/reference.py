#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make reference: writes docs/reference from the tables in the code. Arguments: the source root, the build folder.

The pages of the programs and of netsessiond.conf are their manual pages, which the programs make of their tables. The
page of error statuses is made of the tables in src/client/error_message.c. With --check it writes nothing, and says
which pages are out of date: exit status 1."""
import pathlib
import re
import subprocess
import sys

# A page, the program that describes it, and the form.
MANUALS = [("netsession", "netsession", "man"), ("netsessiond", "netsessiond", "man"),
           ("netsessiond.conf", "netsessiond", "man5"), ("netsession-samba", "netsession-samba", "man"),
           ("netsession-wine", "netsession-wine", "man")]
WRITTEN = "<!-- \"make reference\" writes this page from the tables in the code: do not edit it. -->\n\n"
ESCAPES = {"-": "-", "e": "\\", "&": "", "(aq": "'"}

TABLES = "src/client/error_message.c"
ERRORS_HEAD = """# Error statuses

A failure has the number that a Windows program would get from NetSessionEnum and its kin. The command shows it in
parentheses, a program gets it as the result of its call, and the audit log of netsessiond has it as `status`:

    netsession: fs1: log-on failed at SESSION_SETUP (1326, STATUS_LOGON_FAILURE): check user, domain and password

Behind the server stand what happened, the step at which it happened, the number, the server's NTSTATUS if there was
one, and what to do. `netsession doctor` finds out more. A status that is not in these tables is passed on from the
server as it is, with the words "failed".

"""

ERRORS_TAIL = """
## Where the tables have no advice

- **8**: this computer, or the server, has no memory left for the call. Ask for less: one client, one user, or pages.
- **59**: the network failed in the middle; try again, and look at both computers' logs if it stays.
- **69** and **71**: the server has as many sessions or connections as it may have; try again, or raise its limit
  (`max_connections` and its kin in netsessiond.conf).
- **87**: the text says which parameter; in a program of your own, see NetSessionEnum(3).
- **1223**: you, or your program, cancelled the call.
- **1816**: the answer is larger than the limit that you set or left: raise `--max-bytes`, or ask for one client or user.
- **2221** and **2312**: no session was selected, which need not be an error. List without `-c` and `-u` to see how the
  server spells its clients and users; most servers list clients by address.
"""


# ---- manual pages ----

def unescape(text):
    return re.sub(r"\\(\(aq|[-e&])", lambda found: ESCAPES[found[1]], text)


def prose(text):
    """A line of roff as Markdown: bold is code, as in the texts that the page was made of."""
    parts = re.split(r"(\\f[BI].*?\\fR)", text)
    shown = []
    for part in parts:
        found = re.fullmatch(r"\\f[BI](.*?)\\fR", part)
        if found:
            shown.append(f"`{unescape(found[1]).strip()}`" if found[1].strip() else found[1])
        else:
            shown.append(re.sub(r"([\\<>*_|\[\]`])", r"\\\1", unescape(part)))
    return "".join(shown).replace("``", "")


def literal(text):
    """The term of a list without its fonts."""
    return unescape(re.sub(r"\\f[BIR]", "", text))


class Manual:
    """Turns a page of man(7), as our programs write them, into Markdown."""

    def __init__(self, roff):
        self.lines, self.out = iter(roff.splitlines()), []
        self.paragraph, self.item = [], False

    def flush(self):
        """Ends the paragraph that is being collected."""
        if self.paragraph:
            self.out += [("  " if self.item else "") + " ".join(self.paragraph), ""]
        self.paragraph = []

    def run(self):
        for line in self.lines:
            self.take(line)
        self.flush()
        return "\n".join(self.out).rstrip() + "\n"

    def take(self, line):
        request, _, rest = line.partition(" ")
        if request not in (".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".I", ".BR", ".nf"):
            self.paragraph.append(prose(line))
            return
        if request in (".B", ".I", ".BR"):
            self.paragraph.append(f"`{literal(rest)}`" if request != ".BR" else self.reference(rest))
            return
        self.flush()
        if request == ".TH":
            self.out += [f"# {self.name(rest)}", "", WRITTEN.strip(), ""]
        elif request in (".SH", ".SS"):
            self.item = False
            title = literal(rest)
            self.out += [("## " if request == ".SH" else "### ") + (title if request == ".SS" else title.capitalize()), ""]
        elif request == ".PP":
            self.item = False
        elif request == ".TP":
            self.put_term(next(self.lines))
        elif request == ".nf":
            self.put_lines()

    @staticmethod
    def name(rest):
        words = literal(rest).split()
        return f"{words[0].lower()}({words[1]})"

    @staticmethod
    def reference(rest):
        return literal(rest).replace(" (", "(")

    def put_term(self, line):
        self.item = True
        request, _, rest = line.partition(" ")
        self.out += [f"- `{literal(rest if request == '.B' else line)}`", ""]

    def put_lines(self):
        for line in self.lines:
            if line == ".fi":
                break
            self.out.append("    " + unescape(line))
        self.out.append("")


def manual(build, program, form):
    done = subprocess.run([build / program, "--describe", form], text=True, capture_output=True, check=True)
    return Manual(done.stdout).run()


# ---- error statuses ----

def numbers(root):
    """{name: number} of the statuses."""
    found = {"NERR_Success": 0}
    for header in [*(root / "include").rglob("*.h"), *(root / "src/base").glob("*.h")]:
        for name, base, number in re.findall(r"^#define (\w+) +\(?(NERR_BASE \+ )?(\d+)\)?", header.read_text(), re.M):
            found[name] = int(number) + (2100 if base else 0)
    return found


def joined(text):
    """What string literals beside each other say."""
    return re.sub(r'\\(.)', r"\1", "".join(re.findall(r'"((?:\\.|[^"\\])*)"', text)))


def rows(source, table):
    """The cells of each row of a table of the source, with its macros replaced."""
    macros = {name: joined(body) for name, body in
              re.findall(r"^#define (\w+)\s+((?:\\\n|[^\n])*)\n", source, re.M) if '"' in body}
    body = re.search(rf"\b{table}\[\] = \{{\n(.*?)\n\}};", source, re.S)[1]
    for row in re.findall(r"^\t\{ (.*?) \},$", body, re.M | re.S):
        cells = re.findall(r'(?:"(?:\\.|[^"\\])*"\s*)+|\w+', row)
        yield [macros.get(cell) or (joined(cell) if cell.startswith('"') else cell) for cell in cells]


def cell(text):
    return "" if text == "NULL" else text.replace("|", r"\|").replace("<", r"\<")


def table(headings, lines):
    return "".join(f"| {' | '.join(line)} |\n" for line in (headings, ["---"] * len(headings), *lines))


def errors(root):
    source, number_of = (root / TABLES).read_text(), numbers(root)
    general = [(number_of[name], name, words, advice) for name, words, advice in rows(source, "statuses")]
    steps = [(number_of[name], name, step, advice) for name, step, advice in rows(source, "step_advices")]
    refusals = [(number_of[name], name, words, advice) for name, words, advice in rows(source, "log_on_refusals")]

    def lines(found, third="{}"):
        return [[str(number), f"`{name}`", third.format(cell(text)), cell(advice)] for number, name, text, advice in sorted(found)]

    return ("".join([ERRORS_HEAD.replace("# Error statuses\n\n", "# Error statuses\n\n" + WRITTEN),
                     table(["number", "name", "what happened", "what to do"], lines(general)),
                     "\n## At one step\n\nWhere a status means something else at one step than in general:\n\n",
                     table(["number", "name", "step", "what to do"], lines(steps, "`{}`")),
                     "\n## When the server refuses a log-on\n\nWhere a status that this computer may also find comes from the server:\n\n",
                     table(["number", "name", "what happened", "what to do"], lines(refusals)), ERRORS_TAIL]))


# ---- files ----

def pages(root, build):
    """{path: text} of all pages that can be made here: netsession-wine is for x86-64."""
    made = {f"{name}.md": manual(build, program, form) for name, program, form in MANUALS if (build / program).exists()}
    return made | {"errors.md": errors(root)}


def main():
    is_check = "--check" in sys.argv
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:] if argument != "--check")
    folder = root / "docs/reference"
    stale = [(folder / name, text) for name, text in pages(root, build).items()
             if not (folder / name).exists() or (folder / name).read_text() != text]
    for path, text in stale:
        if is_check:
            print(f"{path.relative_to(root)} is not what the tables in the code say: run make reference")
        else:
            folder.mkdir(exist_ok=True)
            path.write_text(text)
    return int(is_check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
