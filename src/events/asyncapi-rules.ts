/**
 * The delivery guarantees and effects of events, for authors of workers. Shown in the AsyncAPI document and on its
 * page.
 */
export const DELIVERY_RULES: readonly { title: string; text: string }[] = [
  {
    title: 'Minimal worker',
    text: 'A worker that only sends run.completed or run.failed, even minutes after run.requested, is valid. All other events are optional. They make progress visible and speed up recovery after failures.',
  },
  {
    title: 'At least once, in any order',
    text: 'Events, including run.requested, can arrive more than once, late or out of order. A worker ignores a repeated request for a run and attempt that it already knows.',
  },
  {
    title: 'Effects exactly once',
    text: 'Each eventId is applied at most once, in the same transaction as the change it causes. If a worker does not know whether an event arrived, it sends the event again with the same eventId.',
  },
  {
    title: 'The first end is final',
    text: 'The first run.completed, run.failed or run.cancelled event ends the run. Later events are recorded and have no effect.',
  },
  {
    title: 'Attempts and fencing',
    text: 'When a worker is lost, the run gets the next attempt. Events of an older attempt are recorded and have no effect. An event without attempt refers to the current one.',
  },
  {
    title: 'Lease',
    text: 'A worker that sends leaseSeconds in run.started or run.heartbeat must send the next heartbeat within that time. A missed heartbeat loses the lease. Without a lease, Jobato waits for the worker until the timeoutSeconds of the project.',
  },
  {
    title: 'Stop',
    text: 'After run.cancel.requested, the run stays active until run.cancelled confirms the stop. Without confirmation, Jobato cancels the run after the stopGraceSeconds of the project (default 30) and adds a note. A run that completes before the stop arrives stays completed.',
  },
  {
    title: 'Times',
    text: 'occurredAt is an ISO 8601 time in UTC. A run ends at the occurredAt of its final event, limited to the range from its start to now.',
  },
  {
    title: 'Rejected events',
    text: 'Malformed events, payloads above 1 MiB, and events with an unknown run or version are added to the list of rejected events, with the reason. They do not block other events. Unknown members and fields are stored and ignored. Jobato stores the newest 10,000 rejected events, up to 64 MiB. Of an event above 1 MiB, it stores only the beginning.',
  },
  {
    title: 'Limits per run',
    text: 'A run stores up to 500 metrics with names of up to 100 characters, 1,000 artifacts, 200 steps and 500 searches without results. Further names are ignored, known ones are still updated, and omitted names the incomplete list. The history of a run lists up to 10,000 events or 16 MiB, not counting logs and heartbeats. Later events are applied but not listed.',
  },
  {
    title: 'Consumer groups',
    text: 'Jobato itself uses the groups jobato-api and jobato-workers. A worker uses its own group or plain XREAD. Create the group at position 0 with MKSTREAM, so that it skips no entries.',
  },
];
