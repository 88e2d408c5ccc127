/** The user name and password in a URL, decoded. */
export interface Credentials {
  username: string;
  password: string;
}

export function credentialsOf({ username, password }: URL): Credentials {
  return { username: decoded(username), password: decoded(password) };
}

/** Returns credentials as in the header `Authorization: Basic`. */
export function basicToken({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** A text with a `%` that begins no escape sequence, for example a password, is not decoded at all. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
