import type { Cell } from './cell.ts'

/** How much is judged: what must hold for an image to be of any use; what users rely on; everything. */
export type Tier = 'smoke' | 'standard' | 'full'

/** Each contains those before it. */
export const TIERS = ['smoke', 'standard', 'full'] as const satisfies readonly Tier[]

/** Longest smoke cell, whatever the matrix says. */
export const SMOKE_MS = 5 * 60_000

/** Whether a tier contains what belongs to another. */
export function includesTier(tier: Tier, wanted: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(wanted)
}

/**
 * Gives every cell its tier: that of the command line, else that of the matrix; else `full` on the first instance type of each family,
 * which is the one the matrix names first, and `smoke` on the others, for each platform, image and boot mode.
 * @param told the tier of the command line
 */
export function withTiers(cells: readonly Cell[], told?: Tier): Cell[] {
  const first = new Map<string, string>()
  return cells.map((cell) => {
    const key = [cell.platform, cell.image, cell.boot, instanceFamily(cell.instanceType)].join('\n')
    const leader = first.get(key) ?? cell.instanceType
    first.set(key, leader)
    const tier = told ?? cell.tier ?? (leader === cell.instanceType ? 'full' : 'smoke')
    if (tier !== 'smoke') return { ...cell, tier }
    return { ...cell, tier, timeouts: { ...cell.timeouts, cellMs: Math.min(cell.timeouts.cellMs, SMOKE_MS) } }
  })
}

/**
 * The family of an instance type, as the providers name them: `t3` of `t3.micro`, `n2-standard` of `n2-standard-4`,
 * `Standard_Ds_v5` of `Standard_D4s_v5`, `VM.Standard.E4` of `VM.Standard.E4.Flex`. A name of another form is its own family.
 */
export function instanceFamily(type: string): string {
  if (/^(VM|BM)\./.test(type)) return type.replace(/\.[^.]+$/, '')
  if (/^(Standard|Basic)_/.test(type)) return type.replace(/^([A-Za-z]+_[A-Z]+)\d+(-\d+)?/, '$1')
  if (/^[a-z]+\.[a-z0-9-]+\.[a-z0-9-]+$/.test(type)) return type.replace(/\.[^.]+$/, '')
  if (/^[a-z0-9-]+\.[a-z0-9-]+$/.test(type)) return type.replace(/\..*$/, '')
  if (/^[a-z][a-z0-9]*\d[a-z]*(-[a-z0-9]+)+$/.test(type)) return type.replace(/-[^-]+$/, '')
  return type
}
