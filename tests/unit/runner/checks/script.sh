#!/bin/sh
# harness: id: scripted
# harness: title: a script can judge
# harness: because: not everybody writes TypeScript
# harness: severity: minor
echo looked $CLOSELY
exit 77
