import { describe, expect, test } from 'vitest'
import { FaultScript, parseFaults } from '../../../src/simulate/faults.ts'

describe('parseFaults', () => {
  test('reads kind, probability, place and number of times', () => {
    expect(parseFaults('throttle:0.3, stockout:eu-west-1a,lost-reply:RunInstances:x2')).toEqual([
      { kind: 'throttle', chance: 0.3 },
      { kind: 'stockout', chance: 1, where: 'eu-west-1a' },
      { kind: 'lost-reply', chance: 1, where: 'RunInstances', times: 2 },
    ])
  })

  test.each([
    ['flood', 'there is no fault "flood"'],
    ['throttle:30', 'more than 1'],
    ['throttle:a:b', '"b" in the fault "throttle:a:b" is not understood'],
  ])('refuses %s', (text, message) => {
    expect(() => parseFaults(text)).toThrow(message)
  })
})

describe('FaultScript', () => {
  const strikes = (seed: number) => {
    const script = new FaultScript(parseFaults('throttle:0.3'), seed)
    return Array.from({ length: 1000 }, () => script.strikes('throttle', []))
  }

  test('the same seed gives the same faults, another one others', () => {
    expect(strikes(5)).toEqual(strikes(5))
    expect(strikes(5)).not.toEqual(strikes(6))
  })

  test('strikes about as often as its probability says', () => {
    const times = strikes(1).filter(Boolean).length
    expect(times).toBeGreaterThan(240)
    expect(times).toBeLessThan(360)
  })

  test('strikes only where it should, and only so many times', () => {
    const script = new FaultScript(parseFaults('stockout:zone-a:x2'), 1)
    const zones = ['zone-b', 'zone-a', 'zone-a', 'zone-a']
    expect(zones.map((zone) => script.strikes('stockout', ['m5.large', zone]))).toEqual([false, true, true, false])
    expect(script.strikes('quota', ['zone-a'])).toBe(false)
    expect(script.struck.map(({ times }) => times)).toEqual([2])
  })
})
