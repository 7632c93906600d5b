#!/usr/bin/env python3
"""Looks into a linked image, with the tools of LLVM.

    footprint-image.py size ELF      prints the bytes of flash and of static RAM
    footprint-image.py stack ELF     prints, for each function with a name of its own, its bound in bytes, or inf
    footprint-image.py chain ELF NAME
                                     prints the calls that make up a function's bound: bound, frame, name
    footprint-image.py panics ELF    prints which function calls which panic, one pair a line

A bound is the function's frame and the deepest of what it calls. Frames are what the compiler says (`-Z emit-stack-sizes`), and
where it says nothing what the instructions say; calls are read off the disassembly. A tail call finds the frame gone. Recursion and
calls through pointers have no bound.
"""

import math
import re
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

# What the calls of a panic are called. The handler is called by the last of them.
PANIC = re.compile(r"\bcore::panicking::|\b(unwrap|expect)_failed\b|_fail(_rt|_ct)?\b|len_mismatch")

# A conditional execution, and the width of an encoding.
SUFFIX = r"(eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?(\.[wn])?"
ARM_CALL = re.compile(rf"bl{SUFFIX}$")
ARM_BRANCH = re.compile(rf"b{SUFFIX}$|cbn?z$")
ARM_INDIRECT_CALL = re.compile(rf"blx{SUFFIX}$")
ARM_INDIRECT_BRANCH = re.compile(rf"bx{SUFFIX}$")
RISCV_BRANCH = re.compile(r"j$|b(eq|ne|lt|ge|gt|le)(u|z)?$|b(lt|ge)uz?$")
TARGET = re.compile(r"\b0x([0-9a-f]+)\b(?= <)")
# What lld fills gaps with on ARM; it reads as a branch.
PADDING = "d4d4"


def tool(*command: str) -> str:
    """The output of a command."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Instruction(NamedTuple):
    address: int
    name: str
    operands: str


@dataclass
class Function:
    names: list[str]
    frame: int = 0
    calls: set[int] = field(default_factory=set)
    tails: set[int] = field(default_factory=set)
    indirect: bool = False


def section_sizes(elf: str) -> dict[str, int]:
    lines = (line.split() for line in tool("llvm-size", "-A", "-d", elf).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) == 3 and words[1].isdigit()}


def symbols(elf: str) -> dict[int, list[str]]:
    """The names of the functions at each address."""
    found: dict[int, list[str]] = {}
    for line in tool("llvm-nm", elf).splitlines():
        address, kind, name = line.split(maxsplit=2)
        # The others are labels and mapping symbols.
        if kind in "tTwW" and not name.startswith((".L", "$")):
            found.setdefault(int(address, 16), []).append(name)
    return dict(sorted(found.items()))


def stated_frames(elf: str) -> dict[int, int]:
    """The frames of the section .stack_sizes: an address of 32 bits, a LEB128."""
    with tempfile.NamedTemporaryFile() as dump:
        tool("llvm-objcopy", f"--dump-section=.stack_sizes={dump.name}", elf, "/dev/null")
        data = dump.read()
    frames: dict[int, int] = {}
    at = 0
    while at < len(data):
        address = int.from_bytes(data[at : at + 4], "little") & ~1
        at += 4
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        frames[address] = size
    return frames


def disassembly(elf: str) -> Iterator[Instruction]:
    for line in tool("llvm-objdump", "-d", elf).splitlines():
        head, _, rest = line.partition("\t")
        address, colon, raw = head.partition(":")
        if not (colon and rest and re.fullmatch(r" *[0-9a-f]+", address)):
            continue
        if raw.replace(" ", "") == PADDING:
            continue
        name, _, operands = rest.partition("\t")
        # LLVM 14 says in a comment what is a part of the instruction already.
        yield Instruction(int(address, 16), name.strip(), operands.partition("@")[0].strip())


def moved(instruction: Instruction) -> int:
    """The bytes that an instruction takes from the stack."""
    name, operands = instruction.name, instruction.operands
    if re.match(r"v?push", name):
        registers = 0
        for part in operands.strip("{}").split(","):
            first, _, last = part.strip().partition("-")
            registers += int(last[1:]) - int(first[1:]) + 1 if last else 1
        return registers * (8 if name.startswith("v") else 4)
    if found := re.match(r"sp, (?:sp, )?#(\d+)$", operands):
        return int(found[1]) if name.startswith("sub") else 0
    if found := re.match(r"sp, (?:sp, )?-(\d+)$", operands):
        return int(found[1]) if name.endswith(("addi", "addi16sp")) else 0
    if found := re.search(r"\[sp, #-(\d+)\]!$", operands):
        return int(found[1]) if name.startswith("str") else 0
    return 0


def arm(function: Function, instruction: Instruction, inside: range) -> None:
    name, operands = instruction.name, instruction.operands
    target = TARGET.search(operands)
    if ARM_CALL.match(name) and target:
        function.calls.add(int(target[1], 16))
    elif ARM_BRANCH.match(name) and target:
        if int(target[1], 16) not in inside:
            function.tails.add(int(target[1], 16))
    elif ARM_INDIRECT_CALL.match(name) or (ARM_INDIRECT_BRANCH.match(name) and operands != "lr"):
        function.indirect = True
    elif name.startswith("mov") and operands.startswith("pc,"):
        function.indirect = True
    elif name.startswith("ldr") and operands.startswith("pc,") and "[sp]" not in operands:
        function.indirect = True


def riscv(function: Function, body: list[Instruction], at: int, inside: range) -> None:
    address, name, operands = body[at]
    target = TARGET.search(operands)
    if name == "jal" and target:
        function.calls.add(int(target[1], 16))
    elif RISCV_BRANCH.match(name) and target:
        if int(target[1], 16) not in inside:
            function.tails.add(int(target[1], 16))
    elif name in ("jalr", "jr"):
        before = body[at - 1]
        far = re.fullmatch(r"(-?\d+)?\(?(\w+)\)?", operands)
        if far and before.name == "auipc" and before.operands.startswith(f"{far[2]}, "):
            page = int(before.operands.rpartition(" ")[2], 0) << 12
            reached = (before.address + page + int(far[1] or 0)) & 0xFFFF_FFFF
            if name == "jalr":
                function.calls.add(reached)
            elif reached not in inside:
                function.tails.add(reached)
        elif name == "jalr" or not in_table(body[:at]):
            function.indirect = True


def in_table(before: list[Instruction]) -> bool:
    """Whether a jump goes by a table: its index has been made an offset of words."""
    return any(i.name == "slli" and re.search(r", (2|0x2)$", i.operands) for i in before[-8:])


def functions(elf: str) -> dict[int, Function]:
    """The call graph."""
    names = symbols(elf)
    stated = stated_frames(elf)
    starts = list(names)
    bodies: dict[int, list[Instruction]] = {start: [] for start in starts}
    for instruction in disassembly(elf):
        place = bisect_right(starts, instruction.address)
        if place:
            bodies[starts[place - 1]].append(instruction)
    is_arm = "arm" in tool("llvm-readelf", "-h", elf).lower()
    graph: dict[int, Function] = {}
    for start, body in bodies.items():
        function = Function(names[start])
        inside = range(start, body[-1].address + 1) if body else range(0)
        for at, instruction in enumerate(body):
            if is_arm:
                arm(function, instruction, inside)
            else:
                riscv(function, body, at, inside)
        function.frame = stated[start] if start in stated else sum(map(moved, body))
        graph[start] = function
    return graph


def bounds(graph: dict[int, Function]) -> dict[int, float]:
    """The deepest stack of each function."""
    known: dict[int, float] = {}
    open_calls: set[int] = set()

    def bound(start: int) -> float:
        if start in open_calls or start not in graph:
            return math.inf
        if start not in known:
            function = graph[start]
            open_calls.add(start)
            called = max(map(bound, function.calls), default=0)
            tail = max(map(bound, function.tails), default=0)
            open_calls.discard(start)
            known[start] = math.inf if function.indirect else max(function.frame + called, tail)
        return known[start]

    sys.setrecursionlimit(10_000)
    for start in graph:
        bound(start)
    return known


def print_size(elf: str) -> None:
    sizes = section_sizes(elf)
    flash = sum(sizes.get(name, 0) for name in (".vectors", ".text", ".rodata", ".data"))
    print(flash, sum(sizes.get(name, 0) for name in (".data", ".bss")))


def print_stack(elf: str) -> None:
    graph = functions(elf)
    for start, bound in bounds(graph).items():
        for name in graph[start].names:
            if "::" in name or " as " in name:
                print(bound, name)


def print_chain(elf: str, name: str) -> None:
    graph = functions(elf)
    known = bounds(graph)
    [start] = [start for start, function in graph.items() if name in function.names]
    chain: list[int] = []
    while start in graph and start not in chain:
        chain.append(start)
        function = graph[start]
        deepest = max(function.calls, key=lambda callee: known.get(callee, math.inf), default=None)
        if deepest is None or function.frame + known.get(deepest, math.inf) < known[start]:
            deepest = max(function.tails, key=lambda callee: known.get(callee, math.inf), default=None)
        if deepest is None:
            break
        start = deepest
    for start in chain:
        print(known[start], graph[start].frame, tool("llvm-cxxfilt", graph[start].names[0]).strip())


def print_panics(elf: str) -> None:
    graph = functions(elf)
    mangled = [function.names[0] for function in graph.values()]
    names = dict(zip(graph, tool("llvm-cxxfilt", *mangled).splitlines(), strict=True))
    pairs = {
        f"{names[start]} -> {names[callee]}"
        for start, function in graph.items()
        for callee in function.calls | function.tails
        if callee in names and PANIC.search(names[callee]) and not PANIC.search(names[start])
    }
    for pair in sorted(pairs):
        print(pair)


def main() -> None:
    match sys.argv[1:]:
        case ["size", elf]:
            print_size(elf)
        case ["stack", elf]:
            print_stack(elf)
        case ["chain", elf, name]:
            print_chain(elf, name)
        case ["panics", elf]:
            print_panics(elf)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
