#!/bin/sh
# Boots Debian as EC2, GCE and Azure on QEMU, judges detection and the happy path, and writes down what was seen.
# Once per release. Needs qemu-system-x86 (harness setup --qemu), no root, and some minutes for each cloud where there is no KVM.
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
code=0
./harness run --matrix examples/datasources-qemu.yaml --reports-dir "$out" "$@" || code=$?
record=bench/datasources-qemu.md
{
  printf 'Clouds on QEMU, %s, harness at %s, %s, exit code %s.\n\n' \
    "$(date -u +%Y-%m-%d)" "$(git rev-parse --short HEAD)" "$(qemu-system-x86_64 --version | head -n 1)" "$code"
  find "$out" -name summary.md -exec cat {} +
} >"$record"
echo "written: $record"
exit "$code"
