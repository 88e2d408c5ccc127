#!/usr/bin/env python3
"""The smallest worker: reads new requests, does the work, and reports only the end. No lease, no consumer group.
   Settings: REDIS_URL, PROJECT_ID, RUN_EVENTS_STREAM, DATA_DIR. Needs the package redis (Debian: python3-redis)."""
import json
import os
import uuid
from datetime import datetime, timezone

import redis

STREAM = os.environ.get("RUN_EVENTS_STREAM", "ml:run-events")
PROJECT = os.environ.get("PROJECT_ID", "jobs")
OWN_INPUTS = [{"queryText": text, "domain": "example.com", "searchQuery": f"site:example.com {text}"}
              for text in ("typescript", "nothing like it")]  # for a project without inputs
FOLDER = os.path.join(os.environ.get("DATA_DIR", "data"), "db")
r = redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True)


def now():
    return datetime.now(timezone.utc).isoformat()


def search(query):
    """Stands for a call to a search engine, and returns its results."""
    return [] if "nothing" in query["queryText"] else [f"result {n} of {query['searchQuery']}" for n in (1, 2, 3)]


def work(run_id, request):
    inputs = request.get("runInputs", OWN_INPUTS)
    found = [search(query) for query in inputs]
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, f"results-{run_id}.json"), "w") as file:
        json.dump(found, file)
    pointer = os.path.join(FOLDER, "current-db.txt")
    with open(pointer + ".new", "w") as file:  # write, then rename, so that readers never see a partial file
        file.write(f"results-{run_id}.json\n")
    os.replace(pointer + ".new", pointer)
    nothing = [{"queryText": query["queryText"], "domain": query["domain"], "occurredAt": now()}
               for query, results in zip(inputs, found) if not results]
    return {"persistedResults": sum(map(len, found)), "issuedCalls": len(inputs), "zeroResults": nothing}


last, known = "$", set()
while True:
    for _, entries in r.xread({STREAM: last}, block=0):
        for last, event in entries:
            if event.get("eventType") != "run.requested" or event.get("eventVersion") != "1":
                continue
            try:
                request = json.loads(event["payload"])
                if request["projectId"] != PROJECT or (event["runId"], request["attempt"]) in known:
                    continue
            except (KeyError, TypeError, ValueError):  # invalid: Jobato keeps it in its list of rejected events
                continue
            known.add((event["runId"], request["attempt"]))
            r.xadd(STREAM, {"eventId": str(uuid.uuid4()), "eventType": "run.completed", "eventVersion": "1",
                            "occurredAt": now(), "runId": event["runId"],
                            "payload": json.dumps(work(event["runId"], request))})
