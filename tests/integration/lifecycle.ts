import { regression } from '../../src/testing/index.ts'
import type { Instance } from '../../src/testing/index.ts'
import { cross, survived } from './probes/crossing.ts'
import { readState } from './probes/state.ts'
import type { SystemState } from './probes/state.ts'

const SEED = '/var/lib/cloud/seed/nocloud-net/meta-data'
const MARKER = '/var/lib/harness-marker'

interface Noted {
  /** The instance id the seed was given, or undefined where there is no seed to edit. */
  newId: string | undefined
  state: SystemState
  marker: string
}

/** One reboot by the platform, with a new instance id at the datasource where that can be had: three checks look at it. */
function newInstanceId(instance: Instance, signal: AbortSignal) {
  return cross<Noted>(instance, 'new-instance-id', {
    via: 'platform',
    signal,
    prepare: async () => {
      const state = await readState(instance)
      const marker = `written before the reboot of ${await instance.bootId()}`
      await instance.root.writeFile(MARKER, marker)
      await instance.root.sh`sync`
      const seed = await instance.root.probe`cat ${SEED}`
      const match = /^instance-id: *(\S+)/m.exec(seed.stdout)
      if (!seed.ok || !match) return { newId: undefined, state, marker }
      const newId = `${match[1]}-again`
      await instance.root.writeFile(SEED, seed.stdout.replace(match[0], `instance-id: ${newId}`))
      return { newId, state, marker }
    },
  })
}

regression(
  'reg-reboot-platform',
  {
    title: 'a reboot by the platform comes back by itself, with its data',
    because: 'providers reboot instances for maintenance, and nobody is there to press a key',
    source: 'https://github.com/microsoft/lisa (verify_reboot_in_platform)',
    severity: 'blocker',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    fix: 'read the console: the boot waited for a disk, a prompt or a network',
  },
  async ({ instance, expect, signal, measure }) => {
    const { before, after, noted, durationMs } = await newInstanceId(instance, signal)
    measure({ name: 'reboot by the platform', value: Math.round(durationMs), unit: 'ms' })
    expect(after.bootId, 'boot id after the reboot').not.toBe(before.bootId)
    expect(await instance.root.readFile(MARKER), 'file written before the reboot').toBe(noted.marker)
    const leftover =
      await instance.sh`[ "$(cat /proc/sys/kernel/random/boot_id)" = ${after.bootId} ] && echo same || echo rebooted`
    expect(leftover, 'no second reboot followed').toBe('same')
  },
)

regression(
  'reg-iid-change',
  {
    title: 'a new instance id makes cloud-init run its per-instance modules again, with new host keys',
    because: 'an image taken from a running instance must not share its identity with it',
    source: 'https://docs.cloud-init.io/en/latest/explanation/first_boot.html',
    severity: 'blocker',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    fix: 'manual_cache_clean must not be true, and ssh_deletekeys not false',
  },
  async ({ instance, expect, signal, skip }) => {
    const { before, after, noted } = await survived(newInstanceId(instance, signal), skip)
    if (noted.newId === undefined) skip('the instance id of this datasource cannot be changed from inside')
    expect(after.instanceId, 'instance id').toBe(noted.newId)
    expect(await instance.root.exists(`/var/lib/cloud/instances/${noted.newId}`), 'folder of the new instance').toBe(
      true,
    )
    expect(after.hostKeys, 'new host keys').not.toEqual([])
    expect(
      after.hostKeys.filter((key) => before.hostKeys.includes(key)),
      'host keys that stayed',
    ).toEqual([])
  },
)

regression(
  'reg-rerun-idempotent',
  {
    title: 'running the per-instance modules a second time changes nothing but identity',
    because: 'lines added to fstab, sudoers or the archive list on every run break the instance that is imaged twice',
    source:
      'https://docs.cloud-init.io/en/latest/explanation/events.html and the cloud-init summit notes of August 2023',
    severity: 'major',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    fix: 'the module that owns the file named adds instead of replacing',
  },
  async ({ instance, expect, signal, skip }) => {
    const { noted } = await survived(newInstanceId(instance, signal), skip)
    if (noted.newId === undefined) skip('the instance id of this datasource cannot be changed from inside')
    const now = await readState(instance)
    const changed = [...new Set([...noted.state.files.keys(), ...now.files.keys()])]
      .filter(
        (path) =>
          noted.state.files.get(path) !== now.files.get(path) && !IDENTITY.some((pattern) => pattern.test(path)),
      )
      .sort()
    expect(changed, 'files in /etc that changed').toEqual([])
    expect(now.accounts, 'accounts and groups').toEqual(noted.state.accounts)
  },
)

/** What may differ, because it is the identity of an instance, or a cache made from other files. */
const IDENTITY: readonly RegExp[] = [
  /^\/etc\/ssh\/ssh_host_/,
  /^\/etc\/(?:hostname|machine-id|\.updated|ld\.so\.cache|mtab|adjtime|resolv\.conf)$/,
  /^\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-$/,
]
