import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aParam, aProject } from '../../../test/support/a-run';
import { parseProjectFile } from '../../projects/project-file';
import { definitionHash, definitionJson, storedDefinition } from '../../projects/stored-definition';
import { definitionFile } from './definition-file';

const FOLDERS = [join('config', 'projects'), join('examples', 'projects')];
const FILES = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))).filter(
  (name) => name.endsWith('.yaml'),
);

it.each(FILES)('writes the definition of %s as a file that means the same', (path) => {
  const { content } = parseProjectFile(readFileSync(path, 'utf8'));
  const stored = storedDefinition(definitionJson(content!));
  const again = parseProjectFile(definitionFile(stored));
  expect(again.flaws ?? []).toEqual([]);
  expect(definitionHash(again.content!)).toBe(definitionHash(stored));
});

it('writes commands in one line, scripts line by line, and leaves out the defaults', () => {
  const [step] = aProject().steps;
  const definition = aProject({
    steps: [
      {
        ...step!,
        name: 'load',
        command: ['node', 'load.js', '--depth=3.10', '3.10'],
        passEnv: ['DB_PASSWORD'],
      },
      { ...step!, name: 'report', command: [], script: { text: 'set -e\nmake report\n', shell: null } },
    ],
    params: {
      day: aParam({ type: 'date', min: '2026-01-01' }),
      token: aParam({ type: 'secret', required: true }),
    },
  });
  expect(definitionFile(definition)).toBe(`id: demo
name: Demo
params:
  day: {type: date, min: 2026-01-01}
  token: {type: secret, required: true}
steps:
  - name: load
    command: [node, load.js, --depth=3.10, "3.10"]
    passEnv: [DB_PASSWORD]
  - name: report
    run: |
      set -e
      make report
metrics: [newJobsCount, relevantCount]
`);
});

it('never writes a value of a secret', () => {
  const token = aParam({ type: 'secret', default: 'hunter2', example: 'hunter2', values: ['hunter2'] });
  expect(definitionFile(aProject({ params: { token } }))).not.toContain('hunter2');
});
