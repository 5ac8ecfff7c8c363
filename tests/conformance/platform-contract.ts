import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandError } from '../../src/instance/command-error.ts'
import type { Instance, Snapshot } from '../../src/instance/instance.ts'
import type { Capability } from '../../src/instance/machine.ts'
import type { PlatformErrorKind } from '../../src/core/errors.ts'
import { pause } from '../../src/core/wait-until.ts'
import type { PlatformManifest } from '../../src/platforms/platform.ts'
import type { LaunchOptions, Session } from '../../src/platforms/session.ts'
import { NASTY } from './transport-contract.ts'

export interface Contract {
  manifest: PlatformManifest
  /** A session with a run id of its own. */
  open: () => Promise<Session>
  /** An image that boots to a ready machine with the programs of a usual distribution. */
  image: string
  /** How each kind of provider error can be had here. */
  errors?: Partial<Record<PlatformErrorKind, () => Promise<unknown>>>
  /** What every launch is given besides. */
  launch?: Partial<LaunchOptions>
  /** Each boot takes minutes: what can be shown with fewer of them is. */
  dear?: boolean
  /** Why the whole contract cannot run on this host, with the command that lifts it. */
  skip?: string | undefined
}

const leaveOut = () => undefined

/** What every platform must do. A part that needs a capability the platform does not declare is not asked of it. */
export function describePlatform(name: string, contract: Contract): void {
  const can = new Set<Capability>(contract.manifest.capabilities)
  const testIf = (title: string, capabilities: Capability[], body: () => Promise<void>) => {
    const define = capabilities.every((capability) => can.has(capability)) ? test : leaveOut
    define(title, body)
  }

  describe.skipIf(contract.skip)(`platform ${name}${contract.skip ? ` (skipped: ${contract.skip})` : ''}`, () => {
    let session: Session
    let instance: Instance
    let copying: ReturnType<typeof copyOf> | undefined
    const launch = (options: Partial<LaunchOptions> = {}) =>
      session.launch({ image: contract.image, ...contract.launch, ...options })
    const marked = () => `#cloud-config\n# harness-${randomBytes(4).toString('hex')}\n`

    async function taken() {
      await instance.root.writeFile('/var/tmp/in-snapshot', 'kept')
      return await instance.snapshot()
    }
    async function copyOf(snapshot: Snapshot) {
      const userData = contract.dear && can.has('user-data') ? marked() : undefined
      const machine = await launch({ image: snapshot.id, ...(userData === undefined ? {} : { userData }) })
      await machine.waitUntilReady()
      return { snapshot, machine, userData }
    }
    beforeAll(async () => {
      session = await contract.open()
      instance = await launch()
      await instance.waitUntilReady()
    })
    afterAll(async () => {
      const made = await copying?.catch(() => undefined)
      await made?.machine.destroy()
      await made?.snapshot.delete()
      await instance?.destroy()
      const left = await session?.list()
      await session?.close()
      expect(left ?? []).toEqual([])
    })

    test('a launched machine becomes ready, and says how', async () => {
      const report = await instance.waitUntilReady()
      expect(report.bootId).not.toBe('')
      expect(['running', 'degraded']).toContain(report.systemState)
      expect(await instance.state()).toBe('running')
    })

    test('exec carries exit code and both streams', async () => {
      const result = await instance.probe`echo out; echo err >&2; exit 7`
      expect([result.ok, result.exitCode, result.stdout, result.stderr]).toEqual([false, 7, 'out\n', 'err\n'])
    })

    test('sh throws a CommandError with the shape of a result', async () => {
      const error = await instance.sh`echo before; exit 3`.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(CommandError)
      expect(error).toMatchObject({ exitCode: 3, stdout: 'before\n', blame: 'image' })
    })

    test('quoting survives nasty strings', async () => {
      expect((await instance.sh`printf '%s\001' ${NASTY}`).split('\u0001').slice(0, -1)).toEqual(NASTY)
      expect((await instance.root.sh`printf '%s\001' ${NASTY}`).split('\u0001').slice(0, -1)).toEqual(NASTY)
    })

    test('root is root, redirections included', async () => {
      const path = `/etc/harness-${randomBytes(4).toString('hex')}`
      await instance.root.sh`echo privileged > ${path}`
      expect(await instance.root.sh`cat ${path}; stat -c %U ${path}; rm ${path}; id -u`).toBe('privileged\nroot\n0')
    })

    test('environment, folder and stdin reach the command', async () => {
      const result = await instance.run('printf "%s|" "$A"; pwd; cat', {
        env: { A: `it's "x"` },
        cwd: '/tmp',
        stdin: 'input',
      })
      expect(result.stdout).toBe(`it's "x"|/tmp\ninput`)
      expect((await instance.root.run('printf %s "$A"', { env: { A: 'as root' } })).stdout).toBe('as root')
    })

    test('a script gets its arguments and stdin', async () => {
      const result = await instance.script('#!/bin/sh\nfor a in "$@"; do printf "<%s>" "$a"; done; cat\nexit 4\n', {
        args: ['a b', `c'd`],
        stdin: 'in',
      })
      expect([result.stdout, result.exitCode]).toEqual([`<a b><c'd>in`, 4])
    })

    test('files round trip with bytes, mode and owner', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'conformance-'))
      const remote = `/var/tmp/harness-${randomBytes(4).toString('hex')}/deep/file`
      const bytes = randomBytes(70_000)
      try {
        await instance.root.writeFile(remote, bytes, { mode: 0o640, owner: 'root', group: 'root', makeDirs: true })
        expect(Buffer.from(await instance.root.readBytes(remote)).equals(bytes)).toBe(true)
        expect(await instance.root.sh`stat -c '%a %U:%G' ${remote}`).toBe('640 root:root')
        await instance.root.writeFile(remote, 'second')
        expect(await instance.root.sh`stat -c %a ${remote}; cat ${remote}`).toBe('640\nsecond')
        await instance.root.pull(remote, join(folder, 'pulled'))
        expect(await readFile(join(folder, 'pulled'), 'utf8')).toBe('second')
        const large = randomBytes(3_000_000)
        await writeFile(join(folder, 'large'), large)
        await instance.root.push(join(folder, 'large'), remote, { mode: 0o600 })
        await instance.root.pull(remote, join(folder, 'back'))
        expect((await readFile(join(folder, 'back'))).equals(large)).toBe(true)
        expect(await instance.root.sh`stat -c %a ${remote}; ls -A ${remote.slice(0, -5)}`).toBe('600\nfile')
      } finally {
        await instance.root.sh`rm -rf ${remote.slice(0, -10)}`
        await rm(folder, { recursive: true, force: true })
      }
    })

    test('a file whose transfer breaks off is as it was before', async () => {
      const remote = `/var/tmp/harness-${randomBytes(4).toString('hex')}`
      const bytes = randomBytes(60_000_000)
      await instance.root.writeFile(remote, 'before')
      const outcome = instance.root.writeFile(remote, bytes).then(
        () => bytes.length,
        () => 'before'.length,
      )
      await pause(100)
      await instance.root.line.drop()
      const expected = await outcome
      await pause(500)
      expect(await instance.root.sh`wc -c < ${remote}; rm ${remote}; ls /var/tmp/.harness-* 2>/dev/null || true`).toBe(
        String(expected),
      )
    })

    test('a command is killed at its deadline', async () => {
      await expect(instance.run('sleep 60', { deadline: '500 ms' })).rejects.toMatchObject({
        name: 'TransportError',
        reason: 'timeout',
      })
      expect(await instance.sh`echo alive`).toBe('alive')
    })

    testIf('reboot changes the boot id and keeps the host key', ['reboot'], async () => {
      const [bootId, keys] = [await instance.bootId(), await instance.hostKeys()]
      // Two processors boot two machines in the time of one.
      if (contract.dear && can.has('snapshot')) copying = copyOf(await taken())
      const report = await instance.reboot()
      expect(report.bootId).not.toBe(bootId)
      expect(await instance.hostKeys()).toEqual(keys)
      if (contract.dear) return
      const again = await instance.reboot({ via: 'platform' })
      expect(again.bootId).not.toBe(report.bootId)
    })

    testIf('stop and start give another boot', ['stop-start'], async () => {
      const bootId = await instance.bootId()
      await instance.stop()
      expect(await instance.state()).toBe('stopped')
      expect((await instance.start()).bootId).not.toBe(bootId)
    })

    testIf('the console is not empty', ['console'], async () => {
      expect((await instance.consoleLog()).length).toBeGreaterThan(0)
      expect((await instance.consoleLog()).length).toBeGreaterThan(0)
    })

    testIf('the machine has a global IPv4 address', ['extra-nic'], async () => {
      expect(await instance.ipv4()).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    })

    testIf('a snapshot can be launched and is gone when deleted', ['snapshot'], async () => {
      copying ??= copyOf(await taken())
      const { snapshot, machine: copy, userData } = await copying
      expect(await copy.root.readFile('/var/tmp/in-snapshot')).toBe('kept')
      if (userData !== undefined)
        expect(await copy.root.readFile('/var/lib/cloud/instance/user-data.txt')).toBe(userData)
      expect(copy.id).not.toBe(instance.id)
      await copy.destroy()
      await snapshot.delete()
      await snapshot.delete()
      expect(
        (await session.resources({ runId: session.owner.runId })).filter((resource) => resource.kind === 'snapshot'),
      ).toEqual([])
    })

    testIf('saved memory continues in a machine of its own', ['snapshot', 'warm-start'], async () => {
      const [bootId, mark] = [await instance.bootId(), `/run/harness-${randomBytes(4).toString('hex')}`]
      await instance.root.sh`echo memory > ${mark}`
      await using snapshot = await instance.snapshot(undefined, { memory: true })
      await using copy = await session.launch({ image: snapshot.id, warm: true })
      expect(await copy.sh`cat ${mark}`).toBe('memory')
      expect(await copy.bootId()).toBe(bootId)
      await copy.root.sh`rm ${mark}`
      expect(await instance.sh`cat ${mark}`).toBe('memory')
      await copy.destroy()
      await snapshot.delete()
    })

    // Where boots are dear, that of the snapshot shows it.
    const alone = contract.dear && can.has('snapshot') ? leaveOut : testIf
    alone('user-data is there', ['user-data'], async () => {
      const marker = `harness-${randomBytes(4).toString('hex')}`
      await using other = await launch({
        userData: `#cloud-config\n# ${marker}\nruncmd: [true]\n`,
      })
      await other.waitUntilReady()
      const found = await other.root
        .sh`cat /var/lib/cloud/instance/user-data.txt /var/lib/cloud/seed/user-data 2>/dev/null || true`
      expect(found).toContain(marker)
    })

    testIf('a disk and a network card can be added and removed', ['extra-disk', 'extra-nic'], async () => {
      const nic = await instance.addNic()
      await instance.removeNic(nic.id)
      const disk = await instance.addDisk({ sizeGiB: 1 })
      await instance.removeDisk(disk.id)
    })

    test('attach finds the machine by id and disposing it leaves the machine alone', async () => {
      {
        await using attached = await session.attach(instance.id)
        expect(await attached.sh`echo here`).toBe('here')
      }
      expect(await instance.sh`echo still here`).toBe('still here')
    })

    testIf('an abort in the middle of a launch leaves nothing', ['stop-start'], async () => {
      const before = await session.list()
      for (const afterMs of [0, 2, 300]) {
        const aborting = AbortSignal.timeout(afterMs)
        const outcome = await launch({ signal: aborting }).catch((error: unknown) => error)
        if (outcome instanceof Error) expect(outcome.name).toBe('CancelledError')
        else await (outcome as Instance).destroy()
      }
      expect(await session.list()).toEqual(before)
    })

    testIf('destroying twice is fine, and the list tells', ['stop-start'], async () => {
      const other = await launch()
      expect((await session.list()).map((resource) => resource.id)).toContain(other.id)
      await other.destroy()
      await other.destroy()
      expect((await session.list()).map((resource) => resource.id)).not.toContain(other.id)
      expect(await other.state()).toBe('gone')
    })

    test('disposing never rejects, even when the machine is gone', async () => {
      if (!can.has('stop-start')) return
      const other = await launch()
      await other.destroy()
      await other[Symbol.asyncDispose]()
    })

    test.each(Object.entries(contract.errors ?? {}))(
      'a provider error of kind %s keeps its cause',
      async (kind, provoke) => {
        const error = await provoke().then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).toMatchObject({ name: 'PlatformError', kind, blame: 'provider' })
        expect((error as Error).cause).toBeDefined()
      },
    )
  })
}
