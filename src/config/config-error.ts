/** Lists everything that is wrong at once, so that an operator does not fix one line per start. */
export class ConfigError extends Error {
  constructor(readonly reasons: string[]) {
    const list =
      reasons.length === 1 ? ` ${reasons[0]}` : reasons.map((reason) => `\n  - ${reason}`).join('');
    super(`The configuration cannot be used:${list}`);
    this.name = 'ConfigError';
  }
}
