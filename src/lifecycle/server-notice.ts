/** A message to the program that started the server with a channel for messages. */
export type ServerNotice =
  /** The address at which the server accepts requests. */
  | { listening: string }
  /** The start failed; the text is on standard error. */
  | { failed: 'data-folder-in-use' | 'other' };

/** Sends nothing where there is no such program, or it has ended. */
export function notifyParent(notice: ServerNotice, done: () => void = () => undefined): void {
  if (process.connected) process.send!(notice, undefined, undefined, done);
  else done();
}
