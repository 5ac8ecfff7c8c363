import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runHost } from '../../../src/core/subprocess.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { begins, command, leftOf, startRun, testFolder, untilEvent } from './harness-run.ts'

const skip = (await whyNoLxd()) ?? (process.getuid?.() === 0 ? undefined : 'mounting needs root: sudo -E npm test')

describe.skipIf(skip)(`a full disk${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('under the reports ends the run with what there is so far', async () => {
    using folder = testFolder()
    const reports = join(folder.path, 'tiny')
    await using _ = await tinyDisk(reports, '1m')
    const axes = { platform: ['lxd'], image: [image], 'instance-type': ['default', 'c1m1024', 'c2m1024'] }
    const run = startRun({ folder: folder.path, reports, matrix: { axes, concurrency: 1 } })
    await untilEvent(run, 'the first boot', begins('first-boot'))
    fill(join(reports, 'filler'))
    const ended = await run.ended
    expect(ended.code, ended.stderr).toBe(3)
    expect(ended.stderr).toMatch(
      /the run was ended early: .*events\.jsonl cannot be written: ENOSPC.*\n +free some space/,
    )
    expect(ended.stderr).not.toMatch(/bug|Unhandled|at .*\.ts:\d/)
    // Nothing stays in LXD, however many cells had begun when the disk was full.
    expect(await leftOf(ended)).toEqual([])
    rmSync(join(reports, 'filler'))
    const lines = readFileSync(join(ended.dir, 'events.jsonl'), 'utf8').split('\n')
    expect(lines.length).toBeGreaterThan(3)
    const report = await command(folder.path, ['report', ended.dir])
    expect(report.code, report.output).toBe(0)
    expect(readFileSync(join(ended.dir, 'index.html'), 'utf8')).toContain(image)
  })

  test('under the logs of a cell leaves a verdict about the host, not about the image', async () => {
    using folder = testFolder()
    const reports = join(folder.path, 'tiny')
    await using _ = await tinyDisk(reports, '1m')
    // The facts of the first boot alone need more than is left.
    const run = startRun({ folder: folder.path, reports, matrix: { suites: ['policy'] } })
    await untilEvent(run, 'the first boot', begins('first-boot'))
    fill(join(reports, 'filler'), 96 * 1024)
    const ended = await run.ended
    expect(ended.code, ended.stdout + ended.stderr).toBe(3)
    expect(ended.stdout + ended.stderr).toMatch(/ENOSPC/)
    expect(ended.stderr).not.toMatch(/bug|Unhandled|at .*\.ts:\d/)
    expect(await leftOf(ended)).toEqual([])
  })
})

async function tinyDisk(path: string, size: string): Promise<AsyncDisposable> {
  mkdirSync(path, { recursive: true })
  await runHost(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { deadlineMs: 10_000 })
  return {
    [Symbol.asyncDispose]: async () => void (await runHost(['umount', '--lazy', path], { deadlineMs: 10_000 })),
  }
}

/** Leaves `free` bytes of the disk. */
function fill(path: string, free = 0): void {
  let bytes = 0
  try {
    for (;;) {
      writeFileSync(path, Buffer.alloc(4096), { flag: 'a' })
      bytes += 4096
    }
  } catch {
    if (free > 0) writeFileSync(path, Buffer.alloc(Math.max(0, bytes - free)))
  }
}
