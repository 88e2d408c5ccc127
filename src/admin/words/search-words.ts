import type { SearchCount } from '../../inputs/run-inputs';
import { numberText } from './number-text';

/** Returns "2 queries × 2 domains = 4 searches". */
export function searchCountWords({ queries, domains, searches }: SearchCount): string {
  return (
    `${counted(queries, 'query', 'queries')} × ${counted(domains, 'domain', 'domains')} = ` +
    counted(searches, 'search', 'searches')
  );
}

export function counted(count: number, one: string, many: string): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
