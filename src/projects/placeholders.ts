import { basename } from 'node:path';

/** A value that an argument takes from a parameter, or from an output of an earlier step. */
export type Reference =
  | { kind: 'param'; text: string; name: string }
  | { kind: 'output'; text: string; step: string; name: string }
  | { kind: 'malformed'; text: string };

/** Anything that begins like a placeholder, so that a typing error is reported and not passed to the program. */
const PLACEHOLDER = /\$\{(params|outputs)\.([^{}]*)\}?/g;
const WHOLE = /^\$\{(?:params\.(\w+)|outputs\.([a-z0-9][a-z0-9._-]*)\.([A-Za-z_]\w*))\}$/;

/** Programs that execute an argument as code. Version numbers as in `python3.12` are left out. */
const INTERPRETERS = new Set(
  (
    'ash awk bash bun cmd csh dash deno fish gawk ksh lua node nodejs osascript perl php powershell pwsh python ' +
    'Rscript ruby sed sh tclsh tcsh zsh'
  ).split(' '),
);
/** Options before code: `-c`, `-e`, `-lc`, `-ne`, and those of single interpreters. */
const CODE_OPTION = /^(-[A-Za-z]*[ceE]|-[rp]|\/c|--?eval|--?command|--print|-Command|eval)$/;
/** Code in the same argument as its option: `--eval=…`, `-e…`. */
const OPTION_WITH_CODE = /^(--?(eval|command|print)=|-[ce](?!$))/;
const OPTION = /^[-+/]/;
/** Options whose value is the next argument: `-o pipefail`, `-W ignore`, `--require ./setup`. */
const OPTION_WITH_VALUE = /^([-+][A-Za-z]*[oO]|-[WXI]|--require|--import)$/;

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
  return command.some(
    (argument, at) =>
      at < index && INTERPRETERS.has(programOf(argument)) && isCodeOf(command.slice(at + 1, index + 1)),
  );
}

/** @param options of an interpreter, up to the argument in question. A script among them ends its options. */
function isCodeOf(options: string[]): boolean {
  const argument = options.at(-1)!;
  const before = options.slice(0, -1);
  const isScript = (option: string, at: number) =>
    !OPTION.test(option) && option !== 'eval' && !OPTION_WITH_VALUE.test(before[at - 1] ?? '');
  const hasOwnOptionsOnly = !before.some(isScript) && !before.includes('-m');
  return hasOwnOptionsOnly && (CODE_OPTION.test(before.at(-1) ?? '') || OPTION_WITH_CODE.test(argument));
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
  return basename(argument).replace(/[\d.]+$/, '');
}
