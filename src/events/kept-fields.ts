import { MAX_EVENT_BYTES } from './parse-event';

/** Payload limit plus room for the other fields. An event up to this size is kept whole and can be redelivered. */
const MAX_WHOLE_BYTES = MAX_EVENT_BYTES + 16 * 1024;
const MAX_WHOLE_FIELDS = 50;
/** Limits for a larger event, which is cut. The kept part is enough to identify the sender. */
const CUT_FIELDS = 20;
const CUT_NAME_LENGTH = 100;
const CUT_VALUE_LENGTH = 2000;

export interface KeptFields {
  fields: Record<string, string>;
  /** Null if the event is kept whole. */
  receivedBytes: number | null;
}

/** Returns the fields of a rejected event to keep, bounded in number and size. */
export function keptFields(received: Record<string, string>): KeptFields {
  const entries = Object.entries(received);
  const receivedBytes = entries.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (receivedBytes <= MAX_WHOLE_BYTES && entries.length <= MAX_WHOLE_FIELDS) {
    return { fields: received, receivedBytes: null };
  }
  const cut = entries
    .slice(0, CUT_FIELDS)
    .map(([name, value]) => [name.slice(0, CUT_NAME_LENGTH), value.slice(0, CUT_VALUE_LENGTH)] as const);
  return { fields: Object.fromEntries(cut), receivedBytes };
}
