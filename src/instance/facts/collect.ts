import { readFile } from 'node:fs/promises'
import { PrerequisiteError, TransportError } from '../../core/errors.ts'
import { probeHost } from '../../core/subprocess.ts'
import { lastWords } from '../../core/text.ts'
import type { Phase } from '../../results/check-record.ts'
import type { Instance } from '../instance.ts'
import { buildFacts } from './build-facts.ts'
import type { Facts } from './facts.ts'

const PARTS = ['frames', 'frame', 'accounts', 'packages', 'system', 'files', 'agent', 'sections']
const END = '\n%end'

let joined: Promise<string> | undefined

/** The facts script: portable POSIX sh. Argument 1 is the phase; `ROOT` in the environment names a root at rest. */
export function factsScript(): Promise<string> {
  joined ??= Promise.all(PARTS.map((part) => readFile(new URL(`./script/${part}.sh`, import.meta.url), 'utf8'))).then(
    (parts) => parts.join('\n'),
  )
  return joined
}

/**
 * Gathers the facts of a running instance as root, in one round trip. A command that fails in the guest makes its facts unknown;
 * it does not make this reject.
 * @throws TransportError when the script could not be brought to its end.
 */
export async function collectFacts(
  instance: Pick<Instance, 'root' | 'name'> & { machine?: { pace?: number } },
  phase: Exclude<Phase, 'rest'>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Facts> {
  const collectedAt = new Date().toISOString()
  const pace = Math.ceil(instance.machine?.pace ?? 1)
  const result = await instance.root.run(['sh', '-s', phase, ...(pace > 1 ? [String(pace)] : [])], {
    stdin: await factsScript(),
    deadline: '2 minutes',
    check: false,
    ...(signal ? { signal } : {}),
  })
  if (!result.stdout.trimEnd().endsWith(END.trim())) {
    throw new TransportError(
      'protocol',
      `the facts script on ${instance.name} did not reach its end: exit status ${result.exitCode}, ${lastWords(result.stderr) || 'nothing on stderr'}`,
    )
  }
  return buildFacts(result.stdout, { phase, collectedAt, durationMs: result.durationMs })
}

/**
 * Gathers the facts of a root file system that is not running, with tools of this host and without executing anything of the image.
 * Reading everything needs root rights where `root` belongs to root.
 * @param enter words before the command, which bring it where the owners of the files are right: a user namespace. Default none.
 * @throws PrerequisiteError when this host's shell cannot run the script.
 */
export async function collectFactsAtRest(
  root: string,
  { signal, enter = [] }: { signal?: AbortSignal; enter?: readonly string[] | undefined } = {},
): Promise<Facts> {
  const collectedAt = new Date().toISOString()
  const [first, ...words] = [...enter, 'sh', '-s', 'rest']
  const result = await probeHost([first, ...words], {
    stdin: await factsScript(),
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', ROOT: root.replace(/\/+$/, '') || '/.' },
    deadlineMs: 180_000,
    ...(signal ? { signal } : {}),
  })
  if (!result.stdout.trimEnd().endsWith(END.trim())) {
    throw new PrerequisiteError(
      `the facts of ${root} could not be gathered: exit status ${result.exitCode}, ${lastWords(result.stderr) || 'nothing on stderr'}`,
    )
  }
  return buildFacts(result.stdout, { phase: 'rest', collectedAt, durationMs: result.durationMs })
}
