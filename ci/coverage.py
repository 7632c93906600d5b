#!/usr/bin/env python3
"""What a coverage report says of the libraries, for ci/coverage.

    ci/coverage.py REPORT EXCEPTIONS

Counts the functions and lines of bachata-core and bachata-std, without their tests, and prints figures. A function is what starts at a place, so that those of a macro
count once and a closure counts beside another on its line. What nothing runs, for no reason, goes to standard error.
EXCEPTIONS holds, a line each, what has a reason not to be run: the file, a tab, the text of the line of code, a tab, the reason. Where the line opens a block, it is all of
the block; where several do, the text goes on with the next line. A place that an exception names in vain is an error, so that it hides nothing and the list
stays short; only one that is `by chance: ` may be run, as it is now and then.
"""

import json
import re
import sys
from collections import defaultdict
from itertools import groupby
from pathlib import Path

LIBRARY = re.compile(r"crates/bachata-(?:core|std)/src/(?!(?:.*/)?tests(?:/|\.rs$)).*")

# How many of all may have a reason not to be run, in percent.
MOST_WITH_REASON = {"functions": 2, "lines": 1}


def read_report(path):
    """The functions of each file, by line and column, and its lines, by number: how often they ran."""
    [report] = json.loads(Path(path).read_text())["data"]
    functions, lines = defaultdict(lambda: defaultdict(int)), {}
    for function in report["functions"]:
        line, column, *_, file, _, _ = function["regions"][0]
        if place := LIBRARY.search(function["filenames"][file]):
            # A generic function is there once for each of its types.
            functions[place[0]][line, column] += function["count"]
    for file in report["files"]:
        if place := LIBRARY.search(file["filename"]):
            lines[place[0]] = {(line,): count for line, count in count_lines(file["segments"])}
    return functions, lines


def count_lines(segments):
    """Each line with code and how often it ran, as llvm-cov has it: the most of what starts there and what goes on from the line before."""
    last, going_on = 0, []
    for line, starts in groupby(segments, key=lambda segment: segment[0]):
        starts = list(starts)
        for between in range(last + 1, line) if going_on else ():
            yield between, going_on[0]
        entered = [(count, is_gap) for _, _, count, has_count, is_entry, is_gap in starts if has_count and is_entry]
        if entered or going_on:
            yield line, max([count for count, is_gap in entered if not is_gap] + going_on, default=0)
        _, _, count, has_count, _, _ = starts[-1]
        last, going_on = line, [count] if has_count else []


def tests_start(source):
    """The index of the line at which the tests of a file begin."""
    for index, line in enumerate(source):
        if line == "#[cfg(test)]" and source[index + 1] == "mod tests {":
            return index
    return len(source)


def block_end(source, line):
    """The last line of the block that a line opens: the next one that is indented no more. The line itself where it opens none."""
    if not source[line - 1].rstrip().endswith(("{", "(")):
        return line
    indent = lambda text: len(text) - len(text.lstrip())
    for end in range(line + 1, len(source) + 1):
        if source[end - 1].strip() and indent(source[end - 1]) <= indent(source[line - 1]):
            return end
    return line


def exception_starts(source, text):
    """The numbers of the lines at which code with this text starts."""
    lines = [line.strip() for line in source]
    return [start for start in range(1, len(lines) + 1) if (" ".join(lines[start - 1:start + 2]) + " ").startswith(text + " ")]


def main():
    report, exceptions = sys.argv[1:]
    # Whether an exception was needed, by the file, the line and the text of its place.
    needed = {}
    excepted = {}
    for line in Path(exceptions).read_text().splitlines():
        if line and not line.startswith("#"):
            file, text, reason = line.split("\t")
            source = Path(file).read_text().splitlines()
            for start in exception_starts(source, text) or ["nowhere"]:
                place = file, start, text
                needed[place] = start != "nowhere" and reason.startswith("by chance: ")
                if start != "nowhere":
                    excepted.update({(file, line): place for line in range(start, block_end(source, start) + 1)})
    for name, files in zip(("functions", "lines"), read_report(report)):
        run = with_reason = without_reason = 0
        for file in sorted(files):
            source = Path(file).read_text().splitlines()
            end = tests_start(source)
            for place, count in sorted(files[file].items()):
                line = place[0]
                if line > end:
                    continue
                text = source[line - 1].strip()
                if text.startswith("//"):
                    # An example is a test.
                    continue
                if count > 0:
                    run += 1
                elif (file, line) in excepted:
                    needed[excepted[file, line]] = True
                    with_reason += 1
                else:
                    without_reason += 1
                    print("not run", ":".join(map(str, (file, *place))), text, sep=": ", file=sys.stderr)
        total = run + with_reason + without_reason
        # Rounded down, or one in many would not show.
        print(f"{name} {10000 * run // max(total - with_reason, 1) / 100} % >= 100")
        print(f"{name}-counted {total} {name} >= 500")
        print(f"{name}-with-a-reason {100 * with_reason / max(total, 1):.2f} % <= {MOST_WITH_REASON[name]}")
    in_vain = [place for place, was in needed.items() if not was]
    for file, line, text in in_vain:
        print(f"excepted in vain: {file}:{line}: {text}", file=sys.stderr)
    print(f"exceptions-in-vain {len(in_vain)} exceptions <= 0")


main()
