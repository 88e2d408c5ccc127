import Handlebars from 'handlebars';
import { linksBelow } from './page-links';

it.each([
  ['<a class="x" href="/">', '<a class="x" href="/jobato/">'],
  ['<a href="/runs/7?a=b&amp;c#L3">', '<a href="/jobato/runs/7?a=b&amp;c#L3">'],
  ['<script src="/assets/x.js?v=1">', '<script src="/jobato/assets/x.js?v=1">'],
  ['<form action="/logout">', '<form action="/jobato/logout">'],
  ['<button formaction="/x">', '<button formaction="/jobato/x">'],
  ['<p hx-get="/running?v=1">', '<p hx-get="/jobato/running?v=1">'],
  ['<p hx-post="/x">', '<p hx-post="/jobato/x">'],
  ['<p data-href="/x" data-log-href="/y">', '<p data-href="/jobato/x" data-log-href="/jobato/y">'],
  ['<use href="/a"/><use href="/b"/>', '<use href="/jobato/a"/><use href="/jobato/b"/>'],
  ['<a\n  href="/x">', '<a\n  href="/jobato/x">'],
])('adds the base path to %s', (html, expected) => {
  expect(linksBelow('/jobato', html)).toBe(expected);
  expect(linksBelow('/jobato', expected)).toBe(expected);
  expect(linksBelow('', html)).toBe(html);
});

it.each([
  '<a href="//elsewhere.example/">',
  '<a href="https://elsewhere.example/">',
  '<a href="?page=2">',
  '<a href="#log">',
  '<input value="/srv/data" placeholder="/x">',
  '<input aria-keyshortcuts="/">',
  'text that says href="/x"'.replaceAll('"', '&quot;'),
])('keeps %s unchanged', (html) => expect(linksBelow('/jobato', html)).toBe(html));

it('keeps escaped text from runs unchanged', () => {
  const html = Handlebars.compile('<p title="{{text}}">{{text}}</p>')({ text: '<a href="/x"> href="/y"' });
  expect(linksBelow('/jobato', html)).toBe(html);
});
