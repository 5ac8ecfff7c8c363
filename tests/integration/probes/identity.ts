import type { Instance } from '../../../src/testing/index.ts'

/** What makes an instance this one and not another. */
export interface Identity {
  bootId: string
  instanceId: string
  machineId: string
  hostname: string
  /** Public host keys, sorted. */
  hostKeys: string[]
}

/** Reads everything in one round trip. Fails when a part is missing: two missing ids would be equal. */
export async function readIdentity(instance: Instance): Promise<Identity> {
  const text = await instance.root.sh`set -e
    echo "boot $(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime)"
    echo "instance $(cat /var/lib/cloud/data/instance-id)"
    echo "machine $(cat /etc/machine-id /etc/hostid 2>/dev/null | head -n 1)"
    echo "hostname $(hostname)"
    for key in /etc/ssh/ssh_host_*_key.pub; do cut -d ' ' -f 1,2 "$key" | sed 's/^/key /'; done`
  const lines = text.split('\n')
  const value = (name: string): string => {
    const found = lines
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1)
      .trim()
    if (!found) throw new Error(`the instance has no ${name} id or name`)
    return found
  }
  return {
    bootId: value('boot'),
    instanceId: value('instance'),
    machineId: value('machine'),
    hostname: value('hostname'),
    hostKeys: lines
      .filter((line) => line.startsWith('key '))
      .map((line) => line.slice(4))
      .sort(),
  }
}
