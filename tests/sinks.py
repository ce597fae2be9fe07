#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds that texts from elsewhere are escaped before anybody reads them: nothing in src and cmd writes to stdout, stderr or
a terminal but through base/escape.h, the log and terminal/terminal.h, which escape what they write. Other modules
may write texts of this program alone. Prints TAP. Argument: the source root."""
import pathlib
import re
import sys

# These write texts of this program, or lay out what they have escaped.
MAY_WRITE = {
    "src/base/escape.c", "cmd/netsession/output_json.c", "cmd/netsession/output_table.c",
    "cmd/netsession/output_text.c",
    "src/cli/completion.c", "src/cli/help.c", "src/cli/man.c", "src/cli/roff.c", "src/daemon/config_describe.c",
    "src/terminal/terminal.c", "src/daemon/nt_hash.c",
    "cmd/netsession/progress.c",
    "src/daemon/json_line.c",  # to memory, and escapes that
    "cmd/netsession/watch.c",  # to memory
}
MAY_WRITE_STDERR = {"src/system/log.c"}

LITERAL = r'\s*(?:"(?:\\.|[^"\\%])*"\s*)+'
CHARACTER = r"\s*'(?:\\.|[^'\\])+'\s*"
# Each way out, and what of it is allowed everywhere.
WAYS = {
    r"\bv?f?printf\(": rf"(?:printf\({LITERAL}|fprintf\(\w+,{LITERAL})\)",
    r"\b(?:fputs|puts)\(": rf"(?:fputs\({LITERAL},|puts\({LITERAL}\))",
    r"\b(?:fputc|putc|putchar|putchar_unlocked|putc_unlocked)\(": rf"\w+\({CHARACTER}[,)]",
    r"\b(?:v?dprintf|fwrite|fwrite_unlocked|fputs_unlocked|perror|psignal)\(": None,
    r"#include <(?:err|error|syslog)\.h>": None,
    r"\bwrite\((?:STD\w+_FILENO|[12]),": None,
    r"\bjson_dump\w*\(": r"json_dump_callback\(\w+, escape_write_json,",
}


def code_of(path):
    """The text without comments, with as many lines."""
    return re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), path.read_text(), flags=re.S)


def problems(name, text):
    for way, allowed in WAYS.items():
        for match in re.finditer(way, text):
            is_text_in_code = text.count('"', text.rfind("\n", 0, match.start()) + 1, match.start()) % 2
            if is_text_in_code or (allowed and re.compile(allowed).match(text, match.start())):
                continue
            if name in (MAY_WRITE_STDERR if match[0].startswith("write(") else MAY_WRITE):
                continue
            yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]} writes a text as it is"


def main():
    root = pathlib.Path(sys.argv[1])
    found = [problem for folder in ("src", "cmd") for path in sorted((root / folder).rglob("*.[ch]"))
             for problem in problems(str(path.relative_to(root)), code_of(path))]
    unused = [name for name in sorted(MAY_WRITE | MAY_WRITE_STDERR)
              if not any(re.search(way, code_of(root / name)) for way in WAYS)]
    results = [("nothing but base/escape.h, the log and the terminal writes a text from elsewhere", found),
               ("each file that may write does", unused)]
    print(f"1..{len(results)}")
    for number, (sentence, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {number} - {sentence}")
        for fault in faults:
            print(f"# {fault}")
    return any(faults for _, faults in results)


if __name__ == "__main__":
    sys.exit(main())
