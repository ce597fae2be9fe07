#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a fuzz target with each of its seeds, so that one whose promises are out of date is found by make check. Prints
TAP. Arguments: the target, its program, which fuzz/replay.c runs, and the folder for the seeds."""
import pathlib
import shutil
import subprocess
import sys

import seeds


def main():
    target, program, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
    shutil.rmtree(folder, ignore_errors=True)
    names = [path.name for path in seeds.write(target, folder)]
    done = subprocess.run([program, *names], cwd=folder, capture_output=True, text=True, errors="replace")
    print("1..1")
    if done.returncode == 0 and names:
        print(f"ok 1 {target} keeps what it holds for each of its seeds # {len(names)}")
        return 0
    print(f"not ok 1 {target} keeps what it holds for each of its seeds")
    last = done.stdout.split()[-1] if done.stdout else None
    print(f"# {program} {folder / last}" if last else "# there is no seed, or the program does not start")
    print("\n".join(f"# {line}" for line in done.stderr.splitlines()))
    return 1


if __name__ == "__main__":
    sys.exit(main())
