import type { Instance } from '../../../src/testing/index.ts'

type Status = Awaited<ReturnType<Instance['waitForCloudInit']>>

const known = new Map<string, { of: string; status: Promise<Status> }>()

/** Status of cloud-init, asked once for each state of its files: the program takes most of a second of processor time. */
export async function cloudInitStatus(instance: Instance, signal: AbortSignal): Promise<Status> {
  const of = await instance.root
    .sh`cat /proc/sys/kernel/random/boot_id 2>/dev/null; stat -L -c '%y %s %i' /run/cloud-init/status.json /run/cloud-init/result.json 2>/dev/null; :`
  const cached = known.get(instance.id)
  if (cached?.of === of) return await cached.status
  const status = instance.waitForCloudInit({ deadline: '2 minutes', signal })
  known.set(instance.id, { of, status })
  status.catch(() => known.delete(instance.id))
  return await status
}

/** The boots that /var/log/cloud-init.log remembers. `clean --logs` makes it start at one. */
export async function bootsInLog(instance: Instance): Promise<number> {
  const log = await instance.root.run('grep -c "running \'init-local\'" /var/log/cloud-init.log')
  return Number(log.stdout.trim()) || 0
}

/** Both logs of cloud-init. Fails when the main one cannot be read: an unread log is not a clean log. */
export async function readLogs(instance: Instance): Promise<string> {
  const main = await instance.root.readFile('/var/log/cloud-init.log')
  const output = await instance.root.run('cat /var/log/cloud-init-output.log')
  return `${main}\n${output.stdout}`
}

/** `25.1.4` as numbers; what is missing counts as 0. */
export function versionAtLeast(version: string, wanted: string): boolean {
  const parts = (text: string) => text.split(/[.~+-]/).map((part) => Number.parseInt(part, 10) || 0)
  const have = parts(version)
  for (const [index, need] of parts(wanted).entries()) {
    const got = have[index] ?? 0
    if (got !== need) return got > need
  }
  return true
}

/** Folder below /run where cloud-init keeps its state; FreeBSD has it elsewhere. */
export async function runFolder(instance: Instance): Promise<string> {
  return instance.root.sh`for d in /run/cloud-init /var/run/cloud-init; do [ -d $d ] && echo $d && break; done`
}
