/** Converts camelCase names to readable text: `newJobsCount` → "New jobs", `maxTerms` → "Max terms". */
export function humanised(name: string): string {
  const words = name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .trim()
    .replace(/ counts?$/, '');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
