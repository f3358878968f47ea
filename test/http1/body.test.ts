import { describe, expect, test } from "vitest";
import { bytesOf, read, readRequest } from "./reading.ts";

const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
const chunked = (body: string) => readRequest(head + body);

describe("11: a chunked body", () => {
  test.each([
    ["3\r\nabc\r\n0\r\n\r\n", "abc"],
    ["3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", "abcd"],
    ["0\r\n\r\n", ""],
    ["00000000000000A\r\n0123456789\r\n000\r\n\r\n", "0123456789"],
    ['2;x;y="z; \\"\xff";\tv = w\r\n\r\n\r\n0;last\r\n\r\n', "\r\n"],
  ])("%j has the data %j", (body, data) => expect(chunked(body)).toMatchObject({ body: data }));

  test.each([
    "\r\n",
    "g\r\n",
    "-1\r\n",
    "+1\r\na\r\n",
    "0x1\r\na\r\n",
    " 1\r\na\r\n",
    "1 \r\na\r\n",
    "1\t\r\na\r\n",
    "1\na\r\n",
    "1\ra\r\n",
    "1\r\r\na\r\n",
    "1 ;x\r\na\r\n",
    "1;x\na\r\n",
    "1;x\ry\r\na\r\n",
    "1;\0\r\na\r\n",
    "1;\r\na\r\n",
    "1;x;\r\na\r\n",
    "1;x y\r\na\r\n",
    "1;x=\r\na\r\n",
    "1;=x\r\na\r\n",
    '1;x="y\r\na\r\n',
    '1;x="y"z\r\na\r\n',
    "1\r\nab\r\n",
    "1\r\na\n0\r\n\r\n",
    "1\r\na0\r\n\r\n",
    "1\r\na\r0\r\n\r\n",
    "00000000000000001\r\na\r\n",
    "20000000000000\r\n",
    "FFFFFFFFFFFFFFFF\r\n",
    `1;x${" ;x=".repeat(4_000)}\r\na\r\n`,
    `1;${"x".repeat(20_000)}\r\n`,
    "1;x\r\na\r\n".replace("x", "x".repeat(10_000)).repeat(2),
  ])("%j is invalid", (body) => expect(chunked(body)).toBe(400));

  test("of 2^53 - 1 bytes are valid, and wait for their data", () =>
    expect(chunked("1FFFFFFFFFFFFF\r\n")).toBe("partial"));
});

describe("12: trailers", () => {
  test("are passed on, but for those that frame, route, authenticate or name the sender", () => {
    const never = ["Host: y", "Content-Length: 1", "Transfer-Encoding: chunked", "Authorization: z", "Set-Cookie: a=b"];
    const lines = ["X-Sum: 1", ...never, "X-Forwarded-For: 1.2.3.4", "x_forwarded_for: 1.2.3.4", "Via: 1.1 z", "y:"];
    expect(chunked(`0\r\n${lines.join("\r\n")}\r\n\r\n`)).toMatchObject({ trailers: "X-Sum: 1\r\ny:\r\n" });
  });
  test.each(["X : y", " X: y", "X: a\0", "X: a\nY: b", "X", `X: ${"y".repeat(5_000)}`, "X: y\r\n".repeat(33)])(
    "such as %j are invalid",
    (line) => expect(chunked(`0\r\n${line}\r\n\r\n`)).toBe(400),
  );
});

test("13: bytes behind a whole request are the next request; bytes behind an invalid one are not read", () => {
  const get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  const post = `${head}1\r\na\r\n0\r\n\r\n`;
  const all = read("request", bytesOf(`${get}${post}${get}GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n${get}`));
  expect(all.messages.map(({ first, body }) => `${first.split(" ", 2).join(" ")} ${body}`)).toEqual([
    "GET /a ",
    "POST / a",
    "GET /a ",
  ]);
  expect(all.parseError?.status).toBe(400);
});
