import type { HeadLimits } from "../../../src/http1/index.ts";
import type { Settings } from "../config/options.ts";

type HeadSettings = Pick<Settings, "maxLineBytes" | "maxHeadBytes" | "maxFields">;

export const requestLimits = ({ maxLineBytes, maxHeadBytes, maxFields }: HeadSettings): HeadLimits => ({
  line: maxLineBytes,
  head: maxHeadBytes,
  fields: maxFields,
});

/** Servers are given twice the room: cookies are long. */
export const answerLimits = ({ maxLineBytes, maxHeadBytes, maxFields }: HeadSettings): HeadLimits => ({
  line: 2 * maxLineBytes,
  head: 2 * maxHeadBytes,
  fields: 2 * maxFields,
});
