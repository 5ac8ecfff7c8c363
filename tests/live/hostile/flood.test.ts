import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { leftOf, startRun, testFolder } from './harness-run.ts'

const skip = await whyNoLxd()
const MIB = 1024 * 1024

const FLOOD = `#!/bin/sh
( n=0; while [ $n -lt 60 ]; do head -c 1000000 /dev/zero | tr '\\0' x | fold -w 120; n=$((n + 1)); done > /dev/console ) &
( head -c 30000000 /dev/zero | tr '\\0' j | fold -w 300 | logger -t flood ) &
head -c 12000000 /dev/zero | tr '\\0' l | fold -w 200 >> /var/log/cloud-init.log
wait
`

describe.skipIf(skip)(`a guest that floods its console and its logs${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('costs little memory, and its logs are cut with a mark', async () => {
    using folder = testFolder()
    const content = Buffer.from(FLOOD).toString('base64')
    const userData = `#cloud-config
write_files: [{ path: /root/flood, encoding: b64, content: ${content} }]
runcmd: [[sh, /root/flood]]
`
    const run = await startRun({
      folder: folder.path,
      userData,
      matrix: { suites: ['logs'], timeouts: { boot: '2 minutes', check: '20 seconds', cleanup: '60 seconds' } },
    }).ended
    expect(['pass', 'fail'], JSON.stringify(run.cell)).toContain(run.cell?.status)
    expect(run.peakKiB / 1024).toBeLessThan(400)
    const logs = join(run.dir, 'cells/lxd')
    const files = readdirSync(logs, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\/logs\/.*\.\w+$/.test(name),
    )
    for (const file of files) expect(statSync(join(logs, file)).size, file).toBeLessThan(5 * MIB)
    const cut = run.of('log-collected').filter(({ truncated }) => truncated)
    expect(cut.map(({ file }) => file.split('/').at(-1))).toEqual(expect.arrayContaining(['journal.txt']))
    for (const { file } of cut)
      expect(readFileSync(join(run.dir, file), 'utf8'), file).toMatch(/^\[\.\.\. .*\.\.\.\]$/m)
    expect(await leftOf(run)).toEqual([])
  })
})
