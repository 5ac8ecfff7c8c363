import { appendFile, rm } from 'node:fs/promises'
import { ConfigError } from '../core/errors.ts'
import type { LedgerLine } from './ledger-file.ts'
import { readLedgers, type LedgerState, type OpenEntry } from './read-ledgers.ts'

/** What one dead run may have left at a place. */
export interface Forgettable {
  runId: string
  platform: string
  /** What was meant to be made and never said to be gone. */
  open: readonly OpenEntry[]
  /** The ledger that tells of it. */
  ledger: LedgerState
}

/**
 * What the ledgers tell of a run, or of a place by its endpoint.
 * @throws ConfigError when they tell nothing of it, its run goes on, or it cannot be told apart from another place
 */
export async function findForgettable(reference: string): Promise<Forgettable[]> {
  const ledgers = await readLedgers()
  const found = ledgers.flatMap((ledger) =>
    [...ledger.platforms].flatMap(([platform, sets]): Forgettable[] => {
      const here = ledger.runId === reference ? sets : sets.filter((options) => isAt(options, reference))
      if (here.length === 0) return []
      if (here.length < sets.length)
        throw new ConfigError(`the run ${ledger.runId} also used ${platform} elsewhere`, {
          hint: `name the run instead: harness sweep --forget ${ledger.runId}`,
        })
      const open = ledger.open.filter(({ intent }) => intent.platform === platform)
      return [{ runId: ledger.runId, platform, open, ledger }]
    }),
  )
  if (found.length === 0)
    throw new ConfigError(`no ledger tells of "${reference}"`, {
      hint: 'name a run, or the endpoint of a place as it was in the options of its platform',
    })
  const alive = found.find(({ ledger }) => ledger.alive !== false)
  if (alive)
    throw new ConfigError(`the run ${alive.runId} goes on, or another host knows whether it does`, {
      hint: 'wait for its end, or end it',
    })
  return found
}

/** Writes down that nobody will look for it any more. What exists in spite of that stays, until somebody else removes it. */
export async function forget(found: readonly Forgettable[]): Promise<void> {
  const paths = Map.groupBy(found, ({ ledger }) => ledger.path)
  for (const [path, parts] of paths) {
    const lines = parts.map(({ platform }): LedgerLine => ({ type: 'forgotten', platform }))
    // A crash may have cut the last line.
    await appendFile(path, `\n${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`)
    const open = parts.reduce((sum, part) => sum + part.open.length, 0)
    if (open >= (parts[0]?.ledger.open.length ?? 0)) await rm(path, { force: true })
  }
}

function isAt(options: Readonly<Record<string, unknown>>, reference: string): boolean {
  const address = (text: unknown) => (typeof text === 'string' ? text.replace(/\/+$/, '') : undefined)
  return [options['endpoint'], options['url'], options['socket']].some(
    (place) => place !== undefined && address(place) === address(reference),
  )
}
