import { ConfigError, HarnessError, PrerequisiteError } from '../core/errors.ts'
import { configureDaemon, hasShield } from './configure.ts'
import { askDaemon, openClient, startDaemon } from './daemon.ts'
import { closedAbove, hasSystemd, isRoot } from './host.ts'
import { lxcfsCommands, lxcfsState, startLxcfs } from './lxcfs.ts'
import { findDaemon, installCommands, installPackages, missingPackages, usesOf } from './packages.ts'
import type { KernelLimit } from './kernel-limits.ts'
import { lowLimits, raiseLimits } from './kernel-limits.ts'
import type { LxdSettings } from './settings.ts'
import { lxdSettings } from './settings.ts'
import { findUsableDaemon, isUsable } from './usable.ts'

export interface SetupOptions {
  /** Also make sure that containers can be launched. Default true. */
  lxd?: boolean
  /** Also make sure that QEMU can run virtual machines. Default false. */
  qemu?: boolean
  /** Set up the private daemon even where another one is usable. */
  private?: boolean
  /** Default `process.env`. */
  env?: NodeJS.ProcessEnv
}

export interface RunContext {
  onLine: (line: string) => void
  signal?: AbortSignal
}

/** One thing setup would do. */
export interface SetupStep {
  id: 'packages' | 'limits' | 'lxcfs' | 'daemon' | 'configure'
  title: string
  /** Why, in a sentence for the person who is asked for consent. */
  reason: string
  /** What is run, as a shell would show it; requests to the daemon as `PUT /1.0 ...`. */
  commands: readonly string[]
  needsRoot: boolean
  run(context: RunContext): Promise<void>
}

export interface SetupPlan {
  /** Empty when this host has everything. */
  steps: readonly SetupStep[]
  /** Socket of the daemon that will be used, whether it is there or made by the steps. */
  socket: string | undefined
  /** True when a daemon that was there before is used, untouched. */
  existing: boolean
}

/**
 * What this host lacks. A daemon of LXD or Incus that is there and usable is used as it is; one that is there and not usable is never
 * touched: a private one is set up beside it. Changes nothing.
 * @throws ConfigError when the private daemon's folder is one that containers cannot reach
 */
export async function planSetup(options: SetupOptions = {}): Promise<SetupPlan> {
  const env = options.env ?? process.env
  const settings = lxdSettings(env)
  const wantsLxd = options.lxd ?? true
  const usable = wantsLxd ? await usableDaemon(settings, options.private ?? false, env) : undefined
  const needsDaemon = wantsLxd && usable === undefined
  if (needsDaemon) mustBeReachable(settings.dir)
  const packages = await missingPackages(needsDaemon, options.qemu)
  // for a daemon that works already it is an improvement: not worth asking for root
  const limits = wantsLxd && (needsDaemon || isRoot()) ? await lowLimits() : []
  const lxcfs = wantsLxd ? await lxcfsState() : 'runs'
  const needsLxcfs = needsDaemon || (lxcfs === 'dead' && isRoot())
  const steps = [
    ...(packages.length > 0 ? [packagesStep(packages)] : []),
    ...(limits.length > 0 ? [limitsStep(limits)] : []),
    ...(needsLxcfs && lxcfs !== 'runs' ? [lxcfsStep(lxcfs)] : []),
    ...(needsDaemon && !(await askDaemon(settings.socket)) ? [daemonStep(settings)] : []),
    ...(needsDaemon || (await lacksShield(usable, settings)) ? [configureStep(settings)] : []),
  ]
  return {
    steps,
    socket: usable ?? (needsDaemon ? settings.socket : undefined),
    existing: usable !== undefined && usable !== settings.socket,
  }
}

/** The root of an unprivileged container is nobody on the host, and its files lie below `dir`. */
function mustBeReachable(dir: string): void {
  const closed = closedAbove(dir)
  if (closed === undefined) return
  throw new ConfigError(`no container could start in ${dir}: other users may not pass through ${closed}`, {
    hint: `chmod o+x ${closed}, or name another folder in HARNESS_LXD_DIR`,
  })
}

/**
 * Does what a plan says, in order. Every step can be repeated.
 * @throws PrerequisiteError when root is needed and missing, or the host refuses; SubprocessError of a command that failed; CancelledError.
 */
export async function runSetup(plan: SetupPlan, context: RunContext): Promise<void> {
  const blocked = plan.steps.find((step) => step.needsRoot)
  if (blocked && !isRoot())
    throw new PrerequisiteError(`setup needs root to ${blocked.title}`, { hint: 'sudo ./harness setup' })
  for (const step of plan.steps) {
    context.onLine(step.title)
    await step.run(context)
  }
}

async function usableDaemon(
  { socket }: LxdSettings,
  onlyPrivate: boolean,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (!onlyPrivate) return await findUsableDaemon(env)
  return (await isUsable(socket)) ? socket : undefined
}

/** A private daemon that an earlier version has set up. One of somebody else is theirs. */
async function lacksShield(usable: string | undefined, settings: LxdSettings): Promise<boolean> {
  if (usable !== settings.socket) return false
  const client = openClient(settings.socket)
  try {
    return !(await hasShield(client, settings))
  } catch (error) {
    if (error instanceof HarnessError) return false
    throw error
  } finally {
    client.close()
  }
}

function packagesStep(packages: readonly string[]): SetupStep {
  return {
    id: 'packages',
    title: `install ${packages.join(', ')}`,
    reason: usesOf(packages),
    commands: installCommands(packages).map((command) => command.join(' ')),
    needsRoot: true,
    run: (context) => installPackages(packages, context),
  }
}

function limitsStep(limits: readonly KernelLimit[]): SetupStep {
  return {
    id: 'limits',
    title: 'raise limits of the kernel that containers share',
    reason:
      'with the defaults the tenth container cannot watch files any more and its services fail; until the next start of the host',
    commands: limits.map(({ name, atLeast }) => `sysctl -w ${name}=${atLeast}`),
    needsRoot: true,
    async run({ onLine }) {
      const refused = await raiseLimits(limits)
      if (refused.length > 0)
        onLine(
          `this host does not let ${refused.map(({ name }) => name).join(', ')} be raised; run few containers at once`,
        )
    },
  }
}

function lxcfsStep(state: 'dead' | 'absent'): SetupStep {
  return {
    id: 'lxcfs',
    title: 'start lxcfs',
    reason: 'containers see their own memory, processors and uptime instead of those of the host',
    commands: lxcfsCommands(state),
    needsRoot: true,
    run: ({ onLine }) => startLxcfs(onLine),
  }
}

function daemonStep(settings: LxdSettings): SetupStep {
  const how = hasSystemd() ? `systemd-run --unit=${settings.unit} ` : ''
  return {
    id: 'daemon',
    title: `start a private LXD in ${settings.dir}`,
    reason:
      'tests get a daemon, a network and a storage pool of their own; an LXD that may be on this host is left alone',
    commands: [`${how}env LXD_DIR=${settings.dir} lxd --logfile ${settings.logFile}`],
    needsRoot: true,
    async run({ signal }) {
      const daemon = findDaemon()
      if (!daemon) throw new PrerequisiteError('neither LXD nor Incus is installed', { hint: 'apt-get install lxd' })
      if (!(await askDaemon(settings.socket))) await startDaemon(daemon, settings, signal)
    },
  }
}

function configureStep(settings: LxdSettings): SetupStep {
  return {
    id: 'configure',
    title: `give it a storage pool and the network ${settings.bridge}`,
    reason:
      'containers need a disk and a way to the archives, but none to the metadata service of a cloud this host may be on; the pool is a btrfs loop file where the host can have one',
    commands: [
      'PATCH /1.0',
      `POST /1.0/storage-pools ${settings.pool}`,
      'POST /1.0/network-acls',
      `POST /1.0/networks ${settings.bridge}`,
      'PATCH /1.0/profiles/default',
    ],
    needsRoot: true,
    async run({ onLine, signal }) {
      const client = openClient(settings.socket)
      try {
        await configureDaemon(client, { settings, onLine, ...(signal ? { signal } : {}) })
      } finally {
        client.close()
      }
      if (!(await isUsable(settings.socket)))
        throw new PrerequisiteError(`the private LXD in ${settings.dir} is not usable after setup`, {
          hint: `read ${settings.logFile}`,
        })
    },
  }
}
