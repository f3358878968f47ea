import { describe, expect, test } from "vitest";
import { limits, readRequest } from "./reading.ts";

/** A request with these lines behind the first two. */
const get = (...lines: string[]): string => ["GET / HTTP/1.1", "Host: x", ...lines, "", ""].join("\r\n");
const line = (text: string): string => `${text}\r\nHost: x\r\n\r\n`;
const status = (text: string) => {
  const got = readRequest(text);
  return typeof got === "object" ? "valid" : got;
};

describe("1: a request line", () => {
  test.each([
    "GET / HTTP/1.1\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\rHost: x\r\n\r\n",
    line(" GET / HTTP/1.1"),
    line("GET  / HTTP/1.1"),
    line("GET /  HTTP/1.1"),
    line("GET / HTTP/1.1 "),
    line("GET\t/ HTTP/1.1"),
    line("GET /\tHTTP/1.1"),
    line("GET /\0 HTTP/1.1"),
    line("G\0T / HTTP/1.1"),
    line("GET /\x0b HTTP/1.1"),
    line("GET /\x7f HTTP/1.1"),
    line("GET"),
    line("GET /"),
    line("GET HTTP/1.1"),
    line("\0"),
    line("\x16\x03\x01"),
    line("\n"),
    line("\rGET / HTTP/1.1"),
    line("\r\n\r\nGET / HTTP/1.1"),
    "\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
  ])("such as %j is invalid: 400", (text) => expect(status(text)).toBe(400));

  test("may have one empty line before it", () => expect(status(`\r\n${get()}`)).toBe("valid"));
  test("is invalid at its first wrong byte, not at the end of the head", () =>
    expect(status("GET / HTTP/1.1\n")).toBe(400));
});

describe("2: a method", () => {
  test.each(["GET", "get", "M-SEARCH", "x!#$%&'*+.^_`|~", "A".repeat(32)])("may be %s, as it is written", (method) => {
    expect(readRequest(line(`${method} / HTTP/1.1`))).toMatchObject({ first: `${method} / 1 / x ` });
  });
  test.each(["G(T", "G/T", "G:T", "G\xe9T"])("cannot be %j", (method) =>
    expect(status(line(`${method} / HTTP/1.1`))).toBe(400),
  );
  test("of 33 bytes is a 501", () => expect(status(`${"A".repeat(33)} /`)).toBe(501));
});

test.each([
  ["HTTP/1.0", "valid"],
  ["HTTP/1.1", "valid"],
  ["HTTP/1.2", "valid"],
  ["HTTP/1.9", "valid"],
  ["HTTP/0.9", 505],
  ["HTTP/2.0", 505],
  ["HTTP/9.9", 505],
  ["HTTP/1.10", 400],
  ["HTTP/1", 400],
  ["HTTP/1,1", 400],
  ["http/1.1", 400],
  ["HTTPS/1.1", 400],
  ["HTTP/+1.1", 400],
  ["HTTP/1.", 400],
  ["XTTP/1.1", 400],
])("3: the version %s: %s", (version, wanted) => expect(status(line(`GET / ${version}`))).toBe(wanted));

describe("4: a target", () => {
  test.each([
    ["GET", '/a/../b%2fc//d?e=%zz;[]"<>\\^`{|}', null],
    ["GET", "http://other.example:8/x?y", "/x?y other.example:8"],
    ["GET", "HTTP://OTHER", "/ OTHER"],
    ["GET", "https://[::1]:5?z", "/?z [::1]:5"],
    ["OPTIONS", "*", null],
    ["OPTIONS", "http://x", "* x"],
  ])("%s %s is valid", (method, target, absolute) => {
    const [path = target, authority = ""] = absolute?.split(" ") ?? [];
    expect(readRequest(line(`${method} ${target} HTTP/1.1`))).toMatchObject({
      first: `${method} ${target} 1 ${path} x ${authority}`,
    });
  });
  test.each([
    "*",
    "x",
    "x:80",
    "/a#b",
    "/\xe9",
    "http://",
    "http:///x",
    "http://a@b/",
    "http://a b/",
    "ftp://x/",
    "http:/x",
    "http://x,y/",
    "?a",
  ])("cannot be %j", (target) => expect(status(line(`GET ${target} HTTP/1.1`))).toBe(400));
  test("of CONNECT is a 405", () => expect(status(line("CONNECT x:1 HTTP/1.1"))).toBe(405));
  test("over the limit is a 414", () => {
    expect(status(`GET /${"x".repeat(limits.line)}`)).toBe(414);
    expect(status(line(`GET /${"x".repeat(limits.line - 16)} HTTP/1.1`))).toBe("valid");
    expect(status(line(`GET /${"x".repeat(limits.line - 15)} HTTP/1.1`))).toBe(414);
  });
});

describe("5: Host", () => {
  const host = (...values: string[]): string =>
    ["GET / HTTP/1.1", ...values.map((value) => `Host: ${value}`), "", ""].join("\r\n");
  test.each(["x", "a.example:80", "127.0.0.1:1", "[::1]:8080", "[v1.x:y]", "a_b", "%41", "a:"])("may be %s", (value) =>
    expect(status(host(value))).toBe("valid"),
  );
  test.each(["", "a b", "a/b", "a@b", "a:b", "a:123456", "[::1", "::1", "a,b", "a\xe9", "a?", "http://x", "%4", "[]"])(
    "cannot be %j",
    (value) => expect(status(host(value))).toBe(400),
  );
  test("must be there once, but for HTTP/1.0", () => {
    expect(status(host())).toBe(400);
    expect(status(host("x", "x"))).toBe(400);
    expect(status("GET http://x/ HTTP/1.1\r\n\r\n")).toBe(400);
    expect(status("GET / HTTP/1.0\r\n\r\n")).toBe("valid");
    expect(status("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n")).toBe(400);
  });
});

describe("6: a field line", () => {
  test.each([
    "X:",
    "X: ",
    "X:y",
    "X:\ty\t",
    "X: a b\tc",
    "X: \x80\xff",
    'X: ()<>@,;:\\"/[]?={}',
    "!#$%&'*+-.^_`|~9: y",
  ])("may be %j", (text) => expect(status(get(text))).toBe("valid"));
  test.each([
    "X : y",
    "X\t: y",
    " X: y",
    "\tX: y",
    ": y",
    "X",
    "X y: z",
    "X\xe9: y",
    "X(: y",
    "X: a\0b",
    "X: a\x01b",
    "X: a\x7fb",
    "X: a\rb",
    "X: a\nb",
    "X: a\n",
    "X: a\r\n folded",
    "X: a\r\n\tfolded",
    "X: a\r\r",
    "\0",
    "\n",
  ])("cannot be %j", (text) => expect(status(get(text, "Y: z"))).toBe(400));
});

describe("7: a head", () => {
  test("with too many lines, a line too long or too much in all is a 431", () => {
    expect(status(get(...Array.from({ length: limits.fields - 1 }, () => "X: y")))).toBe("valid");
    expect(status(get(...Array.from({ length: limits.fields }, () => "X: y")))).toBe(431);
    expect(status(get(`X: ${"y".repeat(limits.line - 5)}`))).toBe("valid");
    expect(status(get(`X: ${"y".repeat(limits.line - 4)}`))).toBe(431);
    expect(status(get(`X: ${"y".repeat(400)}`, `Y: ${"z".repeat(400)}`))).toBe("valid");
    expect(status(get(`X: ${"y".repeat(500)}`, `Y: ${"z".repeat(500)}`))).toBe(431);
  });
});

describe("8: Content-Length", () => {
  const post = (length: string, body = ""): string => `${get(`Content-Length: ${length}`)}${body}`;
  test("counts the bytes of the body", () => expect(readRequest(post("3", "abcdef"))).toMatchObject({ body: "abc" }));
  test("may have leading zeros", () => expect(readRequest(post("003", "abc"))).toMatchObject({ body: "abc" }));
  test("may be 2^53 - 1", () => expect(status(post("9007199254740991"))).toBe("partial"));
  test.each(["", "+1", "-1", "1,1", "1 1", "0x1", "1a", "1.0", "9007199254740992", "10000000000000000000", "\xb2"])(
    "cannot be %j",
    (length) => expect(status(post(length, "a"))).toBe(400),
  );
  test.each(["1", "2"])("twice is invalid: 1 and %s", (other) =>
    expect(status(get("Content-Length: 1", `content-length: ${other}`))).toBe(400),
  );
});

describe("9: Transfer-Encoding", () => {
  test.each(["chunked", "Chunked", "CHUNKED "])("may be %j", (value) =>
    expect(readRequest(`${get(`Transfer-Encoding: ${value}`)}1\r\na\r\n0\r\n\r\n`)).toMatchObject({ body: "a" }),
  );
  test.each([
    "",
    "identity",
    "gzip",
    "chunked, gzip",
    "chunked, chunked",
    "gzip, chunked, chunked",
    "gzip, chunked, br, chunked",
    "chunked;a=b, chunked",
    "xchunked",
    "gzip, xchunked",
    "gzip chunked",
    "chunked,",
    ",chunked",
    "gzip,, chunked",
    "chunked;x",
    "gzip, chunked;x=y",
    "gzip;x, chunked",
    "gzip;x=, chunked",
    'gzip;x="y, chunked',
    '"chunked"',
    "\x0bchunked",
    "chunked\x0c",
    "chun\0ked",
    "gzip, chunk\xe9d",
  ])("that does not end in exactly one chunked, such as %j, is a 400", (value) =>
    expect(status(get(`Transfer-Encoding: ${value}`))).toBe(400),
  );
  test.each([
    "gzip, chunked",
    "gzip,CHUNKED",
    "identity\t ,\tchunked",
    "br, x-own, chunked",
    'gzip ; a = b;c="d, \\" chunked", chunked',
    "xchunked, chunked",
  ])("with a coding before its one chunked, such as %j, is a 501", (value) =>
    expect(status(get(`Transfer-Encoding: ${value}`))).toBe(501),
  );
  test("with an unknown coding is a 400 where another field makes the end of the body uncertain", () => {
    expect(status(get("Transfer-Encoding: gzip, chunked", "Content-Length: 1"))).toBe(400);
    expect(status(get("Content-Length: 1", "Transfer-Encoding: gzip, chunked"))).toBe(400);
    expect(status(get("Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked"))).toBe(400);
    expect(status("POST / HTTP/1.0\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")).toBe(400);
  });
  test("cannot be there twice", () =>
    expect(status(get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"))).toBe(400));
  test("cannot be in HTTP/1.0", () =>
    expect(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")).toBe(400));
});

test("10: Content-Length beside Transfer-Encoding is invalid, whichever comes first", () => {
  const lines = ["Content-Length: 0", "Transfer-Encoding: chunked"];
  expect(status(get(...lines))).toBe(400);
  expect(status(get(...lines.reverse()))).toBe(400);
});

describe("15: Connection", () => {
  test.each(["Host", "content-length", "Transfer-Encoding", "authorization", "X-Forwarded-Anything", "a b", "a/b"])(
    "cannot name %s",
    (name) => expect(status(get(`Connection: close, ${name}`))).toBe(400),
  );
  test("names ten fields at most, in all its lines", () => {
    expect(status(get("Connection: a,b,c,d,e", "Connection: f,g,h,i,j"))).toBe("valid");
    expect(status(get("Connection: a,b,c,d,e", "Connection: f,g,h,i,j,k"))).toBe(400);
  });
  test.each([
    ["HTTP/1.1", "", true],
    ["HTTP/1.1", "close", false],
    ["HTTP/1.1", "Keep-Alive, CLOSE", false],
    ["HTTP/1.0", "", false],
    ["HTTP/1.0", "Keep-Alive", true],
    ["HTTP/1.0", "keep-alive, close", false],
  ])("of %s, %j: keep-alive: %s", (version, value, keepAlive) =>
    expect(readRequest(`GET / ${version}\r\nHost: x\r\nConnection: ${value}\r\n\r\n`)).toMatchObject({ keepAlive }),
  );
});
