// Signatures of Bachata messages (P-15 to P-18), with node alone.
//
//     node bachata_sign.mjs verify SCHEME KEYFILE    says for each frame on standard input: verified, or what is wrong
//     node bachata_sign.mjs sign SCHEME KEYFILE      writes each frame with its signature
//     node bachata_sign.mjs relay                    writes each frame anew, as a server does
//     node bachata_sign.mjs vectors FILE...          checks test vectors

import assert from "node:assert";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const canonical = (data) => (typeof data === "string" ? data : JSON.stringify(data));

function covered(message) {
  const data = message.data ?? "";
  const fields =
    typeof message.type === "number"
      ? ["transport", message.type, ...(message.data == null ? [] : [data])]
      : [typeof data === "string" ? "data-text" : "data-object", message.id ?? "", message.type, message.time ?? 0]
          .concat([message.from ?? "", message.dest ?? "", canonical(data)]);
  return fields.map((field) => `${Buffer.byteLength(String(field))}:${field},`).join("");
}

function signature(message, scheme, key) {
  if (scheme === "token-sha256") {
    return createHash("sha256").update(canonical(message.data ?? "")).update(key).digest("hex");
  }
  return createHmac("sha256", key).update(covered(message)).digest("hex");
}

function verify(message, scheme, key) {
  if (!message.sign) return "missing";
  if (!/^[0-9a-f]{64}$/.test(message.sign)) return "malformed";
  const [given, made] = [message.sign, signature(message, scheme, key)].map((text) => Buffer.from(text));
  return timingSafeEqual(given, made) ? "verified" : "wrong";
}

function check(vector) {
  const [scheme, key, message] = [vector.scheme, Buffer.from(vector.key, "hex"), JSON.parse(vector.frame)];
  const text = scheme === "token-sha256" ? canonical(message.data ?? "") : covered(message);
  assert.equal(verify(message, scheme, key), vector.result, vector.name);
  assert.equal(text, vector.covered, vector.name);
}

const lines = (path) => readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
const [mode, ...rest] = process.argv.slice(2);
if (mode === "vectors") {
  const vectors = rest.flatMap(lines).map((line) => JSON.parse(line));
  vectors.forEach(check);
  console.log(vectors.length);
  process.exit();
}
const bytes = rest.length > 0 ? readFileSync(rest[1]) : Buffer.alloc(0);
const secret = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
for (const frame of lines(0).map((line) => JSON.parse(line))) {
  if (mode === "sign") frame.sign = signature(frame, rest[0], secret);
  console.log(mode === "verify" ? verify(frame, rest[0], secret) : JSON.stringify(frame));
}
