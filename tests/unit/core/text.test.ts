import { describe, expect, it } from 'vitest'
import { formatMs, toMs } from '../../../src/core/duration.ts'
import { ConfigError, PlatformError, toErrorRecord } from '../../../src/core/errors.ts'
import { redact, registerSecret } from '../../../src/core/redact.ts'
import { capText, cleanText, lastWords } from '../../../src/core/text.ts'

describe('cleanText', () => {
  it('removes terminal escapes, control characters and direction overrides, and keeps text, tabs and lines', () => {
    expect(cleanText('\u001B[31mred\u001B[0m\u001B]0;title\u0007\r\nnext\tcol\u0000\u202Eevil\u2069')).toBe(
      'red\nnext\tcolevil',
    )
  })
})

describe('lastWords', () => {
  it('gives whole lines from the end, and says when the only line is cut', () => {
    expect(lastWords(' one\ntwo\n')).toBe('one\ntwo')
    expect(lastWords('first line\nsecond\nthird', 12)).toBe('second\nthird')
    expect(lastWords('first line\nsecond\nthird', 14)).toBe('second\nthird')
    expect(lastWords('permission denied', 10)).toBe('... denied')
  })
})

describe('capText', () => {
  it('keeps head and tail and says how much is gone', () => {
    const capped = capText(`${'a'.repeat(500)}${'z'.repeat(500)}`, 100)
    expect(capped).toContain('[... 900 characters left out ...]')
    expect(capped.startsWith('a'.repeat(30))).toBe(true)
    expect(capped.endsWith('z'.repeat(70))).toBe(true)
  })
})

describe('redact', () => {
  it('masks registered secrets and known shapes, and leaves ordinary text', () => {
    registerSecret('correct-horse')
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----'
    const text = `correct-horse AKIAABCDEFGHIJKLMNOP password: hunter2222 ${key} plain`
    expect(redact(text)).toBe('*** *** password: *** *** plain')
  })

  it('stays fast on hostile input', () => {
    expect(redact(`password: ${' '.repeat(200_000)}x`)).toContain('password')
    expect(redact('-----BEGIN PRIVATE KEY-----'.repeat(2000))).toContain('BEGIN')
  })
})

describe('durations', () => {
  it.each([
    ['90 seconds', 90_000],
    ['1.5 minutes', 90_000],
    ['250 ms', 250],
    ['1 day', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(toMs(text)).toBe(ms)
  })

  it.each(['90', '90s', 'soon', '-1 seconds', '5 weeks'])('refuses "%s"', (text) => {
    expect(() => toMs(text)).toThrow(ConfigError)
  })

  it.each([
    [400, '0.4 s'],
    [59_990, '1 min 00 s'],
    [245_000, '4 min 05 s'],
    [3_720_000, '1 h 02 min'],
  ])('%d ms reads %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })
})

describe('errors', () => {
  it('puts the position first and masks secrets', () => {
    registerSecret('s3cr3t-value')
    const error = new ConfigError('bad s3cr3t-value', { position: { file: 'matrix.yaml', line: 3, column: 5 } })
    expect(error.message).toBe('matrix.yaml:3:5: bad ***')
  })

  it('knows what is worth a retry', () => {
    expect(new PlatformError('capacity', 'none left').retryable).toBe(true)
    expect(new PlatformError('auth', 'who are you').retryable).toBe(false)
  })

  it('becomes a record: ours without a stack, a bug with one', () => {
    expect(toErrorRecord(new PlatformError('quota', 'too many', { hint: 'ask for more' }))).toEqual({
      name: 'PlatformError',
      message: 'too many',
      blame: 'provider',
      hint: 'ask for more',
      kind: 'quota',
    })
    expect(toErrorRecord(new TypeError('oops'))).toMatchObject({
      name: 'TypeError',
      blame: 'harness',
      stack: expect.stringContaining('oops'),
    })
    expect(toErrorRecord('text')).toMatchObject({ message: 'text', blame: 'harness' })
  })
})
