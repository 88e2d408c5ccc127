/** One error in the configuration. */
export interface ConfigFlaw {
  /** The variable to change; null if the error is not in a variable. */
  variable: string | null;
  text: string;
}

/** Lists all errors at once, so that an operator does not have to fix one per start. */
export class ConfigError extends Error {
  constructor(readonly flaws: ConfigFlaw[]) {
    const list =
      flaws.length === 1 ? ` ${flaws[0]!.text}` : flaws.map(({ text }) => `\n  - ${text}`).join('');
    super(`Invalid configuration:${list}`);
    this.name = 'ConfigError';
  }
}
