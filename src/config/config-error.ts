/** One thing that is wrong with the configuration. */
export interface ConfigFlaw {
  /** The variable to change; null where it is no variable. */
  variable: string | null;
  text: string;
}

/** Lists everything that is wrong at once, so that an operator does not fix one line per start. */
export class ConfigError extends Error {
  constructor(readonly flaws: ConfigFlaw[]) {
    const list =
      flaws.length === 1 ? ` ${flaws[0]!.text}` : flaws.map(({ text }) => `\n  - ${text}`).join('');
    super(`The configuration cannot be used:${list}`);
    this.name = 'ConfigError';
  }
}
