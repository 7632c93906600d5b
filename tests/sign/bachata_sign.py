#!/usr/bin/env python3
"""Signatures of Bachata messages (P-15 to P-18), with the standard library alone.

    bachata_sign.py verify SCHEME KEYFILE    says for each frame on standard input: verified, or what is wrong
    bachata_sign.py sign SCHEME KEYFILE      writes each frame with its signature
    bachata_sign.py relay                    writes each frame anew, as a server does
    bachata_sign.py vectors FILE...          checks test vectors
"""

import hashlib
import hmac
import json
import re
import sys


def canonical(message):
    data = message.get("data")
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False) if isinstance(data, dict) else data or ""


def covered(message):
    if isinstance(message["type"], int):
        fields = ["transport", message["type"], message.get("data")]
    else:
        fields = ["data-object" if isinstance(message.get("data"), dict) else "data-text", message.get("id") or "", message["type"]]
        fields += [message.get("time") or 0, message.get("from") or "", message.get("dest") or "", canonical(message)]
    texts = [str(field).encode() for field in fields if field is not None]
    return b"".join(b"%d:%s," % (len(text), text) for text in texts)


def signature(message, scheme, key):
    if scheme == "token-sha256":
        return hashlib.sha256(canonical(message).encode() + key).hexdigest()
    return hmac.new(key, covered(message), hashlib.sha256).hexdigest()


def verify(message, scheme, key):
    if not message.get("sign"):
        return "missing"
    if not re.fullmatch("[0-9a-f]{64}", message["sign"]):
        return "malformed"
    return "verified" if hmac.compare_digest(message["sign"], signature(message, scheme, key)) else "wrong"


def check(vector):
    scheme, key, message = vector["scheme"], bytes.fromhex(vector["key"]), json.loads(vector["frame"])
    got = (verify(message, scheme, key), canonical(message) if scheme == "token-sha256" else covered(message).decode())
    assert got == (vector["result"], vector["covered"]), (vector["name"], got)


mode, *rest = sys.argv[1:]
if mode == "vectors":
    sys.exit(print(len([check(json.loads(line)) for path in rest for line in open(path, encoding="utf-8")])))
secret = open(rest[1], "rb").read().removesuffix(b"\n") if rest else b""
for line in sys.stdin.buffer:
    frame = json.loads(line)
    if mode == "sign":
        frame["sign"] = signature(frame, rest[0], secret)
    print(verify(frame, rest[0], secret) if mode == "verify" else json.dumps(frame))
