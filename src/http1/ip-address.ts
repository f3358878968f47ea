/** Whether a text is an IPv4 address: four numbers without leading zeros. */
export const isIpv4 = (text: string): boolean => {
  const numbers = text.split(".");
  return (
    numbers.length === 4 && numbers.every((number) => /^(?:0|[1-9]\d{0,2})$/.test(number) && Number(number) <= 255)
  );
};

/** Whether a text is an IPv6 address (RFC 4291, 2.2): eight groups, `::` once for some, an IPv4 address for the last two. */
export function isIpv6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const plain = isIpv4(tail) ? `${text.slice(0, -tail.length)}0:0` : text;
  const halves = plain.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const isWhole = halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
  return isWhole && groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
}
