import { randomInt } from 'node:crypto'
import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../../../src/platforms/open-platform.ts'
import simulator from '../../../../src/simulate/ec2/simulator.ts'
import { parseFaults } from '../../../../src/simulate/faults.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import type { SimulatorSettings } from '../../../../src/simulate/simulator.ts'

/** The platform over a simulated EC2 with machines in memory that answer SSH. */
export async function openSimulated(
  settings: Partial<SimulatorSettings> & { fault?: string } = {},
  options: Partial<PlatformOptions<'ec2'>> = {},
) {
  const { fault, ...rest } = settings
  const sshPort = randomInt(20_000, 30_000)
  const backend = new MemoryBackend({ bootMs: 0, agentMs: 0, sshPort })
  const running = await simulator.start({
    backend,
    images: {},
    pendingMs: 20,
    delayMs: 0,
    faults: fault === undefined ? [] : parseFaults(fault),
    ...rest,
  })
  const session = await openPlatform('ec2', { ...running.options, 'ssh-port': sshPort, user: 'root', ...options })
  return {
    session,
    running,
    backend,
    operations: () => running.calls.map(({ operation }) => operation),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}
