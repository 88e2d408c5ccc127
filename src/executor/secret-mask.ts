const MASK = '***';
/** Lines of a longer secret (a PEM key, say) are masked one by one; shorter ones would hide half the log. */
const MIN_PART_LENGTH = 4;

/** Hides the values that a step was handed by `passEnv` wherever they would show. */
export class SecretMask {
  private readonly pattern: RegExp | null;
  /** So many characters must be seen at once for the longest secret to be recognised. */
  readonly longest: number;

  constructor(secrets: string[]) {
    const parts = secrets.flatMap((secret) => [
      secret,
      ...secret.split(/\r?\n/).filter((part) => part.trim().length >= MIN_PART_LENGTH),
    ]);
    // A program that prints an object prints its secrets in the spelling of JSON.
    const spelled = parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1)]);
    const wanted = [...new Set(spelled)].filter((part) => part !== '').sort((a, b) => b.length - a.length);
    this.longest = wanted[0]?.length ?? 0;
    this.pattern = wanted.length === 0 ? null : new RegExp(wanted.map(escape).join('|'), 'g');
  }

  apply(text: string): string {
    return this.pattern === null ? text : text.replace(this.pattern, MASK);
  }

  /** For the start of a longer text: it may end in the first part of a secret, which nothing would recognise. */
  applyToStart(text: string): string {
    const masked = this.apply(text);
    return this.longest === 0 ? masked : masked.slice(0, Math.max(0, masked.length - this.longest + 1));
  }

  /** The same value with every text within it masked, names of members included. */
  applyWithin<Value>(value: Value): Value {
    if (typeof value === 'string') return this.apply(value) as Value;
    if (Array.isArray(value)) return value.map((item: unknown) => this.applyWithin(item)) as Value;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.apply(name), this.applyWithin(member as unknown)]),
    ) as Value;
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
