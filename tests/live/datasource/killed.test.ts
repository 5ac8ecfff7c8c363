import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findStaleTempDirs } from '../../../src/core/temp-dir.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { sweep } from '../../../src/runner/sweep/sweep.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'

const skip = await whyNoLxd()

describe.skipIf(skip)(`a killed process${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let state: string
  const before = process.env['HARNESS_STATE_DIR']

  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), 'imds-killed-'))
    process.env['HARNESS_STATE_DIR'] = state
  })
  afterAll(() => {
    if (before === undefined) delete process.env['HARNESS_STATE_DIR']
    else process.env['HARNESS_STATE_DIR'] = before
    rmSync(state, { recursive: true, force: true })
  })

  test(
    'leaves nothing of a guest with a cloud after a sweep: guest, networks, rules, sockets',
    { timeout: 120_000 },
    async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'launch-and-wait.ts'), 'lxd', image], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: process.env,
      })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const name = line.toString().trim()
      child.kill('SIGKILL')
      await once(child, 'exit')
      await using session = await openPlatform('lxd', {})
      const mine = async () =>
        (await session.resources()).filter(({ runId, id }) => id.includes(name) || runs.has(runId))
      const runs = new Set((await session.resources()).filter(({ id }) => id === name).map(({ runId }) => runId))
      expect((await mine()).map(({ kind }) => kind).sort(), 'before the sweep').toEqual([
        'machine',
        'network',
        'network',
        'network',
        'network',
      ])
      expect((await findStaleTempDirs()).filter((path) => path.includes('harness-imds'))).not.toEqual([])
      const result = await sweep({ platforms: [{ name: 'lxd', options: {} }] })
      expect(result.items.filter(({ outcome, runId }) => runs.has(runId) && outcome !== 'removed')).toEqual([])
      expect(await mine()).toEqual([])
      expect((await findStaleTempDirs()).filter((path) => path.includes('harness-imds'))).toEqual([])
    },
  )
})
