import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BuiltImage, RestingRoot } from '../../../src/images/index.ts'
import { buildImage, openAtRest } from '../../../src/images/index.ts'
import { collectFactsAtRest } from '../../../src/instance/facts/collect.ts'
import type { PolicyCheck } from '../../../src/testing/check.ts'
import { badImages } from '../../bad-images/index.ts'
import { judge, loadPolicies, phasesOf } from '../../unit/policy/judge.ts'
import { openWithOverlay } from './bad-root.ts'

const able = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap')

describe.skipIf(!able)(
  'bad images at rest (needs root and mmdebstrap: sudo ./harness setup)',
  { concurrent: true },
  () => {
    let image: BuiltImage
    let rest: RestingRoot
    let checks: PolicyCheck[]

    beforeAll(async () => {
      checks = (await loadPolicies()).filter((check) => phasesOf(check).includes('rest'))
      image = await buildImage('debian-13')
      rest = await openAtRest(image.rootfs)
    })
    afterAll(() => rest?.[Symbol.asyncDispose]())

    async function failuresOf(root: string): Promise<string[]> {
      const facts = await collectFactsAtRest(root)
      const verdicts = await Promise.all(
        checks.map(async (check) => ({ id: check.id, ...(await judge(check, facts, 'rest')) })),
      )
      return verdicts.filter(({ status }) => status === 'fail' || status === 'error').map(({ id }) => id)
    }

    test('the good one is not caught by anything', async () => {
      expect(await failuresOf(rest.root)).toEqual([])
    })

    test.each(badImages.filter(({ caught }) => caught.phase === 'rest'))(
      '$name is caught by $caught.id and nothing else',
      async ({ overlay, caught, also = [] }) => {
        await using bad = await openWithOverlay(rest.root, image.manifest, overlay)
        const failures = await failuresOf(bad.root)
        expect(failures).toContain(caught.id)
        expect(failures.filter((id) => id !== caught.id && !also.includes(id))).toEqual([])
      },
    )
  },
)
