/**
 * The delivery guarantees and effects of events, for authors of workers. Shown in the AsyncAPI document and on its
 * page.
 */
export const DELIVERY_RULES: readonly { title: string; text: string }[] = [
  {
    title: 'Any worker will do',
    text: 'A worker that answers a run.requested with nothing but run.completed or run.failed, minutes later, is a good worker. All else lets people see more and lets failures heal sooner.',
  },
  {
    title: 'At least once, in any order',
    text: 'An event may come twice, late, or after one that happened later; that holds for run.requested too. A worker that gets a request again for a run and attempt that it knows does nothing.',
  },
  {
    title: 'Effect exactly once',
    text: 'An eventId is applied at most once, in the transaction of what it changes. Whoever is not sure that an event arrived sends it again with the same eventId.',
  },
  {
    title: 'The first end is the end',
    text: 'The first of run.completed, run.failed and run.cancelled ends the run. What comes later is recorded and changes nothing.',
  },
  {
    title: 'Attempt and fencing',
    text: 'A run whose worker was lost gets the next attempt. What still comes with an older attempt is recorded and changes nothing; an event without attempt is about the current one.',
  },
  {
    title: 'Lease',
    text: 'leaseSeconds in run.started or run.heartbeat is a promise to say so again within that time. Who breaks it loses the run. Without a lease a silent worker is waited for, up to the timeoutSeconds of the project.',
  },
  {
    title: 'Stop',
    text: 'After run.cancel.requested the run goes on until run.cancelled confirms it. Where nothing comes within the stopGraceSeconds of the project (30), it is ended as cancelled, with a note. A run that was completed before the stop arrived is completed.',
  },
  {
    title: 'Times',
    text: 'occurredAt is ISO 8601 in UTC. The end of a run is the occurredAt of the event that ended it, held between its start and now.',
  },
  {
    title: 'What cannot be applied',
    text: 'Malformed events, payloads above 1 MiB, unknown runs and unknown versions are put onto the list of rejected events, with the reason, and stop nothing else. Members and fields that are not named here are kept and ignored. The newest 10,000 or 64 MiB of rejected events are kept; an event above 1 MiB is kept as its start.',
  },
  {
    title: 'Bounds of a run',
    text: 'A run keeps 500 metrics with names of up to 100 characters, 1,000 artifacts and 200 steps: further names are ignored, known ones are still updated, and the run names the list in omitted. Its history lists 10,000 events or 16 MiB besides logs and heartbeats; later events have their effect and are not listed.',
  },
  {
    title: 'Groups',
    text: 'jobato-api and jobato-workers are the groups of Jobato itself. A worker reads with a group of its own, made from 0 with MKSTREAM so that nothing is skipped, or with plain XREAD.',
  },
];
