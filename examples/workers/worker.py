#!/usr/bin/env python3
"""A robust worker: loses no request, runs none twice, reports progress, stops on request. One process per GROUP."""
import json, os, time, uuid
from datetime import datetime, timezone
import redis  # Debian: python3-redis, elsewhere: pip install redis

env = os.environ.get
STREAM, LOGS, PROJECT = env("RUN_EVENTS_STREAM", "ml:run-events"), env("RUN_LOGS_STREAM", "ml:run-logs"), env("PROJECT_ID", "jobs")
WORKER, GROUP = env("WORKER_ID", "python-1"), env("GROUP", f"{PROJECT}-python")
r = redis.from_url(env("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True)
waiting, stops = {}, set()  # (run, attempt) → the entry that requested it; runs that must stop
start = "0"  # "0" reads own unacknowledged requests, at start-up and after errors; then ">" reads new ones

def send(event_type, run_id, stream=STREAM, **payload):
    event = {"eventId": str(uuid.uuid4()), "eventType": event_type, "eventVersion": "1", "runId": run_id,
             "occurredAt": datetime.now(timezone.utc).isoformat(), "payload": json.dumps(payload)}
    while True:
        try:
            return r.xadd(stream, event)
        except redis.RedisError:  # the event may have arrived; with the same eventId it can be sent again
            time.sleep(1)

def read(block_ms=None):
    """Reads available entries. Returns their number, or None if Redis could not be read."""
    global start
    try:
        answer = r.xreadgroup(GROUP, WORKER, {STREAM: start}, count=100, block=block_ms)
        entries = answer[0][1] if answer else []
        for entry_id, event in entries:
            if not is_to_do(entry_id, event or {}):  # a pending entry that was trimmed has no fields
                r.xack(STREAM, GROUP, entry_id)
        start, was = ">", start
        return len(entries) + (was == "0")
    except redis.RedisError as error:
        print(f"Redis: {error}. Retrying.", flush=True)
        time.sleep(1)
        make_group()
        start = "0"

def make_group():
    try:
        r.xgroup_create(STREAM, GROUP, id="0", mkstream=True)  # from 0, so that earlier requests are not lost
    except redis.RedisError:
        pass  # the group exists, or Redis is down

def is_to_do(entry_id, event):
    """Returns whether to run the request. It is acknowledged only when done, so a restarted worker finds it again."""
    try:
        kind, run_id, payload = event["eventType"], event["runId"], json.loads(event["payload"])
        attempt = payload.get("attempt")
        if event["eventVersion"] == "1" and kind == "run.requested" and payload["projectId"] == PROJECT:
            return not r.exists(done_key(run_id, attempt)) and waiting.setdefault((run_id, attempt), entry_id) == entry_id
        if kind == "run.cancel.requested":
            stops.add(run_id)
        if kind in ("run.completed", "run.failed", "run.cancelled"):  # the run has ended, in this worker or in another one
            for key in [key for key in waiting if key[0] == run_id and attempt in (None, key[1])]:
                r.xack(STREAM, GROUP, waiting.pop(key))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # not this worker's task: Jobato keeps invalid events in its list of rejected events
    return False

def done_key(run_id, attempt):
    return f"{GROUP}:done:{run_id}:{attempt}"

def carry_out(run_id, attempt, steps=int(env("STEPS", "5"))):
    send("run.started", run_id, workerId=WORKER, attempt=attempt, leaseSeconds=60)
    for step in range(1, steps + 1):
        time.sleep(float(env("STEP_SECONDS", "1")))  # the work; if a step can take longer than the lease, send heartbeats from a thread
        while read():
            pass
        if run_id in stops or (run_id, attempt) not in waiting:
            return send("run.cancelled", run_id, attempt=attempt)
        send("run.heartbeat", run_id, workerId=WORKER, attempt=attempt, leaseSeconds=60)
        send("run.progress", run_id, attempt=attempt, current=step, total=steps, message=f"step {step} of {steps}")
        send("run.log", run_id, LOGS, attempt=attempt, lines=[{"n": step, "text": f"did step {step}"}])
    send("run.completed", run_id, attempt=attempt, newJobsCount=steps)

make_group()
while True:  # read all entries before starting a run: they may report that it has ended or must stop
    if read(None if waiting else 5000) == 0 and waiting:
        run_id, attempt = next(iter(waiting))
        carry_out(run_id, attempt)
        try:
            r.set(done_key(run_id, attempt), "1", ex=7 * 24 * 3600)
            r.xack(STREAM, GROUP, waiting.pop((run_id, attempt), "0-0"))
        except redis.RedisError:
            pass  # the end of the run is on the stream, and is read from there
        stops.discard(run_id)
