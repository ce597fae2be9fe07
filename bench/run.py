#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures netsession beside its peers on this machine, and prints one table.

    bench/run.py [--quick] [--publish] [SUBJECT ...]

Writes results.json, RESULTS.md and sessions.svg into build/bench; with --publish, the last two and the figures of
docs/PERFORMANCE.md in the source tree, too. Exit status: 0; 1 where a target was missed."""
import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench import graph, rows  # noqa: E402

BUILD = ROOT / "build/bench"
PERFORMANCE = ROOT / "docs/PERFORMANCE.md"

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


def cells(row, contenders):
    """A row as texts: what, unit, each contender with its spread, ratios, verdict."""
    yield row.what
    yield row.unit
    for contender in contenders:
        figure = row.figures.get(contender)
        if figure is None:
            yield ""
        elif figure.low == figure.high:
            yield number(figure.median)
        else:
            yield f"{number(figure.median)} ({number(figure.low)}-{number(figure.high)})"
    for contender in contenders[1:]:
        ratio = row.ratio(contender)
        yield "" if ratio is None else share(ratio)
    yield "; ".join(row.misses()) or ("met" if row.target else "")


def markdown(found, contenders=CONTENDERS):
    headings = ["what", "unit", *contenders, *(f"/ {contender}" for contender in contenders[1:]), "target"]
    lines = [headings, *([*cells(row, contenders)] for row in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for index, line in enumerate(lines):
        yield "| " + " | ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                                for column, (cell, width) in enumerate(zip(line, widths))) + " |"
        if index == 0:
            yield "|" + "|".join(("-" * (width + 1) + (":" if column > 1 else "-")) for column, width in enumerate(widths)) + "|"


def about_run(about, seconds, arguments):
    """A sentence: what was run when, on which machine."""
    ran = " ".join(["make bench-quick" if arguments.quick else "make bench",
                    *([f'ROWS="{" ".join(arguments.subjects)}"'] if arguments.subjects else [])])
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (f"`{ran}` of {about['time'][:10]}, in {seconds / 60:.0f} minutes and at a load of {about['load']:.1f} when it began: "
            f"{about['processor']}, {about['processors']} processors, {about['release']}, kernel {about['kernel']}; {versions}.")


def results_page(sentence, table):
    return "\n".join(["# Results", "", sentence, "[README.md](README.md) says how to read the table.", "", *table, ""])


def publish(sentence, found):
    """Puts the figures of the run where the documentation has them."""
    shutil.copy(BUILD / "RESULTS.md", ROOT / "bench/RESULTS.md")
    shutil.copy(BUILD / "sessions.svg", PERFORMANCE.parent / "sessions.svg")
    cold = [row for subject, row in found if subject == "cold_command"]
    figures = "\n".join([sentence, "", *markdown(cold, ("netsession", "rpcclient", "impacket", "limit"))])
    page = PERFORMANCE.read_text()
    PERFORMANCE.write_text(re.sub(r"(<!-- figures -->\n).*?(<!-- end -->)", lambda mark: f"{mark[1]}{figures}\n{mark[2]}", page,
                                  flags=re.DOTALL))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repeats and fewer sessions: about a minute")
    parser.add_argument("--publish", action="store_true", help="put the figures into the documentation of the source tree")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(rows.SUBJECTS))
    arguments = parser.parse_args()
    unknown = set(arguments.subjects) - set(rows.SUBJECTS)
    if unknown:
        parser.error(f"no such subject: {', '.join(unknown)}")
    if arguments.publish and arguments.subjects:
        parser.error("--publish is for a run of all subjects")
    effort, found, about, began = rows.Effort(arguments.quick), [], machine(), time.monotonic()
    for subject in arguments.subjects or rows.SUBJECTS:
        for row in rows.SUBJECTS[subject](effort):
            found.append((subject, row))
            print(f"{row.what}: " + ", ".join(f"{who} {number(figure.median)} {row.unit}".rstrip() for who, figure in row.figures.items()),
                  file=sys.stderr, flush=True)
    table = [*markdown([row for _, row in found])]
    print("\n".join(table))
    results = {"machine": about, "rows": [{"subject": subject} | dataclasses.asdict(row) for subject, row in found]}
    sentence = about_run(about, time.monotonic() - began, arguments)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (BUILD / "RESULTS.md").write_text(results_page(sentence, table))
    (BUILD / "sessions.svg").write_text(graph.draw(results))
    if arguments.publish:
        publish(sentence, found)
    return any(misses for _, row in found for misses in row.misses())


if __name__ == "__main__":
    sys.exit(main())
