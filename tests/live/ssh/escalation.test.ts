import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HarnessError } from '../../../src/core/errors.ts'
import { Account } from '../../../src/instance/account.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import { Line } from '../../../src/instance/line.ts'
import { connectSsh2 } from '../../../src/instance/transport/ssh2.ts'
import { loadPlatform, openPlatform } from '../../../src/platforms/open-platform.ts'
import type { Session } from '../../../src/platforms/session.ts'

const noLxd = await whyNot()

/** Root by way of a login user, on a real Debian: what goes wrong under sudo goes wrong silently. */
describe.skipIf(noLxd)(`root over SSH by sudo${noLxd ? ` (skipped: ${noLxd})` : ''}`, () => {
  let session: Session
  let instance: Instance
  let login: Account
  let root: Account
  beforeAll(async () => {
    session = await openPlatform('lxd', {})
    instance = await session.launch({ image: process.env.HARNESS_TEST_IMAGE ?? 'debian-13' })
    await instance.waitUntilReady()
    await instance.root.sh`id tester 2>/dev/null || useradd -m -s /bin/bash tester`
    await instance.root.writeFile('/etc/sudoers.d/tester', 'tester ALL=(ALL) NOPASSWD:ALL\n', { mode: 0o440 })
    await instance.root.writeFile('/home/tester/.ssh/authorized_keys', `${session.identity.publicKey}\n`, {
      mode: 0o644,
      makeDirs: true,
    })
    const [host, hostKeys] = [(await instance.ipv4()) ?? '', await instance.hostKeys()]
    const line = new Line((opening) =>
      connectSsh2({ host, user: 'tester', privateKey: session.identity.privateKey, hostKeys, ...opening }),
    )
    login = new Account(line, 'login')
    root = new Account(line, 'root')
  })
  afterAll(async () => {
    await login?.line.drop()
    await instance?.destroy()
    await session?.close()
  })

  test('the login is the user and root is found once', async () => {
    expect(await login.sh`id -un`).toBe('tester')
    expect(await root.sh`id -un`).toBe('root')
    expect(await root.escalation({ deadlineMs: 10_000 })).toBe('sudo')
  })

  test('a redirection runs with the rights of the command', async () => {
    const id = randomBytes(16).toString('hex')
    await root.sh`echo ${id} > /etc/machine-id`
    expect(await instance.root.readFile('/etc/machine-id')).toBe(`${id}\n`)
    await expect(login.sh`echo x > /etc/machine-id`).rejects.toThrow(/Permission denied/i)
  })

  test('an environment assignment reaches a root command and is not taken for a program', async () => {
    expect(
      (await root.run('printf %s "$DEBIAN_FRONTEND"', { env: { DEBIAN_FRONTEND: 'noninteractive' } })).stdout,
    ).toBe('noninteractive')
  })

  test('files are written with owner and mode, and read, as root', async () => {
    await root.writeFile('/root/deep/private', 'kept', { mode: 0o600, owner: 'root', group: 'adm', makeDirs: true })
    expect(await root.sh`stat -c '%a %U:%G' /root/deep/private`).toBe('600 root:adm')
    expect(await root.readFile('/root/deep/private')).toBe('kept')
    await expect(login.readFile('/root/deep/private')).rejects.toThrow(/Permission denied/i)
  })

  test('the deadline kills a command that runs as root', async () => {
    await expect(
      root.run('echo $$ > /root/pid; trap "" TERM HUP; sleep 300; sleep 301', { deadline: '2 seconds' }),
    ).rejects.toMatchObject({ reason: 'timeout' })
    const alive = await instance.root
      .probe`pid=$(cat /root/pid); kill -0 $pid 2>/dev/null && echo alive; pgrep -x sleep`
    expect(alive.stdout).toBe('')
  })

  test('a command runs as another user', async () => {
    expect((await instance.run('id -un; pwd', { user: 'tester', cwd: '/tmp' })).stdout).toBe('tester\n/tmp\n')
  })

  test('a password is never waited for', async () => {
    await instance.root.sh`rm /etc/sudoers.d/tester`
    const line = new Line((opening) => login.line.transport(opening))
    await expect(new Account(line, 'root').sh`id`).rejects.toMatchObject({ name: 'UnsupportedError' })
  })
})

async function whyNot(): Promise<string | undefined> {
  try {
    const missing = (await (await loadPlatform('lxd')).doctor({})).find((prerequisite) => !prerequisite.ok)
    return missing && `${missing.detail}: ${missing.fix ?? 'run harness doctor'}`
  } catch (error) {
    return error instanceof HarnessError ? `${error.message}: ${error.hint ?? 'run harness doctor'}` : String(error)
  }
}
