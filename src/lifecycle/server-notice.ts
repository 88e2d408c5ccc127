/** What the server tells a program that started it with a channel for messages. */
export interface ServerNotice {
  /** The address at which it takes requests. */
  listening: string;
}

/** Also where the other end is gone: nobody has to hear it. */
export function notifyParent(notice: ServerNotice): void {
  process.send?.(notice, undefined, undefined, () => undefined);
}
