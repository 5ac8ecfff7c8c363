import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changedPaths } from '../../../src/selection/changed-paths.ts'

let repo: string
const git = (...args: string[]) =>
  execFileSync('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { stdio: 'pipe' })
const write = (path: string, text = path) => {
  mkdirSync(join(repo, path, '..'), { recursive: true })
  writeFileSync(join(repo, path), text)
}

beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'changed-paths-'))
  git('init', '-q', '-b', 'main')
  for (const path of ['a.py', 'b.py', 'old.py', 'lib/c.py']) write(path)
  git('add', '.')
  git('commit', '-q', '-m', 'first')
})
afterEach(() => rmSync(repo, { recursive: true, force: true }))

test('committed, staged, changed and new files count, from where the branch began', async () => {
  git('checkout', '-q', '-b', 'work')
  write('a.py', 'changed')
  git('commit', '-q', '-am', 'second')
  write('b.py', 'staged')
  git('add', 'b.py')
  write('lib/c.py', 'in the working tree')
  write('new/ä b.py')
  git('checkout', '-q', 'main')
  git('checkout', '-q', 'work')
  expect(await changedPaths(repo, 'main')).toEqual(['a.py', 'b.py', 'lib/c.py', 'new/ä b.py'])
})

test('what happened on the other branch meanwhile is not our change', async () => {
  git('checkout', '-q', '-b', 'work')
  write('a.py', 'changed')
  git('commit', '-q', '-am', 'ours')
  git('checkout', '-q', 'main')
  write('b.py', 'changed')
  git('commit', '-q', '-am', 'theirs')
  git('checkout', '-q', 'work')
  expect(await changedPaths(repo, 'main')).toEqual(['a.py'])
})

test('a renamed file counts under both names, from a folder inside too', async () => {
  renameSync(join(repo, 'old.py'), join(repo, 'renamed.py'))
  git('add', '-A')
  git('commit', '-q', '-m', 'renamed')
  expect(await changedPaths(join(repo, 'lib'), 'HEAD~1')).toEqual(['old.py', 'renamed.py'])
})

test('nothing changed', async () => {
  expect(await changedPaths(repo, 'HEAD')).toEqual([])
})

test('what is wrong is said in one line', async () => {
  await expect(changedPaths(join(repo, 'nowhere'), 'main')).rejects.toThrow(/git cannot read .*nowhere/)
  await expect(changedPaths(repo, 'nothing')).rejects.toThrow(/has no revision nothing/)
  await expect(changedPaths(repo, '--output=/tmp/x')).rejects.toThrow(/has no revision --output/)
  git('checkout', '-q', '--orphan', 'other')
  git('commit', '-q', '-m', 'alone')
  await expect(changedPaths(repo, 'main')).rejects.toThrow('do not meet')
})

test('a program that the repository names is not run', async () => {
  git('config', 'core.fsmonitor', `touch ${join(repo, 'ran')}`)
  git('config', 'diff.external', `touch ${join(repo, 'ran')}`)
  write('a.py', 'changed')
  expect(await changedPaths(repo, 'HEAD')).toEqual(['a.py'])
})
