import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { indexHashes, newestBuildTime, parsePrintUris, sourcesList } from '../../../src/images/apt-root.ts'
import { progressOf } from '../../../src/images/progress.ts'

test('only the hashes of package indices make the key: a file that was merely signed again changes nothing', () => {
  const release = (date: string, hash: string) =>
    `Date: ${date}\nMD5Sum:\n 111 5 main/binary-amd64/Packages\nSHA256:\n ${hash} 5 main/binary-amd64/Packages\n ccc 5 main/binary-amd64/Packages.xz\n ddd 5 main/i18n/Translation-en\n`
  expect(indexHashes(release('Mon', 'aaa'))).toBe('aaa 5 main/binary-amd64/Packages')
  expect(indexHashes(release('Tue', 'aaa'))).toBe(indexHashes(release('Mon', 'aaa')))
  expect(indexHashes(release('Mon', 'bbb'))).not.toBe(indexHashes(release('Mon', 'aaa')))
})

test('file names are taken from what apt would download, sorted and once', () => {
  const output =
    "'http://a.example/pool/b_1%3a2-3_amd64.deb' b_1%3a2-3_amd64.deb 10 SHA256:1\nnoise\n'http://a.example/pool/a_1_all.deb' a_1_all.deb 5 SHA256:2\n'http://a.example/pool/a_1_all.deb' a_1_all.deb 5 SHA256:2\n"
  expect(parsePrintUris(output)).toEqual([{ file: 'a_1_all.deb' }, { file: 'b_1%3a2-3_amd64.deb' }])
})

test('the epoch is that of the newest package, and never in the future', async () => {
  const archives = await mkdtemp(join(tmpdir(), 'harness-debs-'))
  const deb = (seconds: number) =>
    `!<arch>\n${'debian-binary'.padEnd(16)}${String(seconds).padEnd(12)}0     0     100644  4         \`\n2.0\n`
  await writeFile(join(archives, 'a.deb'), deb(1_700_000_000))
  await writeFile(join(archives, 'b.deb'), deb(1_600_000_000))
  await writeFile(join(archives, 'c.deb'), deb(99_999_999_999))
  const root = { directory: archives, archives, env: {} }
  expect(await newestBuildTime(root, [{ file: 'a.deb' }, { file: 'b.deb' }])).toBe(1_700_000_000)
  expect(await newestBuildTime(root, [{ file: 'c.deb' }])).toBeLessThanOrEqual(Date.now() / 1000)
  await rm(archives, { recursive: true })
})

test('each suite is a line with its keyring', () => {
  expect(
    sourcesList([
      { uri: 'http://a.example/debian', suites: ['x', 'x-updates'], components: ['main'], signedBy: '/k.gpg' },
    ]),
  ).toBe(
    'deb [signed-by=/k.gpg] http://a.example/debian x main\ndeb [signed-by=/k.gpg] http://a.example/debian x-updates main\n',
  )
})

test('progress is a few lines, not hundreds', () => {
  const lines: string[] = []
  const progress = progressOf(60, (line) => lines.push(line))
  progress('I: installing essential packages...')
  for (let index = 0; index < 60; index++) progress(`Unpacking package-${index} (1.0) ...`)
  progress('Unpacking package-1 (1.0) ...')
  progress('some other line')
  expect(lines).toEqual(['installing essential packages', 'unpacked packages: 25 of 60', 'unpacked packages: 50 of 60'])
})
