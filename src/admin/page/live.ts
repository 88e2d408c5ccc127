import { createHash } from 'node:crypto';
import { ticking } from '../words/ticking';

/** The address at which an open page requests a part of it again, with the version that it shows. */
export interface Live {
  version: string;
  href: string;
}

/**
 * Adds its version and its address to the model of a page part. The model must be plain data without Map and Set, which
 * have no JSON.
 * @param path may have a query
 */
export function live<Model extends object>(path: string, model: Model): Model & { live: Live } {
  const version = versionOf(model);
  const separator = path.includes('?') ? '&' : '?';
  return { ...model, live: { version, href: `${path}${separator}version=${version}` } };
}

/** Returns a hash of a model without its ticking members. While it is the same, an open page shows the same. */
export function versionOf(model: object): string {
  return createHash('sha256').update(JSON.stringify(model)).digest('hex').slice(0, 16);
}

/** Hashes a part of a model once and for all. It must never change; it is for parts that are kept between polls. */
export function hashedOnce<Part extends object>(part: Part): Part {
  return ticking(part, versionOf(part));
}
