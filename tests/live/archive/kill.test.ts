import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/archive/database/open-database.ts'
import { dump } from '../../../src/archive/dump.ts'
import { Archive, proveArchive, rebuild } from '../../../src/archive/index.ts'
import { readEntry } from '../../../src/archive/read/submissions.ts'
import { seal } from '../../../src/publish/envelope.ts'
import { digestOf } from '../../../src/publish/digest.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { results } from '../../unit/archive/test-archive.ts'
import { serveArchive, type ServedArchive } from './storm.ts'

async function dumped(sql: Parameters<typeof dump>[0]): Promise<string> {
  let text = ''
  for await (const line of dump(sql)) text += line
  return text
}

/** Sends submissions from many at once until `answers` of them were accepted, then kills the server. Resolves with those. */
async function sendAndKill({ url, key, pid }: ServedArchive, answers: number): Promise<string[]> {
  const accepted: string[] = []
  let next = 0
  let killed = false
  const send = async () => {
    while (!killed) {
      const payload = payloadOf(results({ run: { id: `run-${next++}` } }))
      const body = JSON.stringify(seal(payload, [key]))
      const headers = { 'x-forwarded-for': `10.0.${next % 200}.1` }
      const response = await fetch(`${url}/api/v1/submissions`, { method: 'POST', body, headers }).catch(
        () => undefined,
      )
      if (response?.status === 201) accepted.push(digestOf(payload))
      if (accepted.length >= answers && !killed) {
        killed = true
        process.kill(pid, 'SIGKILL')
      }
    }
  }
  await Promise.all(Array.from({ length: 12 }, send))
  return accepted
}

test.each([3, 40, 90])(
  'a server that is killed after %d answers has lost none of them, and begins again where it was',
  async (answers) => {
    await using served = await serveArchive()
    const accepted = await sendAndKill(served, answers)
    expect(accepted.length).toBeGreaterThanOrEqual(answers)
    await using archive = await Archive.open({ folder: served.folder })
    for (const id of accepted) expect([id, (await readEntry(archive, id))?.id]).toEqual([id, id])
    expect(readdirSync(join(served.folder, 'spool'))).toEqual([])
    expect(readdirSync(join(served.folder, 'log')).filter((name) => !/^\d{9}\.json\.gz$/.test(name))).toEqual([])
    const { submissions } = await proveArchive(served.folder)
    expect(submissions).toBeGreaterThanOrEqual(accepted.length)
    await using fresh = await openDatabase(':memory:')
    await rebuild(served.folder, fresh)
    expect(await dumped(archive.sql)).toBe(await dumped(fresh))
  },
)
