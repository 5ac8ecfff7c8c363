#!/bin/sh
# Runs every test this host can run. Installs what is missing first, so that it works in a fresh clone.
set -eu
cd "$(dirname "$0")/.."
./harness --version >/dev/null
PATH=$PWD/node_modules/.bin:$PATH
export PATH
exec node scripts/test.ts "$@"
