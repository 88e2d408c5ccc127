/** Words that are written in capitals, of metrics and params. */
const ACRONYMS = new Set(
  'ai api auc bic cpu csv db f1 gpu html http id iou ip json kb kpi llm mae map mape mb ml mse pdf r2 ram rmse roc sla sql ssh ui url xml yaml'.split(
    ' ',
  ),
);

/** Converts camelCase names to readable text: `newJobsCount` → "New jobs", `maxTerms` → "Max terms". */
export function humanised(name: string): string {
  const words = name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .trim()
    .replace(/ counts?$/, '');
  const written = words
    .split(' ')
    .map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word))
    .join(' ');
  return written.charAt(0).toUpperCase() + written.slice(1);
}
