import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import express, { type Request } from 'express';
import { askedRange, sliceBytes } from './byte-range';

const MODIFIED = new Date('2026-11-29T10:00:00Z');
const FILE = { size: 1000, etag: '"abc"', modifiedAt: MODIFIED };

/** Creates an Express request, because its `range` method is under test. */
function request(headers: Record<string, string>, method = 'GET'): Request {
  const made = Object.assign(Object.create(express.request) as Request, { method });
  Object.defineProperty(made, 'headers', { value: new IncomingMessage(new Socket()).headers });
  Object.assign(made.headers, headers);
  return made;
}

it.each<[string, { start: number; end: number }]>([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=100-199', { start: 100, end: 199 }],
  ['bytes=900-', { start: 900, end: 999 }],
  ['bytes=900-5000', { start: 900, end: 999 }],
  ['bytes=-1', { start: 999, end: 999 }],
  ['bytes=-5000', { start: 0, end: 999 }],
  ['bytes=0-99,100-199', { start: 0, end: 199 }],
])('reads %s as a part of the file', (range, expected) =>
  expect(askedRange(request({ range }), FILE)).toMatchObject(expected),
);

it.each(['bytes=1000-', 'bytes=2000-3000', 'bytes=5-4'])('reports %s as beyond the file', (range) =>
  expect(askedRange(request({ range }), FILE)).toBe('beyond'),
);

it.each(['', 'bytes', 'lines=0-5', 'bytes=0-9,500-509'])('ignores %j and returns the whole file', (range) =>
  expect(askedRange(request({ range }), FILE)).toBeNull(),
);

it('ignores a range in a HEAD request', () =>
  expect(askedRange(request({ range: 'bytes=0-9' }, 'HEAD'), FILE)).toBeNull());

it('reports a range of an empty file as beyond the file', () =>
  expect(askedRange(request({ range: 'bytes=0-' }), { ...FILE, size: 0 })).toBe('beyond'));

it.each([
  ['"abc"', true],
  [MODIFIED.toUTCString(), true],
  ['W/"abc"', false],
  ['"other"', false],
  ['Sun, 29 Nov 2026 10:00:01 GMT', false],
  ['', false],
])('checks If-Range %j: partial response %s', (ifRange, isPart) => {
  const asked = askedRange(request({ range: 'bytes=0-9', 'if-range': ifRange }), FILE);
  expect(asked !== null).toBe(isPart);
});

describe('sliceBytes', () => {
  const whole = Buffer.from('zero\none – two\nthree\n\nfour\n');
  const pieces = [whole.subarray(0, 7), whole.subarray(7, 7), whole.subarray(7, 20), whole.subarray(20)];

  it('returns the same bytes as a slice of the whole, for all bounds', async () => {
    for (let start = 0; start < whole.length; start++) {
      for (let end = start; end < whole.length; end++) {
        const parts: Buffer[] = [];
        for await (const part of sliceBytes(of(pieces), { start, end })) parts.push(part);
        expect(Buffer.concat(parts)).toEqual(whole.subarray(start, end + 1));
      }
    }
  });

  it('reads no piece after the end of the slice', async () => {
    let read = 0;
    const counted = async function* () {
      for await (const piece of of(pieces)) {
        read++;
        yield piece;
      }
    };
    for await (const part of sliceBytes(counted(), { start: 2, end: 6 })) expect(part).toHaveLength(5);
    expect(read).toBe(1);
  });

  async function* of(buffers: Buffer[]): AsyncGenerator<Buffer> {
    for (const buffer of buffers) yield await Promise.resolve(buffer);
  }
});
