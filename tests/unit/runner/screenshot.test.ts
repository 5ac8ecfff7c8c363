import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { keepScreenshot } from '../../../src/runner/cell/screenshot.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'

vi.setConfig({ testTimeout: 60_000 })

/** As much of a stage as keeping a picture needs. */
function stageIn(runDir: string, failed: boolean) {
  const emitted: object[] = []
  const failures = failed ? [{ status: 'miss' }] : []
  return {
    stage: { failures, records: [], run: { runDir }, emit: (event: object) => void emitted.push(event) },
    emitted,
  }
}

test.each([
  ['ec2', {}, 'screen.jpg'],
  ['azure', {}, 'screen.bmp'],
  ['gce', { display: true }, 'screen.jpg'],
])('a picture of the screen of %s is kept when something failed, and only then', async (cloud, options, file) => {
  const folder = mkdtempSync(join(tmpdir(), 'screenshot-test-'))
  try {
    await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
    const kind = await loadSimulator(cloud)
    await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
    await using session = await openPlatformNamed(cloud, { ...simulator.options, ...options })
    const instance = await session.launch({ image: 'debian-13' })
    const well = stageIn(folder, false)
    await keepScreenshot(well.stage, instance, join(folder, 'logs'))
    expect([well.emitted, readdirSync(folder)]).toEqual([[], []])
    const ill = stageIn(folder, true)
    await keepScreenshot(ill.stage, instance, join(folder, 'logs'))
    expect(ill.emitted).toMatchObject([{ type: 'log-collected', file: `logs/${file}`, title: 'screen' }])
    expect(readdirSync(join(folder, 'logs'))).toEqual([file])
    await instance.destroy()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what is no picture is not kept, and is told of', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'screenshot-test-'))
  const instance = { name: 'm', machine: { screenshot: async () => Buffer.from('<script>') } }
  const { stage, emitted } = stageIn(folder, true)
  await keepScreenshot(stage, instance, folder)
  expect([emitted, readdirSync(folder)]).toEqual([
    [{ type: 'warning', message: 'the screen of m could not be kept: 8 bytes that are no picture' }],
    [],
  ])
  rmSync(folder, { recursive: true })
})
