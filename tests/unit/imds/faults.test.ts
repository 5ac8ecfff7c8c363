import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { checkFaults, FaultPlan, parseFault } from '../../../src/imds/faults.ts'

const get = (path: string) => ({ endpoint: 'metadata', method: 'GET', path }) as const

describe('parseFault', () => {
  it.each([
    ['503', { kind: 'status', status: 503 }],
    ['429 /latest/user-data x3', { kind: 'status', status: 429, path: '/latest/user-data', times: 3 }],
    ['slow 5 seconds', { kind: 'slow', delayMs: 5000 }],
    ['reset for 20 seconds', { kind: 'reset', forMs: 20_000 }],
    ['hang after 2', { kind: 'hang', skip: 2 }],
    ['truncate PUT /x', { kind: 'truncate', method: 'PUT', path: '/x' }],
  ])('reads %s', (text, fault) => expect(parseFault(text)).toEqual(fault))

  it.each(['', 'often', '503 sometimes', 'slow soon', 'hang after many', 'status'])('refuses "%s"', (text) => {
    expect(() => parseFault(text)).toThrow(ConfigError)
  })
})

it('a fault from a file is refused with its key', () => {
  expect(() => checkFaults([{ kind: 'status', status: 200 }])).toThrow('0.status')
})

describe('FaultPlan', () => {
  it('lets some requests pass, strikes some, and then is over', () => {
    const plan = new FaultPlan([{ kind: 'reset', skip: 1, times: 2 }], 0)
    expect([1, 2, 3, 4].map(() => plan.strike(get('/'), 0)?.kind)).toEqual([undefined, 'reset', 'reset', undefined])
  })

  it('counts only requests it is about', () => {
    const plan = new FaultPlan([{ kind: 'reset', path: '/a', method: 'GET', endpoint: 'metadata', times: 1 }], 0)
    expect(plan.strike(get('/b'), 0)).toBe(undefined)
    expect(plan.strike({ ...get('/a'), method: 'PUT' }, 0)).toBe(undefined)
    expect(plan.strike({ ...get('/a'), endpoint: 'wire' }, 0)).toBe(undefined)
    expect(plan.strike(get('/a/b'), 0)?.kind).toBe('reset')
  })

  it('is over after its time', () => {
    const plan = new FaultPlan([{ kind: 'reset', forMs: 1000 }], 5000)
    expect(plan.strike(get('/'), 5999)?.kind).toBe('reset')
    expect(plan.strike(get('/'), 6000)).toBe(undefined)
  })

  it('strikes with the first that matches, and counts for the others', () => {
    const plan = new FaultPlan(
      [
        { kind: 'reset', times: 1 },
        { kind: 'hang', skip: 1, times: 1 },
      ],
      0,
    )
    expect([1, 2, 3].map(() => plan.strike(get('/'), 0)?.kind)).toEqual(['reset', 'hang', undefined])
  })
})
