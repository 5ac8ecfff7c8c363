import type { Instance } from '../../../src/testing/index.ts'

/** The times of an emulated machine are measured, and cannot be held against its image. */
export function skipEmulated(instance: Instance, skip: (reason: string) => never): void {
  if ((instance.machine.pace ?? 1) > 1) skip('the machine is emulated: its times say little about the image')
}

/** Seconds from the start of user space to the end of the boot, from systemd's own time stamps: they differ correctly in a container too. */
export async function bootSeconds(instance: Instance, signal: AbortSignal): Promise<number> {
  await instance.waitForBoot({ deadline: '2 minutes', signal })
  const stamps = await monotonic(instance, ['UserspaceTimestampMonotonic', 'FinishTimestampMonotonic'])
  const { UserspaceTimestampMonotonic: start = 0, FinishTimestampMonotonic: finish = 0 } = stamps
  if (finish === 0) throw new Error('systemd has no time for the end of the boot: it is not finished')
  return (finish - start) / 1e6
}

/** Seconds until sshd was started, or undefined when none is. A socket that listens for it counts. */
export async function sshSeconds(instance: Instance): Promise<number | undefined> {
  const { UserspaceTimestampMonotonic: start = 0 } = await monotonic(instance, ['UserspaceTimestampMonotonic'])
  const units = await Promise.all(
    ['ssh.service', 'sshd.service', 'ssh.socket', 'sshd.socket'].map((unit) =>
      monotonic(instance, ['ActiveEnterTimestampMonotonic'], unit),
    ),
  )
  const started = units.map((unit) => unit.ActiveEnterTimestampMonotonic ?? 0).filter((stamp) => stamp > 0)
  return started.length === 0 ? undefined : (Math.min(...started) - start) / 1e6
}

async function monotonic(
  instance: Instance,
  properties: readonly string[],
  unit?: string,
): Promise<Record<string, number>> {
  const text =
    await instance.sh`systemctl show ${properties.flatMap((name) => ['-p', name])} ${unit === undefined ? [] : [unit]}`
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split('=', 2))
      .map(([name = '', value]) => [name, Number(value) || 0]),
  )
}

/** How long units that belong to the boot took to start. */
export async function unitStarts(instance: Instance): Promise<{ unit: string; seconds: number }[]> {
  // Without --all a pattern leaves out units that are inactive, as a one-shot unit is when it has ended.
  const text =
    await instance.sh`systemctl show --all -p Id -p TriggeredBy -p InactiveExitTimestampMonotonic -p ActiveEnterTimestampMonotonic -p ExecMainExitTimestampMonotonic -p Type '*.service'`
  return text.split('\n\n').flatMap((block) => {
    const fields = new Map(block.split('\n').map((line) => line.split('=', 2) as [string, string]))
    const from = Number(fields.get('InactiveExitTimestampMonotonic'))
    const until =
      Number(fields.get('ActiveEnterTimestampMonotonic')) ||
      (fields.get('Type') === 'oneshot' ? Number(fields.get('ExecMainExitTimestampMonotonic')) : 0)
    const unit = fields.get('Id') ?? ''
    if (!(from > 0) || !(until > from) || (fields.get('TriggeredBy') ?? '').includes('.timer')) return []
    return [{ unit, seconds: (until - from) / 1e6 }]
  })
}

interface AnalyzeEvent {
  name: string
  event_type: string
  timestamp: number
}

/** Seconds of each stage of the last run in the log. The totals of `analyze show` are rounded, so records are subtracted. */
export async function cloudInitStages(instance: Instance): Promise<Record<string, number>> {
  const dump = await instance.root.run('cloud-init analyze dump', { deadline: '60 seconds', check: true })
  const events = (JSON.parse(dump.stdout) as unknown[]).filter(isEvent)
  const stages: Record<string, number> = {}
  const started = new Map<string, number>()
  for (const event of events) {
    if (event.name.includes('/')) continue
    if (event.event_type === 'start') started.set(event.name, event.timestamp)
    const from = started.get(event.name)
    if (event.event_type === 'finish' && from !== undefined) stages[event.name] = event.timestamp - from
  }
  return stages
}

function isEvent(value: unknown): value is AnalyzeEvent {
  return typeof value === 'object' && value !== null && 'name' in value && 'event_type' in value && 'timestamp' in value
}
