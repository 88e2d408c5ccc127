import { withBasePath } from '../../config/base-path';

/** Attributes of the templates with addresses. Foreign text cannot match: Handlebars escapes the quotes in values. */
const ADDRESSES =
  /(\s(?:href|src|action|formaction|hx-(?:get|post|put|patch|delete)|data-(?:[a-z-]+-)?href)=")(\/[^"]*)"/g;

/** Adds the base path to every address of this server, so that templates need not know it. */
export function linksBelow(basePath: string, html: string): string {
  if (basePath === '') return html;
  return html.replace(
    ADDRESSES,
    (_all, start: string, path: string) => `${start}${withBasePath(path, basePath)}"`,
  );
}
