import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Yields server-sent events one by one; leaving the loop closes the connection. */
export async function* readSse(
  url: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): AsyncGenerator<EventSourceMessage> {
  const closing = new AbortController();
  signal?.addEventListener('abort', () => closing.abort());
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: closing.signal,
  });
  if (response.status !== 200)
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body!) {
      parser.feed(decoder.decode(bytes as Uint8Array, { stream: true }));
      yield* messages.splice(0);
    }
  } finally {
    closing.abort();
  }
}
