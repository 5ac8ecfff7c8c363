import type { CheckRecord } from '../results/check-record.ts'
import type { Status } from '../results/status.ts'
import { digestOf } from './digest.ts'
import type { CellResults, ResultImage } from './results-schema.ts'
import type { PREDICATES, StatementOf } from './statement.ts'

type TestResult = StatementOf<typeof PREDICATES.testResult>

/**
 * What a test result of in-toto says, as results of ours: one cell for each image. It tells the names of tests and nothing else, so a
 * result that failed without a failed test becomes `miss`: somebody did not finish.
 */
export function resultsOfTestResult({ subject, predicate }: TestResult, receivedAt: number): CellResults {
  const names = [
    ...(predicate.passedTests ?? []).map((name) => record(name, 'pass')),
    ...(predicate.warnedTests ?? []).map((name) => ({ ...record(name, 'pass'), reason: 'passed with a warning' })),
    ...(predicate.failedTests ?? []).map((name) => record(name, 'fail')),
  ]
  const unfinished = predicate.result === 'FAILED' && (predicate.failedTests ?? []).length === 0
  const status: Status = predicate.result !== 'FAILED' ? 'pass' : unfinished ? 'miss' : 'fail'
  const configuration = predicate.configuration.map(({ name, uri }) => name ?? uri ?? '').filter(Boolean)
  const startedAt = new Date(receivedAt).toISOString()
  const images = subject.flatMap((one): ResultImage[] => {
    const sha256 = one.digest['sha256']
    if (sha256 === undefined) return []
    const about = { distribution: '', release: '', architecture: '', variant: '', description: one.name ?? '' }
    return [{ name: nameOf(one.name ?? sha256), digest: `sha256:${sha256}`, basis: 'uploaded', ...about, refs: [] }]
  })
  const where = nameOf(configuration.join('+') || 'unknown')
  return {
    version: '1.0',
    run: {
      id: `in-toto-${digestOf(JSON.stringify([subject, predicate])).slice(7, 19)}`,
      harness: 'in-toto test-result',
      startedAt,
      durationMs: 0,
      trigger: { kind: 'import', ...(predicate.url === undefined ? {} : { url: predicate.url }) },
      format: 'in-toto',
    },
    images,
    cells: images.map((image) => ({
      id: `in-toto/${image.name}/${where}`,
      platform: 'in-toto',
      image: image.name,
      digest: image.digest,
      axes: { platform: 'in-toto', image: image.name, configuration: configuration.join(', ').slice(0, 200) },
      suites: [],
      agent: { name: '', source: '' },
      attempt: 1,
      status,
      ...(unfinished ? { reason: 'the result is FAILED, and no test is named that failed' } : {}),
      startedAt,
      durationMs: 0,
      boots: 0,
      earlier: [],
      measured: [],
      warnings: [],
      checks: names,
      files: [],
    })),
  }
}

function record(test: string, status: Status): CheckRecord {
  return {
    id: nameOf(test),
    suite: 'regression',
    title: test,
    severity: 'major',
    subject: 'image',
    baseline: false,
    status,
    errors: [],
    durationMs: 0,
  }
}

/** Turns what others call something into a name of ours. */
export function nameOf(words: string): string {
  const plain = words
    .replace(/[^A-Za-z0-9._:+@~=-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 150)
    .replace(/-+$/, '')
  return plain || 'unnamed'
}
