import type { Instant } from '../clock/clock';
import { elapsedText } from '../clock/elapsed-text';
import { commandLine } from '../config/command-line';
import type { Run } from './run';
import { stopSentences } from './stop-text';
import { at, joined, plainText, type Sentence, sentence, type TextPart } from './text-part';
import type { Consumer, Waiting } from './waiting';

const MAX_NAMED = 5;

/** Returns the text for the API and the CLI. Pages show the same sentences. */
export function waitingMessage(waiting: Waiting, run: Run, now: Instant): string {
  return plainText(joined(waitingSentences(waiting, run, now)));
}

/** Explains why a run makes no progress. The first sentence is complete without the others. */
export function waitingSentences(waiting: Waiting, run: Run, now: Instant): Sentence[] {
  switch (waiting.code) {
    case 'not-yet-published':
      return waiting.isFresh
        ? [sentence`Accepted.`, sentence`The request is on its way to the workers.`]
        : [
            sentence`The run is accepted and stored, but the event stream does not accept its request.`,
            sentence`The server tries again every second.`,
          ];
    case 'handed-out':
      return handedOutSentences(waiting, run);
    case 'no-worker-yet':
      return noWorkerSentences(waiting, run);
    case 'workers-busy':
      return [
        sentence`${allSlots(waiting.slots)} taken by other runs (WORKER_CONCURRENCY).`,
        sentence`The run starts as soon as a slot is free.`,
      ];
    case 'stopping':
      return stopSentences(run, now) ?? [];
    case 'worker-silent':
      return [
        run.lastHeardAt === null
          ? sentence`${workerName(run)} has sent no heartbeat.`
          : sentence`${workerName(run)} sent its last heartbeat at ${at(run.lastHeardAt)}.`,
        sentence`Its lease has expired, so the server takes the run from it.`,
      ];
  }
}

function handedOutSentences(
  { publishedAt, typicalMs, consumers }: Extract<Waiting, { code: 'handed-out' }>,
  run: Run,
): Sentence[] {
  if (typicalMs === null)
    return [
      sentence`Published at ${at(publishedAt)}; no worker has reported yet.`,
      ...startHint(run, consumers),
    ];
  return [
    sentence`Handed to a worker at ${at(publishedAt)}.`,
    sentence`Workers of this project report only at the end, typically after ${typicalText(typicalMs)}.`,
  ];
}

function noWorkerSentences(waiting: Extract<Waiting, { code: 'no-worker-yet' }>, run: Run): Sentence[] {
  switch (waiting.executor) {
    case 'external':
      return [
        sentence`No external worker has reported since the request was published at ${at(waiting.publishedAt)}; workers of this project report when they start.`,
        ...startHint(run, waiting.consumers),
      ];
    case 'elsewhere':
      return [
        [...notClaimed(run), { text: ', and this server runs no steps itself (WORKER=off).' }],
        waiting.consumers.length === 0
          ? sentence`Start a worker: ${commandLine('worker')}.`
          : seenConsumers(waiting.consumers),
      ];
    case 'embedded':
      return waiting.isFresh
        ? [sentence`No worker has claimed the run yet.`, sentence`It was triggered just now.`]
        : [
            [...notClaimed(run), { text: ', although a slot is free.' }],
            sentence`If this lasts, see Workers and Status.`,
          ];
  }
}

/** The start of a later attempt's wait is not stored. */
function notClaimed({ attempt, startedAt }: Run): TextPart[] {
  return attempt === 1
    ? sentence`No worker has claimed the run since ${at(startedAt)}`
    : sentence`No worker has claimed attempt ${attempt} yet`;
}

function startHint({ projectId }: Run, consumers: Consumer[]): Sentence[] {
  return [sentence`If none is running, start the worker of project ${projectId}.`, seenConsumers(consumers)];
}

function seenConsumers(consumers: Consumer[]): Sentence {
  if (consumers.length === 0)
    return sentence`No worker was seen recently; a worker that reads the stream without a group is not visible.`;
  const named = consumers
    .slice(0, MAX_NAMED)
    .map(
      ({ group, name, idleMs }) => `${name} (${group}, ${elapsedText(Math.round(idleMs / 1000) * 1000)} ago)`,
    );
  const more = consumers.length > MAX_NAMED ? ` and ${consumers.length - MAX_NAMED} more` : '';
  return sentence`Seen recently: ${named.join(', ')}${more}.`;
}

function workerName({ workerId }: Run): string {
  return workerId === null ? 'The worker' : `Worker ${workerId}`;
}

function allSlots(count: number): string {
  return count === 1 ? 'The only slot is' : `All ${count} slots are`;
}

function typicalText(ms: number): string {
  return ms < 1000 ? 'less than 1 s' : elapsedText(ms);
}
