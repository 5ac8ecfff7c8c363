import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatFacts } from '../../src/instance/facts/format-facts.ts'
import { recordedFacts } from '../unit/facts/recorded.ts'
import { harness } from './cli.ts'

let folder: string
const at = (name: string) => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-e2e-bad-input-'))
  mkdirSync(at('empty'))
  mkdirSync(at('facts/folder.json'), { recursive: true })
  for (const name of ['debian-13-rest', 'debian-13-first-boot'] as const) {
    writeFileSync(at(`facts/image-${name}.json`), formatFacts(recordedFacts(name)))
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Exit code and stderr of a command line that is refused. */
async function refused(...args: string[]): Promise<[number | null, string]> {
  const { code, stderr } = await harness(args, { env: { HARNESS_STATE_DIR: at('state') } })
  return [code, stderr]
}

describe('log files', () => {
  it('that are packed by gzip are unpacked; what is no text is refused, and an empty one is no clean log', async () => {
    writeFileSync(at('syslog.2.gz'), gzipSync('x.py[ERROR]: broken\n'))
    const packed = await harness(['check-logs', at('syslog.2.gz')])
    expect(packed.code).toBe(1)
    expect(packed.stdout).toContain('syslog.2.gz:1: error')
    writeFileSync(at('noise'), Buffer.alloc(1000))
    expect(await refused('check-logs', at('noise'))).toEqual([
      2,
      expect.stringMatching(/^harness: \S+noise is no log: it is not text\n/),
    ])
    writeFileSync(at('empty.log'), '')
    expect(await harness(['check-logs', at('empty.log')])).toMatchObject({
      code: 3,
      stdout: `${at('empty.log')} is empty\n`,
    })
  })
})

describe('facts', () => {
  it('are taken from the folder that holds them', async () => {
    const { code, stdout } = await harness(['check', at('facts'), '--json'])
    expect(code).toBe(0)
    const phases = (JSON.parse(stdout) as { phase: string }[]).map(({ phase }) => phase)
    expect(new Set(phases)).toEqual(new Set(['rest', 'first-boot']))
    expect(await refused('check', at('empty'))).toEqual([
      2,
      expect.stringMatching(/^harness: there is no facts file in /),
    ])
    expect(await refused('check', at('nothing'))).toEqual([2, expect.stringMatching(/^harness: cannot read /)])
  })
})

describe('the history', () => {
  it('refuses a word that names no check, and knows checks that never ran', async () => {
    const asked = (word: string) => refused('history', word, '--reports-dir', at('empty'))
    expect(await asked('reg-boot-sssh')).toEqual([
      2,
      'harness: unknown check reg-boot-sssh; did you mean reg-boot-ssh?\n',
    ])
    expect(await asked('nosuchatall-*')).toEqual([2, expect.stringContaining('`harness list` lists what there is')])
    for (const word of ['reg-boot-ssh', 'reg-*', 'log-ci-module-failed']) expect(await asked(word)).toEqual([0, ''])
  })

  it('refuses a filter that matches no cell, also beside one that does', async () => {
    const reports = at('one-run')
    writeFileSync(at('fake.yaml'), 'axes: { platform: [fake], image: [debian-13] }\n')
    const run = ['run', '--matrix', at('fake.yaml'), '--suite', 'none', '--reports-dir', reports]
    expect(await harness(run, { env: { HARNESS_STATE_DIR: at('state') } })).toMatchObject({ code: 0 })
    const asked = (...filter: string[]) =>
      refused('history', ...filter.flatMap((glob) => ['--filter', glob]), '--reports-dir', reports)
    expect(await asked('debian-13')).toEqual([0, ''])
    expect(await asked('debian-13', 'debain-13')).toEqual([
      2,
      'harness: no cell of these runs matches "debain-13"\n  did you mean "debian-13"?\n',
    ])
    expect(await asked('zzz')).toEqual([2, expect.stringContaining('without --filter, lists the cells')])
  })
})

describe('a filter', () => {
  it('that would judge nothing is refused', async () => {
    const facts = at('facts/image-debian-13-rest.json')
    expect(await refused('check', facts, '--only', 'reg-boot-ssh')).toEqual([
      2,
      expect.stringContaining('reg-boot-ssh judges a running machine, not facts: it is of the regression suite'),
    ])
    expect(await refused('check', facts, '--only', 'acct-default-user')).toEqual([
      2,
      expect.stringContaining('no check judges these facts'),
    ])
    expect(await refused('check', facts, '--only', 'acct-no-hystory')).toEqual([
      2,
      expect.stringContaining('did you mean acct-no-history?'),
    ])
  })

  it('with a name that means nothing is refused', async () => {
    const facts = at('facts/image-debian-13-rest.json')
    writeFileSync(at('good.log'), 'all is well\n')
    const lxd = [2, 'harness: unknown platform lxdd; did you mean lxd?\n']
    expect(await refused('check', facts, '--platform', 'lxdd')).toEqual(lxd)
    expect(await refused('inspect', facts, '--platform', 'lxdd')).toEqual(lxd)
    expect(await refused('check-logs', at('good.log'), '--platform', 'lxdd')).toEqual(lxd)
    expect(await refused('check-logs', at('good.log'), '--datasource', 'NoCluod')).toEqual([
      2,
      'harness: unknown datasource NoCluod; did you mean nocloud?\n',
    ])
    expect(await refused('check-logs', at('good.log'), '--datasource', 'NoCloud')).toEqual([0, ''])
    expect(await refused('check-logs', at('good.log'), '--distribution', 'debain')).toEqual([
      2,
      'harness: unknown distribution debain; did you mean debian?\n',
    ])
    const known = ['--platform', 'oracle', '--distribution', 'ubuntu']
    expect(await refused('check-logs', at('good.log'), ...known)).toEqual([0, ''])
  })

  it.each([
    ['rules', '--severity', 'major'],
    ['platforms', '--suite', 'policy'],
    ['checks', '--database', 'postgresql://nowhere'],
    ['images', '--reports-dir', 'reports'],
  ])('of another list is refused: list %s %s', async (kind, option, value) => {
    expect(await refused('list', kind, option, value)).toEqual([
      2,
      expect.stringContaining(`${option} does not apply to \`harness list ${kind}\``),
    ])
  })
})

describe('an image', () => {
  it('that is none is named with what it could have been', async () => {
    writeFileSync(at('a.log'), 'just a line\n')
    writeFileSync(at('a.log.gz'), gzipSync('just a line\n'.repeat(100)))
    const answer = (path: string) => [
      2,
      expect.stringContaining(`harness: ${path} is no image: not a disk, squashfs, tar or facts file\n`),
    ]
    for (const path of [at('a.log'), at('a.log.gz'), '/dev/null']) {
      expect(await refused('inspect', path)).toEqual(answer(path))
    }
    expect(await refused('diff', at('a.log'), at('a.log.gz'))).toEqual(answer(at('a.log')))
  })

  it('that is not there is answered with names, each of them once', async () => {
    const [code, stderr] = await refused('inspect', 'nosuch')
    expect(code).toBe(2)
    const names = stderr.match(/debian-[\w-]+/g) ?? []
    expect(names).toContain('debian-13')
    expect(names).toHaveLength(new Set(names).size)
  })
})
