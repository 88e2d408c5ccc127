const CRASHES: (NodeJS.Signals | null | undefined)[] = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGFPE', 'SIGILL'];

/**
 * Returns whether a program crashed on the file that it read. Any other end has another reason: for example, the system
 * kills programs when it has no memory left.
 */
export function isCrash(signal: NodeJS.Signals | null | undefined): boolean {
  return CRASHES.includes(signal);
}
