import { describe, expect, test } from "vitest";
import { defaultSettings } from "../../../cluster/balancer/config/options.ts";
import { HeadReaders } from "../../../cluster/balancer/proxy/io/head-readers.ts";
import { ResponseEvent, ResponseReader } from "../../../cluster/balancer/proxy/upstream/response-reader.ts";

const names = Object.fromEntries(Object.entries(ResponseEvent).map(([name, value]) => [value, name]));

/** Reads all of `text`, as an answer to `methods` by turns, and returns what it found. */
function readAll(text: string, methods: readonly string[] = ["GET"]): string[] {
  const reader = new ResponseReader(new HeadReaders(defaultSettings));
  const bytes = Buffer.from(text, "latin1");
  const found: string[] = [];
  let at = 0;
  let finals = 0;
  while (at < bytes.length) {
    const event = reader.read(bytes, at, methods[finals] ?? "GET");
    const what = names[event] as string;
    if (event === ResponseEvent.data)
      found.push(`data ${bytes.toString("latin1", reader.body.dataStart, reader.body.dataEnd)}`);
    else if (event === ResponseEvent.head || event === ResponseEvent.informational)
      found.push(`${what} ${reader.head.status}`);
    else found.push(what);
    if (event === ResponseEvent.incomplete || event === ResponseEvent.invalid) break;
    if (event !== ResponseEvent.informational && !reader.isInBody) finals += 1;
    at = reader.next;
  }
  if (reader.end()) found.push("end");
  return found;
}

describe("reading responses", () => {
  test.each([
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", ["head 200", "data hi"]],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ["head 200"]],
    ["HTTP/1.1 200 OK\r\n\r\nto the end", ["head 200", "data to the end", "end"]],
    ["HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", ["head 204"]],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", ["head 304"]],
    [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
      ["informational 100", "head 200", "data x"],
    ],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", ["head 200", "data hi", "data "]],
    ["HTTP/1.1 200 OK\r\nContent-Le", ["incomplete"]],
    ["HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", ["invalid"]],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", ["head 200", "invalid"]],
    ["not HTTP", ["invalid"]],
  ] as const)("%j", (text, found) => {
    expect(readAll(text)).toEqual(found);
  });

  test("goes by the method that was asked", () => {
    const both = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    expect(readAll(both, ["HEAD", "GET"])).toEqual(["head 200", "head 200", "data hi"]);
  });
});
