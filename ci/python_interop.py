"""Sends 200 messages from Python through Rust and back, and 200 from Rust through Python and back.

    python_interop.py PROTO_PY RELAY GENERATE

Prints how many came back unchanged in meaning: of those from Python, and of those from Rust. Each difference goes to
the standard error.
"""

import importlib.util
import random
import subprocess
import sys

COUNT = 200
TEXTS = [
    "",
    "hi",
    "caf\u00e9 \u65e5\u672c\u8a9e \U0001f600",
    "a \"quoted\" \\ text\n\twith\r\x00\x1f\x7f controls",
    "\u2028\u2029</script>",
    "x" * 300,
]
INTEGERS = [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1]
FLOATS = [0.5, -0.1, 1e-07, 1e22, 1.7976931348623157e308, 5e-324, 2.0]


def load_protocol(path):
    """The class BaseProtocol out of one file, without the package around it."""
    spec = importlib.util.spec_from_file_location("proto", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.BaseProtocol()


def value(rng, depth):
    """Any JSON value that Python's `json` reads back as it wrote it."""
    kind = rng.randrange(7 if depth else 5)
    if kind == 0:
        return rng.choice(TEXTS)
    if kind == 1:
        return rng.choice(INTEGERS)
    if kind == 2:
        return rng.choice(FLOATS)
    if kind == 3:
        return rng.choice([True, False])
    if kind == 4:
        return None
    if kind == 5:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return mapping(rng, depth)


def mapping(rng, depth):
    names = rng.sample(TEXTS + ["text", "lat", "type", "id"], rng.randrange(5))
    return {name: value(rng, depth - 1) for name in names}


def message(rng, proto, number):
    """What a Python peer may send."""
    transport = [
        proto.TRANS_SERV_GOT_IT,
        proto.TRANS_RECV_GOT_IT,
        proto.TRANS_DELIVERED,
        proto.TRANS_READY,
        proto.TRANS_PING,
        proto.TRANS_PONG,
        4711,
    ]
    if number % 4 == 0:
        made = proto.make_message(
            type=rng.choice(transport), data=rng.choice(["m1", "\u00e9", ""]), sign=rng.choice(["", "s"])
        )
    else:
        made = proto.make_message(
            id=rng.choice(["m%d" % number, number, "", None]),
            type=rng.choice(["direct", "group", "caf\u00e9", "1001"]),
            time=rng.choice([0, 1763769600123, -1, 2**63 - 1]),
            dest=rng.choice(["bob", "", 17]),
            from_=rng.choice([None, "alice\n"]),
            sign=rng.choice(["", "0a1b"]),
            data=rng.choice([rng.choice(TEXTS), mapping(rng, 3)]),
        )
    if number % 5 == 0:
        made["x-trace"] = value(rng, 2)
    return made


def meaning(loaded):
    """A message with the zeros that may be left out (P-9, P-13)."""
    result = dict(loaded)
    kind = result["type"]
    if isinstance(kind, str):
        for name, zero in [("id", ""), ("time", 0), ("data", "")]:
            if result.get(name) is None:
                result[name] = zero
    elif kind in (100, 200, 300) and result.get("data") is None:
        result["data"] = ""
    own = ("from", "dest", "sign") if isinstance(kind, str) else ("sign",)
    return {name: val for name, val in result.items() if name not in own or val}


def same(one, other):
    """Equality that tells 1 from 1.0 and from True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def top_level_same(one, other):
    """The members of a message may come in any order, those inside of them in one."""
    return same(dict(sorted(one.items())), dict(sorted(other.items())))


def lines(command, given=None):
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8").split("\n")[:-1]


def compare(sent, received, what):
    if len(sent) != COUNT or len(received) != COUNT:
        sys.exit("%s: %d sent, %d received" % (what, len(sent), len(received)))
    equal = 0
    for one, other in zip(sent, received):
        if top_level_same(meaning(one), meaning(other)):
            equal += 1
        else:
            print("%s: %r became %r" % (what, one, other), file=sys.stderr)
    return equal


def through(relay, frames):
    return lines([relay], "".join(frame + "\n" for frame in frames).encode("utf-8"))


def main():
    path, relay, generate = sys.argv[1:]
    proto = load_protocol(path)

    rng = random.Random(1)
    sent = [message(rng, proto, number) for number in range(COUNT)]
    received = through(relay, map(proto.dump_message, sent))
    from_python = compare(sent, list(map(proto.load_message, received)), "from Python")

    frames = lines([generate, str(COUNT)])
    by_python = [proto.dump_message(proto.load_message(frame)) for frame in frames]
    # What is written again is what was written first: to the byte, so in meaning.
    back = through(relay, by_python)
    from_rust = sum(one == other for one, other in zip(frames, back))
    for one, other in zip(frames, back):
        if one != other:
            print("from Rust: %s became %s" % (one, other), file=sys.stderr)
    print(from_python, from_rust)


if __name__ == "__main__":
    main()
