import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { harness, ROOT } from './cli.ts'

let folder: string
let packed: string[]
const bin = () => join(folder, 'node_modules/.bin/harness')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-pack-'))
  // A copy, so that a build does not come between a developer and the folder dist.
  const copy = join(folder, 'copy')
  const left = ['node_modules', '.git', 'dist', 'reports', '.cache']
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !left.includes(path.slice(ROOT.length + 1)) })
  run('ln', ['-s', join(ROOT, 'node_modules'), join(copy, 'node_modules')], folder)
  const answer = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], copy)) as unknown
  const [info] = Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>)
  packed = info?.files.map((file) => file.path) ?? []
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  run('npm', ['install', '--no-audit', '--no-fund', join(folder, info?.filename ?? '')], folder)
}, 240_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, args: string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
}

it('holds what is built and nothing of the development', () => {
  const outside = packed.filter((path) => !path.startsWith('dist/'))
  expect(outside.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'matrix.schema.json',
    'matrix.yaml',
    'package.json',
  ])
  expect(packed.filter((path) => /\.(test|tsbuildinfo)|\/tests\/(unit|live|e2e)\//.test(path))).toEqual([])
  expect(packed).toContain('dist/src/cli/main.js')
})

it('runs as `npx harness`', async () => {
  const fromCheckout = await harness(['--help'])
  expect(run('npx', ['--no-install', 'harness', '--help'], folder)).toBe(fromCheckout.stdout)
})

it('knows the same checks, rules and cells as the checkout', async () => {
  for (const args of [['list'], ['list', 'rules'], ['plan']]) {
    const installed = await harness(args, { command: bin(), cwd: folder })
    // From the same folder: what was measured in another would change the estimates.
    expect(installed).toEqual(await harness(args, { cwd: folder }))
  }
})

it('finds checks of a user who has only the package', async () => {
  cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true })
  const { code, stdout } = await harness(['list', '--checks', 'examples/checks'], { command: bin(), cwd: folder })
  expect(code).toBe(0)
  expect(stdout).toContain('company-no-telnet')
  expect(stdout).toContain('example-tmp-is-sticky')
})

it('is a library', () => {
  cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true })
  const { stdout, stderr, status } = spawnSync(process.execPath, ['examples/launch.ts', 'fake'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  expect(stdout).toMatch(/is ready, cloud-init says done\nhello\nexit code 1\nanother boot\n$/)
})

it('tells in one line that Node is too old', () => {
  const old = 'Object.defineProperty(process.versions,"node",{value:"22.9.0"})'
  const { status, stderr, stdout } = spawnSync(bin(), ['list'], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(old)}` },
  })
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
  expect(stderr).toMatch(/^harness: needs Node >= 24.15, and this is v[\d.]+ \(https:\/\/nodejs.org\)\n$/)
})

it('ships types that a strict user can compile against', () => {
  const config = {
    compilerOptions: {
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      strict: true,
      noEmit: true,
      types: ['node'],
    },
    files: ['user.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(
    join(folder, 'user.ts'),
    `import { openPlatform } from 'harness'\nimport { policy } from 'harness/testing'\nawait using session = await openPlatform('fake', {})\npolicy('x-y', { title: 't', because: 'b', source: 's', severity: 'major', phase: 'rest' }, ({ facts, expect }) => expect(facts.cmdline).toBe(session.manifest.name))\n`,
  )
  expect(readFileSync(join(folder, 'node_modules/harness/package.json'), 'utf8')).toContain('"types"')
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  // Faults in the types of other packages are not ours to find.
  expect(stdout.split('\n').filter((line) => line && !/node_modules\/(?!harness\/)/.test(line))).toEqual([])
  expect(stdout).not.toContain('user.ts')
})

it('says what to install for runs over several machines', async () => {
  for (const words of [['worker'], ['run', '--executor', 'queue']]) {
    const args = [...words, '--database', 'postgresql://me@127.0.0.1/none']
    const { code, stderr } = await harness(args, { command: bin(), cwd: folder })
    expect(stderr).toContain('npm install pg-boss@')
    expect(code).toBe(3)
  }
})
