import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { askDaemon, openClient } from '../../../src/setup/daemon.ts'
import { lxdSettings, planSetup, runSetup, teardownSetup } from '../../../src/setup/index.ts'
import { findDaemon } from '../../../src/setup/packages.ts'
import { remains } from '../../../src/setup/teardown.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { whyNoTool } from '../agent/tools.ts'
import { image } from '../lxd/open-lxd.ts'
import { openRemote } from './remote.ts'

const able = process.getuid?.() === 0 && findDaemon() !== undefined
const noOpenssl = await whyNoTool({ openssl: 'openssl' })

const listOf = async (options: object) => {
  await using session = await openPlatform('lxd', options)
  return await session.list()
}

describe.skipIf(!able)('a private LXD (needs root and LXD: sudo ./harness setup)', () => {
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  let parent: string
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    parent = await mkdtemp('/var/lib/harness-test-')
    await chmod(parent, 0o711)
    const dir = join(parent, 'lxd')
    env = { HARNESS_LXD_DIR: dir, HARNESS_LXD_BRIDGE: `hat${process.pid % 10_000}` }
  })
  afterAll(async () => {
    await teardownSetup({ env, onLine })
    await rm(parent, { recursive: true, force: true })
  })

  const steps = async () =>
    (await planSetup({ env, private: true })).steps.map(({ id }) => id).filter((id) => id !== 'limits')
  const own = () => openClient(lxdSettings(env).socket)
  const pid = async () => (await askDaemon(lxdSettings(env).socket))?.environment?.server_pid ?? 0

  test('is planned without touching anything, with reasons and commands', async () => {
    const plan = await planSetup({ env, private: true })
    expect(plan.steps.map(({ id }) => id)).toEqual(expect.arrayContaining(['daemon', 'configure']))
    for (const step of plan.steps) expect(step.commands.length * step.reason.length).toBeGreaterThan(0)
    expect(existsSync(lxdSettings(env).dir)).toBe(false)
  })

  test('goes up from a half-made directory, and a second setup has nothing to do', async () => {
    const settings = lxdSettings(env)
    await mkdir(join(settings.dir, 'disks'), { recursive: true })
    const { steps: all } = await planSetup({ env, private: true })
    await runSetup({ steps: all, socket: settings.socket, existing: false }, { onLine })
    expect(lines.join('\n')).toMatch(/storage pool default: (?:btrfs|dir)/)
    expect(lines.join('\n')).toMatch(/network hat\d+: 10\.\d+\.\d+\.1\/24/)
    expect(await planSetup({ env, private: true })).toMatchObject({
      steps: [],
      socket: settings.socket,
      existing: false,
    })
    const client = own()
    const server = await client.get<{ config: Record<string, string> }>('/1.0')
    client.close()
    expect(server.config['images.auto_update_interval']).toBe('0')
  })

  test.skipIf(noOpenssl)(
    `serves https to a client whose certificate it knows${noOpenssl ? ` (skipped: ${noOpenssl})` : ''}`,
    async () => {
      const remote = await openRemote(lxdSettings(env), join(parent, 'certificates'))
      await using session = await openPlatform('lxd', remote.options)
      {
        await using instance = await session.launch({ image })
        const report = await instance.waitUntilReady()
        expect(report.bootId).toMatch(/^[0-9a-f-]{36}$/)
        expect(await instance.root.sh`id -un`).toBe('root')
        const bytes = randomBytes(3_000_000)
        await instance.root.writeFile('/root/bytes', bytes)
        expect(Buffer.compare(await instance.root.readBytes('/root/bytes'), bytes)).toBe(0)
        expect((await instance.root.probe`exit 7`).exitCode).toBe(7)
        expect(await instance.consoleLog()).not.toBe('')
      }
      expect(await session.list()).toEqual([])
      const other = { ...remote.options, serverCert: remote.foreignCert }
      await expect(listOf(other)).rejects.toThrow(/certificate/i)
      const stranger = { ...remote.options, clientCert: remote.foreignCert, clientKey: remote.foreignKey }
      await expect(listOf(stranger)).rejects.toMatchObject({ kind: 'auth' })
    },
  )

  test('is started again after it was killed, with its pool and network', async () => {
    const before = await pid()
    process.kill(before, 'SIGKILL')
    await waitUntil({ what: 'the daemon to be gone', deadlineMs: 10_000 }, async () =>
      (await pid()) === 0 ? { done: true, value: undefined } : { done: false, saw: 'it answers' },
    )
    expect(await steps()).toEqual(expect.arrayContaining(['daemon']))
    await runSetup(await planSetup({ env, private: true }), { onLine })
    expect(await pid()).not.toBe(before)
    expect(await steps()).toEqual([])
  })

  test('is taken away while dead, with everything it made, and taking away twice is fine', async () => {
    const settings = lxdSettings(env)
    process.kill(await pid(), 'SIGKILL')
    expect(remains(settings)).not.toEqual([])
    await teardownSetup({ env, onLine })
    expect(remains(settings)).toEqual([])
    expect(existsSync(settings.dir)).toBe(false)
    const rules = await probeHost(['nft', 'list', 'ruleset'], { deadlineMs: 20_000 })
    expect(rules.stdout).not.toContain(settings.bridge)
    await teardownSetup({ env, onLine })
  })
})
