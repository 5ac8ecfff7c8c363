#!/bin/sh
# harness:
# harness: id: example-tmp-is-sticky
# harness: title: nobody can remove another user's files in /tmp
# harness: because: predictable names in a shared folder are an old way to attack other users
# harness: severity: major
# harness: fix: chmod 1777 /tmp
#
# Runs as root on the instance. Exit code 0 passes, 77 skips, anything else fails; what it prints is the evidence.
set -u
mode=$(stat -c %a /tmp) || exit 77
[ "$mode" = 1777 ] || {
  echo "/tmp has mode $mode"
  exit 1
}
