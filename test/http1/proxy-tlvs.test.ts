/** The TLVs of PROXY headers of version 2 (HAProxy's proxy-protocol.txt, 2.2). */
import { expect, test } from "vitest";
import { INCOMPLETE, INVALID, readProxyHeader } from "../../src/http1/index.ts";

const prefix = "0d0a0d0a000d0a515549540a";
const tcp4 = "2111";
const localCommand = "2000";
const unixStream = "2131";
const addresses = "7f0000017f0000018abe4827";
/** The checksum that HAProxy 2.6 sends (`send-proxy-v2 proxy-v2-options crc32c`) between these addresses and an empty NOOP. */
const checksum = "030004fb1f9bc6";
const noop = "050000";

const header = (kind: string, ...parts: readonly string[]): Buffer => {
  const rest = Buffer.from(parts.join(""), "hex");
  return Buffer.concat([Buffer.from(prefix + kind, "hex"), Buffer.from([rest.length >> 8, rest.length & 255]), rest]);
};
const read = (bytes: Uint8Array) => readProxyHeader(bytes, 0, bytes.length);

test.each([
  ["no TLV", header(tcp4, addresses)],
  ["HAProxy's checksum and padding", header(tcp4, addresses, checksum, noop)],
  ["HAProxy's checksum alone", Buffer.from(`${prefix}211100137f0000017f0000019e8e482903000438853a1e`, "hex")],
  ["an unknown type and one of no bytes", header(tcp4, addresses, "ea0003616263", noop)],
])("a header with %s is valid", (_, bytes) =>
  expect(read(bytes)).toEqual({ next: bytes.length, address: "127.0.0.1" }),
);

test.each([
  ["a length that overruns the header by one", header(tcp4, addresses, "040004616263")],
  ["a length that overruns by much", header(tcp4, addresses, "04ffff616263")],
  ["a type without its length", header(tcp4, addresses, noop, "04")],
  ["half a length", header(tcp4, addresses, noop, "0400")],
  ["TLVs that overrun behind Unix addresses", header(unixStream, "00".repeat(216), "040001")],
  ["a checksum of other bytes", header(tcp4, addresses, checksum.replace("c6", "c7"), noop)],
  ["a changed address", header(tcp4, addresses.replace("7f", "0a"), checksum, noop)],
  ["a changed TLV", header(tcp4, addresses, checksum, noop.replace("05", "ea"))],
  ["a checksum of three bytes", header(tcp4, addresses, "030003fb1f9b", noop)],
  ["a checksum of five bytes", header(tcp4, addresses, "030005fb1f9bc600", noop)],
  ["two checksums", header(tcp4, addresses, checksum, checksum)],
])("a header with %s is invalid", (_, bytes) => expect(read(bytes)).toBe(INVALID));

test("a checksum is compared when its header is whole, not before", () => {
  const bytes = header(tcp4, addresses, checksum.replace("c6", "c7"), noop);
  expect(read(bytes.subarray(0, -1))).toBe(INCOMPLETE);
});

test("the rest of LOCAL and of an unspecified family is discarded unread, as in HAProxy", () => {
  for (const kind of [localCommand, "2100"])
    expect(read(header(kind, "03000400000000ff"))).toEqual({ next: 24, address: null });
});
