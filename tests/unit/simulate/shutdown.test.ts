import { expect, test, vi } from 'vitest'
import { pause, waitUntil } from '../../../src/core/wait-until.ts'
import type { Instance } from '../../../src/instance/instance.ts'
import type { MachineSpec } from '../../../src/simulate/backend.ts'
import { simulated as azure } from './azure/simulated.ts'
import { simulated as gce } from './gce/simulated.ts'
import { RebootingBackend } from './rebooting-backend.ts'

vi.setConfig({ testTimeout: 60_000 })

/** On EC2 such a machine is gone; its own tests tell. */
const CLOUDS = [
  ['azure', azure],
  ['gce', gce],
] as const

/** Remembers what runs. */
class Watched extends RebootingBackend {
  override readonly rebootMs: number
  readonly ids: string[] = []

  constructor(rebootMs: number) {
    super({ bootMs: 0, agentMs: 0 })
    this.rebootMs = rebootMs
  }

  override async launch(spec: MachineSpec): Promise<void> {
    await super.launch(spec)
    this.ids.push(spec.id)
  }
}

const untilStopped = (instance: Instance) =>
  waitUntil({ what: 'the machine to stop', deadlineMs: 20_000 }, async () => {
    const state = await instance.machine.state()
    return state === 'stopped' ? { done: true, value: undefined } : { done: false, saw: state }
  })

test.for(CLOUDS)(
  '%s: a guest that shuts itself down stops its machine, which stays and can be started',
  async ([, simulated]) => {
    const backend = new Watched(0)
    await using world = await simulated({ backend })
    const instance = await world.session.launch({ image: 'debian-13' })
    await backend.stop(backend.ids[0] ?? '')
    await untilStopped(instance)
    await instance.machine.start({ deadlineMs: 20_000 })
    expect(await instance.machine.state()).toBe('running')
    await instance.destroy()
  },
)

test.for(CLOUDS)('%s: a guest that reboots is off for a moment, and its machine runs on', async ([, simulated]) => {
  const backend = new Watched(60_000)
  await using world = await simulated({ backend })
  const instance = await world.session.launch({ image: 'debian-13' })
  backend.off.add(backend.ids[0] ?? '')
  await pause(1500)
  expect(await instance.machine.state()).toBe('running')
  await instance.destroy()
})
