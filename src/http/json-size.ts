const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
/** The first member of an object or list follows a bracket; each other member follows a comma. */
const BEFORE_MEMBERS = new Set([...',[{'].map((character) => character.charCodeAt(0)));

/**
 * Whether a JSON text has more members than `limit`, counted over all its objects and lists. Scans bytes before the
 * parser runs, because parsing is expensive: 1 MiB of `[],[],…` becomes 350,000 objects.
 * @param json UTF-8, valid or not
 */
export function hasMoreMembersThan(limit: number, json: Buffer): boolean {
  if (json.length <= limit) return false;
  let members = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) at = endOfString(json, at);
    else if (BEFORE_MEMBERS.has(byte) && ++members > limit) return true;
  }
  return false;
}

/** @returns the index of the closing quote; the length of the text if there is none */
function endOfString(json: Buffer, start: number): number {
  for (let end = json.indexOf(QUOTE, start + 1); end !== -1; end = json.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return json.length;
}
