import { expect, test } from 'vitest'
import type { Cell } from '../../../src/matrix/cell.ts'
import { includesTier, instanceFamily, type Tier, withTiers } from '../../../src/matrix/tier.ts'

function cell(instanceType: string, change: Partial<Cell> = {}): Cell {
  return {
    id: `ec2/debian-13/${instanceType}/uefi`,
    platform: 'ec2',
    image: 'debian-13',
    distribution: 'debian',
    release: '13',
    instanceType,
    boot: 'uefi',
    agent: { name: 'cloud-init', source: 'release' },
    suites: [],
    agentName: 'cloud-init',
    agentSource: { kind: 'release' },
    platformOptions: {},
    checks: [],
    timeouts: { bootMs: 1, checkMs: 1, cellMs: 1_800_000, cleanupMs: 1 },
    attempts: 1,
    ...change,
  }
}

const tiers = (cells: readonly Cell[], told?: Tier) => withTiers(cells, told).map(({ tier }) => tier)

test('one instance type of a family gets everything, the others smoke', () => {
  const cells = ['t3.micro', 't3.large', 'm7g.large', 't3.small', 'm7g.xlarge'].map((type) => cell(type))
  expect(tiers(cells)).toEqual(['full', 'smoke', 'full', 'smoke', 'smoke'])
})

test('for each platform, image and boot mode; other axes share the type', () => {
  const cells = [
    cell('t3.micro'),
    cell('t3.large', { image: 'debian-12' }),
    cell('t3.large', { boot: 'bios' }),
    cell('t3.large', { platform: 'gce' }),
    cell('t3.micro', { id: 'x,disk=extra' }),
    cell('t3.large', { id: 'y,disk=extra' }),
  ]
  expect(tiers(cells)).toEqual(['full', 'full', 'full', 'full', 'full', 'smoke'])
})

test('unless told otherwise by the matrix, or by the command line', () => {
  const cells = [cell('t3.micro', { tier: 'standard' }), cell('t3.large', { tier: 'full' }), cell('t3.small')]
  expect(tiers(cells)).toEqual(['standard', 'full', 'smoke'])
  expect(tiers(cells, 'standard')).toEqual(['standard', 'standard', 'standard'])
})

test('a smoke cell ends within five minutes', () => {
  const [full, smoke] = withTiers([cell('t3.micro'), cell('t3.large')])
  expect([full?.timeouts.cellMs, smoke?.timeouts.cellMs]).toEqual([1_800_000, 300_000])
})

test.each([
  ['t3.micro', 't3'],
  ['m7g.metal', 'm7g'],
  ['u-6tb1.112xlarge', 'u-6tb1'],
  ['n2-standard-4', 'n2-standard'],
  ['e2-medium', 'e2'],
  ['c4a-highmem-8', 'c4a-highmem'],
  ['Standard_D4s_v5', 'Standard_Ds_v5'],
  ['Standard_B2ats_v2', 'Standard_Bats_v2'],
  ['Standard_E32-8s_v5', 'Standard_Es_v5'],
  ['VM.Standard.E4.Flex', 'VM.Standard.E4'],
  ['ecs.g7.large', 'ecs.g7'],
  ['default', 'default'],
  ['small', 'small'],
  ['cx22', 'cx22'],
])('the family of %s is %s', (type, family) => expect(instanceFamily(type)).toBe(family))

test('each tier contains those before it', () => {
  expect(includesTier('standard', 'smoke')).toBe(true)
  expect(includesTier('smoke', 'standard')).toBe(false)
})
