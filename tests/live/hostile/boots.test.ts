import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildImage, buildOverlay } from '../../../src/images/index.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { command, evidenceOf, leftOf, startRun, testFolder } from './harness-run.ts'

const skip = await whyNoLxd()

describe.skipIf(skip)(`a container that does not boot${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('whose init only sleeps', async () => {
    using folder = testFolder()
    const asleep = await buildOverlay(await buildImage(image), {
      name: 'hostile-asleep',
      description: 'its init starts nothing',
      edits: [
        'rm -f "$tree/usr/sbin/init"',
        'printf \'#!/bin/sh\\nwhile :; do sleep 3600; done\\n\' > "$tree/usr/sbin/init"',
        'chmod 755 "$tree/usr/sbin/init"',
      ],
    })
    const run = await startRun({ folder: folder.path, image: asleep.name, ...quick }).ended
    expect(run.cell, run.stderr).toMatchObject({ status: 'miss', boots: 1 })
    expect(run.cell?.reason).toMatch(/gave up waiting for .* after 2\d(\.\d)? s; saw .*(cloud-init|status|init)/)
    expect(run.code).toBe(3)
    expect(evidenceOf(run).logs).toContain('collected.txt')
    expect(await leftOf(run)).toEqual([])
  })

  test('that has no init', async () => {
    using folder = testFolder()
    const empty = await buildOverlay(await buildImage(image), {
      name: 'hostile-no-init',
      description: 'there is nothing to start',
      edits: ['rm -f "$tree/usr/sbin/init"'],
    })
    const run = await startRun({ folder: folder.path, image: empty.name, ...quick }).ended
    expect(run.cell, JSON.stringify(run.cell)).toMatchObject({ status: 'fail' })
    expect(run.cell?.reason).toMatch(/has no init that can be run/)
    expect(run.cell?.error?.evidence).toMatch(/Failed to exec/)
    expect(run.code).toBe(1)
    expect(await leftOf(run)).toEqual([])
  })

  test('whose agent never finishes, and is kept for a look', async () => {
    using folder = testFolder()
    const userData = '#cloud-config\nbootcmd: [[sh, -c, "echo HANGS-HERE > /dev/console; exec sleep infinity"]]\n'
    const run = await startRun({ folder: folder.path, userData, ...quick, args: ['--keep', 'failed'] }).ended
    expect(run.cell, run.stderr).toMatchObject({ status: 'miss', boots: 1 })
    expect(run.cell?.reason).toMatch(
      /gave up waiting for .* to finish booting after .*; saw .*systemd (?:starting|initializing)/,
    )
    expect(run.cell?.error?.evidence).toContain('HANGS-HERE')
    expect(run.code).toBe(3)
    expect(evidenceOf(run).logs).toEqual(expect.arrayContaining(['console.txt', 'journal.txt']))
    const [kept = ''] = await leftOf(run)
    const runId = run.dir.split('/').at(-1) ?? ''
    const [, attach = ''] = /`harness (shell --attach lxd:\S+)`/.exec(run.stdout) ?? []
    expect(kept).toBe(`machine ${attach.split('lxd:').at(-1)}`)
    expect(run.stdout).toContain(`harness sweep --run ${runId}`)
    const shell = await command(folder.path, [...attach.split(' '), '--', 'echo', 'still', 'here'])
    expect(shell).toMatchObject({ code: 0, output: 'still here\n' })
    expect(await command(folder.path, ['sweep', '--run', runId])).toMatchObject({ code: 0 })
    expect(await leftOf(run)).toEqual([])
    expect(existsSync(join(folder.path, 'state', 'ledger', `${runId}.jsonl`))).toBe(false)
  })

  test('that reboots for ever', async () => {
    using folder = testFolder()
    const userData =
      '#cloud-config\nbootcmd: [[sh, -c, "echo AGAIN > /dev/console; systemctl reboot --force --force"]]\n'
    const run = await startRun({ folder: folder.path, userData, matrix: { timeouts: { boot: '80 seconds' } } }).ended
    // Boots too short for any command are seen by the platform.
    expect(run.cell?.reason).toMatch(/rebooted by itself [3-9] times before it was ready/)
    expect([run.cell?.status, run.code], JSON.stringify(run.cell)).toEqual(['fail', 1])
    expect(await leftOf(run)).toEqual([])
  })
})

const quick = { matrix: { timeouts: { boot: '25 seconds', check: '20 seconds', cleanup: '30 seconds' } } }
