/** A message to the parent process, if it started the server with an IPC channel. */
export type ServerNotice =
  /** The address at which the server accepts requests. */
  | { listening: string }
  /** The start failed; the message is on standard error. */
  | { failed: 'data-folder-in-use' | 'other' };

/** Sends a notice. Does nothing if there is no such parent process or it has exited. */
export function notifyParent(notice: ServerNotice, done: () => void = () => undefined): void {
  if (process.connected) process.send!(notice, undefined, undefined, done);
  else done();
}
