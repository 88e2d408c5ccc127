import { maskingOf } from '../projects/mask-rules';

/** A text to search for. */
export interface SecretForm {
  text: string;
  /** Letters, digits and underscores around it mean that it is another text. */
  isWholeWord: boolean;
  /** Null if `text` is the secret itself or one of its lines. */
  base64: Base64Form | null;
}

/** The characters of a base64 text that depend only on the secret, and not on text that is encoded together with it. */
export interface Base64Form {
  bytes: Buffer;
  /** Position of the secret's first byte within its group of three bytes. */
  offset: number;
}

/** Number of characters of a group that contain bits of the bytes before the secret. */
export const CHARACTERS_BEFORE = [0, 2, 3] as const;

/** Returns the forms of secrets, without those that other encodings have: decoding the text finds these. */
export function secretForms(secrets: string[]): SecretForm[] {
  const forms = new Map<string, SecretForm>();
  const add = (form: SecretForm) => {
    if (!form.isWholeWord || !forms.has(form.text)) forms.set(form.text, form);
  };
  for (const secret of secrets) {
    const whole = secret.trim();
    // Programs print a secret of several lines, such as a PEM key, line by line.
    for (const text of new Set([secret, whole, ...whole.split(/\r?\n/).map((line) => line.trim())])) {
      const masking = maskingOf(text);
      if (masking === 'anywhere' || masking === 'whole-words')
        add({ text, isWholeWord: masking === 'whole-words', base64: null });
    }
    const masking = maskingOf(whole);
    if (masking === 'anywhere' || masking === 'whole-words')
      base64Forms(whole, masking === 'whole-words').forEach(add);
  }
  return [...forms.values()];
}

/** Base64 encodes three bytes as four characters, so a secret has three forms, and as many in the URL alphabet. */
function base64Forms(secret: string, isWholeWord: boolean): SecretForm[] {
  const bytes = Buffer.from(secret);
  return CHARACTERS_BEFORE.flatMap((before, offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const text = encoded.slice(before, Math.floor((8 * (offset + bytes.length)) / 6));
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')].map((spelled) => ({
      text: spelled,
      isWholeWord,
      base64: { bytes, offset },
    }));
  });
}
