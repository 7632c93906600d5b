#!/usr/bin/env python3
"""The table of the README between `<!-- footprint -->` and `<!-- /footprint -->`.

    footprint-table.py print MEASURED           prints the table of what was measured
    footprint-table.py check MEASURED README    ends with status 1 where a number differs by more than 5 %, or a row is not the same
    footprint-table.py write MEASURED README    puts the table into the README

MEASURED has a value a line, with tabs in between: the row's label, the column's, the value, its unit.
"""

import sys
from pathlib import Path

START, END = "<!-- footprint -->", "<!-- /footprint -->"
TOLERANCE = 0.05

Table = dict[str, list[str]]


def measured_table(path: str) -> str:
    columns: list[str] = []
    rows: dict[str, dict[str, str]] = {}
    for line in Path(path).read_text().splitlines():
        label, column, value, unit = line.split("\t")
        if column not in columns:
            columns.append(column)
        rows.setdefault(label, {})[column] = f"{value} {unit}".strip()
    lines = [["", *columns], ["---", *("---:" for _ in columns)]]
    lines += [[label, *(cells.get(column, "–") for column in columns)] for label, cells in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cells(table: str) -> Table:
    lines = (line.strip().strip("|").split("|") for line in table.splitlines() if line.startswith("|"))
    return {words[0].strip(): [word.strip() for word in words[1:]] for words in lines}


def same(one: str, other: str) -> bool:
    """Whether two cells say the same, their number within the tolerance."""
    if one == other:
        return True
    try:
        (a, a_unit), (b, b_unit) = one.split(maxsplit=1), other.split(maxsplit=1)
        return a_unit == b_unit and abs(float(a) - float(b)) <= TOLERANCE * abs(float(b))
    except ValueError:
        return False


def differences(readme: Table, measured: Table) -> list[str]:
    found = [f"row not measured: {label}" for label in readme.keys() - measured.keys()]
    for label, values in measured.items():
        stated = readme.get(label)
        if stated is None:
            found.append(f"row missing in the README: {label}")
        elif len(stated) != len(values):
            found.append(f"{label}: {len(stated)} columns in the README, {len(values)} measured")
        else:
            pairs = zip(stated, values)
            found += [f"{label}: {a} in the README, {b} measured" for a, b in pairs if not same(a, b)]
    return found


def main() -> None:
    command, measured, *rest = sys.argv[1:]
    table = measured_table(measured)
    if command == "print":
        print(table, end="")
        return
    readme = Path(rest[0])
    head, start, tail = readme.read_text().partition(START)
    stated, end, tail = tail.partition(END)
    if not start or not end:
        sys.exit(f"{readme}: no {START} with {END} after it, so there is no place for the table")
    if command == "write":
        readme.write_text(f"{head}{START}\n{table}{END}{tail}")
        return
    found = differences(cells(stated), cells(table))
    if found:
        sys.exit(f"{readme}: not what was measured (ci/footprint --write puts it right):\n" + "\n".join(found))


if __name__ == "__main__":
    main()
