/** A command as a person would type it, for hints. */
export function commandLine(command: string): string {
  return `npm run jobato -- ${command}`;
}
