#!/bin/sh
# Everything that is wrong in a tree and can be found without a machine to test. Stops at the first kind of fault.
# `--static` leaves out the fast tests, for somebody who runs all tests afterwards.
set -eu
cd "$(dirname "$0")/.."
./harness --version >/dev/null
PATH=$PWD/node_modules/.bin:$PATH

step() {
  printf '%s\n' "== $1"
  shift
  "$@"
}

step 'format' oxfmt --check
step 'lint' oxlint --report-unused-disable-directives
step 'types' tsc
step 'layers' node scripts/check-layers.ts
step 'workflows' node scripts/check-workflows.ts
step 'generated files' node scripts/generate.ts --check
step 'dead code' knip
[ "${1-}" = --static ] || step 'fast tests' vitest run --project unit --reporter=default
