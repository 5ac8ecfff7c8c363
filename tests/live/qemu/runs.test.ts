import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { probeHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { processesIn } from '../../../src/platforms/qemu/process.ts'
import { command, startRun, testFolder } from '../hostile/harness-run.ts'
import type { HarnessRun } from '../hostile/harness-run.ts'
import { filling, speaking, tinyFolder, whyNoQemu } from './tiny-guests.ts'

const missing = await whyNoQemu()
const namespaces = await probeHost(unshare(['true']), { deadlineMs: 10_000 }).then(
  ({ exitCode }) => (exitCode === 0 ? undefined : 'no mount of its own: run as root, or apt-get install uidmap'),
  () => 'there is no unshare: apt-get install util-linux',
)

/** Runs words with mounts of their own, as root or as anybody. */
function unshare(words: readonly string[]): [string, ...string[]] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  return ['unshare', ...user, '--mount', ...words]
}

const axes = { platform: ['qemu'], image: ['debian-13'], boot: ['bios'] }

function run(folder: string, image: string, boot = '20 seconds', firmware = 'bios'): HarnessRun {
  const matrix = {
    axes: { ...axes, boot: [firmware] },
    timeouts: { boot, check: '20 seconds', cleanup: '30 seconds' },
  }
  return startRun({ folder, matrix, args: ['--image', image] })
}

const machinesOf = (folder: string) => {
  const dir = join(folder, 'state/qemu/machines')
  return (existsSync(dir) ? readdirSync(dir) : []).map((name) => join(dir, name))
}

const untilRuns = (folder: string) =>
  waitUntil({ what: 'a machine to run', deadlineMs: 60_000 }, async () => {
    const [dir] = machinesOf(folder)
    const text = dir === undefined ? '' : await readFileOr(join(dir, 'machine.json'))
    return text.includes('"process"') ? { done: true, value: dir ?? '' } : { done: false, saw: `${dir}` }
  })

const readFileOr = async (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

const title = `runs on QEMU that go wrong${missing ? ` (skipped: ${missing})` : ''}`

describe.skipIf(missing)(title, { concurrent: true }, () => {
  test('a kernel panic is a failure of the image, with the end of the console as evidence', async () => {
    using folder = testFolder()
    using tiny = tinyFolder()
    const text = 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100'
    const ended = await run(folder.path, tiny.image('panic.img', speaking(`boot\r\n${text}\r\n`))).ended
    expect([ended.code, ended.cell?.status]).toEqual([1, 'fail'])
    const error = ended.of('step-ended').find(({ step }) => step === 'first-boot')?.error
    expect([error?.name, error?.blame, error?.evidence]).toEqual(['BootError', 'image', expect.stringContaining(text)])
    expect(readFileSync(join(ended.dir, 'summary.md'), 'utf8')).toContain('Attempted to kill init')
    expect(machinesOf(folder.path)).toEqual([])
  })

  test.each([
    ['bios', 'error: no such partition.\r\nEntering rescue mode...\r\ngrub rescue> ', 'boot loader', 'grub rescue>'],
    ['uefi', 'x', 'firmware', 'Shell>'],
  ])(
    'a guest that is stuck before its kernel is a failure of the image: %s',
    async (firmware, text, verdict, shown) => {
      using folder = testFolder()
      using tiny = tinyFolder()
      const ended = await run(folder.path, tiny.image('stuck.img', speaking(text)), '40 seconds', firmware).ended
      expect([ended.code, ended.cell?.status]).toEqual([1, 'fail'])
      const error = ended.of('step-ended').find(({ step }) => step === 'first-boot')?.error
      expect([error?.name, error?.message, error?.evidence]).toEqual([
        'BootError',
        expect.stringContaining(`the ${verdict} found nothing to boot`),
        expect.stringContaining(shown),
      ])
      expect(readFileSync(join(ended.dir, 'summary.md'), 'utf8')).toContain(`the ${verdict} found nothing to boot`)
      expect(machinesOf(folder.path)).toEqual([])
    },
  )

  test('a machine that ends in the middle of its boot is not judged, when this host ended it', async () => {
    using folder = testFolder()
    using tiny = tinyFolder()
    const going = run(folder.path, tiny.image('quiet.img', speaking('booting\r\n')), '2 minutes')
    const dir = await untilRuns(folder.path)
    const { process: of } = JSON.parse(readFileSync(join(dir, 'machine.json'), 'utf8')) as { process: { pid: number } }
    process.kill(of.pid, 'SIGKILL')
    const ended = await going.ended
    expect([ended.code, ended.cell?.status]).toEqual([3, 'miss'])
    expect(ended.cell?.reason).toContain('was ended on this host')
    expect(machinesOf(folder.path)).toEqual([])
  })

  test('what a killed harness leaves is gone after a sweep', async () => {
    using folder = testFolder()
    using tiny = tinyFolder()
    const going = run(folder.path, tiny.image('quiet.img', speaking('booting\r\n')), '2 minutes')
    const dir = await untilRuns(folder.path)
    going.child.kill('SIGKILL')
    await going.ended
    expect((await processesIn(dir)).length).toBeGreaterThan(0)
    expect(existsSync(join(dir, 'qmp.sock'))).toBe(true)
    const swept = await command(folder.path, ['sweep'])
    expect([swept.code, swept.output]).toEqual([0, expect.stringMatching(/removed\s+qemu machine/)])
    expect([existsSync(dir), await processesIn(dir)]).toEqual([false, []])
    expect((await command(folder.path, ['sweep'])).output).not.toContain('qemu')
  })

  test('two runs at once do not meet', async () => {
    using folder = testFolder()
    using tiny = tinyFolder()
    const image = tiny.image('quiet.img', speaking('booting\r\n'))
    const ends = await Promise.all([
      run(folder.path, image, '5 seconds').ended,
      run(folder.path, image, '5 seconds').ended,
    ])
    for (const ended of ends) expect([ended.code, ended.cell?.status]).toEqual([3, 'miss'])
    expect(machinesOf(folder.path)).toEqual([])
  })

  test.skipIf(namespaces)(
    `a disk of this host that is full is told as such${namespaces ? ` (skipped: ${namespaces})` : ''}`,
    async () => {
      using folder = testFolder()
      using tiny = tinyFolder()
      const image = tiny.image('filling.img', filling())
      const main = join(import.meta.dirname, '../../../src/cli/main.ts')
      const mount = 'mkdir -p "$1" && mount -t tmpfs -o size=6m tmpfs "$1" && shift && exec "$@"'
      const file = join(folder.path, 'matrix.yaml')
      writeFileSync(file, JSON.stringify({ axes, suites: [], attempts: 1 }))
      const words = [process.execPath, main, 'run', '--matrix', file, '--image', image]
      const { exitCode, stdout } = await probeHost(
        unshare(['sh', '-c', mount, 'sh', join(folder.path, 'state/qemu'), ...words]),
        {
          cwd: folder.path,
          deadlineMs: 120_000,
          env: { ...process.env, NO_COLOR: '1', HARNESS_STATE_DIR: join(folder.path, 'state') },
        },
      )
      expect([exitCode, stdout]).toEqual([3, expect.stringContaining('has no space left')])
    },
  )

  test('a file that is no disk image is told before anything is launched', async () => {
    using folder = testFolder()
    using tiny = tinyFolder()
    const ended = await run(folder.path, tiny.image('page.img', Buffer.from('<!DOCTYPE html>'))).ended
    expect([ended.code, ended.cell?.boots]).toEqual([3, 0])
    expect(ended.cell?.reason).toContain('is a web page: the download went wrong')
  })
})
