import { existsSync } from 'node:fs'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BuiltImage, RestingRoot } from '../../../src/images/index.ts'
import { buildImage, openAtRest } from '../../../src/images/index.ts'
import { collectFactsAtRest } from '../../../src/instance/facts/collect.ts'
import type { PolicyCheck } from '../../../src/testing/check.ts'
import { arrangeImages, type BadFault, combine, howToTell } from '../../bad-images/combine.ts'
import { badImages } from '../../bad-images/index.ts'
import { complaints, nameOf, outcomesFor, signsOf } from '../../together/compare.ts'
import { judge, loadPolicies, phasesOf } from '../../unit/policy/judge.ts'
import { openWithOverlay } from './bad-root.ts'

const images = arrangeImages(badImages.filter(({ caught }) => caught.phase === 'rest'))
const faults = [...new Set(images.flat())]
const AT_ONCE = 3

const able = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap')

describe.skipIf(!able)(
  'bad images at rest (needs root and mmdebstrap: sudo ./harness setup)',
  { concurrent: true },
  () => {
    let image: BuiltImage
    let rest: RestingRoot
    let checks: PolicyCheck[]
    const limit = pLimit(AT_ONCE)
    const results = new Map<readonly BadFault[], Promise<string[]>>()

    beforeAll(async () => {
      checks = (await loadPolicies()).filter((check) => phasesOf(check).includes('rest'))
      image = await buildImage('debian-13')
      rest = await openAtRest(image.rootfs)
      for (const members of images) {
        const result = limit(() => failuresWith(members))
        result.catch(() => undefined)
        results.set(members, result)
      }
    })
    afterAll(async () => {
      await Promise.allSettled(results.values())
      await rest?.[Symbol.asyncDispose]()
    })

    async function failuresWith(members: readonly BadFault[]): Promise<string[]> {
      await using bad = await openWithOverlay(rest.root, image.manifest, combine(members))
      return await failuresOf(bad.root)
    }

    async function failuresOf(root: string): Promise<string[]> {
      const facts = await collectFactsAtRest(root)
      const verdicts = await Promise.all(
        checks.map(async (check) => ({ id: check.id, ...(await judge(check, facts, 'rest')) })),
      )
      return verdicts
        .filter(({ status }) => status === 'fail' || status === 'error')
        .map(({ id, status }) => (status === 'fail' ? id : `${id}: ${status}`))
        .sort()
    }

    test('the good one is not caught by anything', async () => {
      expect(await failuresOf(rest.root)).toEqual([])
    })

    test.for(faults)('$name is caught by $bad.caught.id and nothing else', async (fault) => {
      const outcomes = await outcomesFor(fault, images, async (members) => (await results.get(members)) ?? [])
      expect(complaints(fault, outcomes)).toEqual([])
    })

    test.for(images.map((members) => ({ members, name: nameOf(members) })))('together: $name', async ({ members }) => {
      expect(await results.get(members), howToTell(members)).toEqual(signsOf(members))
    })
  },
)
