import { describe, expect, test } from "vitest";
import { bytesOf, limits, read, readResponse } from "./reading.ts";

const response = (...lines: string[]): string => [...lines, "", ""].join("\r\n");
const isValid = (text: string): boolean => typeof readResponse(text) !== "number";

describe("21: a response", () => {
  test.each(["HTTP/1.1 200 OK", "HTTP/1.9 200 OK", "HTTP/1.0 404 ", "HTTP/1.1 999", "HTTP/1.1 200 caf\xe9\t!"])(
    "may begin with %j",
    (line) => expect(isValid(response(line, "Content-Length: 0"))).toBe(true),
  );
  test.each([
    "nonsense",
    "HTTP/1.1 099 Low",
    "HTTP/1.1 000 Zero",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 2x0 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1\t200 OK",
    "HTTP/2.0 200 OK",
    "HTTP/1.x 200 OK",
    "HTTP/1.10 200 OK",
    "http/1.1 200 OK",
    " HTTP/1.1 200 OK",
    "\r\nHTTP/1.1 200 OK",
    "HTTP/1.1 200 a\x01b",
    "HTTP/1.1 200 a\0b",
    "HTTP/1.1 200 a\nb",
    "HTTP/1.1 200 a\rb",
    "HTTP/1.1 200OK",
    "ICY 200 OK",
    `HTTP/1.1 200 ${"x".repeat(limits.line)}`,
  ])("cannot begin with %j", (line) => expect(isValid(response(line, "Content-Length: 0"))).toBe(false));

  test.each([
    ["X : y"],
    [" X: y"],
    ["X: a\x01"],
    ["X: a\nY: b"],
    ["Content-Length: 1", "Content-Length: 1"],
    ["Content-Length: 1", "Content-Length: 2"],
    ["Content-Length: -1"],
    ["Content-Length: 1", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: gzip, chunked"],
    ["Transfer-Encoding: identity"],
    ["Transfer-Encoding: chunked, gzip"],
    ["Transfer-Encoding: gzip"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ["Connection: content-length", "Content-Length: 1"],
    Array.from({ length: limits.fields + 1 }, () => "X: y"),
  ])("cannot have %j", (...lines) => expect(isValid(response("HTTP/1.1 200 OK", ...lines))).toBe(false));

  test("of HTTP/1.0 cannot have chunks", () =>
    expect(isValid(response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"))).toBe(false));
});

test.each([100, 103, 101, 204, 304])("22: a response of status %i has no body, whatever its fields say", (status) => {
  const { messages } = read(
    "response",
    bytesOf(`${response(`HTTP/1.1 ${status} X`, "Content-Length: 5")}HTTP/1.1 200 OK\r\n`),
  );
  expect(messages).toMatchObject([{ first: `${status} 1`, body: "" }]);
});

test("23: a response without a length ends with its connection", () =>
  expect(readResponse(`${response("HTTP/1.1 200 OK")}abc`)).toMatchObject({ body: "abc" }));
