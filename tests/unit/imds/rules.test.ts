import { describe, expect, it } from 'vitest'
import type { Answer, Cloud, CloudName } from '../../../src/imds/cloud.ts'
import { CLOUD_NAMES } from '../../../src/imds/cloud.ts'
import { CLOUDS } from '../../../src/imds/clouds.ts'
import { Asked } from './ask.ts'
import { brokenBy, RULES } from './rules.ts'

describe('what each cloud answers', () => {
  it.each(RULES.map((rule) => [rule.cloud, rule.title, rule] as const))('%s: %s', (_cloud, _title, rule) => {
    expect(brokenBy(rule, new Asked(CLOUDS[rule.cloud]))).toBe(undefined)
  })
})

/** A way in which a service could be wrong, and still look right at a glance. */
type Mutation = (cloud: Cloud) => Cloud

const answers =
  (edit: (answer: Answer) => Answer): Mutation =>
  (cloud) => ({ ...cloud, answer: (request, context) => edit(cloud.answer(request, context)) })
const bodies = (edit: (body: string) => string): Mutation =>
  answers((answer) =>
    answer.status === 200 ? { ...answer, body: edit(Buffer.from(answer.body ?? '').toString('utf8')) } : answer,
  )

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'the guard lets everything pass': (cloud) => ({ ...cloud, guard: () => undefined }),
  'headers are lost': answers(({ headers: _lost, ...answer }) => answer),
  'listings have no slashes': bodies((body) => body.replaceAll(/\/$/gm, '')),
  'nothing is ever missing': answers((answer) => (answer.status === 404 ? { status: 200, body: '' } : answer)),
  'lines are joined': bodies((body) => body.replaceAll('\n', ' ')),
  'values are empty': bodies(() => ''),
  'the first key is lost': bodies((body) => body.replaceAll('ssh-ed25519', 'ssh-x')),
  'quotes are single': bodies((body) => body.replaceAll('"', "'")),
  'the addresses of the cards are wrong': bodies((body) =>
    body.replaceAll('02:00:00:00:00:0', '02:00:00:00:01:0').replaceAll('0200000000', '0200000001'),
  ),
  'methods do not matter': (cloud) => ({
    ...cloud,
    guard: (request, context) =>
      cloud.guard({ ...request, method: request.path.endsWith('/token') ? 'PUT' : 'GET' }, context),
  }),
  'everything is refused': (cloud) => ({ ...cloud, guard: () => ({ status: 403 }) }),
}

/** Mutations that change nothing a guest could see on that cloud. */
const EQUAL: Readonly<Record<string, readonly string[]>> = {
  'listings have no slashes': ['azure', 'oracle', 'hetzner', 'vultr', 'nocloud-net', 'gce'],
  'headers are lost': ['openstack', 'hetzner', 'digitalocean', 'vultr', 'nocloud-net', 'oracle'],
  'lines are joined': ['azure', 'oracle', 'vultr'],
  'the addresses of the cards are wrong': ['gce'],
}

describe('rules notice a service that is wrong', () => {
  it.each(Object.entries(MUTATIONS))('%s', (name, mutate) => {
    const unnoticed = CLOUD_NAMES.filter((cloud) => {
      const mutant = mutate(CLOUDS[cloud])
      return !RULES.some((rule) => rule.cloud === cloud && brokenBy(rule, new Asked(mutant)) !== undefined)
    })
    expect(unnoticed.filter((cloud) => !(EQUAL[name] ?? []).includes(cloud))).toEqual([])
  })
})

it('shows which rule notices what, and the score', () => {
  const noticing = (cloud: CloudName, mutate: Mutation) =>
    RULES.find((rule) => rule.cloud === cloud && brokenBy(rule, new Asked(mutate(CLOUDS[cloud]))) !== undefined)?.title
  const names = Object.keys(MUTATIONS)
  const table = names.map((name) => `${name}: ${noticing('ec2', MUTATIONS[name] ?? ((cloud) => cloud)) ?? 'nobody'}`)
  expect(table).toMatchInlineSnapshot(`
    [
      "the guard lets everything pass: a token is not made by GET",
      "headers are lost: a token is made by PUT",
      "listings have no slashes: folders end with a slash in listings",
      "nothing is ever missing: tags need version 2021-03-23",
      "lines are joined: folders end with a slash in listings",
      "values are empty: a token is made by PUT",
      "the first key is lost: a key has its format below it",
      "quotes are single: the identity document has the instance id",
      "the addresses of the cards are wrong: cards are listed by address",
      "methods do not matter: a token is not made by GET",
      "everything is refused: a token is made by PUT",
    ]
  `)
  const wronglyEqual = names.flatMap((name) =>
    (EQUAL[name] ?? [])
      .filter((cloud) => noticing(cloud as CloudName, MUTATIONS[name] ?? ((one) => one)) !== undefined)
      .map((cloud) => `${name}: ${cloud}`),
  )
  expect(wronglyEqual).toEqual([])
  const pairs = names.flatMap((name) => CLOUD_NAMES.map((cloud) => ({ name, cloud })))
  const equal = pairs.filter(({ name, cloud }) => EQUAL[name]?.includes(cloud)).length
  const found = pairs.filter(
    ({ name, cloud }) => noticing(cloud, MUTATIONS[name] ?? ((one) => one)) !== undefined,
  ).length
  expect({ mutants: pairs.length, equal, found }).toMatchInlineSnapshot(`
    {
      "equal": 16,
      "found": 83,
      "mutants": 99,
    }
  `)
})
