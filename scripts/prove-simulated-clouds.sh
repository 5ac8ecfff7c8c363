#!/usr/bin/env bash
# The whole job on EC2, Azure and Compute Engine without an account: three simulated clouds on this host whose machines are
# containers, and one cell on each, side by side. Takes what `harness run` takes. Leaves nothing but the report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SECONDS_TO_START=120
SECONDS_TO_END=120
logs=$(mktemp -d)
pids=()
run=

# Waits for a process that was asked to end; ends it the hard way when it does not.
reap() {
  local pid=$1 until=$((SECONDS + SECONDS_TO_END))
  while kill -0 "$pid" 2>/dev/null && ((SECONDS < until)); do sleep 0.2; done
  kill -KILL "$pid" 2>/dev/null && return 1
  wait "$pid"
}

clean_up() {
  local status=$? left=0
  trap - EXIT INT TERM
  # The run first: while a cloud still answers, it can take its machines away.
  if [ -n "$run" ] && kill -TERM "$run" 2>/dev/null; then reap "$run" || true; fi
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do reap "$pid" || left=1; done
  if ((left)); then ./harness sweep --yes || true; fi
  if ((status != 0 || left)); then tail -n 40 "$logs"/{ec2,azure,gce}; fi
  rm -rf "$logs" reports/simulated-azure.pem
  exit $((status ? status : left))
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Clouds and run are out of reach of a signal to everybody here: the run is told once, and the clouds outlive it.
serve() {
  setsid ./harness simulate "$@" >"$logs/$1" 2>&1 &
  pids+=($!)
}
serve ec2 --port 4566
serve azure --port 4567 --certificate reports/simulated-azure.pem
serve gce --port 4568
# When this is killed, the run still cleans up, and then the clouds go too.
setsid sh -c '
  logs=$1
  shift
  while kill -0 "$0" 2>/dev/null; do sleep 1; done
  if read -r run 2>/dev/null <"$logs/run" && kill -TERM "$run" 2>/dev/null; then
    for _ in $(seq 120); do kill -0 "$run" 2>/dev/null && sleep 1; done
  fi
  kill -TERM "$@" 2>/dev/null
  rm -rf "$logs" reports/simulated-azure.pem
' $$ "$logs" "${pids[@]}" &
for cloud in ec2 azure gce; do
  until grep -q '^options of the platform: ' "$logs/$cloud"; do
    # One that has ended said why.
    for pid in "${pids[@]}"; do kill -0 "$pid" || exit 3; done
    ((SECONDS < SECONDS_TO_START)) || exit 3
    sleep 0.2
  done
done

setsid ./harness run --matrix examples/simulated-clouds.yaml --yes "$@" &
run=$!
echo "$run" >"$logs/run"
wait "$run" && status=0 || status=$?
run=
exit "$status"
