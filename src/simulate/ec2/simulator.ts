import { FaultScript } from '../faults.ts'
import { serve } from '../serve.ts'
import { watchMachines } from '../shutdowns.ts'
import type { Simulator, SimulatorKind, SimulatorSettings } from '../simulator.ts'
import { Ec2Api } from './api.ts'
import { BEHAVIOURS } from './behaviours.ts'
import type { Principal } from './caller.ts'
import { noticeShutdown } from './life.ts'

/** Keys of the account's only user, who may do everything. */
const ACCESS_KEY = 'AKIASIMULATED0000000'
const SECRET_KEY = 'simulated'
const REGION = 'eu-west-1'

/** EC2 on this host. */
const simulator: SimulatorKind = { title: 'Amazon EC2', behaviours: BEHAVIOURS, start: startEc2 }

export default simulator

/** @param settings also who may call, by access key; by default one user, who may do everything */
export async function startEc2(
  settings: SimulatorSettings & { principals?: Readonly<Record<string, Principal>> },
): Promise<Simulator> {
  const faults = new FaultScript(settings.faults ?? [], settings.seed ?? 1)
  const api = new Ec2Api(settings, faults, settings.principals ?? { [ACCESS_KEY]: {} })
  const served = await serve((request) => api.answer(request), {
    upgrade: (request) => api.upgrade(request),
    ...(settings.port === undefined ? {} : { port: settings.port }),
  })
  const watching = watchMachines(() => noticeAll(api))
  return {
    endpoint: served.endpoint,
    options: {
      endpoint: served.endpoint,
      region: REGION,
      'access-key-id': ACCESS_KEY,
      'secret-access-key': SECRET_KEY,
    },
    environment: {
      AWS_ENDPOINT_URL: served.endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    },
    calls: api.calls,
    [Symbol.asyncDispose]: async () => {
      await watching[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      const changes = api.worlds.flatMap((world) => world.instances.all().map(({ work }) => work))
      await Promise.allSettled(changes)
    },
  }
}

/** Guests that shut themselves down stop or terminate, whether anybody asks or not. */
async function noticeAll(api: Ec2Api): Promise<void> {
  const all = api.worlds.flatMap((world) => world.instances.all().map((instance) => ({ world, instance })))
  await Promise.allSettled(all.map(({ world, instance }) => noticeShutdown(world, instance)))
}
