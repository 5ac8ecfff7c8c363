import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const PROCESSES = 6
const LIMIT = 300

test(`${PROCESSES} processes spend exactly what the day allows`, { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spending-test-'))
  try {
    const all = await Promise.all(
      Array.from({ length: PROCESSES }, async () => {
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [join(import.meta.dirname, 'spender.ts'), String(LIMIT)],
          { env: { ...process.env, HARNESS_STATE_DIR: folder } },
        )
        return Number(stdout)
      }),
    )
    expect(all.reduce((sum, spent) => sum + spent, 0)).toBe(LIMIT)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
