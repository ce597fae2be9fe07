#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make tested-with: writes the results of make matrix into docs/tested-with.md, between two markers. Arguments: that
file, and the results. Without the results it only checks that the text between the markers has the form that it writes."""
import json
import pathlib
import re
import sys

BEGIN, END = '<!-- tested with: "make tested-with" writes this -->\n', "<!-- tested with: end -->\n"
HEADINGS = ["Debian", "architecture", "compiler", "libc", "krb5", "gss-ntlmssp", "Samba", "OpenSSL", "tests", "passed",
            "failed", "skipped", "minutes", "MB"]
# What a cell may hold, by its heading; of all others the numbers of a version or nothing.
CELLS = {"Debian": r"[\w./ ]+", "architecture": r"\w+", "compiler": r"(gcc|clang)( [\d.]+)?", "tests": r"[\w* ]+",
         "passed": r"\d+", "failed": r"\d+", "skipped": r"\d+", "minutes": r"[\d.]+", "MB": r"\d+"}
VERSION = r"[\d.]*"


def upstream(version):
    """The version without what Debian puts before and behind it."""
    return re.match(r"(?:\d+:)?([\d.]*\d)?", version or "")[1] or ""


def cells(result):
    """A row of the table."""
    libraries = result["libraries"]
    return [result["debian"], result["arch"], result["compiler"],
            *(upstream(libraries.get(name)) for name in ("libc", "krb5", "gss-ntlmssp", "samba", "openssl")),
            result["tests"] or "all",
            *(str(result[name]) for name in ("passed", "failed", "skipped", "minutes", "megabytes"))]


def table(rows):
    """The lines of a table in Markdown, of rows of cells."""
    return [f"| {' | '.join(row)} |" for row in (HEADINGS, ["---"] * len(HEADINGS), *rows)]


def block(date, rows):
    """All that stands between the markers."""
    return f"Last `make matrix`, {date}:\n\n" + "\n".join(table(rows)) + "\n"


def fault(text):
    """What is wrong with the form of a block; None if nothing is."""
    head = re.match(r"Last `make matrix`, (\d{4}-\d\d-\d\d):\n\n", text)
    if head is None:
        return "it begins otherwise"
    rows = [line[2:-2].split(" | ") for line in text[head.end():].splitlines()[2:]]
    for row in rows:
        for heading, cell in zip(HEADINGS, row):
            if not re.fullmatch(CELLS.get(heading, VERSION), cell):
                return f"{cell!r} is no {heading}"
    return None if rows and text == block(head[1], rows) else "the table is another"


def main():
    page = pathlib.Path(sys.argv[1])
    before, begin, rest = page.read_text().partition(BEGIN)
    inside, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{page}: the markers are missing:\n{BEGIN}{END}")
    if sys.argv[2:]:
        results = json.loads(pathlib.Path(sys.argv[2]).read_text())
        inside = block(results["date"], map(cells, results["columns"]))
        page.write_text(before + begin + inside + end + after)
    wrong = fault(inside)
    if wrong:
        sys.exit(f"{page}: what make tested-with wrote was changed by hand: {wrong}")


if __name__ == "__main__":
    main()
