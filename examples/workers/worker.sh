#!/usr/bin/env bash
# A robust worker: loses no request, runs none twice, reports progress, stops on request. One process per GROUP.
# Needs redis-cli and jq.
set -uo pipefail
REDIS_URL=${REDIS_URL:-redis://127.0.0.1:6379} PROJECT_ID=${PROJECT_ID:-jobs} WORKER_ID=${WORKER_ID:-bash-1}
STREAM=${RUN_EVENTS_STREAM:-ml:run-events} LOGS=${RUN_LOGS_STREAM:-ml:run-logs} GROUP=${GROUP:-$PROJECT_ID-bash}
declare -A waiting=() stops=() # "run attempt" → the entry that requested it; runs that must stop

redis() { redis-cli --no-auth-warning -u "$REDIS_URL" --raw "$@"; }
ack() { redis XACK "$STREAM" "$GROUP" "$1" >/dev/null; }

send() { # type, run, payload, stream; an event that may have arrived is sent again with the same eventId
  local event=(eventId "$(cat /proc/sys/kernel/random/uuid)" eventType "$1" eventVersion 1
    occurredAt "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)" runId "$2" payload "$3")
  until redis -e XADD "${4:-$STREAM}" '*' "${event[@]}" >/dev/null; do sleep 1; done
}

read_one() { # start id, further arguments such as BLOCK 5000; fails if there is no entry
  local start=$1 lines at
  shift
  mapfile -t lines < <(redis XREADGROUP GROUP "$GROUP" "$WORKER_ID" COUNT 1 "$@" STREAMS "$STREAM" "$start")
  case ${lines[0]-} in "$STREAM") ;; *NOGROUP*) make_group; return 1 ;; *) return 1 ;; esac
  [[ -n ${lines[1]-} ]] || return 1
  local -A event=()
  for ((at = 2; at + 1 < ${#lines[@]}; at += 2)); do event[${lines[at]:-none}]=${lines[at + 1]}; done
  entry=${lines[1]}
  take "$entry" || ack "$entry"
}

take() { # acknowledges a request only when it is done, so that a restarted worker finds it again
  local run=${event[runId]-} kind=${event[eventType]-} project attempt key
  [[ $run =~ ^[0-9a-fA-F-]{36}$ ]] || return 1
  read -r project attempt < <(jq -rs '.[0] | "\(.projectId) \(.attempt | numbers? // "none")"' <<<"${event[payload]-}" 2>/dev/null)
  key="$run ${attempt-}"
  case $kind:${event[eventVersion]-}:${project-} in
    "run.requested:1:$PROJECT_ID")
      [[ -n ${waiting[$key]-} || $(redis EXISTS "$GROUP:done:$key") == 1 ]] || waiting[$key]=$1
      [[ ${waiting[$key]-} == "$1" ]] && return 0 ;;
    run.cancel.requested:*) stops[$run]=1 ;;
    run.completed:* | run.failed:* | run.cancelled:*) # the run has ended, in this worker or in another one
      for key in "${!waiting[@]}"; do
        if [[ $key == "$run ${attempt-}" || ($key == "$run "* && ${attempt-} == none) ]]; then
          ack "${waiting[$key]}"; unset 'waiting[$key]'
        fi
      done ;;
  esac
  return 1
}

carry_out() { # run, attempt
  local step steps=${STEPS:-5} who="\"workerId\":\"$WORKER_ID\",\"attempt\":$2,\"leaseSeconds\":60"
  send run.started "$1" "{$who}"
  for ((step = 1; step <= steps; step++)); do
    sleep "${STEP_SECONDS:-1}" # the work
    while read_one '>'; do :; done
    if [[ -n ${stops[$1]-} || -z ${waiting["$1 $2"]-} ]]; then send run.cancelled "$1" "{\"attempt\":$2}"; return; fi
    send run.heartbeat "$1" "{$who}"
    send run.progress "$1" "{\"attempt\":$2,\"current\":$step,\"total\":$steps}"
    send run.log "$1" "{\"attempt\":$2,\"lines\":[{\"n\":$step,\"text\":\"did step $step\"}]}" "$LOGS"
  done
  send run.completed "$1" "{\"attempt\":$2,\"newJobsCount\":$steps}"
}

make_group() { redis XGROUP CREATE "$STREAM" "$GROUP" 0 MKSTREAM >/dev/null 2>&1; }

make_group # from 0, so that earlier requests are not lost
entry=0
while read_one "$entry"; do :; done # requests that this worker had not finished before a restart
while :; do # read all entries before starting a run: they may report that it has ended or must stop
  if ((${#waiting[@]} == 0)); then read_one '>' BLOCK 5000 || redis PING >/dev/null 2>&1 || sleep 1; continue; fi
  read_one '>' && continue
  key=$(printf '%s\n' "${!waiting[@]}" | sort | head -n 1) # run ids sort in the order of creation
  carry_out ${key% *} ${key#* }
  redis SET "$GROUP:done:$key" 1 EX 604800 >/dev/null
  [[ -n ${waiting[$key]-} ]] && { ack "${waiting[$key]}"; unset 'waiting[$key]'; }
  unset 'stops[${key% *}]'
done
