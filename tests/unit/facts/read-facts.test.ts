import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { isKnown } from '../../../src/instance/facts/unknown-fact.ts'
import { readFacts } from '../../../src/instance/facts/read-facts.ts'
import { recordedFacts } from './recorded.ts'

test('facts survive a file, unknown ones included', () => {
  const facts = readFacts(JSON.stringify(recordedFacts('debian-13-rest')))
  expect(facts.os.id).toBe('debian')
  expect(isKnown(facts, 'sshd')).toBe(false)
  expect(() => facts.sshd).toThrow(/"sshd" is not known: it is not run at rest/)
})

test('a field the file does not have is unknown, not empty', () => {
  const { packages: _, ...rest } = JSON.parse(JSON.stringify(recordedFacts('debian-13-rest'))) as Record<
    string,
    unknown
  >
  expect(() => readFacts(JSON.stringify(rest)).packages).toThrow(/this facts file does not have it/)
})

test.for([
  ['{', 'this is not JSON'],
  ['[]', 'this is not a facts file: the top level'],
  ['{"version":2}', 'this is not a facts file: version'],
  ['{"version":1,"phase":"never","collectedAt":"","durationMs":0,"sections":{},"unknown":{}}', 'phase'],
  [
    '{"version":1,"phase":"rest","collectedAt":"","durationMs":0,"sections":{},"unknown":{},"packages":{}}',
    'packages is not a list',
  ],
] as const)('%s is refused', ([text, message]) => {
  expect(() => readFacts(text, 'x.json')).toThrow(ConfigError)
  expect(() => readFacts(text, 'x.json')).toThrow(message)
  expect(() => readFacts(text, 'x.json')).toThrow('x.json')
})
