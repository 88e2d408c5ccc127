/** Words with an irregular singular, and words that only look like plurals. */
const IRREGULAR = new Map(
  Object.entries({
    children: 'child',
    people: 'person',
    men: 'man',
    women: 'woman',
    indices: 'index',
    indexes: 'index',
    vertices: 'vertex',
    matrices: 'matrix',
    axes: 'axis',
    analyses: 'analysis',
    hypotheses: 'hypothesis',
    bases: 'base',
    criteria: 'criterion',
    phenomena: 'phenomenon',
    schemata: 'schema',
    cookies: 'cookie',
    movies: 'movie',
    caches: 'cache',
    halves: 'half',
    lives: 'life',
    leaves: 'leaf',
    quizzes: 'quiz',
    ids: 'id',
    dbs: 'db',
    uis: 'ui',
    prs: 'pr',
    leases: 'lease',
    releases: 'release',
  }),
);
const SAME_IN_PLURAL = new Set(
  (
    'series species news always perhaps https dns tls css sms cors aws js sass less ops devops analytics windows alias ' +
    'canvas bias atlas has was gas as whereas chaos macos ios kudos kubernetes redis postgres does this its yes ' +
    'his hers ours yours theirs us is thus plus versus bus status canvas lens means sans besides towards access ' +
    'physics mathematics basics acrobatics sometimes nowadays pandas jenkins keras rails nats nfs dbms rss saas'
  ).split(' '),
);

/** Returns the singular of an English noun in lower case, for comparison only. */
export function singular(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular) return irregular;
  if (word.length < 4 || !word.endsWith('s') || SAME_IN_PLURAL.has(word)) return word;
  if (/(?:ss|us|is|js|'s)$/.test(word)) return word;
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|zz|tus|ias|vas)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

/** Returns a word for comparison: lower case, singular, without possessive or quotes. */
export function wordKey(word: string): string {
  const bare = word
    .toLowerCase()
    .replace(/[’']s?$/, '')
    .replace(/^[^\p{L}\p{N}@#$/.]+|[^\p{L}\p{N}+#]+$/gu, '');
  return singular(bare);
}

/**
 * Returns a key shared by all spellings of a term: "Log levels", "log-level" and "log level". Hyphens separate
 * words, because authors use them inconsistently. Dots, slashes and underscores belong to names and stay.
 */
export function termKey(term: string): string {
  return term
    .replace(/`/g, '')
    .split(/[\s-]+/)
    .map(wordKey)
    .filter((word) => word !== '')
    .join(' ');
}

/** Returns letters and digits only: "near-duplicate", "nearDuplicate" and "near duplicate" are equal. */
export function squeezedKey(term: string): string {
  return termKey(term.replace(/([a-z0-9])([A-Z])/g, '$1 $2')).replace(/[^\p{L}\p{N}]+/gu, '');
}

export function isAcronym(text: string): boolean {
  return /^[A-Z][A-Z0-9]{1,5}s?$/.test(text) && /[A-Z]{2}/.test(text);
}

/**
 * Returns true for a name from code: `poolSize`, `MAX_AGE`, `app.use`, `--force`. Words with an initial capital and
 * further capitals ("TypeScript", "RxJS") are mostly product names, so they do not count.
 */
export function isIdentifier(text: string): boolean {
  return /^[a-z][a-z0-9]*[A-Z]|_|\.|\(|\/|::|^[-$@#.]|=|[{}[\]<>]/.test(text);
}

/** Returns the words only, for sorting and anchors. */
export function slug(term: string): string {
  return term
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
}
