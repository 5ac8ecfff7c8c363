import { expect, test } from 'vitest'
import { redact } from '../../../src/core/redact.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import type { PlatformFacts } from '../../../src/matrix/platform-facts.ts'

const FACTS: Record<string, PlatformFacts> = {
  lxd: {
    boots: ['container', 'uefi'],
    capabilities: ['extra-disk', 'extra-nic'],
    axes: { identity: ['ec2', 'gce'], disk: ['nvme'] },
    architectures: ['amd64'],
  },
  ssh: { boots: ['existing'], capabilities: [] },
}
const RELEASES: Record<string, string[]> = { debian: ['12', '13'], ubuntu: ['24.04'] }

function expand(matrix: object | string, environment = {}) {
  const text = typeof matrix === 'string' ? matrix : JSON.stringify(matrix)
  return expandMatrix(parseMatrix(text, '/m/matrix.yaml', environment), {
    platforms: (name) => FACTS[name],
    releases: (name) => RELEASES[name],
  })
}

const ids = (matrix: object) => expand(matrix).cells.map((cell) => cell.id)
const only = (matrix: object | string, environment = {}) => {
  const { cells } = expand(matrix, environment)
  if (!cells[0] || cells.length > 1) throw new Error(`${cells.length} cells`)
  return cells[0]
}
const one = { platform: ['lxd'], image: ['debian-13'] }

test('distribution, release and variant make the name of an image; foreign releases are left out', () => {
  const { cells, excluded } = expand({
    axes: {
      platform: ['lxd'],
      distribution: ['debian', 'ubuntu'],
      release: ['13', '24.04', '99'],
      'image-variant': ['default', 'nocloud'],
    },
    exclude: [{ distribution: 'ubuntu', release: '99', reason: 'not out' }],
  })
  expect(cells.map((cell) => [cell.id, cell.image, cell.distribution, cell.release])).toEqual([
    ['lxd/debian-13/default/container', 'debian-13', 'debian', '13'],
    ['lxd/debian-13-nocloud/default/container', 'debian-13-nocloud', 'debian', '13'],
    ['lxd/debian-99/default/container', 'debian-99', 'debian', '99'],
    ['lxd/debian-99-nocloud/default/container', 'debian-99-nocloud', 'debian', '99'],
    ['lxd/ubuntu-24.04/default/container', 'ubuntu-24.04', 'ubuntu', '24.04'],
    ['lxd/ubuntu-24.04-nocloud/default/container', 'ubuntu-24.04-nocloud', 'ubuntu', '24.04'],
  ])
  expect(new Set(excluded.map(({ id, reason }) => `${id}: ${reason}`))).toContain(
    'lxd/debian-24.04/default/container: debian has no such release',
  )
})

test('every axis changes what a launch is asked for', () => {
  const cell = only({
    axes: {
      ...one,
      architecture: ['amd64'],
      disk: ['extra-2x10GiB'],
      nic: ['extra-1'],
      identity: ['ec2'],
      agent: ['suite:sid'],
      suite: ['policy+logs'],
      variant: ['proxy'],
    },
    variants: { proxy: { environment: { http_proxy: 'http://proxy' }, 'user-data': '#cloud-config\n' } },
  })
  expect(cell).toMatchObject({
    id: 'lxd/debian-13/default/container,agent=suite-sid,architecture=amd64,disk=extra-2x10GiB,identity=ec2,nic=extra-1,suite=policy-logs,variant=proxy',
    architecture: 'amd64',
    disks: [{ sizeGiB: 10 }, { sizeGiB: 10 }],
    nics: 1,
    extra: { identity: 'ec2' },
    agent: { name: 'cloud-init', source: 'suite:sid' },
    suites: ['policy', 'logs'],
    environment: { http_proxy: 'http://proxy' },
    userData: '#cloud-config\n',
  })
  expect(only({ axes: { ...one, disk: ['nvme'] } })).toMatchObject({ extra: { disk: 'nvme' } })
})

test('what a platform cannot do is left out with the reason, before anything is launched', () => {
  const { cells, excluded } = expand({
    axes: {
      platform: ['lxd', 'ssh'],
      image: ['debian-13'],
      boot: ['default', 'bios'],
      disk: ['default', 'extra-1GiB', 'floppy'],
      nic: ['default', 'extra-1'],
      architecture: ['default', 'arm64'],
      identity: ['default', 'azure'],
    },
  })
  expect(cells.map((cell) => cell.id)).toEqual([
    'lxd/debian-13/default/container',
    'lxd/debian-13/default/container,nic=extra-1',
    'lxd/debian-13/default/container,disk=extra-1GiB',
    'lxd/debian-13/default/container,disk=extra-1GiB,nic=extra-1',
    'ssh/debian-13/default/existing',
    'ssh/debian-13/default/existing,architecture=arm64',
  ])
  expect([...new Set(excluded.map(({ reason }) => reason))].toSorted()).toEqual([
    'lxd boots container or uefi, not bios',
    'lxd knows the disk nvme, not floppy',
    'lxd knows the identity ec2, gce, not azure',
    'lxd runs amd64 here, not arm64',
    'ssh boots existing, not bios',
    'ssh cannot extra-disk',
    'ssh cannot extra-nic',
    'ssh has no choice of disk',
    'ssh has no choice of identity',
  ])
  expect(
    ids({ axes: { ...one, architecture: ['arm64'] }, platforms: { lxd: { architectures: ['arm64'] } } }),
  ).toHaveLength(1)
})

test('a platform may have values of its own, or change the list', () => {
  const axes = { platform: ['lxd', 'ssh'], image: ['debian-12', 'debian-13'], 'instance-type': ['small', 'large'] }
  expect(
    ids({ axes, platforms: { ssh: { axes: { image: ['-debian-12', '+own'], 'instance-type': ['mine'] } } } }),
  ).toEqual([
    'lxd/debian-12/small/container',
    'lxd/debian-12/large/container',
    'lxd/debian-13/small/container',
    'lxd/debian-13/large/container',
    'ssh/debian-13/mine/existing',
    'ssh/own/mine/existing',
  ])
})

test('constraints forbid and demand, and say their name', () => {
  const { cells, excluded } = expand({
    axes: {
      platform: ['lxd'],
      image: ['alpine-3', 'debian-13'],
      'instance-type': ['small', 'large'],
      boot: ['container', 'uefi'],
    },
    constraints: [
      { name: 'big', when: { boot: 'uefi' }, only: { 'instance-type': 'large' }, reason: 'memory' },
      { when: { image: 'alpine-*' }, never: { boot: 'uefi', 'instance-type': ['l*'] }, reason: 'no kernel' },
    ],
  })
  expect(cells.map((cell) => cell.id)).toEqual([
    'lxd/alpine-3/small/container',
    'lxd/alpine-3/large/container',
    'lxd/debian-13/small/container',
    'lxd/debian-13/large/container',
    'lxd/debian-13/large/uefi',
  ])
  expect(excluded).toEqual([
    { id: 'lxd/alpine-3/small/uefi', reason: 'big: memory' },
    { id: 'lxd/alpine-3/large/uefi', reason: 'no kernel' },
    { id: 'lxd/debian-13/small/uefi', reason: 'big: memory' },
  ])
})

test('settings cascade: file, platform, image, variant, defaults, cell; lists with signs change what was said before', () => {
  const matrix = {
    axes: { ...one, variant: ['v'] },
    attempts: 1,
    suites: ['policy'],
    checks: ['./file'],
    environment: { A: 'file', B: 'file' },
    platforms: { lxd: { suites: ['+logs'], checks: ['./platform'] } },
    images: { 'debian-13': { attempts: 2, environment: { B: 'image' }, from: 'images:debian/13' } },
    variants: { v: { attempts: 3, checks: ['-./file'] } },
    defaults: [
      { for: { image: 'debian-*' }, attempts: 4, timeouts: { boot: '1 second' } },
      { for: { variant: 'v' }, attempts: 5, suites: ['-policy', '+regression'] },
      { for: { variant: 'other' }, attempts: 1 },
    ],
  }
  expect(only(matrix)).toMatchObject({
    attempts: 5,
    suites: ['logs', 'regression'],
    checks: ['/m/platform'],
    environment: { A: 'file', B: 'image' },
    imageReference: 'images:debian/13',
    timeouts: { bootMs: 1000 },
  })
})

test('an agent of the axis is one of `agents` or a source', () => {
  const agents = { mine: { name: 'other', source: 'package:./x.deb' } }
  const cells = expand({
    axes: { ...one, agent: ['mine', 'none', 'default'] },
    agents,
    agent: { source: 'suite:sid' },
  }).cells
  expect(cells.map((cell) => [cell.agentName, cell.agent.source])).toEqual([
    ['other', 'package:./x.deb'],
    ['cloud-init', 'none'],
    ['cloud-init', 'suite:sid'],
  ])
})

test('variables are replaced where they are allowed, and escaped ones stay', () => {
  const text = [
    'axes: { platform: [lxd], image: [debian-13] }',
    'from-environment: [BUILD, UNSET]',
    'agent: { source: "package:./${BUILD}.deb" }',
    'user-data: |',
    '  #!/bin/sh',
    '  echo $${HOME} ${UNSET:-otherwise} $HOME ${BUILD}',
  ].join('\n')
  expect(only(text, { BUILD: '42' })).toMatchObject({
    agentSource: { kind: 'package', path: '/m/42.deb' },
    userData: '#!/bin/sh\necho ${HOME} otherwise $HOME 42\n',
  })
})

test('the value of a variable that sounds like a secret is masked from then on', () => {
  const text =
    'axes: { platform: [lxd], image: [debian-13] }\nfrom-environment: [PRO_TOKEN, NAME]\nuser-data: "${PRO_TOKEN} ${NAME}"\n'
  const cell = only(text, { PRO_TOKEN: 'C1abcdef9', NAME: 'not-masked' })
  expect(cell.userData).toBe('C1abcdef9 not-masked')
  expect(redact(`attach C1abcdef9 to not-masked`)).toBe('attach *** to not-masked')
})

test('an image that is a recipe is named after the recipe, not after its path', () => {
  const matrix = {
    axes: { platform: ['lxd'], image: ['./images/web.yaml'] },
    images: { './images/web.yaml': { attempts: 1 } },
  }
  expect(only(matrix)).toMatchObject({
    id: 'lxd/web/default/container',
    image: 'web',
    imageReference: '/m/images/web.yaml',
    attempts: 1,
  })
  const images = new Map([
    ['./images/web.yaml', { name: 'web-13', path: '/m/images/web.yaml', distribution: 'debian', release: '13' }],
  ])
  const loaded = parseMatrix(JSON.stringify(matrix), '/m/matrix.yaml')
  expect(expandMatrix(loaded, { images }).cells[0]).toMatchObject({
    image: 'web-13',
    distribution: 'debian',
    release: '13',
  })
})

test('cells that are included stand beside those that cover, with settings of their own', () => {
  const axes = {
    platform: ['lxd'],
    image: ['debian-12', 'debian-13'],
    'instance-type': ['small', 'large'],
    boot: ['container', 'uefi'],
  }
  const { cells, coverage } = expand({
    axes,
    coverage: { strength: 'each-value' },
    include: [{ platform: 'lxd', image: 'remote:own', agent: { source: 'none' }, disk: 'extra-1GiB' }],
  })
  expect(cells).toHaveLength(3)
  expect(coverage).toMatchObject({ strength: 1, required: 7, combinations: 8n, valid: 8n })
  expect(cells.at(-1)).toMatchObject({
    id: 'lxd/remote-own/default/container,disk=extra-1GiB',
    agent: { source: 'none' },
  })
})

test('very many excluded cells are told by what they have in common', () => {
  const many = (letter: string) => Array.from({ length: 30 }, (_, index) => `${letter}${index}`)
  const { cells, excluded } = expand({
    axes: { platform: ['lxd'], image: many('i'), 'instance-type': many('t') },
    exclude: [
      { 'instance-type': 't1*', image: ['i2?'], reason: 'no' },
      { 'instance-type': ['t2*', 't3'], reason: 'also no' },
    ],
  })
  expect(cells).toHaveLength(900 - 10 * 11 - 30 * 12)
  expect(excluded).toHaveLength(470)
  const more = expand({
    axes: { platform: ['lxd'], image: many('i'), 'instance-type': many('t') },
    exclude: [{ 'instance-type': 't??', reason: 'no' }],
  })
  expect(more.excluded).toEqual([
    { id: expect.stringMatching(/^instance-type=t10\|t11/), reason: 'no', combinations: 600 },
  ])
})

test('a name that ends in an architecture names the same release', () => {
  const releases = ['debian-13', 'debian-13-arm64', 'opensuse-leap-15.6-amd64'].map(
    (image) => only({ axes: { platform: ['ssh'], image: [image] } }).release,
  )
  expect(releases).toEqual(['13', '13', 'leap-15.6'])
})
