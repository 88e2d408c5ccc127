import { ticking } from '../words/ticking';
import { live, versionOf } from './live';

it('hashes every member of a model, except those that tick', () => {
  const model = { name: 'a', rows: [{ text: 'b', since: ticking({ text: '3 s' }, { since: 1 }) }] };
  const same = versionOf(model);
  const row = (text: string, since: object) => ({ name: 'a', rows: [{ text, since }] });
  expect(versionOf(row('b', ticking({ text: '4 s' }, { since: 1 })))).toBe(same);
  const others = [
    row('c', ticking({ text: '3 s' }, { since: 1 })),
    row('b', ticking({ text: '3 s' }, { since: 2 })),
    row('b', ticking({ text: '3 s' })),
    { ...model, more: null },
  ];
  expect(new Set([same, ...others.map(versionOf)]).size).toBe(5);
});

it('keeps the members of a ticking value', () => {
  expect(ticking({ text: '3 s' })).toEqual({ text: '3 s' });
  expect(Object.keys(ticking({ text: '3 s' }))).toEqual(['text']);
});

it('adds the version to the address', () => {
  const model = { name: 'a' };
  const version = versionOf(model);
  expect(live('/state', model)).toEqual({ name: 'a', live: { version, href: `/state?version=${version}` } });
  expect(live('/state?page=2', model).live.href).toBe(`/state?page=2&version=${version}`);
});
