import type { PowerState } from '../../../src/simulate/backend.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'

/** Shows machines as stopped for as long as it is told to, as LXD does while a guest reboots. */
export class RebootingBackend extends MemoryBackend {
  override readonly rebootMs: number = 60_000
  readonly off = new Set<string>()
  /** Says that a reboot cannot be done. */
  refuses = false

  override async state(id: string): Promise<PowerState> {
    return this.off.has(id) ? 'stopped' : await super.state(id)
  }

  override async reboot(id: string): Promise<void> {
    if (this.refuses) throw new Error('the host is busy')
    await super.reboot(id)
  }
}
