#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Draws what a call costs against the number of sessions, from the figures of bench/run.py: graph.py RESULTS.json GRAPH.svg.
Both axes are logarithmic. Needs nothing but Python."""
import json
import math
import pathlib
import sys

MS = {"ms": 1, "us": 1e-3}  # of a figure's unit
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 440, 70, 330, 20, 50
COLOURS = ("#0b62a4", "#d1495b", "#66a182", "#edae49", "#5e4b8b", "#00798c")
DASHES = ("", ' stroke-dasharray="6 4"', ' stroke-dasharray="2 3"')


def series_of(results):
    """{name: [(number of sessions, milliseconds)]} of lists that are not encrypted, of the relay, and of netsessiond's table."""
    found = {}
    for row in results["rows"]:
        if row["series"] is None or row["unit"] not in MS or "encrypted" in row["series"]:
            continue
        for contender, figure in row["figures"].items():
            if contender != "limit" or "list" in row["what"]:
                found.setdefault(f"{row['series']}: {contender}", []).append((row["at"], figure["median"] * MS[row["unit"]]))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def decades(values):
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


def svg(series):
    if not series:
        yield '<svg xmlns="http://www.w3.org/2000/svg"/>'
        return
    points = [point for line in series.values() for point in line]
    across, up = decades([x for x, _ in points]), decades([y for _, y in points])

    def x(value):
        return LEFT + (math.log10(value) - across[0]) / (across[-1] - across[0]) * (WIDTH - LEFT - RIGHT)

    def y(value):
        return HEIGHT - BOTTOM - (math.log10(value) - up[0]) / (up[-1] - up[0]) * (HEIGHT - TOP - BOTTOM)

    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    for decade in across:
        yield f'<path d="M{x(10 ** decade):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{x(10 ** decade):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10 ** decade:,}</text>'
    for decade in up:
        yield f'<path d="M{LEFT} {y(10 ** decade):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        label = f"{10 ** decade:,}" if decade >= 0 else f"{10 ** decade:g}"
        yield f'<text x="{LEFT - 8}" y="{y(10 ** decade) + 4:.1f}" text-anchor="end">{label}</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">sessions</text>'
    yield f'<text x="16" y="{(TOP + HEIGHT - BOTTOM) / 2}" transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2})" ' \
          'text-anchor="middle">milliseconds a call</text>'
    for index, (name, line) in enumerate(sorted(series.items())):
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        yield f'<path d="M{WIDTH - RIGHT + 14} {TOP + 12 + 18 * index}h22" stroke="{colour}" stroke-width="2"{dash}/>'
        yield f'<text x="{WIDTH - RIGHT + 42}" y="{TOP + 16 + 18 * index}">{name}</text>'
    yield "</svg>"


def draw(results):
    """The text of the graph. results: what bench/run.py writes as JSON."""
    return "\n".join(svg(series_of(results))) + "\n"


def main():
    results, graph = map(pathlib.Path, sys.argv[1:])
    graph.write_text(draw(json.loads(results.read_text())))


if __name__ == "__main__":
    main()
