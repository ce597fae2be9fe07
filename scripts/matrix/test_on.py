#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-on: the tests of make test on another release of Debian. Arguments: SUITE, ARCH, COMPILER, TESTS."""
import sys

import column
import failure

NATIVE = ("amd64", "i386")  # what an amd64 runs itself; for others there is a cross compiler, and qemu


def chosen(suite, arch, compiler, tests):
    """The column that the arguments name."""
    by_arch = {"arch": arch} if arch in NATIVE else {"cross": arch}
    return column.Column(suite, compiler=compiler, tests=tests, **by_arch)


def main():
    with failure.reported():
        result = column.run(chosen(*sys.argv[1:]))
    print(", ".join(f"{name} {version}" for name, version in result["libraries"].items() if version))
    print(f"{result['name']}: {result['compiler']}, {result['minutes']} minutes, {result['megabytes']} MB")
    print(column.closing_line([result]))
    return int(result["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
