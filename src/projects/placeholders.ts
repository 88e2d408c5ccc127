import { basename } from 'node:path';

/** A value that an argument takes from a parameter, or from an output of an earlier step. */
export type Reference =
  | { kind: 'param'; text: string; name: string }
  | { kind: 'output'; text: string; step: string; name: string }
  | { kind: 'malformed'; text: string };

/** Anything that begins like a placeholder, so that a typing error is reported and not passed to the program. */
const PLACEHOLDER = /\$\{(params|outputs)\.([^{}]*)\}?/g;
const WHOLE = /^\$\{(?:params\.(\w+)|outputs\.([a-z0-9][a-z0-9._-]*)\.([A-Za-z_]\w*))\}$/;

/** Programs that execute an argument as code after an option. Version numbers as in `python3.12` are left out. */
const INTERPRETERS = new Set(
  (
    'ash bash bun cmd csh dash deno fish gawk ksh lua luajit mawk mksh nawk node nodejs npx osascript perl php pnpx ' +
    'powershell pwsh pypy python rbash Rscript ruby sh tclsh tcsh ts-node tsx zsh'
  ).split(' '),
);
/** Programs whose first argument that is not an option is code. */
const TAKE_CODE_FIRST = new Set(['awk', 'gawk', 'mawk', 'nawk', 'sed', 'gsed', 'eval', 'jq']);
/** Programs that hand all their arguments to a shell, or those after `-c`. */
const REMOTE_SHELLS = new Set(['ssh', 'rsh']);
const SHELL_STARTERS = new Set(['su', 'flock', 'script', 'runuser', 'sg']);
/** Options before code: `-c`, `-e`, `-lc`, `-cx`, `-ne`, and those of single interpreters. */
const CODE_OPTION =
  /^(-[A-Za-z]*[ceE][A-Za-z]*|-[rpBRS]|\/[ck]|--?eval|--?command|--print|-Command|--split-string|eval)$/;
/** Code in the same argument as its option: `--eval=…`, `-e…`. */
const OPTION_WITH_CODE = /^(--?(eval|command|print|split-string)=|-[ceES](?!$))/;
const OPTION = /^[-+/]/;
/** Options whose value is the next argument. A wrong guess must not end the search, so there are rather too many. */
const OPTION_WITH_VALUE =
  /^([-+][A-Za-z]*[oOdrlIWXCuL]|--require|--import|--loader|--user|--shell|--rcfile|--init-file)$/;

/** Returns the placeholders of an argument, in their order. */
export function referencesIn(argument: string): Reference[] {
  return [...argument.matchAll(PLACEHOLDER)].map(([text]): Reference => {
    const [, param, step, output] = WHOLE.exec(text) ?? [];
    if (param !== undefined) return { kind: 'param', text, name: param };
    if (step !== undefined) return { kind: 'output', text, step, name: output! };
    return { kind: 'malformed', text };
  });
}

/**
 * Replaces the placeholders of an argument. Values are never parsed again, so a value that looks like a placeholder
 * stays text.
 */
export function filled(argument: string, valueOf: (reference: Reference) => string): string {
  if (!argument.includes('${')) return argument;
  return argument.replace(PLACEHOLDER, (text) => valueOf(referencesIn(text)[0]!));
}

/** Returns whether an interpreter would execute this argument as code, where a value could become a command. */
export function isCode(command: readonly string[], index: number): boolean {
  return command.some((argument, at) => {
    if (at >= index) return false;
    const program = programOf(argument);
    const options = command.slice(at + 1, index + 1);
    if (REMOTE_SHELLS.has(program)) return true;
    if (SHELL_STARTERS.has(program) && options.slice(0, -1).some((option) => /^(-c|--command)$/.test(option)))
      return true;
    return (
      (TAKE_CODE_FIRST.has(program) && isFirstPlain(options)) ||
      ((INTERPRETERS.has(program) || program === 'env') && isCodeOf(options))
    );
  });
}

/**
 * The first argument after a code option that is no option itself is code, as in `bash -c -x CODE`. A script before any
 * code option ends the options of the interpreter.
 * @param options of an interpreter, up to the argument in question
 */
function isCodeOf(options: string[]): boolean {
  let expectsCode = false;
  for (const [at, option] of options.entries()) {
    const isLast = at === options.length - 1;
    if (isLast && OPTION_WITH_CODE.test(option)) return true;
    if (option === '--') continue;
    const isValue = OPTION_WITH_VALUE.test(options[at - 1] ?? '');
    if (CODE_OPTION.test(option)) {
      // `-r` and `-e` can also be options with a value, such as a module.
      if (isLast) return expectsCode;
      expectsCode = true;
    } else if (!OPTION.test(option)) {
      if (isLast) return expectsCode;
      if (!isValue) return false;
    }
  }
  return false;
}

function isFirstPlain(options: string[]): boolean {
  const before = options.slice(0, -1);
  return before.every((option, at) => OPTION.test(option) || OPTION_WITH_VALUE.test(before[at - 1] ?? ''));
}

/** Returns the part of a variable's name that stands for this name: `maxPages` and `max-pages` become `MAX_PAGES`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

export function paramVariable(name: string): string {
  return `JOBATO_PARAM_${upperSnake(name)}`;
}

export function outputVariable(step: string, name: string): string {
  return `JOBATO_OUTPUT_${upperSnake(step)}_${upperSnake(name)}`;
}

function programOf(argument: string): string {
  return basename(argument).replace(/[\d.]*(-dbg)?$/, '');
}
