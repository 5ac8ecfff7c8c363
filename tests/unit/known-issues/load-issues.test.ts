import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loadIssues, parseIssue } from '../../../src/known-issues/load-issues.ts'

const GOOD = `id: net:timeout
version: 2
title: the network is late
culprit: cloud
contains: [dhclient]
match: 'dhclient.*timed? ?out'
samples:
  hit: ['dhclient: timed out']
  miss: ['dhclient: bound']
`
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'issues-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

test('the issues this tree comes with are proven by their samples', async () => {
  expect((await loadIssues('known-issues')).length).toBeGreaterThan(3)
})

test('of several versions of an issue the highest is used', async () => {
  const folder = await folderOf({
    'a/old.yaml': GOOD,
    'b/new.yaml': GOOD.replace('version: 2', 'version: 10'),
    'README.md': 'no issue',
  })
  expect((await loadIssues(folder)).map(({ issue }) => issue.version)).toEqual([10])
})

test('a version that is written twice is refused', async () => {
  const folder = await folderOf({ 'a.yaml': GOOD, 'b.yaml': GOOD })
  await expect(loadIssues(folder)).rejects.toThrow(`b.yaml: net:timeout, version 2, is also in ${folder}/a.yaml`)
})

test.each([
  ['an unknown key', GOOD.replace('title', 'wher: [check]\ntitle'), 'f.yaml:3:1: "wher" is not known'],
  ['a field that is missing', GOOD.replace('culprit: cloud\n', ''), 'f.yaml:1:1: culprit: is missing'],
  ['a sample that is not hit', GOOD.replace('timed out', 'late'), 'f.yaml:8:9: the sample 1 to hit is not found'],
  ['a sample that is not missed', GOOD.replace('bound', 'timeout'), 'f.yaml:9:10: the sample 1 to miss is found'],
  ['no literal', GOOD.replace('[dhclient]', '[]'), 'f.yaml:5:11: contains:'],
  ['a literal that is everywhere', GOOD.replace('[dhclient]', '[a]'), 'f.yaml:5:12: contains.0:'],
  ['a look-behind', GOOD.replace('dhclient.*', '(?<=x)'), 'f.yaml:6:8: match: invalid named capture'],
  ['a back-reference', GOOD.replace('dhclient.*', String.raw`(a)\1`), 'f.yaml:6:8: match: invalid escape'],
  ['a pattern without end', GOOD.replace('dhclient.*', '(a{30}){30}'), 'f.yaml:6:8: match: the pattern is too large'],
  ['an address that runs', GOOD.replace('culprit', 'url: javascript:alert(1)\nculprit'), 'f.yaml:4:6: url:'],
])('%s is refused at its place', (_, text, message) => {
  expect(() => parseIssue(text, 'f.yaml')).toThrow(message)
})

test('an issue may be told by literals alone', () => {
  const pattern = parseIssue(GOOD.replace(/match.*\n/, '').replace('dhclient: bound', 'bound'), 'f.yaml')
  expect(pattern.matches('anything')).toBe(true)
})
