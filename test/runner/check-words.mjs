// Finds words that plain English does without. Docs, comments, strings and names of tests have the same rules.
// A line that needs such a word, for example as data, ends with the comment "plain words: allowed".
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Each with what to write instead. */
const WORDS = {
  'nobody|somebody|anybody|everybody': 'the actor: client, worker, reader, operator, run',
  'whoever|whomever|whichever|whatever': 'the actor: client, worker, reader, operator, run',
  anew: 'again',
  'mend|mends|mended|mending': 'fix',
  'hence|thereof|whereby|whereof|therein|whence': 'a plain word',
  'in vain|at hand|aloof': 'a plain word',
  'once more': 'again',
  'by hand': 'manually',
  'stand still|stands still|stood still': 'block, blocked',
  'is told|are told|was told': 'receives, is notified of',
};

const FILES = [
  ...['*.ts', '*.js', '*.mjs', '*.cjs', '*.css', '*.hbs', '*.md', '*.yaml', '*.yml', '*.sh', '*.py'],
  ...['.env.example', '.ci/run', 'Dockerfile'],
  // Data: an English dictionary, and this list.
  ...[':!src/pipelines/glossary/common-words.ts', ':!test/runner/check-words.mjs'],
];

const rules = Object.entries(WORDS).map(([words, instead]) => ({
  pattern: new RegExp(`\\b(?:${words})\\b`, 'i'),
  instead,
}));

const files = execFileSync('git', ['ls-files', '-z', '--', ...FILES], { encoding: 'utf8' })
  .split('\0')
  .filter(Boolean);
let count = 0;
for (const file of files) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.includes('plain words: allowed')) continue;
    for (const { pattern, instead } of rules) {
      const [found] = pattern.exec(line) ?? [];
      if (found === undefined) continue;
      count++;
      console.log(`${file}:${index + 1}: "${found}": write ${instead}.`);
    }
  }
}
if (count > 0) {
  console.error(`${count} words to replace.`);
  process.exit(1);
}
