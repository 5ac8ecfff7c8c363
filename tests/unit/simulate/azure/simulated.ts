import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../../../src/platforms/open-platform.ts'
import type { Session } from '../../../../src/platforms/session.ts'
import { parseFaults } from '../../../../src/simulate/faults.ts'
import { startAzure } from '../../../../src/simulate/azure/simulator.ts'
import type { AzureSettings } from '../../../../src/simulate/azure/simulator.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import type { Simulator } from '../../../../src/simulate/simulator.ts'

/** A quick simulated project in memory with a session on it. */
export interface Simulated extends AsyncDisposable {
  simulator: Simulator
  session: Session
  /** Operations that were called so far. */
  operations(): string[]
}

export async function simulated(
  settings: Partial<AzureSettings> = {},
  options: PlatformOptions<'azure'> = {},
  faults = '',
): Promise<Simulated> {
  const backend = settings.backend ?? new MemoryBackend({ bootMs: 1, agentMs: 1 })
  const quick = { pendingMs: 10, delayMs: 0, images: { 'debian-13': 'debian-13' }, faults: parseFaults(faults) }
  const simulator = await startAzure({ ...quick, ...settings, backend })
  const session = await openPlatform('azure', { ...simulator.options, ...options })
  return {
    simulator,
    session,
    operations: () => simulator.calls.map(({ operation }) => operation),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await simulator[Symbol.asyncDispose]()
    },
  }
}
