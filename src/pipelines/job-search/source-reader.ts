import { bodyText } from './body-text';
import { QuotaReached } from './call-budget';
import { FetchFailure } from './fetch-failure';
import { isBelow } from './host-rules';
import type { HttpClient } from './http-client';
import { type Posting, postingFrom } from './posting';
import { PROVIDERS } from './providers/providers';
import { UnreadableAnswer } from './providers/provider';
import { recordingOf } from './sources';
import type { Source } from './sources-file';

/** What became of a source in this run. */
export interface SourceOutcome {
  source: Source;
  /**
   * `read`: all its postings are known. `unknown`: an empty answer that a board which never existed would give too.
   * `cut`: the quota ended before all postings were read. `failed`: some or all of its postings could not be read.
   */
  state: 'read' | 'unknown' | 'failed' | 'cut';
  postings: Posting[];
  /** Postings without a title or an address. */
  invalidCount: number;
  /** For the log; null if there is nothing to say. */
  problem: string | null;
}

/** More is cut: no board has as many. */
const MAX_POSTINGS = 20_000;

export interface SourceReaderOptions {
  client: HttpClient;
  /** Folder of the sources file. */
  folder: string;
  /** Whether the project has a live result; selects the recording of samples. */
  hasResult: boolean;
  maxBytes: number;
}

/** Reads all postings of a source. Never rejects for a failure of the source itself. */
export async function readSource(source: Source, options: SourceReaderOptions): Promise<SourceOutcome> {
  const { postings: checked, problem, state } = await readPages(source, options);
  const valid = checked.filter((posting) => posting !== null);
  return { source, state, problem, postings: valid, invalidCount: checked.length - valid.length };
}

/** Postings that are not valid are null. */
type PagesOutcome = Pick<SourceOutcome, 'state' | 'problem'> & { postings: (Posting | null)[] };

async function readPages(source: Source, options: SourceReaderOptions): Promise<PagesOutcome> {
  const provider = PROVIDERS[source.format];
  const defaults = { company: source.company, isRecorded: source.recordings !== null };
  const postings: (Posting | null)[] = [];
  const urls = new Set<unknown>();
  try {
    for (let offset: number | null = 0; offset !== null;) {
      const page = provider.read(await answerOf(source, offset, options), offset);
      const known = urls.size;
      for (const posting of page.postings) if (posting) urls.add(posting.url);
      // At once: the uncut texts and the HTML of many pages need not stay in memory.
      for (const raw of page.postings) postings.push(raw && postingFrom(raw, source.id, defaults));
      // A server that ignores the offset would give the first page forever.
      const isRepeated: boolean = offset > 0 && urls.size === known;
      offset = source.recordings === null && !isRepeated ? page.nextOffset : null;
      if (postings.length >= MAX_POSTINGS) {
        postings.length = MAX_POSTINGS;
        return { state: 'failed', postings, problem: `only the first ${MAX_POSTINGS} postings were read` };
      }
    }
  } catch (error) {
    if (error instanceof QuotaReached) return { state: 'cut', postings, problem: 'the quota is used up' };
    if (!(error instanceof FetchFailure) && !(error instanceof UnreadableAnswer)) throw error;
    // Postings of earlier pages count, although the rest is missing.
    return { state: 'failed', postings, problem: withoutStop(error.message) };
  }
  if (postings.length === 0 && provider.isEmptyAnswerAmbiguous) {
    const problem = 'the answer is empty: the board has no postings, or there is no such board';
    return { state: 'unknown', postings, problem };
  }
  return { state: 'read', postings, problem: null };
}

/** The message becomes a part of another sentence. */
function withoutStop(message: string): string {
  return message.replace(/\.$/, '');
}

async function answerOf(source: Source, offset: number, options: SourceReaderOptions): Promise<string> {
  if (source.recordings !== null) return recordingOf(source, options.folder, options.hasResult);
  const { accept, urlOf } = PROVIDERS[source.format];
  const url = urlOf(source.board, offset);
  const { body, contentType } = await options.client.get(url, {
    accept,
    maxBytes: options.maxBytes,
    // A redirect may lead to the host of the API itself, or to the domain that the search may use.
    allows: ({ hostname }) => hostname === url.hostname || isBelow(hostname, [source.domain]),
  });
  return bodyText(body, contentType);
}
