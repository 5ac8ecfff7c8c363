import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findCheckFiles } from '../../../src/runner/checks/load-checks.ts'
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

test('an executable in a folder that lost its x bit is not left out', async () => {
  using folder = testFolder()
  const checks = join(folder.path, 'checks')
  mkdirSync(checks)
  const write = (name: string, text: string, mode: number) => writeFileSync(join(checks, name), text, { mode })
  write('good.sh', `#!/bin/sh\n${GOOD}\n`, 0o755)
  write('helper.sh', '#!/bin/sh\n', 0o644)
  write('README.md', `Write such lines:\n${GOOD}\n`, 0o644)
  expect(await findCheckFiles([checks], [])).toEqual({ modules: [], scripts: [join(checks, 'good.sh')] })
  write('lost.sh', `#!/bin/sh\n${GOOD}\n`, 0o644)
  await expect(findCheckFiles([checks], [])).rejects.toMatchObject({
    message: `${join(checks, 'lost.sh')}: is neither a TypeScript file nor an executable`,
    hint: `chmod +x ${join(checks, 'lost.sh')}`,
  })
})
