/** What the server tells a program that started it with a channel for messages. */
export interface ServerNotice {
  /** The address at which it takes requests. */
  listening: string;
}

/** Does nothing where there is no such program, or it is gone. */
export function notifyParent(notice: ServerNotice): void {
  process.send?.(notice, undefined, undefined, () => undefined);
}
