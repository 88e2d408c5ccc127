/**
 * Does something `count` times, so many of them in flight, each place taking its next when its last is done.
 * @param one gets which one it is, and which place does it
 */
export async function inFlight(count, places, one) {
  const latencies = new Array(count);
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(places, count) }, async (_, place) => {
      while (next < count) {
        const index = next++;
        const beganAt = performance.now();
        await one(index, place);
        latencies[index] = performance.now() - beganAt;
      }
    }),
  );
  return { ms: performance.now() - startedAt, latencies };
}
