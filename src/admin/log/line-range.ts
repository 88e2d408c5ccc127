/** Lines that a link leads to, both included. */
export interface LineRange {
  first: number;
  last: number;
}

/** Reads "4" or "4-9", as in `?lines=4-9`. @returns null for anything else */
export function lineRange(text: string): LineRange | null {
  const match = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(text);
  if (match === null) return null;
  const [one, other] = [Number(match[1]), Number(match[2] ?? match[1])];
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

/** Returns the fragment of a link to the lines, such as "L4-L9". */
export function rangeName({ first, last }: LineRange): string {
  return first === last ? `L${first}` : `L${first}-L${last}`;
}
