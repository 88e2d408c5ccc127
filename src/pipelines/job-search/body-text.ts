const BYTE_ORDER_MARKS: [bytes: number[], encoding: string][] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];
/** Where HTML and XML declare their encoding, at the latest. */
const DECLARATION_BYTES = 1024;

/**
 * Returns a body as text. The encoding comes from the byte order mark, the Content-Type, or the beginning of the
 * document, in this order. Without one, or with an unknown one, it is UTF-8. Invalid bytes become U+FFFD.
 */
export function bodyText(body: Buffer, contentType: string): string {
  const encoding = encodingOf(body, contentType);
  try {
    return new TextDecoder(encoding).decode(body);
  } catch {
    return new TextDecoder().decode(body); // an unknown encoding
  }
}

function encodingOf(body: Buffer, contentType: string): string {
  const mark = BYTE_ORDER_MARKS.find(([bytes]) => bytes.every((byte, index) => body[index] === byte));
  if (mark) return mark[1];
  const header = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType);
  if (header) return header[1]!;
  const start = body.subarray(0, DECLARATION_BYTES).toString('latin1');
  const declared =
    /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)/i.exec(start) ??
    /<meta[^>]*charset\s*=\s*["']?([\w.:-]+)/i.exec(start);
  return declared?.[1] ?? 'utf-8';
}
