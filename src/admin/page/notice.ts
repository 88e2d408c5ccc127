import { type JobatoError, PROBLEMS } from '../../http/problem-catalogue';
import { humanised } from '../words/humanised';
import { type TimeText, timeTextOrNull } from '../words/time-text';

/** The message beside a button after a refused action. */
export interface Notice {
  title: string;
  detail: string | null;
  activeRunId: string | null;
  activeRunNumber: number | null;
  activeRunHref: string | null;
  /** The link to an exhausted quota, and the time of its reset. */
  quotaHref: string | null;
  resetsAt: TimeText | null;
  /** Invalid values, each with a link to its field. */
  fields: { href: string | null; label: string; message: string }[];
  /** Set if the reader must reload the page. */
  reloadHref: string | null;
  /** Confirms an action, instead of a refusal. */
  isDone?: true;
}

/** Confirmations of actions after which another page opens, by the code in its address. */
const CONFIRMATIONS: Record<string, { title: string; detail: string }> = {
  'run-deleted': { title: 'Run deleted', detail: 'Its log, events and files are deleted too.' },
};

/** @param done the code in the address; null without one. An unknown code is ignored */
export function confirmation(done: string | null): Notice | undefined {
  if (done === null || !Object.hasOwn(CONFIRMATIONS, done)) return undefined;
  const nothing = {
    activeRunId: null,
    activeRunNumber: null,
    activeRunHref: null,
    quotaHref: null,
    resetsAt: null,
    reloadHref: null,
  };
  return { ...CONFIRMATIONS[done]!, ...nothing, fields: [], isDone: true };
}

/** @param formAt address of the page with the fields, if the button is on another page */
export function noticeOf({ code, detail, extras }: JobatoError, formAt = ''): Notice {
  const fields = (extras.errors ?? []).map(({ field, message }) => {
    if (field === 'params') return { href: `${formAt}#params`, label: 'Parameters', message };
    const name = field.replace(/^params\./, '');
    const href = formAt + (field === 'scope' ? '#scope' : `#param-${name}`);
    return { href, label: humanised(name), message };
  });
  return {
    title: fields.length > 0 ? invalidValuesTitle(fields.length) : PROBLEMS[code].title,
    detail: fields.length > 0 ? null : detail,
    activeRunId: extras.activeRunId ?? null,
    activeRunNumber: extras.activeRunNumber ?? null,
    activeRunHref: extras.activeRunId ? `/runs/${extras.activeRunId}` : null,
    quotaHref: code === 'QUOTA_REACHED' ? '/quota' : null,
    resetsAt: timeTextOrNull(extras.resetsAt ?? null),
    fields,
    reloadHref: null,
  };
}

/** For an outdated form, which may lack a required field or show an old rule. */
export function noticeOfOldForm(error: JobatoError, reloadHref: string): Notice {
  const notice = noticeOf(error);
  return {
    ...notice,
    detail: 'The project file has changed since this page was loaded, so the fields may differ.',
    fields: notice.fields.map((field) => ({ ...field, href: null })),
    reloadHref,
  };
}

/** A title for form users, because the general title is about a request, which they do not see. */
function invalidValuesTitle(count: number): string {
  return count === 1 ? '1 value is missing or invalid' : `${count} values are missing or invalid`;
}

export function statusOf({ code }: JobatoError): number {
  return PROBLEMS[code].status;
}
