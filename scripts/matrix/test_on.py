#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test-on: the tests of make test on another release of Debian. Arguments: SUITE, ARCH, COMPILER, TESTS."""
import sys

import column
import failure


def main():
    with failure.reported():
        result = column.run(column.Column(*sys.argv[1:]))
    for name, version in result["libraries"].items():
        print(f"{name} {version}")
    print(f"{result['name']}: {result['compiler']}, {result['minutes']} minutes, {result['megabytes']} MB")
    print(column.closing_line([result]))
    return int(result["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
