import type { Instance } from '../instance.ts'
import type { Agent } from './agents.ts'

export interface CleanOptions {
  signal?: AbortSignal
}

/**
 * Brings the agent and the identity of the instance back to the state before the first boot, so that the next boot is one.
 * @throws CommandError when a clean command fails: an agent that cannot be cleaned cannot be put into an image.
 */
export async function cleanAgent(instance: Instance, agent: Agent, options: CleanOptions = {}): Promise<void> {
  const script = ['set -e', ...agent.clean, 'sync'].join('\n')
  await instance.root.run(script, {
    deadline: '120 seconds',
    check: true,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
}
