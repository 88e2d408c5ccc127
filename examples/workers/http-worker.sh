#!/usr/bin/env bash
# A worker that uses only HTTP. Needs curl and jq. Settings: JOBATO_URL, JOBATO_API_KEY and PROJECT_ID.
# Jobato leases each run to one worker, so any number of these workers can share the work.
set -uo pipefail
JOBATO_URL=${JOBATO_URL:-http://127.0.0.1:3000} PROJECT_ID=${PROJECT_ID:-jobs} WORKER_ID=${WORKER_ID:-http-$$}

call() { # path, body; keeps key and lease out of the process list, and a retry sends the same event
  curl --silent --fail --max-time 70 --retry 5 --retry-connrefused -H 'Content-Type: application/json' -d "$2" \
    --config <(printf 'header = "X-Jobato-Api-Key: %s"\nheader = "X-Jobato-Lease: %s"\n' "${JOBATO_API_KEY-}" "${LEASE-}") \
    "$JOBATO_URL/api/internal/$1"
}

uuid() { cat /proc/sys/kernel/random/uuid; }

send() { # type, run, payload
  call events "{\"eventId\":\"$(uuid)\",\"eventType\":\"$1\",\"eventVersion\":1,\"leaseToken\":\"$LEASE\",
    \"occurredAt\":\"$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)\",\"runId\":\"$2\",\"payload\":$3}" >/dev/null
}

carry_out() { # run, attempt, lease token
  local LEASE=$3
  local step steps=${STEPS:-5} heard
  send run.started "$1" "{\"workerId\":\"$WORKER_ID\",\"attempt\":$2}"
  for ((step = 1; step <= steps; step++)); do
    sleep "${STEP_SECONDS:-1}" # the work
    # 409 means that the lease is lost, so further events would have no effect.
    heard=$(call "runs/$1/heartbeat" "{\"workerId\":\"$WORKER_ID\",\"attempt\":$2}") || return
    if [[ $(jq .cancelRequested <<<"$heard") == true ]]; then send run.cancelled "$1" "{\"attempt\":$2}"; return; fi
    send run.progress "$1" "{\"attempt\":$2,\"current\":$step,\"total\":$steps}"
    call "runs/$1/logs" "{\"attempt\":$2,\"lines\":[{\"n\":$step,\"text\":\"did step $step\"}]}" >/dev/null
  done
  send run.completed "$1" "{\"attempt\":$2,\"newJobsCount\":$steps}"
}

while :; do
  # With a unique claimId, a claim that curl retries gets the same response.
  request=$(call runs/claim "{\"workerId\":\"$WORKER_ID\",\"claimId\":\"$(uuid)\",
    \"projectIds\":[\"$PROJECT_ID\"],\"waitSeconds\":50}") || { sleep 1; continue; }
  [[ -n $request ]] && carry_out $(jq -r '.runId, .payload.attempt, .leaseToken' <<<"$request")
done
