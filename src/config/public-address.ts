import { flawOfBasePath, normalBasePath } from './base-path';
import type { ConfigFlaw } from './config-error';

/** The address of this server for clients, from PUBLIC_URL and BASE_PATH. */
export interface PublicAddress {
  /** Without a trailing slash; null if not set. */
  publicUrl: string | null;
  /** The path below which a proxy serves everything, such as /jobato; '' for none. */
  basePath: string;
}

const NONE: PublicAddress = { publicUrl: null, basePath: '' };

/** Returns the address and its errors. */
export function publicAddress(
  publicUrl: string | null,
  basePath: string | null,
): PublicAddress & { flaws: ConfigFlaw[] } {
  const url = publicUrl === null ? null : publicUrlOf(publicUrl);
  if (publicUrl !== null && url === null) {
    // Do not repeat the URL, which may contain a password.
    const text =
      'PUBLIC_URL must be a URL such as https://tools.example.com/jobato, without user name, query or fragment.';
    return { ...NONE, flaws: [{ variable: 'PUBLIC_URL', text }] };
  }
  const pathOfUrl = url === null ? null : normalBasePath(url.pathname);
  const path = basePath === null ? (pathOfUrl ?? '') : normalBasePath(basePath);
  const flaw = flawOfBasePath(path);
  if (flaw !== null) {
    const variable = basePath === null ? 'PUBLIC_URL' : 'BASE_PATH';
    const name = basePath === null ? 'The path of PUBLIC_URL' : 'BASE_PATH';
    return { ...NONE, flaws: [{ variable, text: `${name} ${flaw}.` }] };
  }
  const flaws: ConfigFlaw[] =
    pathOfUrl !== null && pathOfUrl !== path
      ? [
          {
            variable: 'BASE_PATH',
            text: `BASE_PATH is ${path || '/'}, but the path of PUBLIC_URL is ${pathOfUrl || '/'}. Set both to the same path, or unset BASE_PATH.`,
          },
        ]
      : [];
  return { publicUrl: url && `${url.origin}${pathOfUrl}`, basePath: path, flaws };
}

function publicUrlOf(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && !/[?#]/.test(text);
  return isPlain && /^https?:$/.test(url.protocol) ? url : null;
}
