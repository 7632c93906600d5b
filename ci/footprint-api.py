#!/usr/bin/env python3
"""Compares the public functions of bachata-core with those that an image calls.

    footprint-api.py SOURCES CALLS      CALLS: a file with a name a line

Public are the functions declared `pub`, constant ones too, and the traits that are implemented by hand. A name is `Type::function`,
`module::function` or `<Type as Trait>`, without lifetimes and lengths. Prints what is missing and ends with status 1 if anything is.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Implemented for types or with traits that nobody outside can name.
PRIVATE = re.compile(
    r"\b(Sink|SliceSink|FmtSink|NormalForm|Written|Limbs|Deserializer|TextDeserializer|Serializer|Elements|Shape|Key|Container"
    r"|TextWriter|Sealed|Taker|Typed|Canonical|NoRoom|Mask)\b"
)
# Traits whose functions are not called: they have none, or only serde calls them, which typed payloads do; `Debug` is for
# development, and core's `Debug` of texts itself has panic paths; `defmt` has its own linker section and host.
NOT_CALLED = re.compile(r"^<\w+(<.*>)? as (Eq|FusedIterator|Error|Debug|Format)>$")

IMPL = re.compile(r"^( *)impl\b(.*?)(?: where .*)?\{", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^ *pub (?:const |async )*fn (\w+)", re.MULTILINE)
MODULE_FUNCTION = re.compile(r"^pub (?:const |async )*fn (\w+)", re.MULTILINE)


def plain(name: str) -> str:
    """A type or a trait without its path, lifetimes and lengths."""
    name = re.sub(r"'\w+(, | )?", "", name)
    name = re.sub(r"\b[A-Z]{2,}, |, [A-Z]{2,}\b", "", name)
    name = re.sub(r"(, )?\b[A-Z]>", lambda found: found[0] if found[0] in ("D>", "T>") else ">", name)
    name = re.sub(r"\w+::", "", name.replace("<>", ""))
    # What a server knows its peers by.
    return name.replace("<A>", "").strip()


def without_generics(header: str) -> str:
    """An `impl` without the parameters that follow the keyword."""
    if not header.startswith("<"):
        return header.strip()
    depth = 0
    for at, character in enumerate(header):
        depth += (character == "<") - (character == ">")
        if depth == 0:
            return header[at + 1 :].strip()
    return header


def public_names(path: Path) -> Iterator[str]:
    if path.name == "tests.rs" or path.parent.name == "tests":
        return
    source = path.read_text().split("#[cfg(test)]\nmod tests")[0]
    source = re.sub(r"^ *//.*\n", "", source, flags=re.MULTILINE)
    for name in MODULE_FUNCTION.findall(source):
        yield f"{path.stem}::{name}"
    for found in IMPL.finditer(source):
        header = without_generics(" ".join(found[2].split()))
        trait, is_trait, type_name = header.rpartition(" for ")
        type_name = plain(type_name)
        if PRIVATE.search(header):
            continue
        if is_trait:
            yield f"<{type_name} as {plain(trait)}>"
            continue
        end = source.find(f"\n{found[1]}}}", found.end())
        for name in FUNCTION.findall(source, found.end(), end):
            yield f"{type_name}::{name}"


def main() -> None:
    sources, calls = sys.argv[1:]
    called = set(Path(calls).read_text().splitlines())
    public = {name for path in Path(sources).rglob("*.rs") for name in public_names(path)}
    missing = sorted(name for name in public - called if not NOT_CALLED.match(name) and "$" not in name)
    for name in missing:
        print(f"not called by any image: {name}")
    print(f"{len(public & called)} public functions and traits are called")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
