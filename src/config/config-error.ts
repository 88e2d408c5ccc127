/** Lists everything that is wrong at once, so that an operator does not fix one line per start. */
export class ConfigError extends Error {
  constructor(readonly reasons: string[]) {
    super(`The configuration cannot be used:\n${reasons.map((reason) => `  - ${reason}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}
