// Keeps the views readable and the style sheets free of rules that nothing uses, which no linter can know: a class may
// come from a view, a script, or the model of a page.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postcss from 'postcss';

const LONGEST_LINE = 140;
const SHEETS = 'public/css';

const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
const complaints = [];

const views = filesIn('views', '.hbs');
for (const file of views) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (line.length > LONGEST_LINE)
      complaints.push(`${file}:${index + 1}: ${line.length} characters, at most ${LONGEST_LINE}`);
  }
}

const textOf = (files) => files.map((file) => readFileSync(file, 'utf8')).join('\n');
const code = [...filesIn('public/js', '.js'), ...filesIn('src/admin', '.ts')];
const markup = textOf(views);
/** The strings of scripts and models, without comments: a class may be a common word, like "columns". */
const strings = textOf(code.filter((file) => !file.endsWith('.spec.ts')))
  .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*/gm, '')
  .match(/'[^'\n]*'|`[^`]*`/g)
  .join('\n');
const names = new Set(
  [...markup.matchAll(/\b(?:class|id)="([^"]*)"/g)].flatMap(([, value]) => value.match(/[\w-]+/g) ?? []),
);
for (const name of strings.match(/[\w-]+/g)) names.add(name);
const attributes = new Set(`${markup} ${strings}`.match(/[\w-]+/g));
/** The fixed beginnings of composed classes: `tone-` of `class="tone-{{tone}}"` and `ansi-on-` of `ansi-on-${name}`. */
const beginnings = [
  ...[...markup.matchAll(/\bclass="([^"]*)"/g)].flatMap(([, value]) => value.match(/[\w-]+-(?=\{\{)/g) ?? []),
  ...(strings.match(/\bansi-(?:on-)?(?=\$\{)/g) ?? []),
];
/** Set by htmx on an element whose request is in flight. */
const OF_LIBRARIES = ['htmx-request'];

function isUsed(name) {
  return names.has(name) || OF_LIBRARIES.includes(name) || beginnings.some((start) => name.startsWith(start));
}

function isInMarkup(attribute, value = '') {
  return attributes.has(attribute) && (attribute === 'class' || `${markup} ${strings}`.includes(value));
}

const declared = new Map();
const read = new Map();
for (const file of filesIn(SHEETS, '.css')) {
  const sheet = postcss.parse(readFileSync(file, 'utf8'));
  const at = ({ source }) => `${file}:${source.start.line}`;
  const bodies = new Map();
  sheet.walkDecls((declaration) => {
    if (declaration.prop.startsWith('--')) declared.set(declaration.prop, at(declaration));
    for (const [, name] of declaration.value.matchAll(/var\((--[\w-]+)/g)) read.set(name, at(declaration));
  });
  sheet.walkRules((rule) => {
    const parts = rule.selector.matchAll(/[.#]([a-zA-Z][\w-]*)|\[([\w-]+)(?:[~|^$*]?='([^']*)')?/g);
    for (const [part, name, attribute, value] of parts) {
      if (name ? !isUsed(name) : !isInMarkup(attribute, value))
        complaints.push(`${at(rule)}: nothing on the pages is ${part}`);
    }
    if (rule.nodes.length < 2 || rule.selector.includes('::-')) return;
    const context = [];
    for (let parent = rule.parent; parent.type === 'atrule'; parent = parent.parent)
      context.push(parent.params);
    const body = [...context, ...rule.nodes.map(String).sort()].join(';');
    if (bodies.has(body)) complaints.push(`${at(rule)}: the same declarations as ${bodies.get(body)}`);
    else bodies.set(body, at(rule));
  });
}
for (const [name, place] of declared) {
  if (!read.has(name)) complaints.push(`${place}: nothing reads ${name}`);
}

for (const [name, place] of read) {
  if (!declared.has(name)) complaints.push(`${place}: nothing declares ${name}`);
}

for (const complaint of complaints) console.log(complaint);
if (complaints.length > 0) process.exit(1);
