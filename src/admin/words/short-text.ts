/** Cuts a text that is too long for a page; the API returns all of it. */
export function shortText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '')} … (${text.length} characters)`;
}
