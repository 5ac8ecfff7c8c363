#!/bin/sh
# What a maintainer would type: the steps of one cell with the lxc client, without suites.
# Usage: cell-by-hand.sh IMAGE FACTS-SCRIPT COLLECT-SCRIPT FOLDER
set -eu
image=$1 facts=$2 collect=$3 folder=$4
name=by-hand-$$
trap 'lxc delete --force "$name" >/dev/null 2>&1 || true' EXIT

guest() { lxc exec "$name" -- "$@"; }

# $1: the boot before, or nothing.
wait_ready() {
  until now=$(guest cat /proc/sys/kernel/random/boot_id 2>/dev/null) && [ "$now" != "$1" ]; do sleep 0.1; done
  until guest sh -c 'until [ -e /run/cloud-init/result.json ]; do sleep 0.1; done
    until case $(systemctl is-system-running) in running | degraded) true ;; *) false ;; esac; do sleep 0.1; done' 2>/dev/null; do sleep 0.1; done
  guest cloud-init status --format json >"$folder/status.json" || true
}

lxc launch "$image" "$name" </dev/null >/dev/null 2>&1
wait_ready none
guest sh -s first-boot <"$facts" >"$folder/first-boot.txt"
guest sh -c 'cloud-init clean --logs && : >/etc/machine-id && sync' >/dev/null
before=$(guest cat /proc/sys/kernel/random/boot_id)
guest reboot || true
wait_ready "$before"
guest sh -s after-reboot <"$facts" >"$folder/after-reboot.txt"
guest sh -s <"$collect" >"$folder/collected.txt"
guest cloud-init collect-logs --tarfile /tmp/logs.tar.gz >/dev/null 2>&1 || true
lxc file pull "$name/tmp/logs.tar.gz" "$folder/logs.tar.gz"
lxc console "$name" --show-log >"$folder/console.txt"
lxc delete --force "$name"
