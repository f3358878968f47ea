import { expect, test } from "vitest";
import { corpus, mutate, random } from "./corpus.ts";
import { bytesOf, everyByte, type Reading, read } from "./reading.ts";

/** Number of messages; `npm run fuzz` reads ten million. */
const cases = Number(process.env.LBCTL_FUZZ ?? 20_000);

const differ = (one: Reading, other: Reading): boolean => JSON.stringify(one) !== JSON.stringify(other);

test.each(["request", "response"] as const)(
  "14: a mutated %s is read the same byte by byte, in two pieces and at once",
  (kind) => {
    const next = random(cases);
    let invalid = 0;
    for (let count = 0; count < cases / 2; count += 1) {
      const text = mutate(corpus[kind], next);
      const bytes = bytesOf(text);
      const whole = read(kind, bytes);
      const middle = next(bytes.length + 1);
      for (const ends of [everyByte(bytes.length), [middle, bytes.length]])
        if (differ(whole, read(kind, bytes, ends))) expect({ text, ...read(kind, bytes, ends) }).toEqual(whole);
      if (whole.parseError !== null) invalid += 1;
    }
    // Most mutants are invalid, and some are valid: both sides of the reader are tried.
    expect(invalid).toBeGreaterThan(cases / 8);
    expect(invalid).toBeLessThan(cases / 2);
  },
  3_600_000,
);
