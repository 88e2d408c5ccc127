import { bodyText } from './body-text';

describe('bodyText', () => {
  it.each<[string, Buffer, string]>([
    ['the Content-Type', Buffer.from('Z\xfcrich', 'latin1'), 'text/html; charset=ISO-8859-1'],
    [
      'an XML declaration',
      Buffer.from('<?xml version="1.0" encoding="windows-1252"?>Z\xfcrich', 'latin1'),
      '',
    ],
    ['a meta element', Buffer.from('<html><meta charset="iso-8859-15">Z\xfcrich', 'latin1'), 'text/html'],
    ['a byte order mark', Buffer.from('\ufeffZürich', 'utf16le'), 'text/html; charset=utf-8'],
    ['nothing', Buffer.from('Zürich'), ''],
    ['an unknown name', Buffer.from('Zürich'), 'text/html; charset=klingon'],
  ])('reads the encoding from %s', (_where, body, contentType) =>
    expect(bodyText(body, contentType)).toMatch(/Zürich$/),
  );

  it('replaces invalid bytes', () => expect(bodyText(Buffer.from([0x41, 0xff]), '')).toBe('A\ufffd'));
});
