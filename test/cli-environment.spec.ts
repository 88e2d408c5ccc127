import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { loadConfig } from '../src/config/config';
import { fileVariableOf, SECRETS } from '../src/config/secrets';

const ROOT = join(__dirname, '..');
const example = readFileSync(join(ROOT, '.env.example'), 'utf8');

describe('.env.example', () => {
  it('lists exactly the variables that the configuration reads', () => {
    const source = readFileSync(join(ROOT, 'src/config/config.ts'), 'utf8');
    const read = [...source.matchAll(/\b(?:text|list|integer|seconds|oneOf)\('([A-Z_]+)'/g)].map(
      ([, name]) => name!,
    );
    const named = [...example.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name!);
    // NODE_ENV is for developers of Jobato, JOBATO_URL for the command line.
    const expected = new Set([...read, 'JOBATO_URL', ...SECRETS.map(fileVariableOf)]);
    expected.delete('NODE_ENV');
    expect(new Set(named)).toEqual(expected);
  });

  it('states the defaults', () => {
    const uncommented = parseEnv(example.replace(/^# (?=[A-Z_]+=)/gm, ''));
    const { environment: _given, ...said } = loadConfig(uncommented, ROOT);
    const { environment: _none, ...real } = loadConfig({}, ROOT);
    expect(said).toEqual(real);
  });
});
