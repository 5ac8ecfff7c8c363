import { ConfigError } from '../core/errors.ts'
import type { SimulatorKind } from './simulator.ts'

/** Clouds that can be simulated, loaded when asked for. */
const SIMULATORS: Readonly<Record<string, () => Promise<{ default: SimulatorKind }>>> = {
  azure: () => import('./azure/simulator.ts'),
  ec2: () => import('./ec2/simulator.ts'),
  gce: () => import('./gce/simulator.ts'),
}

export const SIMULATED: readonly string[] = Object.keys(SIMULATORS)

/** @throws ConfigError naming the clouds there are */
export async function loadSimulator(cloud: string): Promise<SimulatorKind> {
  const load = Object.hasOwn(SIMULATORS, cloud) ? SIMULATORS[cloud] : undefined
  if (!load)
    throw new ConfigError(`there is no simulator of "${cloud}"`, { hint: `choose one of ${SIMULATED.join(', ')}` })
  return (await load()).default
}
