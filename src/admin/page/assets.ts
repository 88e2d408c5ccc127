import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Response } from 'express';

const PREFIX = '/assets/';
/** Libraries are served as published, each from a folder with its name. */
const LIBRARIES = {
  'htmx/': dirname(require.resolve('htmx.org/dist/htmx.min.js')),
  'idiomorph/': dirname(require.resolve('idiomorph/dist/idiomorph.min.js')),
};
const YEAR_SECONDS = 365 * 24 * 3600;
const HOUR_SECONDS = 3600;

/** The static files of pages: the project's own, and those of its libraries. */
export class Assets {
  private readonly versions = new Map<string, { changedAtMs: number; version: string }>();

  constructor(private readonly folder: string) {}

  /** Returns an address with a hash of the content, so that a browser never combines a new page with an old script. */
  addressOf(name: string): string {
    return `${PREFIX}${name}?v=${this.versionOf(this.fileOf(name))}`;
  }

  serve(app: NestExpressApplication): void {
    const options = {
      index: false as const,
      redirect: false,
      setHeaders: (response: Response, file: string) => {
        response.setHeader('Cache-Control', this.cachingOf(file, response.req.query.v));
      },
    };
    app.useStaticAssets(this.folder, { ...options, prefix: PREFIX });
    for (const [prefix, folder] of Object.entries(LIBRARIES)) {
      app.useStaticAssets(folder, { ...options, prefix: `${PREFIX}${prefix}` });
    }
  }

  /**
   * Caches permanently only if the version matches the file. During an update, a page may request a version that
   * this server does not have yet.
   */
  private cachingOf(file: string, version: unknown): string {
    return version === this.versionOf(file)
      ? `public, max-age=${YEAR_SECONDS}, immutable`
      : `public, max-age=${HOUR_SECONDS}`;
  }

  private fileOf(name: string): string {
    const library = Object.entries(LIBRARIES).find(([prefix]) => name.startsWith(prefix));
    return library ? join(library[1], name.slice(library[0].length)) : join(this.folder, name);
  }

  private versionOf(file: string): string {
    const changedAtMs = statSync(file).mtimeMs;
    const known = this.versions.get(file);
    if (known?.changedAtMs === changedAtMs) return known.version;
    const version = createHash('sha256').update(readFileSync(file)).digest('base64url').slice(0, 10);
    this.versions.set(file, { changedAtMs, version });
    return version;
  }
}
