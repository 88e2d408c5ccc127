import { type JobatoError, PROBLEMS } from '../../http/catalogue';
import { humanised } from '../words/plain-words';
import { type TimeText, timeTextOrNull } from '../words/time-text';

/** What is said beside the button where something could not be done. */
export interface Notice {
  title: string;
  detail: string | null;
  activeRunId: string | null;
  activeRunHref: string | null;
  /** Where the quota is seen that is used up, and when there is a new one. */
  quotaHref: string | null;
  resetsAt: TimeText | null;
  /** What is wrong with what was typed, each with the way to its field. */
  fields: { href: string | null; label: string; message: string }[];
  /** Set where only a page that is loaded again is of use. */
  reloadHref: string | null;
}

/** @param formAt the page with the fields, where that is another one than the button's */
export function noticeOf({ code, detail, extras }: JobatoError, formAt = ''): Notice {
  const fields = (extras.errors ?? []).map(({ field, message }) => {
    const name = field.replace(/^params\./, '');
    const href = formAt + (field === 'scope' ? '#scope' : `#param-${name}`);
    return { href, label: humanised(name), message };
  });
  return {
    title: fields.length > 0 ? toMend(fields.length) : PROBLEMS[code].title,
    detail: fields.length > 0 ? null : detail,
    activeRunId: extras.activeRunId ?? null,
    activeRunHref: extras.activeRunId ? `/runs/${extras.activeRunId}` : null,
    quotaHref: code === 'QUOTA_REACHED' ? '/quota' : null,
    resetsAt: timeTextOrNull(extras.resetsAt ?? null),
    fields,
    reloadHref: null,
  };
}

/** The page may lack a field that is to be filled in, or show another rule for it. */
export function noticeOfOldForm(error: JobatoError, reloadHref: string): Notice {
  const notice = noticeOf(error);
  return {
    ...notice,
    detail: 'The file of this project has changed since this page was loaded, so its fields may be others.',
    fields: notice.fields.map((field) => ({ ...field, href: null })),
    reloadHref,
  };
}

/** Who fills in a form has made no request. */
function toMend(count: number): string {
  return count === 1 ? 'One value is missing or does not fit' : `${count} values are missing or do not fit`;
}

export function statusOf({ code }: JobatoError): number {
  return PROBLEMS[code].status;
}
