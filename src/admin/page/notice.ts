import { type JobatoError, PROBLEMS } from '../../problems/catalogue';
import { humanised } from '../words/plain-words';
import { type TimeText, timeTextOrNull } from '../words/time-text';

/** What is said beside the button where something could not be done. */
export interface Notice {
  title: string;
  detail: string | null;
  activeRunHref: string | null;
  /** Where the quota is seen that is used up, and when there is a new one. */
  quotaHref: string | null;
  resetsAt: TimeText | null;
  /** What is wrong with what was typed, each with the way to its field. */
  fields: { href: string; label: string; message: string }[];
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
    activeRunHref: extras.activeRunId ? `/runs/${extras.activeRunId}` : null,
    quotaHref: code === 'QUOTA_REACHED' ? '/quota' : null,
    resetsAt: timeTextOrNull(extras.resetsAt ?? null),
    fields,
  };
}

/** Who fills in a form has made no request. */
function toMend(count: number): string {
  return count === 1 ? 'One value is missing or does not fit' : `${count} values are missing or do not fit`;
}

export function statusOf({ code }: JobatoError): number {
  return PROBLEMS[code].status;
}
