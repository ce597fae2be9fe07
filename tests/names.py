#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the names of functions in src and cmd: each is unique in the tree and has more than one word, so that grep
finds it; and fuzz targets name functions that exist. Prints TAP. Argument: the source root; with --list, prints each
name that is repeated or of one word."""
import collections
import pathlib
import re
import sys

# How many functions may share their name, and how many may have a name of one word. These numbers only fall.
MAX_REPEATED = 0
MAX_ONE_WORD = 0

# A definition: it begins a line, and the line behind its arguments is a brace.
DEFINITION = re.compile(r"^(?P<type>[A-Za-z_][\w \t*]*?[ *])(?P<name>[a-z_]\w*)\((?:[^;{}]|\n)*?\)\n\{", re.M)


def definitions(root):
    """Each function's name -> the files that define it. A file that defines one twice has it for two systems."""
    found = collections.defaultdict(list)
    for folder in ("src", "cmd"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            for name in sorted({match["name"] for match in DEFINITION.finditer(path.read_text())}):
                found[name].append(str(path.relative_to(root)))
    return found


def repeated(found):
    return {name: files for name, files in found.items() if len(files) > 1 and name != "main"}


def one_word(found):
    return {name: files for name, files in found.items() if "_" not in name.strip("_") and name != "main"}


def unknown_to_reach(root, found):
    """The functions that fuzz targets name as those they must reach, and that are not in the tree."""
    for path in sorted((root / "fuzz").glob("*.c")):
        listed = re.search(r"Must reach:(.*?)\n \* Holds:", path.read_text(), re.S)
        for name in re.findall(r"[a-z]\w+", listed[1] if listed else ""):
            if name not in found:
                yield f"{path.relative_to(root)}: {name}"


def check(sentence, number, names, limit, constant):
    """One line of TAP, and what to do."""
    count = sum(len(files) for files in names.values())
    print(f"{'ok' if count <= limit else 'not ok'} {number} - {sentence}")
    if count > limit:
        print(f"# {count} functions do otherwise, and {constant} in tests/names.py allows {limit}: rename the new one")
        for name, files in sorted(names.items()):
            print(f"# {name}: {' '.join(files)}")
    elif count < limit:
        print(f"# only {count} functions do otherwise now: lower {constant} in tests/names.py from {limit} to {count}")
    return count > limit


def main():
    root = pathlib.Path(sys.argv[1])
    found = definitions(root)
    if "--list" in sys.argv:
        for name, files in sorted((repeated(found) | one_word(found)).items()):
            print(name, *files)
    print("1..3")
    failed = check("every function's name is unique in the tree", 1, repeated(found), MAX_REPEATED, "MAX_REPEATED")
    failed |= check("every function's name has more than one word", 2, one_word(found), MAX_ONE_WORD, "MAX_ONE_WORD")
    unknown = list(unknown_to_reach(root, found))
    print(f"{'not ok' if unknown else 'ok'} 3 - fuzz targets name functions that exist")
    for problem in unknown:
        print(f"# {problem} does not exist")
    return failed or bool(unknown)


if __name__ == "__main__":
    sys.exit(main())
