#!/usr/bin/env python3
"""What `ci/bench` shows of its times: a table for the README between `<!-- bench -->` and `<!-- /bench -->`, and a chart.

    bench-report.py print TIMES                       prints the table
    bench-report.py write TIMES LOCK README CHART     puts table and machine into the README, and writes the chart

TIMES has a value a line, with tabs in between: the work, the corpus, the candidate, nanoseconds for a frame, how many times as fast as the first
candidate that is. Of what was measured more than once, the median counts. LOCK names the versions.
"""

import platform
import re
import statistics
import subprocess
import sys
from html import escape
from pathlib import Path

START, END = "<!-- bench -->", "<!-- /bench -->"

WORKS = {
    "receive": "validate a frame, tell its kind, find the seven members",
    "route": "read `type` and `dest`, validate all",
    "build": "write a frame into a buffer, from its parts",
    "load": "make an owned message with any payload",
    "typed": "make an owned message with a payload of the application's type",
    "dump": "write an owned message as a `String`",
}
# Candidates by the column that they stand in.
COLUMNS = {
    "Bachata": ("bachata-core", "bachata-std"),
    "`MessageBuf`": ("bachata-core MessageBuf",),
    "sonic-rs": ("sonic-rs",),
    "simd-json": ("simd-json",),
    "serde-json-core": ("serde-json-core",),
    "`serde_json::Value`": ("serde_json Value",),
}
PEERS = ("serde_json", "sonic-rs", "simd-json", "serde-json-core")
CHARTED = (("Bachata", "#c2410c"), ("serde_json", "#94a3b8"), ("sonic-rs", "#64748b"), ("simd-json", "#475569"))

Ratios = dict[tuple[str, str], dict[str, float]]


def read(path: str) -> tuple[Ratios, dict[tuple[str, str], float]]:
    """Ratios by work, corpus and column, and nanoseconds of what they are relative to."""
    ratios: dict[tuple[str, str], dict[str, list[float]]] = {}
    firsts: dict[tuple[str, str], list[float]] = {}
    for line in Path(path).read_text().splitlines():
        work, corpus, candidate, time, ratio = line.split("\t")
        column = next((name for name, names in COLUMNS.items() if candidate in names), "serde_json")
        ratios.setdefault((work, corpus), {}).setdefault(column, []).append(float(ratio))
        if column == "serde_json":
            firsts.setdefault((work, corpus), []).append(float(time))
    medians = {key: {name: statistics.median(of) for name, of in row.items()} for key, row in ratios.items()}
    return medians, {key: statistics.median(times) for key, times in firsts.items()}


def table(ratios: Ratios, firsts: dict[tuple[str, str], float]) -> str:
    lines = [["", *COLUMNS, "1.0 is"], ["---", *("---:" for _ in COLUMNS), "---:"]]
    for work in WORKS:
        for (of, corpus), row in ratios.items():
            if of == work:
                cells = (f"{row[name]:.2g}" if name in row else "–" for name in COLUMNS)
                bold, *others = cells
                lines.append([f"{work}, {corpus}", f"**{bold}**", *others, duration(firsts[of, corpus])])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def duration(nanoseconds: float) -> str:
    return f"{nanoseconds:.0f} ns" if nanoseconds < 1000 else f"{nanoseconds / 1000:.1f} µs"


def machine(lock: str) -> str:
    """The processor, the compiler and the peers."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    processor = models[0] if models else platform.processor()
    rustc = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    packages = dict(re.findall(r'name = "(.*)"\nversion = "(.*)"', Path(lock).read_text()))
    peers = ", ".join(f"{peer} {packages[peer]}" for peer in PEERS)
    return f"{processor} ({platform.machine()}), rustc {rustc} without `target-cpu`; {peers}."


def chart(ratios: Ratios, footer: str) -> str:
    """Bars for `receive`: how many times as fast as serde_json."""
    corpora = [corpus for work, corpus in ratios if work == "receive"]
    left, top, bar, gap, width = 70, 56, 14, 18, 760
    most = max(value for corpus in corpora for value in ratios["receive", corpus].values())
    scale = (width - left - 60) / most
    group = bar * len(CHARTED) + gap
    height = top + group * len(corpora) + 24
    shapes = []
    for i, (name, color) in enumerate(CHARTED):
        shapes.append(f'<rect x="{left + 120 * i}" y="30" width="11" height="11" fill="{color}"/>')
        shapes.append(f'<text x="{left + 16 + 120 * i}" y="40">{escape(name)}</text>')
    for i, corpus in enumerate(corpora):
        y = top + group * i
        shapes.append(f'<text x="{left - 8}" y="{y + group / 2 - 4:.0f}" text-anchor="end">{escape(corpus)}</text>')
        for j, (name, color) in enumerate(CHARTED):
            value = ratios["receive", corpus].get(name)
            if value is None:
                continue
            x, at = left + value * scale, y + bar * j
            shapes.append(f'<rect x="{left}" y="{at}" width="{x - left:.1f}" height="{bar - 2}" fill="{color}"/>')
            shapes.append(f'<text x="{x + 5:.1f}" y="{at + bar - 4}">{value:.1f}</text>')
    note = footer.replace("`", "")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#334155">',
        f"<title>Frames received, relative to serde_json. {escape(note)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="18" font-size="14">Receiving a frame: speed relative to serde_json, more is faster</text>',
        *shapes,
        f'<text x="{left}" y="{height - 8}" font-size="9">{escape(note)}</text>',
        "</svg>\n",
    ])


def main() -> None:
    command, times, *rest = sys.argv[1:]
    ratios, firsts = read(times)
    if command == "print":
        print(table(ratios, firsts), end="")
        return
    lock, readme, picture = rest[0], Path(rest[1]), Path(rest[2])
    head, start, tail = readme.read_text().partition(START)
    _, end, tail = tail.partition(END)
    if not start or not end:
        sys.exit(f"{readme}: no {START} with {END} after it, so there is no place for the table")
    footer = machine(lock)
    readme.write_text(f"{head}{START}\n{table(ratios, firsts)}\n{footer}\n{END}{tail}")
    picture.write_text(chart(ratios, footer))


if __name__ == "__main__":
    main()
