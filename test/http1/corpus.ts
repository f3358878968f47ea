/** Valid messages, and a mutator for them. */

const get = "GET /data?a=b HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: close, x-a\r\nX-A: b\r\n\r\n";
const chunks = "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nt: u\r\nX-Sum: 1\r\n\r\n";

export const corpus = {
  request: [
    get,
    `${get.replace("close, x-a", "keep-alive")}HEAD / HTTP/1.0\r\n\r\n`,
    `POST /data HTTP/1.1\r\nHost: a.example:80\r\nTransfer-Encoding: chunked\r\nTrailer: t\r\n\r\n${chunks}${get}`,
    `PUT /x HTTP/1.1\r\nhost:[::1]\r\nContent-Length: 3\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\nabc${get}`,
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET http://y/z HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nCookie: c\r\n\r\n",
  ],
  response: [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabcHTTP/1.1 404 Not Found\r\n\r\nrest",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    "HTTP/1.0 304 Not Modified\r\nETag: a\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 \r\nSet-Cookie: a\r\n\r\n",
  ],
} as const;

/** Pieces that mean something to a reader of HTTP. */
const pieces = [
  ..."\r|\n|\r\n|\r\n\r\n|\0| |\t|:|;|,|0|1|9|f|-1|+|0x|99999999999999999999|\xff|#|_|chunked|close|HTTP/1.1".split(
    "|",
  ),
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Host: y\r\n",
  " folded\r\n",
];

/** Returns a generator of whole numbers in [0, `bound`), the same for the same seed: mulberry32 (Tommy Ettinger). */
export function random(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Returns one of `messages` with one to four pieces replaced, inserted, doubled or removed. */
export function mutate(messages: readonly string[], next: (bound: number) => number): string {
  let text = messages[next(messages.length)] ?? "";
  for (let changes = 1 + next(4); changes > 0; changes -= 1) {
    const at = next(text.length + 1);
    const end = at + next(4);
    const put = [
      pieces[next(pieces.length)],
      String.fromCharCode(next(256)),
      text.slice(next(text.length + 1), next(text.length + 1)),
      "",
    ][next(4)];
    text = text.slice(0, at) + put + text.slice(end);
  }
  return text;
}
