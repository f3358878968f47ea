/** What a byte may be part of, by the grammars of RFC 9110 (5.6) and RFC 9112. */
export const Part = {
  /** A method or a field's name. */
  token: 1,
  /** A field's value: visible characters, blanks, tabs, and bytes over 0x7f. */
  value: 2,
  /** A request's target: visible ASCII, but `#`. */
  target: 4,
} as const;

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

/** The parts that each of the 256 bytes may be of, as bits. */
const parts: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => partsOf(byte));

function partsOf(byte: number): number {
  const isVisible = byte > 0x20 && byte < 0x7f;
  const isToken = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte));
  const isValue = isVisible || byte === SP || byte === HTAB || byte >= 0x80;
  return (isToken ? Part.token : 0) | (isValue ? Part.value : 0) | (isVisible && byte !== 0x23 ? Part.target : 0);
}

/** The first place from `from` on, before `stop`, whose byte is not such a part; else `stop`. */
export function endOf(part: number, bytes: Uint8Array, from: number, stop: number): number {
  let at = from;
  while (at < stop && ((parts[bytes[at] as number] as number) & part) !== 0) at += 1;
  return at;
}

/** Whether a byte may be such a part. */
export const isPart = (part: number, byte: number): boolean => ((parts[byte] as number) & part) !== 0;

/** The value of each byte as a hexadecimal digit; 255 for one that is none. */
export const hexDigits: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : 255,
);

/** Bytes as text, a character each. */
export type Decode = (bytes: Uint8Array, from: number, to: number) => string;

export const decodeLatin1: Decode = (bytes, from, to) => {
  let text = "";
  for (let at = from; at < to; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
};
