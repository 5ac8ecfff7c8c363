import { readdirSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { shippedLogRules } from '../../../src/logs/index.ts'
import { declaredChecks } from '../../../src/testing/registry.ts'
import { badImages } from '../../bad-images/index.ts'

beforeAll(async () => {
  for (const folder of ['policy', 'integration']) {
    const root = new URL(`../../${folder}/`, import.meta.url)
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts')) await import(new URL(name, root).href)
  }
})

test('names are unique and every image does something', () => {
  expect(new Set(badImages.map(({ name }) => name)).size).toBe(badImages.length)
  for (const { overlay } of badImages) expect([...(overlay.files ?? []), ...(overlay.edits ?? [])]).not.toEqual([])
})

test.each(badImages)('$name is meant for a check or rule that exists', ({ caught, also = [] }) => {
  const rules = shippedLogRules.flatMap(({ id }) => [id, `log-${id}`])
  const known = new Set([...declaredChecks().keys(), ...rules, 'log-unclassified', 'boot'])
  const named = [caught.id, ...also].map((id) => id.replace(/: error$/, ''))
  expect(named.filter((id) => !known.has(id))).toEqual([])
  const check = declaredChecks().get(caught.id)
  if (caught.by === 'policy' && check?.suite === 'policy') expect([check.info.phase].flat()).toContain(caught.phase)
})
