import { relative } from 'node:path'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

/** Files that take more than half a minute, the longest first: one that starts last keeps the others waiting. */
const LONG = [
  'tests/conformance/qemu.test.ts',
  'tests/live/images/build.test.ts',
  'tests/live/hostile/daemon.test.ts',
  'tests/live/bad-images/boot.test.ts',
  'tests/live/regression/sabotage.test.ts',
  'tests/live/leaks/leaks.test.ts',
  'tests/live/hostile/boots.test.ts',
  'tests/live/ssh/hard.test.ts',
  'tests/live/qemu/runs.test.ts',
  'tests/live/queue/queue.test.ts',
  'tests/conformance/ec2.test.ts',
  'tests/live/images/disk.test.ts',
  'tests/live/hostile/text.test.ts',
  'tests/live/qemu/tiny.test.ts',
  'tests/live/cli/whole-run.test.ts',
  'tests/live/lxd/transport.test.ts',
  'tests/live/hostile/flood.test.ts',
  'tests/conformance/lxd.test.ts',
  'tests/live/runner/kill-points.test.ts',
  'tests/live/queue/lost-machines.test.ts',
  'tests/live/hostile/interrupt.test.ts',
  'tests/live/agent/sources.test.ts',
  'tests/e2e/package.test.ts',
]

/** In the second half much waits and little computes: room for a guest under emulation, which wants a core for itself. */
const PROJECTS = ['live', 'conformance', 'e2e', 'unit']

/** Keeps every worker busy to the end, also in a fresh clone, where nobody knows yet how long a file takes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = this.ctx.config.root
    const rank = ({ moduleId, project }: TestSpecification) => {
      const half = project.name === 'live' ? 0 : 1000
      const place = LONG.indexOf(relative(root, moduleId))
      return half + (place < 0 ? LONG.length + PROJECTS.indexOf(project.name) : place)
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
