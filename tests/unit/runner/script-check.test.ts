import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readScript } from '../../../src/runner/checks/script-check.ts'
import { testFolder } from './fake-run.ts'

const GOOD = '# harness: {id: mine, title: it works, because: it must, severity: minor}'

test('an executable says about itself what a check must say', async () => {
  using folder = testFolder()
  const read = async (text: string) => {
    const path = join(folder.path, 'check')
    writeFileSync(path, text)
    return await readScript(path).catch((error: Error) => error.message.replace(folder.path, ''))
  }
  expect(await read(`#!/bin/sh\n${GOOD}\n`)).toMatchObject({
    id: 'mine',
    info: { title: 'it works', severity: 'minor' },
  })
  expect(
    await read(
      '// harness: id: mine\n// harness: title: t\n// harness: because: b\n// harness: severity: major\n// harness: timeout: 5 seconds\n',
    ),
  ).toMatchObject({ info: { timeoutMs: 5000 } })
  expect(await read('#!/bin/sh\n')).toBe('/check: is executable but says nothing about itself')
  expect(await read(`\n\n${GOOD.replace('minor', 'fatal')}\n`)).toContain('/check:3: severity:')
  expect(await read(`${GOOD.replace('id: mine, ', '')}\n`)).toContain('/check:1: id:')
  expect(await read('# harness: {id: \n')).toContain('/check:1:')
})
