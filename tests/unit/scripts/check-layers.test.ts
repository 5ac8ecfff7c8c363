import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layerFaults, sourceFiles } from '../../../scripts/check-layers.ts'

const faults = (path: string, text: string) => layerFaults([{ path, text }])

describe('imports', () => {
  it('point down in the whole tree', () => {
    expect(layerFaults(sourceFiles(join(import.meta.dirname, '../../..')))).toEqual([])
  })

  it.each([
    ['src/core/text.ts', `import { x } from '../results/status.ts'`, 'core may not import results'],
    ['src/reporters/html.ts', `import type { Cell } from '../matrix/cell.ts'`, 'reporters may not import matrix'],
    ['src/runner/run.ts', `export { x } from '../reporters/html.ts'`, 'runner may not import reporters'],
    ['src/runner/run.ts', `const x = await import('../cli/main.ts')`, 'runner may not import cli'],
    ['src/platforms/lxd/machine.ts', `import { x } from '../ssh/machine.ts'`, 'a platform never imports another'],
    ['src/platforms/session.ts', `import { x } from './lxd/machine.ts'`, 'only the registry names platform folders'],
    [
      'src/platforms/ec2/machine.ts',
      `import { x } from '@aws-sdk/client-ec2'`,
      'imports the package @aws-sdk/client-ec2',
    ],
    ['src/platforms/ec2/client.ts', `import { x } from '@aws-sdk/client-ec2'`, 'write `import type`'],
    ['src/core/text.ts', `import 'zod'`, 'imports the package zod'],
    ['src/helpers/text.ts', `import { x } from '../core/text.ts'`, 'has no place'],
    ['tests/policy/ssh.ts', `import { x } from '../../src/platforms/lxd/machine.ts'`, 'a check imports only'],
    ['src/instance/x.ts', `import {\n  x,\n  y,\n} from '../runner/run.ts'`, 'instance may not import runner'],
  ])('of %s by %s are refused', (path, text, reason) => {
    expect(faults(path, text)).toEqual([expect.stringContaining(reason)])
  })

  it.each([
    ['src/platforms/ec2/client.ts', `import type { x } from '@aws-sdk/client-ec2'`],
    ['src/platforms/ec2/client.ts', `const sdk = await import('@aws-sdk/client-ec2')`],
    ['src/platforms/registry.gen.ts', `import { manifest as lxd } from './lxd/manifest.ts'`],
    ['src/instance/transport/ssh2.ts', `import { Client } from 'ssh2'`],
    ['tests/policy/ssh.ts', `import { policy } from 'harness/testing'`],
    ['src/core/text.ts', `import { x } from 'node:util'`],
  ])('of %s by %s are allowed', (path, text) => {
    expect(faults(path, text)).toEqual([])
  })
})
