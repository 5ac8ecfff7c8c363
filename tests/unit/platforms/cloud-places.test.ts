import { expect, test } from 'vitest'
import { PlatformError } from '../../../src/core/errors.ts'
import { firstWithCapacity, placesIn } from '../../../src/platforms/cloud-places.ts'

const CHOICES = {
  regions: [
    { region: 'r1', zones: ['r1-a', 'r1-b'] },
    { region: 'r2', zones: ['r2-a'] },
  ],
  types: ['small', 'medium'],
}
const full = (zone: string) => new PlatformError('capacity', `${zone} is full`, { cause: new Error('stockout') })

test('zones come first, then equivalent types, then regions', () => {
  expect(placesIn(CHOICES).map(({ zone, instanceType }) => `${zone} ${instanceType}`)).toEqual([
    'r1-a small',
    'r1-b small',
    'r1-a medium',
    'r1-b medium',
    'r2-a small',
    'r2-a medium',
  ])
})

test('only lack of capacity tries the next place', async () => {
  const tried: string[] = []
  const found = await firstWithCapacity(placesIn(CHOICES), async ({ zone, instanceType }) => {
    tried.push(`${zone} ${instanceType}`)
    if (zone.startsWith('r1')) throw full(zone)
    return zone
  })
  expect(found).toEqual({ place: { region: 'r2', zone: 'r2-a', instanceType: 'small' }, value: 'r2-a' })
  expect(tried).toHaveLength(5)
  const refused = firstWithCapacity(placesIn(CHOICES), () => Promise.reject(new PlatformError('quota', 'no quota')))
  await expect(refused).rejects.toMatchObject({ kind: 'quota' })
})

test('a place without the type is passed over, and no place at all says so', async () => {
  const found = await firstWithCapacity(placesIn(CHOICES), async ({ zone }) => (zone === 'r1-a' ? 'unfit' : zone))
  expect(found.value).toBe('r1-b')
  await expect(firstWithCapacity(placesIn(CHOICES), async () => 'unfit')).rejects.toMatchObject({ kind: 'not-found' })
})

test('when everything is full the message names what was tried', async () => {
  await expect(firstWithCapacity(placesIn(CHOICES), ({ zone }) => Promise.reject(full(zone)))).rejects.toMatchObject({
    kind: 'capacity',
    retryable: true,
    message: expect.stringContaining('tried small in r1-a, small in r1-b') as string,
  })
})
