/**
 * Calls a function `count` times, with at most `places` calls in flight.
 * @param one receives the index of the call and of its slot
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
