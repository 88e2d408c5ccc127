import Ajv from 'ajv';
import { parse } from 'yaml';
import { CONFIG_SCHEMAS } from './config-schemas';
import { parseProjectFile } from '../projects/project-file';
import { projectTemplate } from './project-template';

/** A key, or an item of the steps, that is commented out. */
const COMMENTED_OUT = /^( *)# (?=\w+: |- \{)/;

describe.each([
  ['with steps', {}],
  ['for an external worker', { external: true }],
])('a new project %s', (_what, options) => {
  const text = projectTemplate('report', options);
  const lines = text.split('\n');
  const commented = lines.flatMap((line, at) => (COMMENTED_OUT.test(line) ? [at] : []));
  const uncommented = (chosen: number[]) =>
    lines.map((line, at) => (chosen.includes(at) ? line.replace(COMMENTED_OUT, '$1') : line)).join('\n');
  const validate = new Ajv({ allowUnionTypes: true }).compile(CONFIG_SCHEMAS.project);

  it.each([
    ['as it is', []],
    ...commented.map((at): [string, number[]] => [lines[at]!.trim(), [at]]),
    ['# all of them', commented],
  ])('is valid: %s', (_line, chosen) => {
    const source = uncommented(chosen);
    expect(parseProjectFile(source).flaws).toBeUndefined();
    expect([validate(parse(source)), validate.errors]).toEqual([true, null]);
  });

  it('changes with each key that is commented in', () => {
    expect(commented.length).toBeGreaterThan(10);
    const definitions = [[], ...commented.map((at) => [at])].map((chosen) =>
      JSON.stringify(parse(uncommented(chosen))),
    );
    expect(new Set(definitions).size).toBe(commented.length + 1);
  });

  it('explains each key in its line', () =>
    expect(commented.filter((at) => !/ # \w/.test(lines[at]!.replace(COMMENTED_OUT, '')))).toEqual([]));
});

it.each(['2026', 'null', '1e3', '0x10', '-', '---', 'true', 'weekly-report'])(
  'keeps the id %s as a text',
  (id) => expect(parseProjectFile(projectTemplate(id)).content?.projectId).toBe(id),
);

it('makes a display name of the id', () =>
  expect(parseProjectFile(projectTemplate('weekly-report')).content?.name).toBe('Weekly report'));
