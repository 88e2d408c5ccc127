import { ashby } from './ashby';
import { feed } from './feed';
import { greenhouse } from './greenhouse';
import { lever } from './lever';
import type { Provider } from './provider';

export type Format = 'greenhouse' | 'lever' | 'ashby' | 'feed';

export const PROVIDERS: Record<Format, Provider> = { greenhouse, lever, ashby, feed };

/** The host of a provider's boards, which selects it in a search, and the base address of its public API. */
export const HOSTED = {
  greenhouse: { domain: 'boards.greenhouse.io', baseUrl: 'https://boards-api.greenhouse.io/v1/boards' },
  lever: { domain: 'jobs.lever.co', baseUrl: 'https://api.lever.co/v0/postings' },
  ashby: { domain: 'jobs.ashbyhq.com', baseUrl: 'https://api.ashbyhq.com/posting-api/job-board' },
} as const;
