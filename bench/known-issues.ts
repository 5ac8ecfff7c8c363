// Known issues: how fast logs are looked through, and how long a process that also serves pages pauses when pattern and log are hostile.
// The reference is V8's own engine: what it needs for a pattern that backtracks, on 26 characters.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { compileIssue, type IssuePattern } from '../src/known-issues/issue-pattern.ts'
import { scanPieces } from '../src/known-issues/scan-lines.ts'
import { time, verdict } from './measure.ts'

const MIB = 1024 * 1024
const ISSUES = 100
const LOG_MIB = 32

function issue(contains: string[], match: string): IssuePattern {
  return compileIssue({
    id: 'bench:issue',
    version: 1,
    title: 'for the benchmark',
    culprit: 'unknown',
    contains,
    match,
    samples: { hit: ['x'], miss: ['y'] },
  })
}

/** Pieces of a log as a file is read. */
function* log(lineOf: (number: number) => string, mib: number): Generator<string> {
  const piece = Array.from({ length: 500 }, (_, number) => lineOf(number)).join('\n') + '\n'
  for (let bytes = 0; bytes < mib * MIB; bytes += piece.length) yield piece
}

const plain = (number: number) =>
  `2026-11-20 10:15:${String(number % 60).padStart(2, '0')},120 - util.py[DEBUG]: Running command ['systemctl', 'is-active', 'unit-${number}'] with allowed return codes [0]`
const issues = Array.from({ length: ISSUES }, (_, number) =>
  issue([number % 10 === 0 ? `unit-${number}'` : `fault ${number}`], String.raw`unit-\d+.*codes \[1\]|fault \d+`),
)
const ms = await time(() => scanPieces(log(plain, LOG_MIB), issues, { issueMs: 1e9 }))
console.log(`${ISSUES} issues in a log of ${LOG_MIB} MiB: ${((LOG_MIB * 1000) / ms).toFixed(0)} MiB/s`)

const backtracking = new RegExp('^(a+)+$')
const v8 = await time(async () => backtracking.test(`${'a'.repeat(25)}!`))
console.log(`V8 needs ${(v8 / 1000).toFixed(1)} s for ^(a+)+$ on 26 characters`)

// The widest automata that are accepted, on lines of two letters that never let them settle.
let seed = 12_345
const letters = Array.from({ length: 4090 }, () => ((seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16) & 1)
const line = `${letters.map((bit) => (bit ? 'a' : 'b')).join('')}abad`
const hostile = ['^(a+)+$', '^[ab]*a[ab]{90}d$', '([ab]*a){9}[ab]{15}d[xyz]', '^([ab]*a[ab]{180}d)$'].map((match) =>
  issue(['aba'], match),
)
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
const spent = await time(() =>
  scanPieces(
    log(() => line, 8),
    hostile,
  ),
)
delay.disable()
console.log(`${hostile.length} hostile issues in a hostile log of 8 MiB end after ${(spent / 1000).toFixed(1)} s`)
verdict('longest pause of the process', delay.max / 1e6, 1000, ' ms')
verdict('time of all hostile issues', spent / 1000, 2 * hostile.length + 2, ' s')
