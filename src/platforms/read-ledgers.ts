import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ledgerDir, type LedgerLine } from './ledger-file.ts'
import type { Intent } from './ledger.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'

/** Something a run meant to create and did not say it destroyed. Without an id it may or may not exist. */
export interface OpenEntry {
  intent: Intent
  id: string | undefined
  /** Left for a person to look at. */
  kept?: boolean
}

export interface LedgerState {
  runId: string
  /** Set when the run belongs to several processes: then this tells only what one of them made. */
  part?: string
  path: string
  owner: ProcessIdentity | undefined
  /** Whether the run that wrote it still goes on. */
  alive: boolean | 'unknown'
  /** Options without credentials. */
  platforms: Map<string, Readonly<Record<string, unknown>>[]>
  open: OpenEntry[]
}

/** Reads every ledger file there is, oldest run first. A last line cut by a crash is ignored. */
export async function readLedgers(): Promise<LedgerState[]> {
  const names = await readdir(ledgerDir()).catch(() => [])
  const files = names.filter((name) => name.endsWith('.jsonl')).sort()
  const states = await Promise.all(
    files.map((name) => readLedger(join(ledgerDir(), name), name.slice(0, -'.jsonl'.length).split('@')[0] ?? '')),
  )
  return states.filter((state) => state !== undefined)
}

async function readLedger(path: string, runId: string): Promise<LedgerState | undefined> {
  // A run that ends well removes its file while others read.
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  let owner: ProcessIdentity | undefined
  let part: string | undefined
  const platforms: LedgerState['platforms'] = new Map()
  const entries = new Map<number, OpenEntry>()
  for (const line of text.split('\n')) {
    const parsed = parseLine(line)
    if (parsed?.type === 'owner') ({ process: owner, part } = parsed)
    else if (parsed?.type === 'platform')
      platforms.set(parsed.name, [...(platforms.get(parsed.name) ?? []), parsed.options])
    else if (parsed?.type === 'intent') entries.set(parsed.n, { intent: parsed.intent, id: undefined })
    else if (parsed?.type === 'created') entries.set(parsed.n, { intent: intentOf(entries, parsed.n), id: parsed.id })
    else if (parsed?.type === 'destroyed') entries.delete(parsed.n)
    else if (parsed?.type === 'forgotten') {
      platforms.delete(parsed.platform)
      for (const [n, { intent }] of entries) if (intent.platform === parsed.platform) entries.delete(n)
    } else if (parsed?.type === 'kept') entries.set(parsed.n, { ...(entries.get(parsed.n) as OpenEntry), kept: true })
  }
  // Without an owner line nothing can have been created: the line is synced first.
  const alive = owner ? isAlive(owner) : false
  return { runId, ...(part === undefined ? {} : { part }), path, owner, alive, platforms, open: [...entries.values()] }
}

function intentOf(entries: Map<number, OpenEntry>, n: number): Intent {
  const known = entries.get(n)
  if (!known) throw new Error(`ledger entry ${n} was created but never intended`)
  return known.intent
}

function parseLine(line: string): LedgerLine | undefined {
  if (!line) return undefined
  try {
    return JSON.parse(line) as LedgerLine
  } catch {
    return undefined
  }
}
