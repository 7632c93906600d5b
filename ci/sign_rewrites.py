#!/usr/bin/env python3
"""Compares the warnings about what does not survive with what Python and node really change.

    sign_rewrites.py VECTORS OBJECTS

VECTORS are those of tests/vectors/signatures/rewrites.jsonl, OBJECTS lines with "data" and "warnings". Prints four numbers: vectors
that say something else than Python and node do; objects without a warning that one of them changes; objects with a warning
that is certain and that neither changes; objects that one of them changes.
"""

import json
import subprocess
import sys

# Where they say no more than that it may be changed.
UNCERTAIN = {"large-integer", "exponent", "long-fraction"}
REWRITE = """
const lines = require("fs").readFileSync(0, "utf8").split("\\n").slice(0, -1);
for (const line of lines) console.log(JSON.stringify(JSON.parse(JSON.parse(line))));
"""


def rewritten_by_node(objects: list[str]) -> list[str]:
    lines = "".join(json.dumps(text) + "\n" for text in objects)
    made = subprocess.run(["node", "-e", REWRITE], input=lines, capture_output=True, text=True, check=True)
    return made.stdout.split("\n")[:-1]


def rewritten_by_python(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def rewritten(objects: list[str]) -> list[tuple[str, str]]:
    """What node and Python make of objects in normal form."""
    by_node = rewritten_by_node(objects)
    assert len(by_node) == len(objects)
    return list(zip(by_node, map(rewritten_by_python, objects)))


def read(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    vectors, objects = map(read, sys.argv[1:])
    made = rewritten([vector["data"] for vector in vectors])
    unlike = [v["name"] for v, pair in zip(vectors, made) if (v["javascript"], v["python"]) != pair]
    made = rewritten([line["data"] for line in objects])
    changed = [any(text != line["data"] for text in pair) for line, pair in zip(objects, made)]
    silent = [line["data"] for line, change in zip(objects, changed) if change and not line["warnings"]]
    certain = [not UNCERTAIN.issuperset(line["warnings"]) for line in objects]
    idle = [line["data"] for line, change, sure in zip(objects, changed, certain) if sure and not change]
    for found in (unlike, silent, idle):
        for text in found[:5]:
            print(f"at fault: {text}", file=sys.stderr)
    print(len(unlike), len(silent), len(idle), sum(changed))


if __name__ == "__main__":
    main()
