import { htmlToText, mainTextOf } from './html-text';

describe('htmlToText', () => {
  it.each([
    ['<p>One &amp; two</p><p>Three</p>', 'One & two\nThree'],
    ['<ul><li>a</li><li>b<br>c</li></ul>', 'a\nb\nc'],
    ['<div>Zürich&nbsp;<b>now</b></div>', 'Zürich now'],
    ['<script>alert("no")</script>Yes<style>p{}</style>', 'Yes'],
    ['<head><title>Not this</title></head><body>This</body>', 'This'],
    ['<p>Open <b>to the end', 'Open to the end'],
    ['plain   text', 'plain text'],
    ['', ''],
  ])('reads %s', (html, text) => expect(htmlToText(html)).toBe(text));
});

describe('mainTextOf', () => {
  it.each([
    ['<nav>Home</nav><main><h1>Job</h1><p>Text</p></main><footer>Imprint</footer>', 'Job\nText'],
    ['<nav>Home</nav><article>Job</article>', 'Job'],
    ['<p>All</p>', 'All'],
  ])('reads %s', (html, text) => expect(mainTextOf(html)).toBe(text));

  it('stops at a nesting that no page has, with the text before it', () =>
    expect(mainTextOf(`Before<p>${'<div>'.repeat(400_000)}deep`)).toBe('Before'));
});
