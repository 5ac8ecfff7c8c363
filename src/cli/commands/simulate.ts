import { once } from 'node:events'
import { ConfigError } from '../../core/errors.ts'
import { EXIT } from '../../results/status.ts'
import { FAULTS, parseFaults } from '../../simulate/faults.ts'
import { BACKENDS, openBackend } from '../../simulate/open-backend.ts'
import type { Call } from '../../simulate/simulator.ts'
import { loadSimulator, SIMULATED } from '../../simulate/simulators.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export default defineCommand({
  name: 'simulate',
  args: 'CLOUD',
  arity: [1, 1],
  text: `Serves the API of a cloud on this host until it is stopped: machines are containers booted from what the API received, with the metadata service of the cloud. Rehearses a matrix without an account. Clouds: ${SIMULATED.join(', ')}.`,
  options: {
    backend: {
      type: 'string',
      choices: BACKENDS,
      value: 'NAME',
      text: 'lxd, the default, or memory: no container at all',
    },
    image: {
      type: 'string',
      multiple: true,
      value: 'NAME=IMAGE',
      text: "what the cloud's image NAME boots in the back end; default debian-13 for all",
    },
    port: { type: 'string', value: 'PORT', text: 'default: a free one' },
    certificate: {
      type: 'string',
      value: 'FILE',
      text: 'where the certificate of azure is written, which speaks https; default a temporary file',
    },
    'ssh-port': { type: 'string', value: 'PORT', text: 'SSH port of machines in memory; default 2222' },
    fault: {
      type: 'string',
      multiple: true,
      value: 'TEXT',
      text: `what goes wrong: KIND[:PROBABILITY][:WHERE][:xTIMES], several with commas. Kinds: ${Object.keys(FAULTS).join(', ')}`,
    },
    seed: { type: 'string', value: 'NUMBER', text: 'of the faults; the same seed gives the same faults. Default 1' },
    quota: { type: 'string', value: 'NUMBER', text: 'most machines at once' },
    'page-size': { type: 'string', value: 'NUMBER', text: 'most entries of a page. Default 50' },
    behaviours: { type: 'boolean', text: 'print what the simulator does and how that is known, and end' },
    json: { type: 'boolean', text: 'print calls as data, one per line' },
  },
  examples: [
    'harness simulate ec2',
    'harness simulate ec2 --fault throttle:0.3,stockout:eu-west-1a',
    'harness simulate ec2 --behaviours',
  ],
  async run({ options, args, signal }) {
    const kind = await loadSimulator(args[0] ?? '')
    if (options.behaviours) {
      if (options.json) await printJson(kind.behaviours)
      else
        for (const behaviour of kind.behaviours) {
          const basis = behaviour.basis === 'assumed' ? 'assumed' : `documented: ${behaviour.source}`
          await print(`${behaviour.id}: ${behaviour.says} (${basis})`)
        }
      return EXIT.pass
    }
    if (options.certificate !== undefined && !kind.https)
      throw new ConfigError(`the simulator of ${args[0]} speaks http and has no certificate`, {
        hint: 'leave --certificate out',
      })
    const sshPort = readNumber('--ssh-port', options['ssh-port']) ?? 2222
    await using backend = await openBackend(options.backend ?? 'lxd', { sshPort })
    const onCall = (call: Call) => void (options.json ? printJson(call) : print(line(call)))
    const numbers = {
      port: readNumber('--port', options.port),
      seed: readNumber('--seed', options.seed),
      quota: readNumber('--quota', options.quota),
      pageSize: readNumber('--page-size', options['page-size']),
    }
    await using simulator = await kind.start({
      backend,
      images: readImages(options.image ?? []),
      faults: (options.fault ?? []).flatMap(parseFaults),
      onCall,
      ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
      ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
    })
    await print(`${kind.title} (simulated, machines: ${backend.name}): ${simulator.endpoint}`)
    // Containers have an address of their own and answer on the usual port.
    const platform = { ...simulator.options, ...(backend.name === 'memory' ? { 'ssh-port': sshPort } : {}) }
    await print(`options of the platform: ${JSON.stringify(platform)}`)
    for (const [name, value] of Object.entries(simulator.environment)) await print(`export ${name}='${value}'`)
    if (!signal.aborted) await once(signal, 'abort')
    return EXIT.pass
  },
})

function line({ operation, status, said, durationMs }: Call): string {
  return `${operation} ${status === 0 ? 'cut' : status}${said === undefined ? '' : ` ${said}`} ${durationMs.toFixed(0)} ms`
}

function readNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  throw new ConfigError(`${option} cannot be "${text}"`, { hint: 'give a whole number' })
}

function readImages(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new ConfigError(`--image cannot be "${pair}"`, { hint: 'write NAME=IMAGE' })
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
