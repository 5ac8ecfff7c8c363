import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Archive } from '../../../src/archive/archive.ts'
import { seal } from '../../../src/publish/envelope.ts'
import { makeKey, type SigningKey } from '../../../src/publish/keys.ts'
import type { CellResults, ResultCell } from '../../../src/publish/results-schema.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import type { CheckRecord } from '../../../src/results/check-record.ts'

export const NOW = Date.parse('2026-11-20T12:00:00Z')
export const IMAGE = `sha256:${'a'.repeat(64)}` as const

export interface TestArchive extends AsyncDisposable {
  folder: string
  archive: Archive
  keys: Record<'alice' | 'bob', SigningKey>
  /** Milliseconds the archive believes it is. */
  clock: { now: number }
  /** Opens it again, as another process would. */
  reopen(): Promise<Archive>
}

/** The registration of a submitter. */
export function registration(id: string, key: SigningKey, more = ''): string {
  return `id: ${id}
display: ${id.toUpperCase()}
contact: mailto:${id}@example.org
${more || "roles: [results, waivers, approvals]\nscopes: [{cells: 'lxd/*', images: 'debian-*'}]"}
keys:
  - {public: ${key.publicKey}, until: 2027-06-30}
`
}

/** An archive in a temporary folder with two submitters: alice for LXD and Debian, bob for EC2. */
export async function testArchive({
  like,
  ...options
}: { database?: string; like?: TestArchive } = {}): Promise<TestArchive> {
  const folder = mkdtempSync(join(tmpdir(), 'archive-test-'))
  if (like) cpSync(join(like.folder, 'keys'), join(folder, 'keys'), { recursive: true })
  else await makeKey(join(folder, 'keys/archive.pem'))
  const alice = like?.keys.alice ?? (await makeKey(join(folder, 'outside/alice.pem')))
  const bob = like?.keys.bob ?? (await makeKey(join(folder, 'outside/bob.pem')))
  mkdirSync(join(folder, 'submitters'))
  writeFileSync(join(folder, 'submitters/alice.yaml'), registration('alice', alice))
  writeFileSync(
    join(folder, 'submitters/bob.yaml'),
    registration('bob', bob, "roles: [results]\nscopes: [{cells: 'ec2/*'}]"),
  )
  const clock = { now: NOW }
  const open = () => Archive.open({ folder, now: () => clock.now, ...options })
  let archive = await open()
  return {
    folder,
    get archive() {
      return archive
    },
    keys: { alice, bob },
    clock,
    async reopen() {
      await archive[Symbol.asyncDispose]()
      return (archive = await open())
    },
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]().catch(() => {})
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** An envelope with a payload, signed. */
export function signed(payload: Uint8Array | object, ...keys: readonly SigningKey[]): string {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload))
  return JSON.stringify(seal(bytes, keys))
}

/** Results of one cell, as little as there can be. */
export function results(
  change: { run?: Partial<CellResults['run']>; cell?: Partial<ResultCell>; build?: string } = {},
): CellResults {
  const cell: ResultCell = {
    id: 'lxd/debian-13/default/container',
    platform: 'lxd',
    image: 'debian-13',
    digest: IMAGE,
    axes: { platform: 'lxd', image: 'debian-13' },
    suites: ['policy'],
    agent: { name: 'cloud-init', source: 'release' },
    attempt: 1,
    status: 'pass',
    startedAt: '2026-11-20T10:00:00.000Z',
    durationMs: 90_000,
    boots: 2,
    earlier: [],
    measured: [{ subject: 'image', values: { bootMs: 7_000, agentMs: 9_000 } }],
    warnings: [],
    checks: [check('ssh-root', 'pass')],
    files: [],
    ...change.cell,
  }
  return {
    version: '1.0',
    run: {
      id: '20261120-100000-abcd',
      harness: 'harness 0.1.0',
      startedAt: '2026-11-20T10:00:00.000Z',
      durationMs: 100_000,
      trigger: { kind: 'person' },
      ...change.run,
    },
    images:
      cell.digest === undefined
        ? []
        : [
            {
              name: cell.image,
              digest: cell.digest,
              basis: 'stored',
              distribution: 'debian',
              release: '13',
              architecture: 'x86_64',
              variant: 'default',
              description: 'Debian 13',
              build: change.build ?? '20261120',
              refs: [{ platform: cell.platform, id: 'f00' }],
              packages: [['cloud-init', '25.1', 'all', '']],
            },
          ],
    cells: [cell],
  }
}

export function check(id: string, status: CheckRecord['status'], more: Partial<CheckRecord> = {}): CheckRecord {
  const failed = status === 'fail' || status === 'error'
  return {
    id,
    suite: 'policy',
    title: `${id} holds`,
    severity: 'major',
    phase: 'first-boot',
    subject: 'image',
    baseline: false,
    status,
    errors: failed ? [{ message: `${id} does not hold`, expected: 'no', actual: 'yes' }] : [],
    durationMs: 3,
    ...more,
  }
}

/** An envelope with results, signed. */
export function submission(key: SigningKey, change: Parameters<typeof results>[0] = {}): string {
  return signed(payloadOf(results(change)), key)
}
