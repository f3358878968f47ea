/** The headers of the PROXY protocol. The longest lines come from HAProxy's proxy-protocol.txt (2.1 and 2.2). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INCOMPLETE, INVALID, readProxyHeader } from "../../src/http1/index.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");
const readAll = (bytes: Uint8Array) => readProxyHeader(bytes, 0, bytes.length);

/** Reads byte by byte, up to the first result that is not `INCOMPLETE`. */
function readSlowly(bytes: Uint8Array): ReturnType<typeof readProxyHeader> {
  for (let end = 0; end <= bytes.length; end += 1) {
    const result = readProxyHeader(bytes, 0, end);
    if (result !== INCOMPLETE) return result;
  }
  return INCOMPLETE;
}

const signature = "\r\n\r\n\0\r\nQUIT\n";
const v2 = (command: number, family: number, rest: string, length = rest.length): string =>
  signature + String.fromCharCode(command, family, length >> 8, length & 255) + rest;

/** A TLV of version 2 (2.2). */
const tlv = (type: number, value: string): string =>
  String.fromCharCode(type, value.length >> 8, value.length & 255) + value;

const ports = "\x00\x50\x1f\x90";
const v4 = `\x0a\x01\x02\x03\x7f\x00\x00\x01${ports}`;
const v6 = `\x20\x01\x0d\xb8${"\0".repeat(11)}\x07${"\0".repeat(15)}\x01${ports}`;
const longestAddress = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

const valid: readonly (readonly [header: string, address: string | null])[] = [
  ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"],
  ["PROXY TCP4 0.0.0.0 1.2.3.4 0 1\r\n", "0.0.0.0"],
  [`PROXY TCP6 ${longestAddress} ${longestAddress} 65535 65535\r\n`, longestAddress],
  ["PROXY TCP6 ::1 :: 1 2\r\n", "::1"],
  ["PROXY TCP6 2001:DB8::7 ::ffff:1.2.3.4 1 2\r\n", "2001:DB8::7"],
  ["PROXY TCP6 ::ffff:1.2.3.4 1:: 1 2\r\n", "::ffff:1.2.3.4"],
  ["PROXY UNKNOWN\r\n", null],
  [`PROXY UNKNOWN ${longestAddress} ${longestAddress} 65535 65535\r\n`, null],
  [v2(0x21, 0x11, v4), "10.1.2.3"],
  [v2(0x21, 0x21, v6), "2001:db8:0:0:0:0:0:7"],
  [v2(0x21, 0x11, `${v4}\x04\x00\x03abc`), "10.1.2.3"],
  [v2(0x21, 0x11, `${v4}${tlv(0x04, "x".repeat(4_065))}`), "10.1.2.3"],
  [v2(0x20, 0x00, ""), null],
  [v2(0x20, 0x11, v4), null],
  [v2(0x20, 0xff, "abc"), null],
  [v2(0x21, 0x00, "abc"), null],
  [v2(0x21, 0x31, "s".repeat(216)), null],
];

describe("a valid header", () => {
  test.each(valid)("%j names %s", (header, address) => {
    const expected = { next: header.length, address };
    expect(readAll(bytesOf(header))).toEqual(expected);
    expect(readAll(bytesOf(`${header}GET / HTTP/1.1\r\n`))).toEqual(expected);
    expect(readSlowly(bytesOf(header))).toEqual(expected);
    const shifted = bytesOf(`ab${header}`);
    expect(readProxyHeader(shifted, 2, shifted.length)).toEqual({ next: header.length + 2, address });
  });

  test.each(valid)("%j is not whole without its last byte", (header) => {
    expect(readAll(bytesOf(header.slice(0, -1)))).toBe(INCOMPLETE);
  });
});

describe("an invalid header", () => {
  test.each([
    "GET / HTTP/1.1\r\n",
    "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY\r\n",
    "PROXY \r\n",
    "PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
    "PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
    "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY TCP6 1::2::3 ::1 1 2\r\n",
    "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n",
    "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n",
    "PROXY TCP6 ::12345 ::1 1 2\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "PROXY TCP6 ::: ::1 1 2\r\n",
    "PROXY UNKNOWN \0\r\n",
    "PROXY UNKNOWN \x80\r\n",
    `PROXY UNKNOWN ${"x".repeat(92)}\r\n`,
    "\r\n\r\nGET / HTTP/1.1\r\n",
    v2(0x11, 0x11, v4),
    v2(0x22, 0x11, v4),
    v2(0x31, 0x11, v4),
    v2(0x21, 0x12, v4),
    v2(0x21, 0x22, v6),
    v2(0x21, 0x41, v6),
    v2(0x21, 0x11, v4.slice(1)),
    v2(0x21, 0x21, v4),
    v2(0x21, 0x31, "s".repeat(215)),
    v2(0x20, 0x00, "x".repeat(4_081)),
  ])("such as %j is found so byte by byte, too", (header) => {
    expect(readAll(bytesOf(header))).toBe(INVALID);
    expect(readSlowly(bytesOf(header))).toBe(INVALID);
  });
});

test("any bytes give the same result one by one and at once, and 4,096 bytes are enough to decide", () => {
  const mutated = fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
    .map(([[header], changes]) => {
      const bytes = Buffer.from(header, "latin1");
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
  const anything = fc.oneof(mutated, fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(anything, (bytes) => {
      expect(readSlowly(bytes)).toEqual(readAll(bytes));
      expect(readAll(Buffer.concat([bytes, Buffer.alloc(4_096, "x")]))).not.toBe(INCOMPLETE);
    }),
    { numRuns: 2_000 },
  );
});
