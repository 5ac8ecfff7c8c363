import { expect, test } from 'vitest'
import { redact, registerSecret } from '../../../src/core/redact.ts'

test.each([
  'password: hunter2',
  'password=hunter',
  'PASSWORD=hunter',
  '  - passwd: swordfish',
  'secret: swordfish\nnext: line',
  '{"token": "swordfish"}',
  "{'api_key': 'swordfish'}",
  'connect with apikey: Tr0ub4dor now',
  'token=abcdefgh&user=x',
  'the password: p@ssword was refused',
  'wrong token: eyJhbGciOiJIUzI1NiJ9',
  'chpasswd with password:swordfish',
])('the secret in %j is masked', (text) => {
  expect(redact(text)).toContain('***')
  expect(redact(text)).not.toMatch(/hunter|swordfish|Tr0ub|abcdefgh|p@ss|eyJ/)
})

test.each([
  'could not read the secret: permission denied',
  'there is no secret: write one to the file',
  'secret: cannot be read from standard input',
  'a token: the smallest part of a text',
  'the check of the password: it must not be empty',
  'ssh-no-root-password: root cannot log in over SSH with a password',
])('%j says nothing secret and stays', (text) => {
  expect(redact(text)).toBe(text)
})

test('what was registered is masked wherever it stands', () => {
  registerSecret('correct horse')
  expect(redact('the secret: correct horse battery')).toBe('the secret: *** battery')
})

test('it is linear in what a guest writes', () => {
  const text = 'secret: '.repeat(200_000)
  expect(redact(text)).toHaveLength(text.length)
})
