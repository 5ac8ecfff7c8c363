import type { Prerequisite } from '../../platforms/platform.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export default defineCommand({
  name: 'doctor',
  text: 'Tells what this host can run, what is missing, and the command that fixes it. Changes nothing. Exit code 3 when something is missing that runs cannot do without.',
  options: {
    platform: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      text: 'only these platforms; default those of the matrix',
    },
    json: { type: 'boolean', text: 'print data' },
  },
  async run({ options }) {
    const [{ checkHost }, { loadPlatform }] = await Promise.all([
      import('../../setup/index.ts'),
      import('../../platforms/open-platform.ts'),
    ])
    const names = options.platform ?? ['lxd']
    const host = await checkHost()
    const groups: Record<string, Prerequisite[]> = { host: names.includes('lxd') ? host : host.map(withoutLxd) }
    for (const name of names) groups[name] = await (await loadPlatform(name)).doctor({})
    const all = Object.values(groups).flat()
    if (options.json) await printJson(groups)
    else for (const [name, found] of Object.entries(groups)) await print(describe(name, found))
    return all.every((item) => item.ok || item.optional) ? EXIT.pass : EXIT.miss
  },
})

/** What only containers need is no fault of a host that runs none. */
function withoutLxd(found: Prerequisite): Prerequisite {
  return ONLY_LXD.has(found.name) ? { ...found, optional: true } : found
}

const ONLY_LXD = new Set(['rights', 'lxd', 'mmdebstrap', 'mksquashfs', 'kernel limits'])

function describe(name: string, found: readonly Prerequisite[]): string {
  const lines = found.flatMap(({ name: what, ok, detail, fix, optional }) => [
    `  ${ok ? 'ok      ' : optional ? 'optional' : 'missing '}  ${what}: ${detail}`,
    ...(ok || fix === undefined ? [] : [`            fix: ${fix}`]),
  ])
  return [name, ...lines].join('\n')
}
