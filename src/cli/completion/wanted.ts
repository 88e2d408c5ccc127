import type { Argument, Command, Option } from 'commander';

export interface Suggestion {
  value: string;
  description: string;
}

/** What the word at the cursor can be. Except for `values` and `files`, only the server has the values. */
export type Wanted =
  | { kind: 'values'; values: Suggestion[] }
  | { kind: 'files' }
  | { kind: 'projects' | 'tags' }
  | { kind: 'runs'; onlyActive: boolean; orProjects: boolean }
  /** Values of the project or the run that the line names. */
  | { kind: 'steps' | 'scopes' | 'params' | 'artifacts'; of: string };

export interface Completion {
  wanted: Wanted;
  /** The word up to the cursor; for `--name=value` only the value. */
  current: string;
  /** `--name=`, which the shell sees as a part of the word; else empty. */
  before: string;
}

const NOTHING: Wanted = { kind: 'values', values: [] };
const ONLY_ACTIVE = ['cancel', 'ask-again'];

/**
 * Returns what to suggest for a command line.
 * @param words without the name of the program; the last one is the word at the cursor, which can be empty
 */
export function wantedBy(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const at = (wanted: Wanted, before = ''): Completion => ({
    wanted,
    current: current.slice(before.length),
    before,
  });
  if (words.length <= 1) {
    const isOption = current.startsWith('-');
    return at({ kind: 'values', values: isOption ? optionsOf(program, []) : commandsOf(program) });
  }
  const command = program.commands.find((each) => each.name() === words[0]);
  if (command === undefined) return at(NOTHING);
  const { given, used, open, isPastOptions } = readLine(command, words.slice(1, -1));
  const valueOf = (option: Option) => optionValue(option, given[0] ?? '');
  if (open !== null) return at(valueOf(open));
  if (current.startsWith('-') && !isPastOptions) {
    const [name, before] = /^(--[^=]+)=/.exec(current) ?? [];
    if (name === undefined) return at({ kind: 'values', values: optionsOf(command, used) });
    const option = optionNamed(command, before!);
    return option && takesValue(option) ? at(valueOf(option), name) : at(NOTHING);
  }
  const { registeredArguments: expected } = command;
  const last = expected.at(-1);
  const argument = expected[given.length] ?? (last?.variadic ? last : undefined);
  return at(argument === undefined ? NOTHING : argumentValue(argument, command.name()));
}

/** The words of a line before the cursor. */
interface Line {
  /** The arguments. */
  given: string[];
  used: Option[];
  /** The option whose value comes next. */
  open: Option | null;
  /** After `--`, each word is an argument. */
  isPastOptions: boolean;
}

function readLine(command: Command, words: readonly string[]): Line {
  const line: Line = { given: [], used: [], open: null, isPastOptions: false };
  for (const word of words) {
    if (line.open !== null) line.open = null;
    else if (line.isPastOptions || !word.startsWith('-')) line.given.push(word);
    else if (word === '--') line.isPastOptions = true;
    else {
      const option = optionNamed(command, word.split('=', 1)[0]!);
      if (option === undefined) continue;
      line.used.push(option);
      if (takesValue(option) && !word.includes('=')) line.open = option;
    }
  }
  return line;
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function commandsOf(program: Command): Suggestion[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), description: command.description() }));
}

/** An option with a parser can be repeated. */
function optionsOf(command: Command, used: readonly Option[]): Suggestion[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long !== undefined)
    .filter((option) => option.parseArg !== undefined || !used.some(({ long }) => long === option.long))
    .map(({ long, description }) => ({ value: long!, description }));
}

function optionValue({ argChoices, flags }: Option, of: string): Wanted {
  if (argChoices !== undefined) return choices(argChoices);
  const [, placeholder] = /<(.+)>/.exec(flags) ?? [];
  switch (placeholder) {
    case 'projectId':
      return { kind: 'projects' };
    case 'tag':
      return { kind: 'tags' };
    case 'step':
      return { kind: 'steps', of };
    case 'scope':
      return { kind: 'scopes', of };
    case 'artifact':
      return { kind: 'artifacts', of };
    case 'param':
    case 'param=value':
    case 'param=VARIABLE':
      return { kind: 'params', of };
    case 'folder':
      return { kind: 'files' };
    default:
      return NOTHING;
  }
}

function argumentValue(argument: Argument, command: string): Wanted {
  if (argument.argChoices !== undefined) return choices(argument.argChoices);
  switch (argument.name()) {
    case 'projectId':
      return { kind: 'projects' };
    case 'run':
      return { kind: 'runs', onlyActive: ONLY_ACTIVE.includes(command), orProjects: false };
    case 'project or run':
      return { kind: 'runs', onlyActive: false, orProjects: true };
    case 'file':
    case 'files':
    case 'folder':
      return { kind: 'files' };
    default:
      return NOTHING;
  }
}

function choices(values: readonly string[]): Wanted {
  return { kind: 'values', values: values.map((value) => ({ value, description: '' })) };
}
