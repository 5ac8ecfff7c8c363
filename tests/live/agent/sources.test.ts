import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAgent } from '../../../src/instance/agent/agents.ts'
import { upgradeAgent } from '../../../src/instance/agent/upgrade.ts'
import { CommandError } from '../../../src/instance/command-error.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'
import { testFolder } from '../../unit/runner/fake-run.ts'
import { image, whyNoLxd } from '../lxd/open-lxd.ts'
import { hostBeside, makeKey, makeRepository, repack, serve } from './flat-repository.ts'
import { whyNoTool } from './tools.ts'

const skip =
  (await whyNoLxd()) ?? (await whyNoTool({ gpg: 'gnupg', 'dpkg-deb': 'dpkg', 'dpkg-scanpackages': 'dpkg-dev' }))

/** One container; each source brings the next version. */
describe.skipIf(skip)(`where an agent comes from${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const agent = findAgent('cloud-init')
  const folder = testFolder()
  let session: Session
  let instance: Instance
  let released: string
  let deb: string
  beforeAll(async () => {
    session = await openPlatform('lxd', {})
    instance = await session.launch({ image })
    await instance.waitUntilReady()
    released = (await instance.packages.version('cloud-init')) ?? ''
    await instance.root.sh`apt-get update && cd /root && apt-get download cloud-init && mv cloud-init_*.deb agent.deb`
    deb = join(folder.path, 'agent.deb')
    await instance.root.pull('/root/agent.deb', deb)
  })
  afterAll(async () => {
    await instance?.destroy()
    await session?.close()
    folder[Symbol.dispose]()
  })

  test('a package file', async () => {
    const version = `${released}+test1`
    const result = await upgradeAgent(instance, agent, {
      kind: 'package',
      path: repack(deb, folder.path, version),
    })
    expect(result).toMatchObject({ from: released, to: version, changed: true, others: [] })
    expect(await instance.root.sh`cloud-init --version`).toMatch(/^\S*cloud-init \d+/)
  })

  test('a package file that is none is the blame of neither the image nor the archive', async () => {
    const path = join(folder.path, 'no.deb')
    await instance.root.writeFile('/root/no.deb', 'this is no package')
    await instance.root.pull('/root/no.deb', path)
    await expect(upgradeAgent(instance, agent, { kind: 'package', path })).rejects.toThrow(CommandError)
    await expect(upgradeAgent(instance, agent, { kind: 'package', path: '/nowhere/x.deb' })).rejects.toThrow(
      /\/nowhere\/x\.deb/,
    )
  })

  test('a repository that another key signed', async () => {
    const [good, bad] = [makeKey(folder.path, 'good'), makeKey(folder.path, 'bad')]
    const served = makeRepository(join(folder.path, 'bad-archive'), repack(deb, folder.path, `${released}+test9`), bad)
    const host = hostBeside((await instance.ipv4()) ?? '')
    await using server = await serve(served, host)
    const line = `deb http://${host}:${server.port} ./`
    const refused = upgradeAgent(instance, agent, { kind: 'repository', line, key: good.publicKey })
    await expect(refused).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(/sign|key/i) })
    expect(await instance.packages.version('cloud-init')).toBe(`${released}+test1`)
  })

  test('a repository and its key', async () => {
    const version = `${released}+test2`
    const key = makeKey(folder.path, 'own')
    const served = makeRepository(join(folder.path, 'archive'), repack(deb, folder.path, version), key)
    const host = hostBeside((await instance.ipv4()) ?? '')
    await using server = await serve(served, host)
    const line = `deb http://${host}:${server.port} ./`
    const result = await upgradeAgent(instance, agent, { kind: 'repository', line, key: key.publicKey })
    expect(result).toMatchObject({ from: `${released}+test1`, to: version, changed: true })
  })

  test('a command, also one that goes back', async () => {
    await instance.root.sh`rm /etc/apt/sources.list.d/harness-agent.sources`
    const command = `apt-get update && apt-get install -y --allow-downgrades cloud-init=${released}`
    const result = await upgradeAgent(instance, agent, { kind: 'command', command })
    expect(result).toMatchObject({ from: `${released}+test2`, to: released, changed: true })
    expect(result.log).toContain(`cloud-init (${released})`)
  })

  test('a command that fails is told with what it printed', async () => {
    const failing = upgradeAgent(instance, agent, { kind: 'command', command: 'echo no such thing >&2; exit 3' })
    await expect(failing).rejects.toMatchObject({ exitCode: 3, stderr: expect.stringContaining('no such thing') })
  })

  test('nothing newer is told as nothing changed', async () => {
    const result = await upgradeAgent(instance, agent, { kind: 'release' })
    expect(result).toMatchObject({ from: released, to: released, changed: false })
  })
})
