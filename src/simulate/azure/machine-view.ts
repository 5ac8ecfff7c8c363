import { textOf } from './call.ts'
import type { Entry } from './world.ts'

/** By which the back end knows a machine. */
export function vmId(machine: Entry): string {
  return textOf(machine.data.properties['vmId'])
}

/** A machine as answers show it: its user-data only when they are asked for. */
export function shown({ data }: Entry, expand = ''): Entry['data'] {
  const { userData, ...properties } = data.properties
  const asked = userData !== undefined && /\buserData\b/i.test(expand)
  return structuredClone({ ...data, properties: { ...properties, ...(asked ? { userData } : {}) } })
}
