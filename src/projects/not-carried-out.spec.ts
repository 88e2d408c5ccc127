import { notCarriedOut } from './not-carried-out';
import { parseProjectFile } from './project-file';

describe('notCarriedOut', () => {
  const notesOf = (lines: string) =>
    notCarriedOut(parseProjectFile(`id: a\nname: A\nsteps: [{ name: one, run: x }]\n${lines}`).content!);

  it.each([
    [
      'params: { a: { type: integer, pattern: "1+" } }',
      /^"pattern" of parameter "a" .* not for an integer\.$/,
    ],
    ['params: { a: { type: enum, values: [x], pattern: x } }', /^"pattern" .* not for an enum\.$/],
    ['params: { a: { type: string, values: [x] } }', /^"values" .* not for a string\.$/],
    ['params: { a: { type: boolean, max: 1 } }', /^"max" .* not for a boolean\.$/],
  ])('notes %s', (lines, note) => expect(notesOf(lines)).toEqual([expect.stringMatching(note)]));

  it('has no note about settings that are used', () =>
    expect(
      notesOf('params: { a: { type: string, min: 1, max: 5, pattern: a }, b: { type: enum, values: [x] } }'),
    ).toEqual([]));
});
