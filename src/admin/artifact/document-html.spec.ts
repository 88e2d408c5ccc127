import { htmlParts } from './document-html';

const text = (...texts: string[]) => texts.map((each) => ({ type: 'text', text: each }));

it.each([
  ['<!-- one\n<b> -->', []],
  ['a<!-- one -->b', text('a', 'b')],
  ['<!-- never closed', []],
  ['<a id="x"></a>', [{ type: 'anchor', id: 'x' }]],
  ["<A NAME='x y'>text</a> on", [{ type: 'anchor', id: 'x y' }, ...text('text', ' on')]],
  ['<a id=x>', [{ type: 'anchor', id: 'x' }]],
  ['one<br/>two', [...text('one'), { type: 'break' }, ...text('two')]],
])('recognises %s', (source, parts) => expect(htmlParts(source)).toEqual(parts));

it.each([
  '<script>alert("<!-- no comment -->")</script>',
  '<a href="javascript:alert(1)" id="x">here</a>',
  '<div onclick="x()">\n&amp; </div>',
  '</a></b>',
  '<![CDATA[ one ]]>',
  '<!doctype html><?xml?>',
  'a < b',
])('keeps %s as text', (source) => expect(htmlParts(source)).toEqual(text(source)));
