#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds that no result depends on the locale: nothing in src and cmd calls a function of the C library whose answer does,
or sets a locale; base/locale.c gives
libraries one, and the command learns the terminal's charset. Prints TAP. Argument: the source root."""
import pathlib
import re
import sys

INSTEAD = {
    r"str(n?casecmp|casestr)": "text_equal_nocase, ascii_begins_nocase",
    r"to(upper|lower)|is(alpha|alnum|digit|space|print|upper|lower|punct|xdigit|cntrl|graph|blank)":
        "ascii_upper, ascii_lower, or a comparison",
    r"strto(d|f|ld)|atof": "strtoul and the digits behind the point",
    r"str(coll|xfrm)|wcs(coll|xfrm)": "strcmp",
    r"isw\w+|tow(upper|lower|ctrans)|wc(width|swidth)": "libunistring, through base/text.h",
    r"mb(len|towc|rtowc|rlen|stowcs|srtowcs|snrtowcs)|wc(tomb|rtomb|stombs|srtombs|snrtombs)|btowc|wctob":
        "libunistring, through base/text.h",
    r"strerror|strerror_[lr]|gai_strerror|strsignal|perror": "locale_error_text",
    r"(set|new|use|dup|free)locale|localeconv|nl_langinfo(_l)?|uc_locale_language|locale_charset|ulc_\w+": "base/locale.h",
}
MAY = {"src/base/locale.c", "src/terminal/terminal.c"}


def main():
    root = pathlib.Path(sys.argv[1])
    found = []
    for folder in ("src", "cmd"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            name = str(path.relative_to(root))
            text = re.sub(r"/\*.*?\*/|\"(\\.|[^\"\\])*\"", lambda match: "\n" * match[0].count("\n"), path.read_text(), flags=re.S)
            for number, line in enumerate(text.splitlines(), 1):
                found += [f"{name}:{number}: {match[0][:-1]}: use {instead}" for words, instead in INSTEAD.items()
                          for match in re.finditer(rf"\b(?:{words})\(", line) if name not in MAY]
    print("1..1")
    print(f"{'not ok' if found else 'ok'} 1 - no function is called whose answer depends on the locale")
    for problem in found:
        print(f"# {problem}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
