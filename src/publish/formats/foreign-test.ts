import type { CheckRecord } from '../../results/check-record.ts'
import { worstStatus, type Status } from '../../results/status.ts'
import { digestOf } from '../digest.ts'
import { LIMITS, type CellResults } from '../results-schema.ts'
import { nameOf } from '../test-result.ts'

/** One test of a program that is not this harness. */
export interface ForeignTest {
  name: string
  status: Status
  durationMs?: number
  /** What it said, when it did not pass. */
  message?: string
  /** Why it was skipped. */
  reason?: string
}

/** What a file of results says. */
export interface ForeignRun {
  format: 'junit' | 'tap' | 'kcidb'
  tests: ForeignTest[]
  /** ISO 8601, when the file tells. */
  startedAt?: string
}

/** What no such file tells: which image was tested where. */
export interface ForeignAbout {
  cell: string
  image: string
  digest: string
  /** When the file does not tell. */
  startedAt: string
}

/** Results of others as results of ours: one cell, whose checks are their tests. */
export function foreignResults({ format, tests, startedAt }: ForeignRun, about: ForeignAbout): CellResults {
  const at = startedAt ?? about.startedAt
  const [platform = ''] = about.cell.split('/')
  const durationMs = tests.reduce((sum, test) => sum + (test.durationMs ?? 0), 0)
  const [algorithm = 'sha256'] = about.digest.split(':')
  return {
    version: '1.0',
    run: {
      id: `${format}-${digestOf(JSON.stringify([about, tests])).slice(7, 19)}`,
      harness: format,
      startedAt: at,
      durationMs,
      trigger: { kind: 'import' },
      format,
    },
    images: [
      {
        name: about.image,
        digest: about.digest,
        basis: algorithm === 'reported' ? 'reported' : 'uploaded',
        distribution: '',
        release: '',
        architecture: '',
        variant: '',
        description: '',
        refs: [],
      },
    ],
    cells: [
      {
        id: about.cell,
        platform,
        image: about.image,
        digest: about.digest,
        axes: { platform, image: about.image },
        suites: [format],
        agent: { name: '', source: '' },
        attempt: 1,
        status: worstStatus(tests.map(({ status }) => status)),
        startedAt: at,
        durationMs,
        boots: 0,
        earlier: [],
        measured: [],
        warnings:
          tests.length > LIMITS.checksOfCell ? [`${tests.length - LIMITS.checksOfCell} tests were left out`] : [],
        checks: worstTests(tests).map(recordOf),
        files: [],
      },
    ],
  }
}

/** When there are too many, those that tell most are kept. */
function worstTests(tests: readonly ForeignTest[]): ForeignTest[] {
  if (tests.length <= LIMITS.checksOfCell) return [...tests]
  const order: readonly Status[] = ['fail', 'error', 'miss', 'done', 'pass', 'skip']
  return tests.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status)).slice(0, LIMITS.checksOfCell)
}

function recordOf({ name, status, durationMs = 0, message, reason }: ForeignTest): CheckRecord {
  const why = reason ?? (status === 'skip' || status === 'miss' ? 'no reason was given' : undefined)
  return {
    id: nameOf(name),
    suite: 'regression',
    title: name.slice(0, 2_000),
    severity: 'major',
    subject: 'image',
    baseline: false,
    status,
    errors: message === undefined || message === '' ? [] : [{ message: message.slice(0, 16_000) }],
    durationMs,
    ...(why === undefined ? {} : { reason: why.slice(0, 2_000) }),
  }
}
