import { BootError } from '../core/errors.ts'
import { consoleTail } from './console.ts'
import type { Machine } from './machine.ts'

/** An image may well reboot once or twice on its own while it is set up; more is a loop. */
const MAX_REBOOTS = 2

/** Counts the boots of a machine while one boot is waited for. */
export class BootCount {
  readonly #machine: Machine
  readonly #allowed: number
  readonly #ids = new Set<string>()
  readonly #starts = new Set<string>()

  /** @param onPurpose reboots that were asked for and may be seen here */
  constructor(machine: Machine, onPurpose = 0) {
    this.#machine = machine
    this.#allowed = MAX_REBOOTS + onPurpose
  }

  /** Takes the id of the boot that was just seen. @throws BootError when there have been too many */
  async saw(bootId: string | undefined): Promise<void> {
    if (bootId !== undefined) this.#ids.add(bootId)
    await this.#judge()
  }

  /** Asks the platform, which also sees boots that are too short for any command. @throws BootError when there have been too many */
  async look(): Promise<void> {
    const mark = await this.#machine.startMark?.().catch(() => undefined)
    if (mark === undefined) return
    this.#starts.add(mark)
    await this.#judge()
  }

  async #judge(): Promise<void> {
    const reboots = Math.max(this.#ids.size, this.#starts.size) - 1
    if (reboots <= this.#allowed) return
    throw new BootError(`${this.#machine.name} rebooted by itself ${reboots} times before it was ready`, {
      consoleTail: await consoleTail(this.#machine),
    })
  }
}
