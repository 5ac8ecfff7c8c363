import { textOf } from './call.ts'
import type { Entry } from './world.ts'

/** By which the back end knows a machine. */
export function vmId(machine: Entry): string {
  return textOf(machine.data.properties['vmId'])
}
