#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the documentation to the tree: links and paths lead to files, names of tests to tests, and error messages to texts
of the code. Prints TAP. Argument: the source root."""
import pathlib
import re
import sys

LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# `src/net/stream.c`, `tests/wire`; of `tests/unit/LAYER/test_NAME.c` and `build/netsessiond` nothing is known.
PATH = re.compile(r"`((?:bench|cmd|compat|docs|examples|fuzz|include|packaging|scripts|src|tests)/[\w./*-]*)`")


# `sources` "unknown users are guessed at no faster", "hosts": a test program and its sentences.
SENTENCES = re.compile(r'`(\w+)`((?:,?\s+"[^"]+")+)')


def sentences(page):
    """The (program, sentence) that a page names."""
    for program, quoted in SENTENCES.findall(page.read_text()):
        for sentence in re.findall(r'"([^"]+)"', quoted):
            yield program, " ".join(sentence.split())


def is_tested(root, program, sentence):
    tests = root / f"tests/e2e/test_{program}.py"
    return tests.exists() and f"def test_{sentence.replace(' ', '_')}(" in tests.read_text()


def pages(root):
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/*.md")])


def missing(root, page, names, base):
    """The names that lead to nothing; a name without an ending may be the stem of files."""
    for name in names:
        if not re.search(r"[A-Z]{2}", name.replace("README", "")) and not (base / name).exists() and \
                not list(base.glob(name.rstrip("/") + (".*" if "." not in name else ""))):
            yield f"{page.relative_to(root)} names {name}"


# "    netsession: fs1: access denied at level 2 (5): use ..."
MESSAGE = re.compile(r"^    (?:\w+:warn:)?netsession\w*: .*\(\d+\b.*$", re.M)
TAIL = 30  # characters of a message, which are of its advice


def messages(root):
    """The error messages in the documentation that end otherwise than any text in the code."""
    code = "".join(path.read_text() for folder in ("src", "cmd") for path in sorted((root / folder).rglob("*.c")))
    code = re.sub(r"\\(.)", r"\1", re.sub(r'"\s*"', "", code))
    for page in pages(root):
        for message in MESSAGE.findall(page.read_text()):
            if message[-TAIL:] not in code:
                yield f"{page.relative_to(root)} shows {message.strip()}"


def main():
    root = pathlib.Path(sys.argv[1])
    links = [problem for page in pages(root)
             for problem in missing(root, page, LINK.findall(page.read_text()), page.parent)]
    paths = [problem for page in pages(root) if page.name != "renamed-in-0.3.md"
             for problem in missing(root, page, PATH.findall(page.read_text()), root)]
    untested = [f"{page.name} names {program} {sentence!r}" for page in [root / "SECURITY.md"]
                for program, sentence in sentences(page) if not is_tested(root, program, sentence)]
    results = [("every link in the documentation leads to a file", links),
               ("every path in the documentation is there", paths),
               ("every test that SECURITY.md names is there", untested),
               ("every error message in the documentation is one of the code's", list(messages(root)))]
    print(f"1..{len(results)}")
    for number, (sentence, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
        for problem in problems:
            print(f"# {problem}")
    return any(problems for _, problems in results)


if __name__ == "__main__":
    sys.exit(main())
