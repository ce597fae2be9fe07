#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the files of each folder of src and cmd to an order: no file reaches itself by what it includes and calls of the same
folder. A header and the source file of its name are one. Prints TAP. Argument: the source root."""
import pathlib
import re
import sys

from names import DEFINITION

# Files of a folder that are known to reach each other. This list stays empty.
KNOWN = {}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def calls(path):
    """The words of a source file that may be functions of another one."""
    return set(re.findall(r"\b[a-z_]\w*\b", COMMENT_OR_TEXT.sub(" ", INCLUDE.sub("", path.read_text()))))


def edges(folder, name):
    """Each file -> the files of the folder that it includes, or whose functions it names."""
    files = sorted(folder.glob("*.[ch]"))
    owner = {m["name"]: p.stem for p in files if p.suffix == ".c" for m in DEFINITION.finditer(p.read_text())
             if not m["type"].startswith("static")}
    found = {p.stem: set() for p in files}
    for path in files:
        for header in INCLUDE.findall(path.read_text()):
            where, _, stem = header.removesuffix(".h").rpartition("/")
            if where == name and stem in found:
                found[path.stem].add(stem)
        if path.suffix == ".c":
            found[path.stem] |= {owner[word] for word in calls(path) if word in owner}
    return {stem: reached - {stem} for stem, reached in found.items()}


def reaches(found, start):
    seen, left = set(), [start]
    while left:
        for stem in found[left.pop()] - seen:
            seen.add(stem)
            left.append(stem)
    return seen


def circles(found):
    """The sets of files that all reach each other."""
    reached = {stem: reaches(found, stem) for stem in found}
    return {frozenset(other for other in reached[stem] if stem in reached[other])
            for stem in found if stem in reached[stem]}


def main():
    root = pathlib.Path(sys.argv[1])
    folders = sorted(p for part in ("src", "cmd") for p in (root / part).rglob("*") if p.is_dir() and any(p.glob("*.c")))
    failed = False
    print(f"1..{len(folders)}")
    for number, folder in enumerate(folders, 1):
        name = str(folder.relative_to(root)).removeprefix("src/")
        # A program includes its own headers without a folder.
        found = edges(folder, "" if name.startswith("cmd/") else name)
        bad = [c for c in circles(found) if not any(c <= known for known in KNOWN.get(name, []))]
        print(f"{'not ok' if bad else 'ok'} {number} - the files of {name} have no circle")
        for circle in bad:
            failed = True
            print(f"# {len(circle)} files reach each other: {' '.join(sorted(circle))}")
            for stem in sorted(circle):
                print(f"#   {stem} includes or calls {' '.join(sorted(found[stem] & circle))}")
        for known in KNOWN.get(name, []):
            if known not in circles(found):
                print(f"# the circle {' '.join(sorted(known))} is not there any more: shorten KNOWN in tests/circles.py")
    return failed


if __name__ == "__main__":
    sys.exit(main())
