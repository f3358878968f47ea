/** What a proxy has to write anew, because it must not go on as it arrived. */
import { expect, test } from "vitest";
import { chunkHead, RequestHead, ResponseHead } from "../../src/http1/index.ts";
import { bytesOf, decode, limits, readRequest } from "./reading.ts";

function readRequestHead(text: string): RequestHead {
  const head = new RequestHead(limits, decode);
  expect(head.read(bytesOf(text), 0, text.length)).toBe(text.length);
  return head;
}

function readResponseHead(text: string): ResponseHead {
  const head = new ResponseHead(limits, decode);
  expect(head.read(bytesOf(text), 0, text.length)).toBe(text.length);
  return head;
}

test.each([
  ["0", 0, true],
  ["7", 7, true],
  ["10", 10, true],
  ["  10\t", 10, true],
  ["00", 0, false],
  ["010", 10, false],
  ["0000000000000010", 10, false],
])("8: the length %j is the number %i; canonical: %s", (value, contentLength, isLengthCanonical) => {
  const lines = `Host: x\r\nContent-Length: ${value}\r\n\r\n`;
  const expected = { contentLength, isLengthCanonical };
  expect(readRequestHead(`POST / HTTP/1.1\r\n${lines}`).fields).toMatchObject(expected);
  expect(readResponseHead(`HTTP/1.1 200 OK\r\n${lines}`).fields).toMatchObject(expected);
});

test("8: a head is told canonical again after one that was not", () => {
  const head = new RequestHead(limits, decode);
  const [first, second] = ["01", "1"].map((value) =>
    bytesOf(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${value}\r\n\r\n`),
  );
  head.read(first ?? bytesOf(""), 0, first?.length ?? 0);
  expect(head.fields.isLengthCanonical).toBe(false);
  head.reset();
  head.read(second ?? bytesOf(""), 0, second?.length ?? 0);
  expect(head.fields.isLengthCanonical).toBe(true);
});

test.each([
  ["HTTP/1.0", 0, false, false],
  ["HTTP/1.1", 1, true, true],
  ["HTTP/1.2", 1, false, true],
  ["HTTP/1.9", 1, false, true],
])(
  "3: %s has the minor version %i; exactly HTTP/1.1: %s; keep-alive: %s",
  (version, minor, isVersionExact, keepAlive) => {
    const expected = { minor, isVersionExact, keepAlive };
    expect(readRequestHead(`GET / ${version}\r\nHost: x\r\n\r\n`)).toMatchObject(expected);
    expect(readResponseHead(`${version} 200 OK\r\nContent-Length: 0\r\n\r\n`)).toMatchObject(expected);
  },
);

test("9: HTTP/1.2 has chunks, as HTTP/1.1 has", () =>
  expect(
    readRequest("POST / HTTP/1.2\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
  ).toMatchObject({ body: "a" }));

test.each([
  ["00000000000000A\r\n0123456789\r\n00\r\n\r\n", "a\r\n"],
  ["001;x=y\r\na\r\n0;z\r\n\r\n", "1\r\n"],
  ["1F\r\n0123456789012345678901234567890\r\n000\r\n\r\n", "1f\r\n"],
])("11: the chunk %j goes on with the size line %j", (chunks, sizeLine) => {
  const message = readRequest(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
  expect(chunkHead(typeof message === "object" ? message.body.length : -1)).toBe(sizeLine);
});
