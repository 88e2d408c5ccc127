import { Argument, Command, Option } from 'commander';
import { wantedBy } from './wanted';

const program = new Command('jobato');
program
  .command('trigger')
  .description('start')
  .argument('<projectId>')
  .option('--scope <scope>')
  .option('--follow');
program
  .command('rerun')
  .argument('<run>')
  .option('--from <step>')
  .option('--param <param=value>', 'set', (value: string) => value)
  .addOption(new Option('--state <state>').choices(['good', 'bad']));
program.command('cancel').argument('<run>');
program.command('open').argument('[project or run]').option('-o, --output <folder>');
program.command('validate').argument('[files...]');
program.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
program.command('secret', { hidden: true });

const wanted = (...words: string[]) => wantedBy(program, words).wanted;
const values = (...words: string[]) => {
  const found = wanted(...words);
  return found.kind === 'values' ? found.values.map(({ value }) => value) : found;
};

describe('wantedBy', () => {
  it('suggests visible commands with their descriptions, and options of the program', () => {
    const found = wanted('');
    expect(found).toMatchObject({
      values: [{ value: 'trigger', description: 'start' }, {}, {}, {}, {}, {}, {}],
    });
    expect(values('')).not.toContain('secret');
    expect(values('--')).toEqual(['--help']);
    expect(values('unknown', '')).toEqual([]);
  });

  it('suggests arguments by their names, until all are given', () => {
    expect(wanted('trigger', '')).toEqual({ kind: 'projects' });
    expect(wanted('rerun', 'nightly/')).toEqual({ kind: 'runs', onlyActive: false, orProjects: false });
    expect(wanted('cancel', '')).toEqual({ kind: 'runs', onlyActive: true, orProjects: false });
    expect(wanted('open', '')).toEqual({ kind: 'runs', onlyActive: false, orProjects: true });
    expect(values('completion', '')).toEqual(['bash', 'zsh']);
    expect(values('trigger', 'nightly', '')).toEqual([]);
    expect(wanted('validate', 'a.yaml', 'b.yaml', '')).toEqual({ kind: 'files' });
  });

  it('suggests options that are not used yet, and those that can be repeated', () => {
    expect(values('trigger', '--fol')).toEqual(['--scope', '--follow', '--help']);
    expect(values('trigger', '--follow', '--scope', 'full', '-')).toEqual(['--help']);
    expect(values('rerun', '--param', 'a=1', '--')).toContain('--param');
  });

  it('suggests values of options, of the project or the run that the line names', () => {
    expect(wanted('trigger', 'nightly', '--follow', '--scope', '')).toEqual({
      kind: 'scopes',
      of: 'nightly',
    });
    expect(wanted('rerun', 'nightly/14', '--from', 'lo')).toEqual({ kind: 'steps', of: 'nightly/14' });
    expect(wanted('rerun', '--from', '')).toEqual({ kind: 'steps', of: '' });
    expect(values('rerun', '--state', '')).toEqual(['good', 'bad']);
    expect(wanted('open', '-o', '')).toEqual({ kind: 'files' });
    expect(values('trigger', '--follow', '--scope', 'full', 'nightly', '')).toEqual([]);
  });

  it('suggests values behind =', () => {
    expect(wantedBy(program, ['trigger', 'nightly', '--scope=from:'])).toEqual({
      wanted: { kind: 'scopes', of: 'nightly' },
      current: 'from:',
      before: '--scope=',
    });
    expect(values('trigger', '--follow=')).toEqual([]);
  });

  it('takes each word after -- as an argument', () => {
    expect(wanted('trigger', '--', '--fol')).toEqual({ kind: 'projects' });
    expect(values('trigger', '--', '--scope', '')).toEqual([]);
  });
});
