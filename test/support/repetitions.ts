/** Returns `few` in `npm test`, and `many` in `npm run test:full`. */
export function repetitions(few: number, many: number): number {
  return process.env.JOBATO_TEST_REPETITIONS === 'many' ? many : few;
}
