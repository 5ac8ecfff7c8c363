import { accessSync, constants } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseAccelerator, hostArchitecture, paceOf } from '../../../../src/platforms/qemu/accelerator.ts'
import { probeGuest } from '../../../../src/platforms/qemu/probe-guest.ts'

const architecture = hostArchitecture()
const done = probeGuest(architecture).exitCode

let folder: string
let before: string | undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accelerator-'))
  before = process.env['HARNESS_CACHE_DIR']
  process.env['HARNESS_CACHE_DIR'] = folder
})
afterEach(async () => {
  if (before === undefined) delete process.env['HARNESS_CACHE_DIR']
  else process.env['HARNESS_CACHE_DIR'] = before
  await rm(folder, { recursive: true, force: true })
})

/** A program that does as it is told for each accelerator, and counts how often it was started. */
async function qemu(cases: string): Promise<string> {
  const path = join(folder, 'program')
  await writeFile(path, `#!/bin/sh\necho "$@" >>${folder}/calls\ncase "$*" in ${cases} esac\n`)
  await chmod(path, 0o755)
  return path
}

/** Only where the device is there does anybody try it. */
const usable = (() => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
})()

test.skipIf(!usable)('an accelerator that crawls is refused with a warning', async () => {
  const program = await qemu(`*"-accel kvm"*) exec sleep 30 ;; *) exit ${done} ;;`)
  const chosen = await chooseAccelerator(architecture, { program })
  expect(chosen).toEqual({
    accelerator: 'tcg',
    warning: expect.stringMatching(/KVM is there, and a tiny guest was not done/),
  })
})

test.skipIf(!usable)('one that refuses to run is told with what it said', async () => {
  const program = await qemu(`*"-accel kvm"*) echo "failed to initialize kvm: Busy" >&2; exit 7 ;; *) exit ${done} ;;`)
  const { warning } = await chooseAccelerator(architecture, { program })
  expect(warning).toContain('it said: failed to initialize kvm: Busy')
})

test.skipIf(!usable)('one that is fast is used, and asked only once', async () => {
  const program = await qemu(`*) exit ${done} ;;`)
  expect(await chooseAccelerator(architecture, { program })).toEqual({ accelerator: 'kvm' })
  expect(await chooseAccelerator(architecture, { program })).toEqual({ accelerator: 'kvm' })
  expect((await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')).toHaveLength(2)
})

test('guests of another architecture are emulated, and nothing else is tried', async () => {
  const other = architecture === 'x86_64' ? 'aarch64' : 'x86_64'
  const program = await qemu(`*) exit ${probeGuest(other).exitCode} ;;`)
  expect(await chooseAccelerator(other, { program })).toEqual({ accelerator: 'tcg' })
})

test('a QEMU that runs nothing, and one that is not there, say so', async () => {
  const broken = await qemu('*) echo "no machine specified" >&2; exit 3 ;;')
  await expect(chooseAccelerator(architecture, { program: broken })).rejects.toThrow('cannot run a guest: it said:')
  await expect(chooseAccelerator(architecture, { program: join(folder, 'none') })).rejects.toMatchObject({
    name: 'PrerequisiteError',
    hint: expect.stringContaining('apt-get install'),
  })
})

test('deadlines stretch only where guests are emulated', () => {
  expect([paceOf('kvm'), paceOf('hvf')]).toEqual([1, 1])
  expect(paceOf('tcg')).toBeGreaterThan(1)
})
