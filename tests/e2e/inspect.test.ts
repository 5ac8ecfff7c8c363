import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { harness } from './cli.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'harness-e2e-inspect-'))
  for (const [name, version] of [
    ['old', '1.0-1'],
    ['new', '1.1-1'],
  ] as const) {
    for (const part of ['etc', 'var/lib/dpkg']) mkdirSync(join(folder, name, part), { recursive: true })
    writeFileSync(join(folder, name, 'etc/os-release'), 'ID=debian\nPRETTY_NAME="A small Debian"\nVERSION_ID="13"\n')
    writeFileSync(join(folder, name, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n')
    writeFileSync(join(folder, name, 'etc/shadow'), 'root::1:0:99999:7:::\n')
    writeFileSync(
      join(folder, name, 'var/lib/dpkg/status'),
      `Package: thing\nStatus: install ok installed\nVersion: ${version}\nArchitecture: amd64\n\n`,
    )
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('an image that lies in a folder', () => {
  it('is described and judged; a failing check is exit code 1', async () => {
    const { code, stdout } = await harness(['inspect', join(folder, 'old'), '--json'])
    const { description, judgements } = JSON.parse(stdout) as {
      description: Record<string, unknown>
      judgements: { id: string; status: string }[]
    }
    expect(description).toMatchObject({ os: 'A small Debian', packages: 1, logins: ['root'] })
    expect(judgements.filter(({ status }) => status === 'fail').map(({ id }) => id)).toContain('acct-no-empty-password')
    expect(code).toBe(1)
  })

  it('keeps its facts in a file, which is compared like an image', async () => {
    const facts = join(folder, 'old.json')
    await harness(['inspect', join(folder, 'old'), '--facts', facts])
    const { code, stdout } = await harness(['diff', facts, join(folder, 'new')])
    expect(code).toBe(0)
    expect(stdout).toContain('packages: 0 added, 0 removed, 1 changed\n  ~ thing 1.0-1 -> 1.1-1\n')
    const markdown = await harness(['diff', join(folder, 'old'), join(folder, 'new'), '--markdown'])
    expect(markdown.stdout).toContain('- changed `thing` `1.0-1` -> `1.1-1`')
  })

  it('has to be there', async () => {
    const { code, stderr } = await harness(['inspect', join(folder, 'nothing')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^harness: there is no image and no file/)
  })
})
