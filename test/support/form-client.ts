import { type IncomingHttpHeaders, request as plain } from 'node:http';
import { request as secure } from 'node:https';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The raw bytes of the response. */
  body: Buffer;
  text: string;
}

type Headers = Record<string, string>;

/** Acts like a browser without JavaScript: keeps cookies, and sends forms with their hidden token. */
export class FormClient {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly url: string,
    /** Headers sent with each request. */
    private readonly always: Headers = {},
  ) {}

  /** The header with all cookies. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(path: string, headers: Headers = {}): Promise<Answer> {
    return this.send('GET', path, { accept: 'text/html', ...headers });
  }

  /** Returns the token in the forms of a page. */
  async tokenOf(path: string): Promise<string> {
    return tokenIn((await this.get(path)).text);
  }

  /** Sends a form with the token of the page `from`. */
  async submit(path: string, from: string, fields: Headers = {}, headers: Headers = {}): Promise<Answer> {
    return this.post(path, { csrfToken: await this.tokenOf(from), ...fields }, headers);
  }

  /** Sends only these fields, as from a page of the same origin. With another origin, omits sec-fetch-site. */
  post(path: string, fields: Headers, headers: Headers = {}): Promise<Answer> {
    const form = {
      accept: 'text/html',
      'content-type': 'application/x-www-form-urlencoded',
      origin: this.url,
      ...(headers.origin === undefined && { 'sec-fetch-site': 'same-origin' }),
    };
    return this.send('POST', path, { ...form, ...headers }, new URLSearchParams(fields).toString());
  }

  private send(method: string, path: string, given: Headers, body?: string): Promise<Answer> {
    const { cookie } = this;
    const headers = { ...(cookie !== '' && { cookie }), ...this.always, ...given };
    const { protocol, hostname, port } = new URL(this.url);
    const request = protocol === 'https:' ? secure : plain;
    const options = { hostname, port, method, path, headers, agent: false, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          for (const line of response.headers['set-cookie'] ?? []) this.keep(line);
          const bytes = Buffer.concat(parts);
          const { statusCode: status, headers } = response;
          resolve({ status: status!, headers, body: bytes, text: bytes.toString() });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  private keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value === '') this.cookies.delete(name!);
    else this.cookies.set(name!, value!);
  }
}

export function tokenIn(page: string): string {
  return /name="csrfToken" value="([\w-]+)"/.exec(page)![1]!;
}
