import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { askDaemon, openClient } from '../../../src/setup/daemon.ts'
import { lxdSettings, planSetup, runSetup, teardownSetup } from '../../../src/setup/index.ts'
import { findDaemon } from '../../../src/setup/packages.ts'
import { remains } from '../../../src/setup/teardown.ts'
import { image } from '../lxd/open-lxd.ts'
import { begins, command, evidenceOf, leftOf, startRun, testFolder, untilEvent } from './harness-run.ts'

const able = process.getuid?.() === 0 && findDaemon() !== undefined

describe.skipIf(!able)('a daemon of its own (needs root and LXD: sudo ./harness setup)', () => {
  const lines: string[] = []
  const onLine = (line: string) => void lines.push(line)
  let parent: string
  let env: Record<string, string>
  let matrix: Record<string, unknown>
  const socket = () => lxdSettings(env).socket

  beforeAll(async () => {
    parent = await mkdtemp('/var/lib/harness-test-')
    // The root of an unprivileged container is nobody on the host, and must get to its files.
    await chmod(parent, 0o711)
    env = { HARNESS_LXD_DIR: join(parent, 'lxd'), HARNESS_LXD_BRIDGE: `hah${process.pid % 10_000}` }
    await runSetup(await planSetup({ env, private: true }), { onLine })
    await using session = await openPlatformNamed('lxd', { socket: socket() })
    await session.resolveImage(image)
    matrix = { platforms: { lxd: { options: { socket: socket() } } } }
  })
  afterAll(async () => {
    await teardownSetup({ env, onLine })
    await rm(parent, { recursive: true, force: true })
    expect(remains(lxdSettings(env))).toEqual([])
  })

  test(
    'that dies in the middle of a boot ends the run, and a sweep cleans up when it is back',
    { timeout: 600_000 },
    async () => {
      using folder = testFolder()
      const run = startRun({
        folder: folder.path,
        matrix: { ...matrix, timeouts: { boot: '40 seconds', cleanup: '20 seconds' } },
      })
      await untilEvent(run, 'the first boot', begins('first-boot'))
      process.kill((await askDaemon(socket()))?.environment?.server_pid ?? 0, 'SIGKILL')
      const ended = await run.ended
      expect(ended.cell, ended.stderr).toMatchObject({ status: 'miss' })
      expect(ended.cell?.reason).toMatch(/LXD at .*unix\.socket does not answer|no line to|broke/)
      expect(ended.of('leaked').map(({ resource }) => resource)).toEqual([expect.stringMatching(/^machine h-/)])
      expect(ended.code).toBe(4)
      expect(ended.stdout).toContain('harness sweep')
      const early = await command(folder.path, ['sweep'], env)
      expect(early).toMatchObject({ code: 4, output: expect.stringMatching(/cannot be asked/) })
      await runSetup(await planSetup({ env, private: true }), { onLine })
      expect(await leftOf(ended, { socket: socket() })).not.toEqual([])
      const swept = await command(folder.path, ['sweep'], env)
      expect(swept.code, swept.output).toBe(0)
      expect(await leftOf(ended, { socket: socket() })).toEqual([])
      expect((await command(folder.path, ['sweep'], env)).output).toContain('nothing was left behind')
    },
  )

  test('a guest whose disk is full is told apart from a host that is', { timeout: 600_000 }, async () => {
    using folder = testFolder()
    const client = openClient(socket())
    const root = { type: 'disk', path: '/', pool: 'default', size: '1GiB' }
    const eth0 = { type: 'nic', name: 'eth0', network: lxdSettings(env).bridge }
    await client.call('POST', '/1.0/profiles', { json: { name: 'small', devices: { root, eth0 } } })
    client.close()
    const fill = 'sh -c "dd if=/dev/zero of=/var/filler bs=64k; echo DISK-FULL > /dev/console; true"'
    const run = await startRun({
      folder: folder.path,
      userData: `#cloud-config\nruncmd:\n  - ${JSON.stringify(fill)}\n`,
      matrix: {
        platforms: { lxd: { options: { socket: socket(), profiles: ['small'] } } },
        suites: ['policy'],
        timeouts: { boot: '60 seconds', check: '20 seconds', cleanup: '30 seconds' },
      },
    }).ended
    // The guest may or may not come through its reboot; either way there is a verdict, its logs, and nothing of a bug.
    expect(['fail', 'miss'], JSON.stringify(run.cell)).toContain(run.cell?.status)
    expect([1, 3]).toContain(run.code)
    expect(evidenceOf(run).logs, JSON.stringify(run.cell)).toEqual(
      expect.arrayContaining(['console.txt', 'collected.txt']),
    )
    expect(JSON.stringify(run.of('step-ended')) + run.cell?.reason).not.toContain('"blame":"harness"')
    expect(await leftOf(run, { socket: socket() })).toEqual([])
  })
})
