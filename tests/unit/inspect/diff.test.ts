import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  describeImage,
  diffImages,
  diffMarkdown,
  diffText,
  openSubject,
  type Subject,
} from '../../../src/inspect/index.ts'
import type { Facts } from '../../../src/instance/facts/facts.ts'
import { readFacts } from '../../../src/instance/facts/read-facts.ts'
import { recordedFacts, type Recording } from '../facts/recorded.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'inspect-diff-'))
})
afterEach(() => rm(dir, { recursive: true }))

/** Facts of a recording with changes of their own. */
function facts(name: Recording, change: (facts: Facts) => void = () => {}): Facts {
  const copy = readFacts(JSON.stringify(recordedFacts(name)))
  change(copy)
  return copy
}
const subject = (name: string, data: Facts, root?: string): Subject => ({
  name,
  facts: data,
  ...(root === undefined ? {} : { image: { path: name, bytes: 1000, root, enter: [] } }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

test('the same facts differ in nothing', async () => {
  const diff = await diffImages(subject('a', facts('debian-13-rest')), subject('b', facts('debian-13-rest')))
  expect(diff).toMatchObject({ packages: { added: [], removed: [], changed: [] }, others: [], notCompared: ['files'] })
})

test('packages, services, users and boot times are told by name', async () => {
  const after = facts('debian-13-first-boot', (data) => {
    data.packages = data.packages.filter(({ name }) => name !== 'vim-tiny')
    data.packages.push({ name: 'tree', version: '2.1', arch: 'amd64', status: 'installed' })
    const ssh = data.packages.find(({ name }) => name === 'openssh-server')
    if (ssh) ssh.version = '99'
    data.unitFiles['new.service'] = 'enabled'
    data.accounts.push({ name: 'eve', uid: 0, gid: 0, home: '/root', shell: '/bin/sh', password: 'empty' })
    data.bootTimes = { ...data.bootTimes, total: data.bootTimes.total + 10 }
  })
  const diff = await diffImages(subject('old', facts('debian-13-first-boot')), subject('new', after))
  expect(diff.packages?.added).toEqual([{ name: 'tree', to: '2.1' }])
  expect(diff.packages?.removed.map(({ name }) => name)).toEqual(['vim-tiny'])
  expect(diff.packages?.changed).toMatchObject([{ name: 'openssh-server', to: '99', fixes: [] }])
  const text = diffText(diff)
  expect(text).toContain('  + new.service')
  expect(text).toContain('  + eve 0:0 /root /bin/sh, password empty')
  expect(text).toMatch(/boot time, total: [\d.]+ s -> [\d.]+ s \(\+10\.0 s, \+[\d.]+ %\)/)
})

test('what only one of them knows is said not to be compared', async () => {
  const unknown = readFacts(JSON.stringify({ ...facts('debian-13-rest'), unknown: { groups: 'nobody looked' } }))
  const diff = await diffImages(subject('a', facts('debian-13-rest')), subject('b', unknown))
  expect(diff.notCompared).toContain('groups')
  expect(diffText(diff)).toMatch(/not compared\n {2}.*groups.*: not known of both/)
})

test('two images are compared file by file, and fixes are read from the newer one', async () => {
  const [before, after] = [join(dir, 'before'), join(dir, 'after')]
  for (const root of [before, after]) {
    await mkdir(join(root, 'etc'), { recursive: true })
    await writeFile(join(root, 'etc/same'), 'same')
    await writeFile(join(root, 'etc/grown'), root === after ? 'longer' : 'short')
  }
  await writeFile(join(before, 'etc/gone'), '')
  await symlink('/etc/same', join(after, 'etc/link'))
  await mkdir(join(after, 'usr/share/doc/openssh-server'), { recursive: true })
  const log =
    'openssh (99) trixie-security; urgency=high\n\n  * CVE-2026-12345\n\nopenssh (VERSION) trixie; urgency=low\n'
  const old = facts('debian-13-rest')
  const version = old.packages.find(({ name }) => name === 'openssh-server')?.version ?? ''
  await writeFile(
    join(after, 'usr/share/doc/openssh-server/changelog.Debian.gz'),
    gzipSync(log.replace('VERSION', version)),
  )
  const changed = facts('debian-13-rest', (data) => {
    for (const item of data.packages) if (item.name === 'openssh-server') item.version = '99'
  })
  const diff = await diffImages(subject('old', old, before), subject('new', changed, after))
  const files = diff.others.find(({ title }) => title === 'files')
  expect(files?.removed.map(({ name }) => name)).toEqual(['/etc/gone'])
  expect(files?.changed.map(({ name }) => name)).toEqual(['/etc/grown'])
  expect(files?.added.map(({ name }) => name)).toContain('/etc/link')
  expect(diffText(diff)).toContain(`~ openssh-server ${version} -> 99 (urgent; fixes CVE-2026-12345)`)
  expect(diffText(diff)).toContain('1 vulnerability fixed')
})

test('what an image says cannot act as markup or move the cursor', async () => {
  const hostile = '`</code>`` [x](javascript:0)\u001b[31m\n# heading'
  const data = facts(
    'debian-13-rest',
    (copy) => void copy.packages.push({ name: hostile, version: '1', arch: 'a', status: 's' }),
  )
  const diff = await diffImages(subject('a', facts('debian-13-rest')), subject(hostile, data))
  const markdown = diffMarkdown(diff)
  expect(markdown).not.toMatch(/^# heading/m)
  expect(markdown).toContain('``` `</code>`` [x](javascript:0) # heading ``` `1`')
  expect(diffText(diff)).not.toContain('\u001b')
})

test('subjects are facts files, folders, and errors that help', async () => {
  await writeFile(join(dir, 'facts.json'), JSON.stringify(facts('debian-12-rest')))
  await using recorded = await openSubject(join(dir, 'facts.json'))
  expect(describeImage(recorded)).toMatchObject({ os: expect.stringContaining('Debian'), packageManager: 'apt' })
  await writeFile(join(dir, 'broken.json'), '{')
  await expect(openSubject(join(dir, 'broken.json'))).rejects.toMatchObject({ name: 'ConfigError' })
  await mkdir(join(dir, 'root/etc'), { recursive: true })
  await writeFile(join(dir, 'root/etc/os-release'), 'ID=test\n')
  await using folder = await openSubject(join(dir, 'root'))
  expect(folder.facts.os.id).toBe('test')
  await expect(openSubject('no-such-image')).rejects.toThrow(/there is no image and no file "no-such-image"/)
})
