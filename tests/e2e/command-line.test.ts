import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { HARNESS, harness } from './cli.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-e2e-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('help', () => {
  it('tells every command on one page', async () => {
    const { code, stdout, stderr } = await harness(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatchInlineSnapshot(`
      "Launches Linux images, upgrades the agent under test, judges them by policy and regression suites, and reports.

      Usage: harness <command> [options]

        run         test images: launch, upgrade, judge, report, destroy
        worker      work on cells that \`harness run --executor queue\` gives away, on any machine
        plan        show the cells a run would test, and why others are left out
        list        list checks, log rules, platforms, images or runs
        explain     tell what a check or log rule wants, why, and how to repair an image
        check       judge recorded facts by the policy suite, without launching
        check-logs  scan log files by the log rules
        issues      prove known issues, and look for them in old runs
        gate        decide by a policy whether an image may be published
        approve     sign a decision of the gate
        site        write the pages of an archive of results as files
        report      make the reports of a run again, or other formats of them
        history     tell how checks and cells did in the runs so far, and which axis explains failures
        merge       make one run of the parts of \`harness run --shard\`
        publish     publish a run: signed results and logs, to a server or an archive on this host
        retract     take back what you published
        waive       sign that known failures do not count for a while
        serve       serve an archive of published results: submissions, pages and data
        archive     make, verify, rebuild, dump and back up an archive of published results
        key         make the key that signs what you publish
        image       build, download, list, inspect and remove test images
        inspect     tell what an image is and judge it without booting it
        diff        tell what changed between two images
        shell       launch an image, or attach to an instance, and get a prompt
        imds        serve the metadata service of a cloud, with faults when you like
        simulate    serve the API of a cloud on this host, with machines and faults
        sweep       remove what an interrupted run left behind
        doctor      tell what this host can run, and what would fix the rest
        setup       install what this host needs, after asking

      harness <command> --help tells more. Start with: harness run --setup
      "
    `)
  })

  it('is what a bare call prints', async () => {
    expect((await harness([])).stdout).toBe((await harness(['--help'])).stdout)
  })

  it.each(Object.keys(COMMANDS))('of %s has a usage line and fits 100 columns', async (command) => {
    const { code, stdout } = await harness([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: harness ${command}`)
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect((await harness(['help', command])).stdout).toBe(stdout)
  })
})

describe('a mistake is one line, with what was probably meant', () => {
  it.each([
    [['rnu'], 'harness: unknown command rnu; did you mean run?\n'],
    [['frobnicate'], 'harness: unknown command frobnicate; `harness --help` lists what there is\n'],
    [['--versoin'], 'harness: unknown option --versoin; did you mean --version?\n'],
    [['list', '--jsno'], 'harness: unknown option --jsno for `harness list`; did you mean --json?\n'],
    [['list', 'ruels'], 'harness: unknown kind ruels; did you mean rules?\n'],
    [['list', '--suite', 'polcy'], 'harness: --suite cannot be "polcy"\n  choose policy, regression\n'],
    [['plan', '--matrix'], 'harness: --matrix needs a value\n  --matrix FILE\n'],
    [['plan', '--json=yes'], 'harness: --json takes no value\n  write just --json\n'],
    [['explain'], 'harness: `harness explain` needs ID\n  harness explain ID\n'],
    [['explain', 'a', 'b'], 'harness: unexpected argument "b" for `harness explain`\n  harness explain ID\n'],
    [['explain', 'reg-ci-reslt'], 'harness: unknown check or log rule reg-ci-reslt; did you mean reg-ci-result?\n'],
    [['image', 'biuld'], 'harness: unknown action biuld; did you mean build?\n'],
  ])('%j', async (args, stderr) => {
    expect(await harness(args)).toEqual({ code: 2, stdout: '', stderr })
  })

  it('in a matrix is named by line and column', async () => {
    writeFileSync(join(folder, 'matrix.yaml'), 'axes:\n  platform: [lxd]\n  iamge: [debian-13]\n')
    const { code, stdout, stderr } = await harness(['plan'], { cwd: folder })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatchInlineSnapshot(`
      "harness: matrix.yaml:3:10: axes.iamge: "iamge" is not an axis
        did you mean "image"?
      "
    `)
  })

  it('never shows a secret of the environment', async () => {
    const secret = 'C1abcdefghi'
    const matrix = [
      'axes: { platform: [lxd], image: [debian-13] }',
      'from-environment: [PRO_TOKEN]',
      'agent: { source: "command:pro attach ${PRO_TOKEN}" }',
      'environment: { TOKEN: "${PRO_TOKEN}" }',
      'user-data: "#cloud-config\\n# ${PRO_TOKEN}"',
    ]
    writeFileSync(join(folder, 'matrix.yaml'), `${matrix.join('\n')}\n`)
    for (const format of ['text', 'json', 'github']) {
      const { code, stdout, stderr } = await harness(['plan', '--format', format], {
        cwd: folder,
        env: { PRO_TOKEN: secret },
      })
      expect(code).toBe(0)
      expect(stdout).toContain('debian-13')
      expect(stdout + stderr).not.toContain(secret)
    }
  })

  it('of ours is told with a file to report, not with a stack', async () => {
    const check = join(folder, 'checks')
    writeFileSync(check, '')
    const { code, stderr } = await harness(['plan', '--json'], {
      env: {
        HARNESS_STATE_DIR: folder,
        NODE_OPTIONS: `--import=data:text/javascript,JSON.stringify=()=>{throw(new(TypeError)('planted'))}`,
      },
    })
    expect(code).toBe(70)
    expect(stderr.replace(/bug-[\w-]+/, 'bug-X').replace(folder, 'DIR')).toBe(
      'harness: this is a bug in the harness: planted\n  please report it with DIR/bug-X.txt\n',
    )
    const [file] = readdirSync(folder).filter((name) => name.startsWith('bug-'))
    expect(readFileSync(join(folder, file ?? ''), 'utf8')).toContain('TypeError: planted\n    at ')
  })
})

describe('the launcher', () => {
  it('works from any folder and through a chain of links', async () => {
    symlinkSync(HARNESS, join(folder, 'direct'))
    symlinkSync('direct', join(folder, 'indirect'))
    for (const command of [HARNESS, join(folder, 'direct'), join(folder, 'indirect'), './indirect']) {
      expect(await harness(['--version'], { command, cwd: folder })).toMatchObject({ code: 0, stderr: '' })
    }
  })

  it('passes arguments with blanks and quotes through', async () => {
    const { stderr } = await harness([`it's "odd"`])
    expect(stderr).toContain(`unknown command it's "odd"`)
  })

  it('takes a newer Node from PATH, and its own when PATH has none or an old one', async () => {
    const old = join(folder, 'node')
    writeFileSync(old, '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 })
    const path = `${folder}:/usr/bin:/bin`
    expect(await harness(['--version'], { env: { PATH: path } })).toMatchObject({ code: 0, stderr: '' })

    writeFileSync(old, '#!/bin/sh\n[ "$1" = --version ] && echo v99.0.0 || echo newer Node\n', { mode: 0o755 })
    expect(await harness(['--version'], { env: { PATH: path } })).toMatchObject({ stdout: 'newer Node\n' })
  })

  it('says in one line that there is neither Node nor npm', async () => {
    const bare = join(folder, 'checkout')
    spawnSync('mkdir', [bare])
    spawnSync('cp', [HARNESS, join(bare, 'harness')])
    writeFileSync(join(bare, 'package-lock.json'), 'first')
    for (const tool of ['sh', 'readlink', 'dirname', 'cat', 'mkdir']) symlinkSync(`/bin/${tool}`, join(folder, tool))
    const { code, stderr } = await harness(['--help'], { command: join(bare, 'harness'), env: { PATH: folder } })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^harness: no Node >= 24.15 and no npm here; install .*\n$/)
  })
})

describe('an installation', () => {
  const checkout = () => {
    const bare = join(folder, 'checkout')
    spawnSync('mkdir', [bare])
    spawnSync('cp', [HARNESS, join(bare, 'harness')])
    writeFileSync(join(bare, 'package-lock.json'), 'first')
    return bare
  }
  // Stalls the first times; then installs a Node that only says hello.
  const fakeNpm = (stalls: number) =>
    writeFileSync(
      join(folder, 'npm'),
      [
        '#!/bin/sh',
        `echo try >> '${folder}/tries'`,
        `[ "$(wc -l < '${folder}/tries')" -gt ${stalls} ] || exec sleep 60`,
        'mkdir -p node_modules/.bin && : > node_modules/.package-lock.json',
        `printf '#!/bin/sh\\n[ "$1" = --version ] && echo v99.0.0 || echo hello\\n' > node_modules/.bin/node`,
        'chmod +x node_modules/.bin/node',
        '',
      ].join('\n'),
      { mode: 0o755 },
    )
  const env = () => ({ PATH: `${folder}:/usr/bin:/bin`, HARNESS_INSTALL_SECONDS: '1' })

  it('that stalls is begun again', async () => {
    fakeNpm(1)
    const { code, stdout } = await harness(['--version'], { command: join(checkout(), 'harness'), env: env() })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' })
    expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('try\ntry\n')
  })

  it('that npm refuses is told with the reason', async () => {
    const said = 'npm error code EUSAGE\\nnpm error the lock is out of step\\n'
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\nprintf '${said}' >&2; exit 1\n`, { mode: 0o755 })
    const { code, stderr } = await harness(['--version'], { command: join(checkout(), 'harness'), env: env() })
    expect(code).toBe(3)
    expect(stderr.split('\n')[1]).toMatch(/^harness: `npm ci` failed in \S+: the lock is out of step \(log: \S+\)$/)
  })

  it('is made once, and again when the lock has changed', async () => {
    fakeNpm(0)
    const bare = checkout()
    const run = () => harness(['--version'], { command: join(bare, 'harness'), env: env() })
    expect((await run()).stdout + (await run()).stdout).toBe('hello\nhello\n')
    expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('try\n')
    writeFileSync(join(bare, 'package-lock.json'), 'second')
    expect(await run()).toMatchObject({ code: 0, stdout: 'hello\n' })
    expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe('try\ntry\n')
  })

  it('is made by npm under the Node of the lock where the one here is too old', async () => {
    const bare = checkout()
    writeFileSync(join(bare, 'package-lock.json'), '"node_modules/node": {\n  "version": "24.99.1",\n}\n')
    const node = (version: string) => `printf '#!/bin/sh\\n[ "$1" = --version ] && echo ${version} || echo hello\\n'`
    writeFileSync(
      join(folder, 'npm'),
      [
        '#!/bin/sh',
        `echo "$* under $(node --version)" | sed 's/--prefix [^ ]*/--prefix DIR/' >> '${folder}/tries'`,
        'bin=node_modules/node/bin; mkdir -p $bin node_modules/.bin; : > node_modules/.package-lock.json',
        `${node('v24.99.1')} > $bin/node; chmod +x $bin/node; ln -sf ../node/bin/node node_modules/.bin/node`,
        '',
      ].join('\n'),
      { mode: 0o755 },
    )
    writeFileSync(join(folder, 'node'), '#!/bin/sh\necho v18.20.4\n', { mode: 0o755 })
    const { code, stdout } = await harness(['--version'], { command: join(bare, 'harness'), env: env() })
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' })
    expect(readFileSync(join(folder, 'tries'), 'utf8')).toBe(
      'install --no-save --prefix DIR node@24.99.1 --no-audit --no-fund under v18.20.4\n' +
        'ci --no-audit --no-fund under v24.99.1\n',
    )
  })

  it('that always stalls ends with one line', async () => {
    fakeNpm(99)
    const { code, stderr } = await harness(['--version'], { command: join(checkout(), 'harness'), env: env() })
    expect(code).toBe(3)
    expect(stderr).toContain('harness: npm cannot reach its registry;')
  })
})

describe('output', () => {
  it('may be cut short by the reader', () => {
    const { status, stderr, stdout } = spawnSync('sh', ['-c', `'${HARNESS}' list rules --json | head -n 1`], {
      encoding: 'utf8',
    })
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '[\n' })
  })

  it.each([
    ['list'],
    ['list', 'rules'],
    ['list', 'platforms'],
    ['list', 'images'],
    ['list', 'runs'],
    ['plan'],
    ['image', 'list'],
    ['explain', 'reg-ci-result'],
  ])('of %s %s is data with --json', async (...args) => {
    const { code, stdout, stderr } = await harness([...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(() => JSON.parse(stdout)).not.toThrow()
  })
})

describe('an image the matrix does not name', () => {
  const arm = process.arch === 'arm64' ? 'amd64' : 'arm64'
  it.each(['./own.qcow2', 'official:debian-13', 'ubuntu-24.04', `debian-13-${arm}`])('%s is planned', async (image) => {
    const { code, stdout, stderr } = await harness(['plan', '--platform', 'qemu', '--image', image])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^qemu\/\S+\/default\/uefi /m)
  })

  it('may be a slip of the pen', async () => {
    const { code, stderr } = await harness(['plan', '--platform', 'qemu', '--image', 'debain-13'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('no cell matches "qemu" "debain-13"')])
  })
})

describe('places that cannot be asked', () => {
  it('are told of once, for all runs that were there', async () => {
    const ledger = join(folder, 'ledger')
    mkdirSync(ledger)
    const runs = ['run-1', 'run-2', 'run-3', 'run-4', 'run-5']
    for (const runId of runs) {
      const process = { pid: 2 ** 22 + 1, startTicks: '1', bootId: 'gone', host: hostname() }
      const owner = { runId, cell: 'c', attempt: 1, expires: '2999-01-01T00:00:00.000Z' }
      const lines = [
        { type: 'owner', version: 1, runId, at: owner.expires, process },
        // Each project is a place of its own.
        { type: 'platform', name: 'lxd', options: { socket: join(folder, 'none'), project: runId } },
        { type: 'intent', n: 0, intent: { platform: 'lxd', kind: 'machine', name: 'lost', owner } },
      ]
      writeFileSync(join(ledger, `${runId}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    }
    const env = { HARNESS_STATE_DIR: folder }
    const { code, stderr } = await harness(['sweep', '--dry-run', '--platform', 'fake'], { env })
    expect(stderr.match(/cannot be asked/g), stderr).toHaveLength(1)
    expect(stderr).toMatch(/sweep --forget run-1, .* run-3, and so for 2 other runs that --json names\n/)
    expect(code).toBe(0)
    const { stdout } = await harness(['sweep', '--dry-run', '--platform', 'fake', '--json'], { env })
    for (const runId of runs) expect(stdout).toContain(runId)
  })
})

describe('a folder for reports that cannot be made', () => {
  // The recursive mkdir of Node never came back from /proc.
  it.each(['/proc/none', '/dev/null/none', '/etc/passwd'])('%s is said in a line', async (reports) => {
    const run = ['run', '--platform', 'fake', '--image', 'debian-13', '--suite', 'none', '--reports-dir', reports]
    const { code, stderr } = await harness(run, { env: { HARNESS_STATE_DIR: folder } })
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^harness: no folder for the report can be made: E\w+: [^\n]+\n {2}--reports-dir DIR [^\n]+\n$/,
    )
  })
})
