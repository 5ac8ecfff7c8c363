import { BootError } from '../core/errors.ts'
import { consoleTail } from './console.ts'
import type { Machine } from './machine.ts'

/** An image may well reboot once or twice on its own while it is set up; more is a loop. */
const MAX_REBOOTS = 2

/** Counts the boots of a machine while one boot is waited for. */
export class BootCount {
  readonly #machine: Machine
  readonly #ids = new Set<string>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Takes the id of the boot that was just seen. @throws BootError when there have been too many */
  async saw(bootId: string | undefined): Promise<void> {
    if (bootId !== undefined) this.#ids.add(bootId)
    const reboots = this.#ids.size - 1
    if (reboots <= MAX_REBOOTS) return
    throw new BootError(`${this.#machine.name} rebooted by itself ${reboots} times before it was ready`, {
      consoleTail: await consoleTail(this.#machine),
    })
  }
}
