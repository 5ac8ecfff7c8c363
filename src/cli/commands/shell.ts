import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import type { Instance } from '../../instance/instance.ts'
import type { Session } from '../../platforms/session.ts'
import { defineCommand } from '../command.ts'
import { note } from '../output.ts'

export default defineCommand({
  name: 'shell',
  args: '[IMAGE] [-- COMMAND...]',
  arity: [0, Number.POSITIVE_INFINITY],
  text: 'Launches an image and gives you a prompt on it, as root; the instance is destroyed when you leave. With --attach it uses an instance that exists and leaves it alone. With a command it runs that instead of a prompt.',
  options: {
    attach: { type: 'string', value: 'PLATFORM:ID', text: 'use this instance, for example lxd:web-1' },
    platform: { type: 'string', value: 'NAME', text: 'where to launch; default lxd' },
    'instance-type': { type: 'string', value: 'TYPE', text: 'size of the machine' },
    'user-data': { type: 'string', value: 'FILE', text: 'user data to launch with' },
    keep: { type: 'boolean', text: 'do not destroy the instance; `harness sweep` removes it later' },
  },
  examples: [
    'harness shell debian-13',
    'harness shell debian-13 -- cloud-init status --long',
    'harness shell --attach lxd:web-1',
  ],
  async run({ options, args, argv, signal }) {
    const commandArgs = argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : []
    const [image, ...more] = args.slice(0, args.length - commandArgs.length)
    if (more.length > 0) throw new ConfigError(`unexpected argument "${more[0]}"`, { hint: 'a command comes after --' })
    if ((image === undefined) === (options.attach === undefined)) {
      throw new ConfigError('name an image to launch, or an instance with --attach', {
        hint: 'harness shell debian-13',
      })
    }
    const [attachPlatform, id] = splitAttach(options.attach)
    const { openPlatformNamed } = await import('../../platforms/open-platform.ts')
    const { LedgerFile } = await import('../../platforms/ledger-file.ts')
    const { newOwner } = await import('../../platforms/owner.ts')
    const platform = attachPlatform ?? options.platform ?? 'lxd'
    const owner = newOwner()
    // What is only attached to is never destroyed, so there is nothing to remember.
    const ledger = id === undefined ? await LedgerFile.create(owner.runId) : undefined
    await ledger?.platform(platform, {})
    try {
      await using session = await openPlatformNamed(platform, {}, { owner, ...(ledger ? { ledger } : {}) })
      if (id !== undefined) return await use(await session.attach(id), commandArgs, signal)
      const instance = await launch(session, image ?? '', options, signal)
      try {
        return await use(instance, commandArgs, signal)
      } finally {
        if (options.keep) note(`kept: harness shell --attach ${platform}:${instance.id}`)
        else await instance.destroy()
      }
    } finally {
      await ledger?.close()
    }
  },
})

function splitAttach(attach: string | undefined): [platform: string | undefined, id: string | undefined] {
  if (attach === undefined) return [undefined, undefined]
  const colon = attach.indexOf(':')
  if (colon < 1) throw new ConfigError(`"${attach}" names no platform`, { hint: '--attach lxd:NAME' })
  return [attach.slice(0, colon), attach.slice(colon + 1)]
}

async function launch(
  session: Session,
  image: string,
  options: { 'instance-type'?: string; 'user-data'?: string },
  signal: AbortSignal,
): Promise<Instance> {
  const resolved = await session.resolveImage(image, { signal, onProgress: note })
  note(`launching ${image}`)
  const userData = options['user-data'] === undefined ? undefined : await readText(options['user-data'])
  const instance = await session.launch({
    image: resolved.id,
    signal,
    ...(options['instance-type'] ? { instanceType: options['instance-type'] } : {}),
    ...(userData === undefined ? {} : { userData }),
  })
  try {
    const report = await instance.waitUntilReady()
    note(`${instance.name} is ${report.systemState}; cloud-init ${report.cloudInit?.status ?? 'is not there'}`)
  } catch (error) {
    // A machine that does not become ready is just the one somebody wants to look into.
    note(`${instance.name} did not become ready: ${(error as Error).message}`)
  }
  return instance
}

async function use(instance: Instance, command: readonly string[], signal: AbortSignal): Promise<number> {
  if (command.length > 0) {
    const result = await instance.root.run(command, { signal, stdoutTo: process.stdout, deadline: '1 day' })
    process.stderr.write(result.stderr)
    return result.exitCode
  }
  if (!process.stdin.isTTY)
    throw new ConfigError('there is no terminal for a prompt', { hint: 'give a command after --' })
  const { openPrompt } = await import('../terminal.ts')
  return await openPrompt(instance.machine, signal)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
