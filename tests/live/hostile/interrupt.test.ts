import { describe, expect, test } from 'vitest'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { quickImage, whyNoQuickImage } from '../lxd/quick-image.ts'
import { begins, command, type HarnessRun, leftOf, startRun, testFolder, untilEvent } from './harness-run.ts'

const skip = (await whyNoLxd()) ?? (await whyNoQuickImage())

describe.skipIf(skip)(`a run among others${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test.concurrent.each(['image', 'launch', 'first-boot', 'first-boot-facts', 'reboot', 'collect', 'destroy'])(
    'is stopped by Ctrl-C at the step %s, exits 130 and leaves nothing',
    async (step) => {
      using folder = testFolder()
      // Only a whole system boots long enough to be stopped in it.
      const image = step === 'first-boot' ? {} : { image: await quickImage() }
      const run = startRun({ folder: folder.path, ...image })
      await untilEvent(run, `the step ${step}`, begins(step))
      run.child.kill('SIGINT')
      const ended = await run.ended
      expect(ended.code, ended.stderr).toBe(130)
      expect(ended.stderr).toContain('stopping and cleaning up')
      expect(ended.of('run-ended')).toMatchObject([{ exitCode: 130 }])
      expect(await leftOf(ended)).toEqual([])
      expect((await command(folder.path, ['sweep', '--dry-run', '--run', 'x'])).code).toBe(0)
    },
  )

  test('is disturbed neither by another run nor by a sweep', async () => {
    using folder = testFolder()
    const runs = [startRun({ folder: folder.path }), startRun({ folder: folder.path })]
    await Promise.all(runs.map((run) => untilEvent(run, 'the first boot', begins('first-boot'))))
    const swept = await command(folder.path, ['sweep'])
    expect(swept.code, swept.output).toBe(0)
    for (const run of runs) expect(swept.output).toContain(`run ${runId(run)} still goes on; it was left alone`)
    // One is told to stop: the other must not notice.
    runs[0]?.child.kill('SIGINT')
    const [stopped, other] = await Promise.all(runs.map((run) => run.ended))
    expect(stopped?.code).toBe(130)
    expect(other?.cell, other?.stderr).toMatchObject({ status: 'pass' })
    expect(other?.code).toBe(0)
    for (const run of runs) expect(await leftOf(run)).toEqual([])
  })
})

const runId = (run: HarnessRun) => run.dir().split('/').at(-1) ?? ''
