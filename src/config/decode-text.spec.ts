import { decodeText } from './decode-text';

const TEXT = 'id: tiny\nname: Größe 測\n';
const littleEndian = (text: string) => Buffer.from(text, 'utf16le');
const bigEndian = (text: string) => littleEndian(text).swap16();

it.each([
  ['UTF-8', Buffer.from(TEXT), TEXT],
  ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TEXT}`), TEXT],
  ['no bytes', Buffer.alloc(0), ''],
  ['a byte order mark alone', Buffer.from('\ufeff'), ''],
])('decodes %s', (_what, bytes, text) => expect(decodeText(bytes)).toEqual({ text }));

it.each([
  ['UTF-16, little endian', littleEndian(`\ufeff${TEXT}`), /UTF-16\. Save it as UTF-8/],
  ['UTF-16, big endian', bigEndian(`\ufeff${TEXT}`), /UTF-16/],
  ['UTF-16 without a byte order mark', littleEndian('id: tiny\n'), /UTF-16/],
  ['UTF-16, big endian, without a byte order mark', bigEndian('id: tiny\n'), /UTF-16/],
  ['UTF-16 in an alphabet without zero bytes', littleEndian('\ufeff測量'), /UTF-16/],
  ['Latin-1', Buffer.from('name: Größe', 'latin1'), /not encoded as UTF-8/],
  ['a file cut within a character', Buffer.from('ö').subarray(0, 1), /not encoded as UTF-8/],
  ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 0, 0, 0, 0]), /not a text file/],
])('rejects %s', (_what, bytes, flaw) =>
  expect(decodeText(bytes)).toEqual({ flaw: expect.stringMatching(flaw) }),
);
