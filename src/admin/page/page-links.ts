import { withBasePath } from '../../config/base-path';

/**
 * The attributes of the templates that hold addresses. No text from outside can look like one: Handlebars writes the
 * quotes of values as entities.
 */
const ADDRESSES =
  /(\s(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete)|data-(?:[a-z-]+-)?href)=")(\/[^"]*)"/g;

/** Puts the base path before every address of this server in a page, so that templates need not know it. */
export function linksBelow(basePath: string, html: string): string {
  if (basePath === '') return html;
  return html.replace(
    ADDRESSES,
    (_all, start: string, path: string) => `${start}${withBasePath(path, basePath)}"`,
  );
}
