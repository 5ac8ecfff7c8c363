import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { present, QUEUE_PACKAGES } from '../../../src/queue/packages.ts'

test('a package that is not there is said with the command that brings it', async () => {
  const missing = Object.assign(new Error("Cannot find package 'pg-boss' imported from /x/packages.js"), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  await expect(present(() => Promise.reject(missing))).rejects.toMatchObject({
    name: 'PrerequisiteError',
    hint: `npm install ${QUEUE_PACKAGES.join(' ')}`,
  })
  const other = new Error('broken')
  await expect(present(() => Promise.reject(other))).rejects.toBe(other)
})

test('the command names the versions this package was made for', () => {
  const { peerDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  for (const spec of QUEUE_PACKAGES) {
    const at = spec.lastIndexOf('@')
    expect(peerDependencies[spec.slice(0, at)]).toBe(spec.slice(at + 1))
  }
})
