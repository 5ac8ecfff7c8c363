import { EC2Client } from '@aws-sdk/client-ec2'
import simulator from '../../../../src/simulate/ec2/simulator.ts'
import { parseFaults } from '../../../../src/simulate/faults.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import type { SimulatorSettings } from '../../../../src/simulate/simulator.ts'

/** A simulated EC2 with machines in memory, and the vendor's client for it. Quick, and with faults when asked for. */
export async function openEc2(settings: Partial<SimulatorSettings> & { fault?: string } = {}) {
  const { fault, backend = new MemoryBackend({ bootMs: 0, agentMs: 0 }), ...rest } = settings
  const running = await simulator.start({
    backend,
    images: {},
    pendingMs: 20,
    delayMs: 0,
    faults: fault === undefined ? [] : parseFaults(fault),
    ...rest,
  })
  const client = new EC2Client({
    endpoint: running.endpoint,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'simulated' },
  })
  return {
    client,
    running,
    backend,
    [Symbol.asyncDispose]: async () => {
      client.destroy()
      await running[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}
