import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readFileSync } from 'node:fs'
import { loadRecipe } from '../../src/images/index.ts'
import { harness, ROOT } from './cli.ts'

it('the matrix of a maintainer makes cells', async () => {
  const { code, stdout } = await harness(['plan', '--matrix', 'examples/matrix.yaml', '--json'])
  const { cells, excluded } = JSON.parse(stdout) as {
    cells: { id: string; checks: { id: string }[] }[]
    excluded: unknown[]
  }
  expect(code).toBe(0)
  expect(cells.map((cell) => cell.id)).toEqual(['lxd/debian-13/default/container', 'lxd/debian-13/small/container'])
  expect(cells[0]?.checks.map((check) => check.id)).toEqual(
    expect.arrayContaining(['company-time-is-kept', 'example-tmp-is-sticky']),
  )
  expect(excluded).toHaveLength(1)
})

it('a few dozen cells stand for a matrix of many, and become jobs of a workflow', async () => {
  const args = ['plan', '--matrix', 'examples/matrix-pairwise.yaml']
  const [json, some, github] = await Promise.all([
    harness([...args, '--json']),
    harness([...args, '--platform', 'lxd']),
    harness([...args, '--format', 'github', '--jobs', '5']),
  ])
  const { cells, coverage, excluded } = JSON.parse(json.stdout) as {
    cells: { id: string; adds: number }[]
    coverage: { required: number; covered: number; combinations: string }
    excluded: { id: string; reason: string }[]
  }
  expect([json.code, github.code]).toEqual([0, 0])
  expect(cells.length).toBeLessThan(40)
  expect(cells[0]?.id).toBe('lxd/debian-13/small/container,agent=candidate')
  expect(cells.reduce((sum, { adds }) => sum + adds, 0)).toBe(coverage.required)
  expect(coverage).toMatchObject({ covered: coverage.required, combinations: '1728' })
  const [, covered] = /They have (\d+) of \d+ pairs of values/.exec(some.stdout) ?? []
  expect(Number(covered)).toBeGreaterThan(0)
  expect(Number(covered)).toBeLessThan(coverage.required)
  expect(excluded).toContainEqual({
    id: 'architecture=arm64 boot=bios',
    reason: 'no-arm64-bios: arm64 machines have no BIOS',
  })
  const { include } = JSON.parse(github.stdout) as { include: { name: string; platform: string; cells: string }[] }
  expect(include).toHaveLength(5)
  expect(new Set(include.flatMap((job) => job.cells.split(' ')))).toEqual(new Set(cells.map((cell) => cell.id)))
})

it('the matrix of datasources has a cell for each cloud and release, and judges datasources only', async () => {
  const { code, stdout } = await harness(['plan', '--matrix', 'examples/datasources.yaml', '--json'])
  const { cells } = JSON.parse(stdout) as { cells: { id: string; checks: { id: string }[] }[] }
  expect(code).toBe(0)
  expect(cells).toHaveLength(27)
  for (const { id, checks } of cells) {
    // Everything on one release, detection and what follows from it on the others.
    expect(checks.length, id).toBeGreaterThan(id.includes('debian-13') ? 15 : 5)
    expect(
      checks.filter((check) => !check.id.startsWith('reg-ds-')),
      id,
    ).toEqual([])
  }
})

it('the matrix of the cloud workflows makes jobs', async () => {
  const { code, stdout } = await harness([
    'plan',
    '--matrix',
    'matrix-clouds.yaml',
    '--format',
    'github',
    '--jobs',
    '8',
  ])
  const { include } = JSON.parse(stdout) as { include: { platform: string }[] }
  expect(code).toBe(0)
  expect(new Set(include.map(({ platform }) => platform))).toEqual(new Set(['ec2', 'azure', 'gce']))
})

it('the matrix of simulated clouds has a cell for each', async () => {
  const { code, stdout } = await harness(['plan', '--matrix', 'examples/simulated-clouds.yaml', '--json'])
  const { cells } = JSON.parse(stdout) as { cells: { id: string; checks: { id: string }[] }[] }
  expect(code).toBe(0)
  expect(cells.map(({ id }) => id)).toEqual([
    'ec2/debian-13/default/uefi',
    'azure/debian-13/default/uefi',
    'gce/debian-13/default/uefi',
  ])
  for (const { id, checks } of cells) expect(checks.length, id).toBeGreaterThan(50)
})

it('the bad image is a recipe too', async () => {
  expect((await loadRecipe(join(ROOT, 'examples/bad-image.yaml'))).name).toBe('bad-image')
})

it('the recipe extends a recipe of the harness', async () => {
  const recipe = await loadRecipe(join(ROOT, 'examples/image.yaml'))
  expect(recipe.name).toBe('company-13')
  expect(recipe.packages).toContain('jq')
  expect(recipe.packages).toContain('cloud-init')
})

it('every page that documentation links to exists, and every command it shows is one', async () => {
  const pages = globSync(['*.md', 'docs/*.md', 'reports/*.md', 'examples/*.md'], { cwd: ROOT })
  const { COMMANDS } = await import('../../src/cli/commands.ts')
  const faults: string[] = []
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue
      if (globSync(join(ROOT, page, '..', target)).length === 0) faults.push(`${page}: ${target}`)
    }
    for (const [, command = ''] of text.matchAll(/(?:^ {4}|`)(?:sudo )?(?:\.\/)?harness ([a-z-]+)/gm)) {
      if (!Object.hasOwn(COMMANDS, command)) faults.push(`${page}: harness ${command}`)
    }
  }
  expect(pages.length).toBeGreaterThan(15)
  expect(faults).toEqual([])
})

it('every workflow is YAML with pinned actions', () => {
  for (const file of globSync(['.github/workflows/*.yml', 'examples/*.yaml'], { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    expect(() => parse(text)).not.toThrow()
    for (const [, version = ''] of text.matchAll(/uses: [^@\s]+@(\S+)/g))
      expect(version).toMatch(/^(v\d+|[0-9a-f]{40})$/)
  }
})

it('the newest run is found without a name', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'harness-empty-'))
  try {
    const { code, stderr } = await harness(['report', '--reports-dir', empty])
    expect({ code, stderr: stderr.replace(empty, 'DIR') }).toMatchInlineSnapshot(`
      {
        "code": 2,
        "stderr": "harness: there are no runs in DIR
        name the folder of a run, or start one: harness run
      ",
      }
    `)
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
})
