// Type tests of the public API: they pass when this file compiles. Nothing here runs.
import type { Duration, Instance, OpenOptions, Session } from 'harness'
import { CommandError, ConfigError, openPlatform, PlatformError } from 'harness'
import { policy, regression } from 'harness/testing'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function holds<_ extends true>(): void {}

export async function opening(): Promise<void> {
  await using session = await openPlatform('lxd', { project: 'default', pool: 'fast' })
  holds<Equal<typeof session, Session>>()
  await using instance = await session.launch({ image: 'debian-13', userData: '#cloud-config\n{}', ephemeral: true })
  holds<Equal<typeof instance, Instance>>()

  // @ts-expect-error there is no such platform
  await openPlatform('no-such-cloud', {})
  // @ts-expect-error another platform's option, or a slip of the pen
  await openPlatform('lxd', { projekt: 'default' })
  // @ts-expect-error the image is missing
  await session.launch({})

  const options: OpenOptions = {}
  await openPlatform('fake', options)
}

export async function commands(instance: Instance, names: string[], count: number): Promise<void> {
  const text = await instance.sh`grep -c ${'a b'} -- ${names} ${count}`
  holds<Equal<typeof text, string>>()
  // @ts-expect-error a value that has no meaning on a command line
  await instance.sh`echo ${{ a: 1 }}`
  // @ts-expect-error a template, not a call
  await instance.sh('ls')

  const result = await instance.probe`test -e ${'/x'}`
  holds<Equal<typeof result.exitCode, number>>()
  holds<Equal<typeof result.ok, boolean>>()
  await instance.run(['printf', '%s', 'x'], { deadline: '90 seconds' })
  // @ts-expect-error a number has no unit
  await instance.run('true', { deadline: 90 })
  // @ts-expect-error no such unit
  await instance.run('true', { deadline: '90 parsecs' })

  await instance.root.writeFile('/etc/x', 'text', { mode: 0o600 })
  await instance.packages.install(['jq'])
}

export function errors(error: unknown): string {
  if (error instanceof CommandError) return `${error.exitCode} ${error.stderr}`
  if (error instanceof PlatformError) {
    holds<Equal<typeof error.blame, 'provider'>>()
    // @ts-expect-error no such kind
    return error.kind === 'cosmic-ray' ? 'x' : error.kind
  }
  return error instanceof ConfigError ? (error.hint ?? '') : ''
}

const info = { title: 't', because: 'b', source: 's', severity: 'major' } as const

policy('x-one', { ...info, phase: ['rest', 'first-boot'] }, ({ facts, expect, other, skip }) => {
  expect(facts.packages.map((item) => item.name)).toContain('cloud-init')
  if (other === undefined) skip('only one instance')
  // @ts-expect-error after skip there is another instance, but still no field of this name
  expect(other.packagse).toEqual([])
})
// @ts-expect-error a policy check says when it looks
policy('x-two', info, () => {})
// @ts-expect-error nobody wrote why
policy('x-three', { title: 't', source: 's', severity: 'major', phase: 'rest' }, () => {})

regression(
  'x-four',
  { ...info, instance: 'own', userData: '#cloud-config\n{}' },
  async ({ instance, measure, signal }) => {
    await instance.run('true', { signal })
    measure({ name: 'boot', value: 1, unit: 'ms' })
    // @ts-expect-error no such unit
    measure({ name: 'boot', value: 1, unit: 'weeks' })
  },
)
// @ts-expect-error no such severity
regression('x-five', { ...info, severity: 'fatal' }, async () => {})

export const lengths: Duration[] = ['90 seconds', '1 hour', '250 ms', '1.5 hours']
