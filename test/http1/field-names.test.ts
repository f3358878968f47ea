import { describe, expect, test } from "vitest";
import { Field, fieldSet, RequestHead } from "../../src/http1/index.ts";
import { bytesOf, decode } from "./reading.ts";

/** Returns the `Field` of a line that stands behind `Host`. */
function fieldOf(name: string): number | undefined {
  const head = new RequestHead({ line: 512, head: 1_024, fields: 20 }, decode);
  const bytes = bytesOf(`GET / HTTP/1.0\r\n${name}: 1\r\n\r\n`);
  head.read(bytes, 0, bytes.length);
  return head.fields.ids[0];
}

/** `xForwardedFor` is the name `x-forwarded-for`. */
const nameOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const known = Object.entries(Field)
  .filter(([, id]) => id !== Field.other && id !== Field.alias)
  .map(([key, id]): [string, number] => [nameOf(key), id]);

describe.each(known)("%s", (name, id) => {
  test("is known in any case", () => {
    expect(fieldOf(name)).toBe(id);
    expect(fieldOf(name.toUpperCase())).toBe(id);
  });
  test("is an alias with _ for -", () =>
    expect(fieldOf(name.replaceAll("-", "_"))).toBe(name.includes("-") ? Field.alias : id));
  test("is another name with a letter changed, added or removed", () => {
    for (const other of [`${name}x`, name.slice(1), name.slice(0, -1), `${name.slice(0, -1)}~`, `q${name.slice(1)}`])
      expect([other, fieldOf(other)]).toEqual([other, Field.other]);
  });
});

test("names longer than any known one, and names that differ by the bit of upper case alone, are other names", () => {
  expect(fieldOf("x".repeat(64))).toBe(Field.other);
  expect(fieldOf("X~FORWARDED~FOR")).toBe(Field.other);
  expect(fieldOf("keep'alive")).toBe(Field.other);
});

test("a set of fields has the bit of each", () => expect(fieldSet(Field.host, Field.te)).toBe(0b1_0000_0010));
