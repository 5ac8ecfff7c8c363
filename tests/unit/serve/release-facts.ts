import { decide } from '../../../src/gate/decision.ts'
import { decisionPayload } from '../../../src/gate/decision-payload.ts'
import { parsePolicy } from '../../../src/gate/policy.ts'
import { readEvidence } from '../../../src/gate/read-evidence.ts'
import type { ReadIssues } from '../../../src/serve/issue-source.ts'
import { IMAGE, type TestArchive } from '../archive/test-archive.ts'

/** A no-go about the image of the tests, by a policy of that name. */
export async function decisionOf({ archive, clock }: TestArchive, name: string) {
  const text = `id: ${name}\nimages: ['*']\nrequire: [{name: boots, cells: {platform: [lxd, ec2]}}]\n`
  const policy = parsePolicy(text, 'p.yaml')
  const image = { name: 'debian-13', digest: IMAGE, basis: 'stored' } as const
  const decision = decide(policy, await readEvidence(archive, image, undefined, () => clock.now))
  return { decision, payload: decisionPayload(decision, policy) }
}

/** An hour of the day of the tests. */
export const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, '0')}:00:00.000Z`
const incident = (hour: number) => ({
  id: `i${hour}`,
  issue: 'azure:disk',
  version: 2,
  cellRun: `run-${hour}`,
  cell: hour % 2 === 0 ? 'azure/a' : 'azure/b',
  check: 'reg-disk',
  at: at(hour),
  excerpt: '<script>alert(1)</script>',
})
/** An issue that was seen five times, one that was not, and three kinds of failure that nobody knows. */
export const issues: ReadIssues = async () => ({
  histories: [
    {
      issue: { id: 'azure:disk', version: 2, title: 'the disk', culprit: 'cloud' },
      seen: 5,
      looked: 9,
      firstSeen: at(1),
      lastSeen: at(5),
      incidents: [5, 4, 3, 2, 1].map(incident),
    },
    { issue: { id: 'time:late', version: 1, title: 'late', culprit: 'image' }, seen: 0, looked: 4, incidents: [] },
  ],
  groups: ['c', 'a', 'b'].map((id) => {
    return { id, check: 'x', example: 'y', count: 3, cells: ['z'], runs: ['r'], firstSeen: at(1), lastSeen: at(2) }
  }),
})
