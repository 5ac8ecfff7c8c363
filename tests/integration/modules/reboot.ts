import { regression } from '../../../src/testing/index.ts'
import type { Instance } from '../../../src/testing/index.ts'
import { cross, survived } from '../probes/crossing.ts'

/** The one reboot of the instance with user-data: persistence and frequencies are judged after it. */
export function guestReboot(instance: Instance, signal: AbortSignal) {
  return cross(instance, 'guest', { via: 'guest', signal, prepare: () => Promise.resolve(undefined) })
}

regression(
  'reg-reboot-guest',
  {
    title: 'a reboot from inside comes back by itself',
    because: 'updates end with it; compare boot ids, because the uptime of a container is the host',
    source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests (TestGuestRebootOnHost)',
    severity: 'blocker',
    instance: 'own',
    group: 'modules',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    fix: 'read the console: shutdown hung on a service, or the boot after it did',
  },
  async ({ instance, expect, signal, measure }) => {
    const { before, after, durationMs } = await guestReboot(instance, signal)
    measure({ name: 'reboot from inside', value: Math.round(durationMs), unit: 'ms' })
    expect(after.bootId, 'boot id after the reboot').not.toBe(before.bootId)
    expect(await instance.bootId(), 'no second reboot followed').toBe(after.bootId)
  },
)

regression(
  'reg-iid-stable',
  {
    title: 'instance id, host keys, machine id and hostname survive a reboot',
    because: 'an instance that takes itself for a new one after a reboot locks its users out by new host keys',
    source: 'https://docs.cloud-init.io/en/latest/explanation/first_boot.html',
    severity: 'blocker',
    instance: 'own',
    group: 'modules',
    disruptive: true,
    timeoutMs: 240_000,
    applies: { capabilities: ['reboot'] },
    fix: 'something rewrites the identity on each boot: look for units and scripts that touch the files named',
  },
  async ({ instance, expect, signal, skip }) => {
    const { before, after } = await survived(guestReboot(instance, signal), skip)
    const { bootId: _before, ...identityBefore } = before
    const { bootId: _after, ...identityAfter } = after
    expect(identityAfter).toEqual(identityBefore)
  },
)

regression(
  'reg-iid-clone',
  {
    title: 'an instance launched from the captured image is a new one',
    because:
      'clones with one instance id or host key are one machine to every cluster, key store and man in the middle',
    source:
      'https://docs.cloud-init.io/en/latest/explanation/first_boot.html and https://github.com/libguestfs/libguestfs/issues/119',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    applies: { capabilities: ['snapshot'] },
    fix: 'run `cloud-init clean` before capturing; never ship manual_cache_clean: true',
  },
  async ({ instance, expect, facts }) => {
    const machineId = (await instance.sh`cat /etc/machine-id`).trim()
    expect(machineId, 'machine id').toMatch(/^[0-9a-f]{32}$/)
    expect(machineId, 'machine id of the instance it was captured from').not.toBe(facts.machineId.value)
    const instanceId = await instance.root.sh`cat /var/lib/cloud/data/instance-id`
    expect(instanceId, 'instance id of the instance it was captured from').not.toBe(facts.cloudInit.instanceId)
    const captured = facts.hostKeys.map((key) => key.fingerprint).filter((fingerprint) => fingerprint !== undefined)
    expect(captured, 'host keys of the instance it was captured from').not.toEqual([])
    const listed = await instance.sh`for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done`
    const own = listed.split('\n').map((line) => line.split(' ')[1] ?? '')
    expect(
      own.filter((fingerprint) => fingerprint.startsWith('SHA256:')),
      'its own host keys',
    ).not.toEqual([])
    expect(
      own.filter((fingerprint) => captured.includes(fingerprint)),
      'host keys both have',
    ).toEqual([])
  },
)
