const MASK = '***';
/**
 * Lines of a multi-line secret, such as a PEM key, are masked separately. Shorter lines would mask too much of the
 * log.
 */
const MIN_PART_LENGTH = 4;

/** Masks the values that a step receives through `passEnv`, wherever they would appear. */
export class SecretMask {
  private readonly wanted: string[];
  private readonly pattern: RegExp | null;
  /** Characters needed at once to recognize the longest secret. */
  readonly longest: number;

  constructor(secrets: string[]) {
    const parts = secrets.flatMap((secret) => [
      secret,
      ...secret.split(/\r?\n/).filter((part) => part.trim().length >= MIN_PART_LENGTH),
    ]);
    // A program that prints an object prints its secrets with JSON escapes.
    const spelled = parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1)]);
    this.wanted = [...new Set(spelled)].filter((part) => part !== '').sort((a, b) => b.length - a.length);
    this.longest = this.wanted[0]?.length ?? 0;
    this.pattern = this.wanted.length === 0 ? null : new RegExp(this.wanted.map(escape).join('|'), 'g');
  }

  apply(text: string): string {
    return this.pattern === null ? text : text.replace(this.pattern, MASK);
  }

  /**
   * Masks the start of a longer text. A partial secret at the cut is masked too, because the pattern would not match
   * it.
   */
  applyToStart(text: string): string {
    const masked = this.apply(text);
    const begun = Math.max(0, ...this.wanted.map((secret) => lengthOfStartAtEnd(secret, masked)));
    return begun === 0 ? masked : `${masked.slice(0, -begun)}${MASK}`;
  }

  /** Masks all strings within a value, including member names. */
  applyWithin<Value>(value: Value): Value {
    if (typeof value === 'string') return this.apply(value) as Value;
    if (Array.isArray(value)) return value.map((item: unknown) => this.applyWithin(item)) as Value;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.apply(name), this.applyWithin(member as unknown)]),
    ) as Value;
  }
}

/** Returns the length of the longest proper prefix of the secret at the end of the text. */
function lengthOfStartAtEnd(secret: string, text: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
