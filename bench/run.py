#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures netsession beside its peers on this machine, and prints one table.

    bench/run.py [--quick] [--json FILE] [SUBJECT ...]

Exit status: 0; 1 where a target was missed."""
import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench import rows  # noqa: E402

CONTENDERS = ("netsession", "rpcclient", "impacket", "Samba", "limit")


def machine():
    """What the figures depend on."""
    model = [line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    versions = {}
    for package in ("samba", "python3-impacket", "gss-ntlmssp", "libssl3", "libssl3t64"):
        done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], text=True, capture_output=True, check=False)
        if done.returncode == 0:
            versions[package] = done.stdout
    release = platform.freedesktop_os_release()["PRETTY_NAME"]
    return {"time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "processor": model[0] if model else platform.machine(),
            "processors": os.cpu_count(), "kernel": platform.release(), "release": release, "load": os.getloadavg()[0],
            "versions": versions}


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def share(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.1g}"


def cells(row):
    """A row as texts: what, unit, each contender with its spread, ratios, verdict."""
    yield row.what
    yield row.unit
    for contender in CONTENDERS:
        figure = row.figures.get(contender)
        if figure is None:
            yield ""
        elif figure.low == figure.high:
            yield number(figure.median)
        else:
            yield f"{number(figure.median)} ({number(figure.low)}-{number(figure.high)})"
    for contender in CONTENDERS[1:]:
        ratio = row.ratio(contender)
        yield "" if ratio is None else share(ratio)
    yield "; ".join(row.misses()) or ("met" if row.target else "")


HEADINGS = ["what", "unit", *CONTENDERS, *(f"/ {contender}" for contender in CONTENDERS[1:]), "target"]


def markdown(found):
    lines = [HEADINGS, *([*cells(row)] for row in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    for index, line in enumerate(lines):
        yield "| " + " | ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                                for column, (cell, width) in enumerate(zip(line, widths))) + " |"
        if index == 0:
            yield "|" + "|".join(("-" * (width + 1) + (":" if column > 1 else "-")) for column, width in enumerate(widths)) + "|"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repeats and fewer sessions: about a minute")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench/results.json", metavar="FILE")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(rows.SUBJECTS))
    arguments = parser.parse_args()
    unknown = set(arguments.subjects) - set(rows.SUBJECTS)
    if unknown:
        parser.error(f"no such subject: {', '.join(unknown)}")
    effort, found, about = rows.Effort(arguments.quick), [], machine()
    for subject in arguments.subjects or rows.SUBJECTS:
        for row in rows.SUBJECTS[subject](effort):
            found.append(row)
            print(f"{row.what}: " + ", ".join(f"{who} {number(figure.median)} {row.unit}".rstrip() for who, figure in row.figures.items()),
                  file=sys.stderr, flush=True)
    print("\n".join(markdown(found)))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"machine": about, "rows": [dataclasses.asdict(row) for row in found]}, indent=1) + "\n")
    return any(misses for row in found for misses in row.misses())


if __name__ == "__main__":
    sys.exit(main())
