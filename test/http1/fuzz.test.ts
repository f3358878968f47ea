import { expect, test } from "vitest";
import { corpus, random, spoiled } from "./corpus.ts";
import { bytesOf, everyByte, type Reading, read } from "./reading.ts";

/** `npm run fuzz` asks for ten million. */
const cases = Number(process.env.LBCTL_FUZZ ?? 20_000);

const differ = (one: Reading, other: Reading): boolean => JSON.stringify(one) !== JSON.stringify(other);

test.each(["request", "response"] as const)(
  "14: a spoiled %s is read the same byte by byte, in two pieces and at once",
  (kind) => {
    const next = random(cases);
    let invalid = 0;
    for (let count = 0; count < cases / 2; count += 1) {
      const text = spoiled(corpus[kind], next);
      const bytes = bytesOf(text);
      const whole = read(kind, bytes);
      const middle = next(bytes.length + 1);
      for (const ends of [everyByte(bytes.length), [middle, bytes.length]])
        if (differ(whole, read(kind, bytes, ends))) expect({ text, ...read(kind, bytes, ends) }).toEqual(whole);
      if (whole.parseError !== null) invalid += 1;
    }
    // Some are still sound, and most are not.
    expect(invalid).toBeGreaterThan(cases / 8);
    expect(invalid).toBeLessThan(cases / 2);
  },
  3_600_000,
);
