import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import type { RunEvent } from '../../../src/results/event.ts'
import { runMatrix } from '../../../src/runner/run.ts'
import { parseFaults } from '../../../src/simulate/faults.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'
import { testFolder } from '../../unit/runner/fake-run.ts'

vi.setConfig({ testTimeout: 90_000 })

test.each([
  // Its machine is gone at once; a command on it may notice before the API is asked.
  ['ec2', /Server\.SpotInstanceTermination|the connection to \S+ was lost/],
  ['azure', /was taken away by Azure/],
  ['gce', /was taken away by Compute Engine/],
])('a run on %s whose spot machine is taken away judges on an on-demand one', async (cloud, why) => {
  using folder = testFolder()
  const sshPort = randomInt(20_000, 30_000)
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0, sshPort })
  const kind = await loadSimulator(cloud)
  const faults = parseFaults('interrupt:x1')
  await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0, faults })
  const matrix = {
    axes: { platform: [cloud], image: ['debian-13'] },
    agent: { source: 'none' },
    suites: ['regression'],
    checks: [join(import.meta.dirname, 'checks/until-taken-away.ts')],
    attempts: 2,
    timeouts: { boot: '30 seconds', check: '30 seconds' },
    platforms: { [cloud]: { options: { ...simulator.options, market: 'spot', 'ssh-port': sshPort } } },
  }
  const events: RunEvent[] = []
  const { exitCode } = await runMatrix({
    cells: expandMatrix(parseMatrix(JSON.stringify(matrix), join(folder.path, 'matrix.yaml'))).cells,
    reportsDir: join(folder.path, 'reports'),
    concurrency: 1,
    builtInChecks: [],
    onEvent: (event) => events.push(event),
  })
  const ends = events.filter((event) => event.type === 'cell-ended')
  expect(ends, ends.map(({ reason }) => reason).join('; ')).toMatchObject([
    { attempt: 1, status: 'miss', next: 'infrastructure' },
    { attempt: 2, status: 'pass' },
  ])
  expect(ends[0]?.reason).toMatch(why)
  expect(exitCode).toBe(0)
  // Nothing waits for a machine that is gone.
  const failed = events.filter((event) => event.type === 'step-ended').flatMap(({ error }) => error ?? [])
  expect(failed.map(({ name }) => name)).not.toContain('WaitTimeoutError')
  const [cell] = foldEvents(events).cells
  expect(cell?.checks).toMatchObject([{ id: 'outlives-a-spot-machine', status: 'pass' }])
  const launched = events.filter((event) => event.type === 'step-progress' && event.step === 'launch')
  expect(launched.map((event) => ('line' in event ? event.line : ''))).toEqual([
    expect.stringMatching(/spot/),
    expect.stringMatching(/on demand/),
  ])
  await using session = await openPlatformNamed(cloud, { ...simulator.options })
  expect(await session.resources()).toEqual([])
})
