import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { loadMatrix } from '../../../src/matrix/load-matrix.ts'
import { selectByChange } from '../../../src/selection/by-change.ts'
import { type ChangeRules, loadRules, parseRules } from '../../../src/selection/rules.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/selection')
const { cells } = expandMatrix(await loadMatrix(join(FIXTURES, 'matrix.yaml')))
const shipped = await loadRules()
const own = (text: string): ChangeRules => parseRules(text, 'rules.yaml')

/** What the shipped rules select, as `platform/image`, sorted. */
function selected(...paths: string[]): string[] {
  const found = selectByChange(cells, paths, shipped).selected.map(({ cell }) => `${cell.platform}/${cell.image}`)
  return [...new Set(found)].sort()
}

test('a change of a datasource runs its platform only, and not every check', () => {
  const { selected: picked, left, applied } = selectByChange(cells, ['cloudinit/sources/DataSourceAzure.py'], shipped)
  expect(new Set(picked.map(({ cell }) => cell.platform))).toEqual(new Set(['azure']))
  expect(picked).toHaveLength(8)
  expect(picked[0]?.onlyChecks?.by).toBe('change rule datasource of Azure')
  expect(picked[0]?.onlyChecks?.globs).toContain('reg-boot-*')
  expect(left).toHaveLength(cells.length - picked.length)
  expect(left[0]?.by).toBe('change rule datasource of Azure')
  expect(applied).toMatchObject([{ rule: 'datasource of Azure', fellBack: false }])
})

test('a change of a distribution runs it everywhere, with every check', () => {
  const picked = selectByChange(cells, ['cloudinit/distros/alpine.py'], shipped).selected
  expect(picked.map(({ cell, onlyChecks }) => [cell.platform, cell.image, onlyChecks])).toEqual(
    ['lxd', 'qemu', 'ec2', 'azure', 'gce', 'openstack'].map((platform) => [platform, 'alpine-3.22', undefined]),
  )
})

test('a change of a network renderer runs the distributions that use it', () => {
  expect(new Set(selected('cloudinit/net/netplan.py').map((cell) => cell.split('/')[1]))).toEqual(
    new Set(['debian-12', 'debian-13', 'ubuntu-24.04']),
  )
  expect(new Set(selected('cloudinit/net/sysconfig.py').map((cell) => cell.split('/')[1]))).toEqual(
    new Set(['fedora-42', 'opensuse-15.6', 'rocky-9']),
  )
})

test('tests and documentation alone run nothing, whatever failed last time', () => {
  const paths = ['doc/rtd/index.rst', 'tests/unittests/test_net.py', 'README.md', '.github/workflows/unit.yml']
  const { selected: picked, left } = selectByChange(cells, paths, shipped, new Set(cells.map(({ id }) => id)))
  expect(picked).toEqual([])
  expect(left[0]?.by).toBe('change rule tests and documentation')
})

test('several paths select what each of them does; checks add up, and a rule without checks means all', () => {
  const both = selectByChange(cells, ['cloudinit/sources/DataSourceGCE.py', 'cloudinit/net/netplan.py'], shipped)
  const gce = both.selected.find(({ cell }) => cell.platform === 'gce' && cell.image === 'debian-13')
  expect(gce?.onlyChecks?.by).toBe('change rule datasource of GCE, network renderer netplan')
  expect(gce?.onlyChecks?.globs).toEqual(expect.arrayContaining(['acct-*', 'boot-*']))
  const more = selectByChange(cells, ['cloudinit/sources/DataSourceGCE.py', 'cloudinit/distros/debian.py'], shipped)
  expect(more.selected.find(({ cell }) => cell.id === gce?.cell.id)).not.toHaveProperty('onlyChecks')
})

test('an unknown path falls back to the default: every value of its axes once', () => {
  const { selected: picked, applied } = selectByChange(cells, ['brand/new.py'], shipped)
  expect(applied).toMatchObject([{ rule: 'default', paths: ['brand/new.py'] }])
  for (const axis of ['platform', 'distribution', 'release', 'boot'] as const) {
    expect(new Set(picked.map(({ cell }) => cell[axis]))).toEqual(new Set(cells.map((cell) => cell[axis])))
  }
  expect(picked.length).toBeLessThanOrEqual(8)
})

test('a rule that names no cell of this matrix falls back too, and says so', () => {
  const { selected: picked, applied } = selectByChange(cells, ['cloudinit/sources/DataSourceOracle.py'], shipped)
  expect(applied).toMatchObject([{ rule: 'datasource of Oracle', fellBack: true }])
  expect(picked).toHaveLength(8)
})

test('cells that failed last time run too, with every check, unless the rules say otherwise', () => {
  const failing = new Set(['lxd/debian-12/default/bios'])
  const azure = ['cloudinit/sources/DataSourceAzure.py']
  const found = selectByChange(cells, azure, shipped, failing).selected
  expect(found.filter(({ onlyChecks }) => onlyChecks === undefined).map(({ cell }) => cell.id)).toEqual([...failing])
  expect(selectByChange(cells, azure, { ...shipped, 'also-failing': false }, failing).selected).toHaveLength(8)
})

test('no change at all runs nothing', () => {
  expect(selectByChange(cells, [], shipped)).toMatchObject({ selected: [], applied: [] })
})

test('own rules: the first that matches decides', () => {
  const rules = own(`
project: mine
rules:
  - {name: special, paths: ['src/net/one.c'], cells: [{platform: lxd, image: 'debian-*'}]}
  - {name: net, paths: ['src/net/**'], cells: all, one-per: [platform]}
default: {cells: none}
`)
  const ids = (...paths: string[]) => selectByChange(cells, paths, rules).selected.map(({ cell }) => cell.id)
  expect(ids('src/net/one.c')).toHaveLength(4)
  expect(ids('src/net/two.c')).toHaveLength(6)
  expect(ids('other')).toEqual([])
})

test.each([
  ['rules: [{name: a, paths: [x], cells: some}]\nproject: p\ndefault: {cells: all}', 'rules.yaml:1:38'],
  ['rules: [{name: a, paths: [], cells: all}]\nproject: p\ndefault: {cells: all}', 'rules.yaml:1:26'],
  ['rules: []\nproject: p\ndefault: {cells: all, chekcs: [a]}', 'did you mean "checks"'],
  [
    'project: p\nrules: [{name: a, paths: [x], cells: [{plattform: lxd}]}]\ndefault: {cells: all}',
    'did you mean "platform"',
  ],
  ['project: p\nrules: []\ndefault: {cells: all, one-per: [platform, distro]}', 'did you mean "distribution"'],
])('a mistake in rules is named by its place: %j', (text, said) => {
  expect(() => own(text)).toThrow(expect.objectContaining({ message: expect.stringMatching(/rules\.yaml:\d+:\d+/) }))
  try {
    own(text)
  } catch (error) {
    const { message, hint = '' } = error as Error & { hint?: string }
    expect(`${message} ${hint}`).toContain(said)
  }
})

test.each(['25.1.4', '22.4.2'])('a rule knows every file of cloud-init %s', (version) => {
  const paths = readFileSync(join(FIXTURES, `cloud-init-${version}-paths.txt`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const unknown = paths.filter(
    (path) => !shipped.rules.some((rule) => rule.paths.some((glob) => posix.matchesGlob(path, glob))),
  )
  expect(paths.length).toBeGreaterThan(800)
  expect(unknown).toEqual([])
})

test('every rule matches a file of cloud-init, and none hides another', () => {
  const paths = ['25.1.4', '22.4.2'].flatMap((version) =>
    readFileSync(join(FIXTURES, `cloud-init-${version}-paths.txt`), 'utf8').split('\n'),
  )
  const used = new Set(
    paths.map((path) => shipped.rules.find((rule) => rule.paths.some((glob) => posix.matchesGlob(path, glob)))?.name),
  )
  expect(shipped.rules.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([])
})

test('recorded changes of cloud-init run a part of the matrix', () => {
  const { changes } = JSON.parse(readFileSync(join(FIXTURES, 'cloud-init-changes.json'), 'utf8')) as {
    changes: { commit: string; paths: string[] }[]
  }
  const shares = changes.map(({ paths }) => selectByChange(cells, paths, shipped).selected.length / cells.length)
  expect(changes.every(({ commit, paths }) => /^[0-9a-f]{40}$/.test(commit) && paths.length > 0)).toBe(true)
  expect(Math.max(...shares)).toBeLessThan(0.5)
  expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeLessThan(0.3)
})
