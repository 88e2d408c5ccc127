/** Linux limits each argument and each variable to this, including the byte that ends it. */
const MAX_PART_BYTES = 131_072;

/**
 * Returns the error for a command that is too large (E2BIG), with its largest part. Omits values, which may be secret.
 */
export function tooLargeToSpawn(command: string[], env: Record<string, string>): string {
  const parts = [
    ...command.map((text, index) => ({ name: index === 0 ? 'the program' : `argument ${index}`, text })),
    ...Object.entries(env).map(([name, value]) => ({ name: `variable ${name}`, text: `${name}=${value}` })),
  ].map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) + 1 }));
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = parts.reduce((most, part) => (part.bytes > most.bytes ? part : most));
  const advice =
    largest.bytes > MAX_PART_BYTES
      ? `More than ${MAX_PART_BYTES} bytes for one part are not possible. Pass the data in a file.`
      : 'Pass large data in a file.';
  return (
    `The step could not be started because its command and environment take ${total} bytes, more than the system allows. ` +
    `The largest part is ${largest.name} with ${largest.bytes} bytes. ${advice}`
  );
}
