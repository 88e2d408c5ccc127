import { maskingOf } from './mask-rules';
import type { ParamSpec } from './project';

/** Returns a sentence for each secret param whose value is not masked, because ordinary text would be masked too. */
export function unmaskedSecretNotes(
  specs: Record<string, ParamSpec>,
  params: Record<string, unknown>,
): string[] {
  return Object.entries(specs).flatMap(([name, { type }]) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (type !== 'secret' || typeof value !== 'string') return [];
    switch (maskingOf(value)) {
      case 'too-short':
        return [
          `params: the secret ${name} has fewer than 4 characters, so it is not masked. Use a longer one.`,
        ];
      case 'boolean':
        return [`params: the secret ${name} is true or false, so it is not masked. Use another type for it.`];
      default:
        return [];
    }
  });
}
