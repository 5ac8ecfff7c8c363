import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { decide, parseRequest } from '../../../scripts/cloud-request.ts'
import { fetchArtifact, onlyPackage } from '../../../scripts/fetch-package.ts'
import type { GithubApi } from '../../../scripts/github-api.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const OTHER = COMMIT.replaceAll('0', 'f')
const DIGEST = 'a'.repeat(64)

function api(answers: Record<string, unknown> = {}): GithubApi {
  const all: Record<string, unknown> = {
    '/collaborators/maintainer/permission': { permission: 'write' },
    '/collaborators/stranger/permission': { permission: 'read' },
    '/pulls/7': { state: 'open', head: { sha: COMMIT } },
    [`/actions/workflows/pull-request.yml/runs?event=pull_request&status=success&head_sha=${COMMIT}`]: {
      workflow_runs: [{ id: 5, head_sha: COMMIT }],
    },
    '/actions/runs/5/artifacts?name=package': { artifacts: [{ id: 9, expired: false, digest: `sha256:${DIGEST}` }] },
    ...answers,
  }
  return {
    get: async (path) => {
      if (!(path in all)) throw new Error(`${path} answers 404`)
      return all[path]
    },
    download: async () => Buffer.from('archive'),
  }
}

const asked = (comment: string, author = 'maintainer') => ({ author, comment, pullRequest: '7' })
const GOOD = `/cells platform=azure filter=debian-13 @${COMMIT}`

test('a maintainer who names the head of a pull request gets what it built', async () => {
  expect(await decide(api(), asked(`${GOOD}\r\n\r\nbecause of the network change`))).toEqual({
    platform: 'azure',
    filter: 'debian-13',
    commit: COMMIT,
    package: '9',
    'package-digest': DIGEST,
  })
})

test('a pull request that builds no package is tested without', async () => {
  const none = { '/actions/runs/5/artifacts?name=package': { artifacts: [] } }
  expect(await decide(api(none), asked(GOOD))).toMatchObject({ package: '', 'package-digest': '' })
})

test.each([
  ['a stranger', asked(GOOD, 'stranger'), {}, 'may not ask for this: permission read'],
  ['a name that is a path', asked(GOOD, '../../pulls/7'), {}, 'the author has no name'],
  [
    'a push after the comment',
    asked(GOOD),
    { '/pulls/7': { state: 'open', head: { sha: OTHER } } },
    `the head is ${OTHER} now`,
  ],
  ['a closed pull request', asked(GOOD), { '/pulls/7': { state: 'closed', head: { sha: COMMIT } } }, 'is closed'],
  [
    'checks that have not passed',
    asked(GOOD),
    {
      [`/actions/workflows/pull-request.yml/runs?event=pull_request&status=success&head_sha=${COMMIT}`]: {
        workflow_runs: [],
      },
    },
    'have not passed',
  ],
  [
    'a package without a digest',
    asked(GOOD),
    { '/actions/runs/5/artifacts?name=package': { artifacts: [{ id: 9, expired: false }] } },
    'has no digest',
  ],
])('%s is refused', async (_, request, answers, message) => {
  await expect(decide(api(answers), request)).rejects.toThrow(message)
})

test.each([
  '/cells platform=azure',
  `/cells @${COMMIT}`,
  `/cells platform=azure @${COMMIT.slice(0, 12)}`,
  `/cells platform=moon @${COMMIT}`,
  `/cells platform=azure filter=$(id) @${COMMIT}`,
  `/cells platform=azure --all @${COMMIT}`,
  `/cells platform=azure @${COMMIT} @${OTHER}`,
  `please /cells platform=azure @${COMMIT}`,
])('%s is not understood', (comment) => {
  expect(() => parseRequest(comment)).toThrow(/platform=ec2\|azure\|gce/)
})

test('a package is what its digest says, alone, and has a plain name', async () => {
  const digest = createHash('sha256').update('archive').digest('hex')
  expect(String(await fetchArtifact(api(), '9', digest))).toBe('archive')
  await expect(fetchArtifact(api(), '9', DIGEST)).rejects.toThrow(`not ${DIGEST}`)
  expect(onlyPackage(['cloud-init_26.1-1_all.deb'])).toBe('cloud-init_26.1-1_all.deb')
  for (const names of [[], ['a.deb', 'b.deb'], ['-o.deb'], ['a b.deb'], ['a.sh']])
    expect(() => onlyPackage(names)).toThrow('expected one .deb or .rpm')
})
