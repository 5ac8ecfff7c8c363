import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { readLedgers } from '../../../src/platforms/read-ledgers.ts'
import type { RunEvent } from '../../../src/results/event.ts'
import { runMatrix } from '../../../src/runner/run.ts'
import { testFolder } from '../../unit/runner/fake-run.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'

const skip = await whyNoLxd()

describe.skipIf(skip)(`a cell on LXD${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('goes through every step, is judged in four machines and leaves nothing', { timeout: 600_000 }, async () => {
    using folder = testFolder()
    const matrix = {
      axes: { platform: ['lxd'], image: [image], boot: ['container'] },
      agent: { source: 'release' },
      suites: ['policy', 'regression'],
      checks: [join(import.meta.dirname, '../leaks/checks')],
    }
    const { cells } = expandMatrix(parseMatrix(JSON.stringify(matrix), join(folder.path, 'matrix.yaml')))
    const events: RunEvent[] = []
    const run = await runMatrix({
      cells,
      reportsDir: join(folder.path, 'reports'),
      concurrency: 1,
      builtInChecks: [],
      onEvent: (event) => events.push(event),
    })
    const ended = events.flatMap((event) => (event.type === 'step-ended' && event.outcome === 'ok' ? [event.step] : []))
    expect(new Set(ended)).toEqual(
      new Set([
        'image',
        'rest-facts',
        'launch',
        'pair',
        'first-boot',
        'first-boot-facts',
        'upgrade',
        'clean',
        'snapshot',
        'reboot',
        'after-reboot-facts',
        'checks',
        'collect',
        'destroy',
      ]),
    )
    const records = events.flatMap((event) => (event.type === 'check-ended' ? [event.record] : []))
    expect(records.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
      'leak-own pass',
      'leak-pair pass',
      'leak-rest pass',
    ])
    expect(events.findLast((event) => event.type === 'cell-ended')).toMatchObject({ status: 'pass', boots: 4 })
    expect(run.exitCode).toBe(0)
    const cell = join(run.runDir, 'cells', cells[0]?.id ?? '')
    for (const name of ['image-rest', 'image-first-boot', 'image-pair', 'upgraded-after-reboot']) {
      expect(JSON.parse(readFileSync(join(cell, 'facts', `${name}.json`), 'utf8'))).toMatchObject({ version: 1 })
    }
    expect(existsSync(join(cell, 'logs', 'cloud-init', 'cloud-init.log'))).toBe(true)
    await using session = await openPlatformNamed('lxd', {})
    expect(await session.resources({ runId: run.runId })).toEqual([])
    expect(await readLedgers()).toEqual([])
  })
})
