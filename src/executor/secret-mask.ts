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
    const wanted = [...new Set(parts)].filter((part) => part !== '').sort((a, b) => b.length - a.length);
    this.longest = wanted[0]?.length ?? 0;
    this.pattern = wanted.length === 0 ? null : new RegExp(wanted.map(escape).join('|'), 'g');
  }

  apply(text: string): string {
    return this.pattern === null ? text : text.replace(this.pattern, MASK);
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
