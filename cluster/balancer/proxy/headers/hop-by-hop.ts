/** The fields that end at this hop (RFC 9110, 7.6.1), and the field lines that go on. */
import { type ConnectionOptions, Field, type Fields, fieldSet } from "../../../../src/http1/index.ts";

const both = fieldSet(
  Field.connection,
  Field.keepAlive,
  Field.proxyConnection,
  Field.te,
  Field.transferEncoding,
  Field.upgrade,
);

/** Of a request. `Field.alias` are names that some servers take for one of the known fields, such as `Content_Length`. */
export const hopByHopInRequest = both | fieldSet(Field.trailer, Field.alias);

/** Of a response. Its `Trailer` goes on where its trailers do. */
export const hopByHopInResponse = both | fieldSet(Field.proxyAuthenticate);

/** A head, as far as its field lines are copied. */
export interface HeadLines {
  readonly fields: Fields;
  readonly text: string;
  readonly connection: ConnectionOptions | null;
  /** The offset in `text` of the first field line. */
  readonly fieldsStart: number;
}

/**
 * Returns the field lines of a head as they came, each with its CRLF, without the known fields in `dropped`, the fields that
 * `Connection` names, and the fields with one of `droppedNames` (lower case).
 */
export function keptLines(
  { fields, text, connection, fieldsStart }: HeadLines,
  dropped: number,
  droppedNames: readonly string[] = [],
): string {
  const named = connection?.namedFields ?? [];
  if ((fields.present & dropped) === 0 && named.length === 0 && droppedNames.length === 0)
    return text.slice(fieldsStart, fields.start(fields.count));
  let kept = "";
  let run = fieldsStart;
  for (let line = 0; line < fields.count; line += 1) {
    const isKept =
      ((dropped >>> (fields.ids[line] ?? 0)) & 1) === 0 &&
      !hasOneOf(fields, line, droppedNames, text) &&
      !hasOneOf(fields, line, named, text);
    if (isKept) continue;
    kept += text.slice(run, fields.start(line));
    run = fields.start(line + 1);
  }
  return kept + text.slice(run, fields.start(fields.count));
}

function hasOneOf(fields: Fields, line: number, names: readonly string[], text: string): boolean {
  for (const name of names) if (fields.hasName(line, name, text)) return true;
  return false;
}

export const hasField = ({ present }: Fields, field: number): boolean => (present & (1 << field)) !== 0;

/** The line that replaces a `Content-Length` with leading zeros, which some readers take for an octal number; empty for others. */
export const canonicalLength = ({ isLengthCanonical, contentLength }: Fields): string =>
  isLengthCanonical ? "" : `Content-Length: ${contentLength}\r\n`;
