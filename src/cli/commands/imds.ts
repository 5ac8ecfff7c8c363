import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { CLOUD_NAMES } from '../../imds/cloud.ts'
import type { DocumentChange } from '../../imds/document.ts'
import type { Exchange } from '../../imds/exchange.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export default defineCommand({
  name: 'imds',
  args: 'CLOUD',
  arity: [1, 1],
  text: `Serves the metadata service of a cloud until it is stopped, and prints every request. Clouds: ${CLOUD_NAMES.join(', ')}. It is strict where the cloud is: tokens, headers, versions, methods and the format of listings.`,
  options: {
    port: { type: 'string', value: 'PORT', text: 'default 8111; the wire server of Azure gets the next one' },
    listen: { type: 'string', value: 'ADDRESS', text: 'default 127.0.0.1' },
    metadata: {
      type: 'string',
      value: 'PATH',
      text: 'metadata of yours: a file with `document` and `answers`, or a folder recorded from a real service',
    },
    'user-data': { type: 'string', value: 'FILE', text: 'user-data to hand out' },
    key: { type: 'string', multiple: true, value: 'FILE', text: 'file with a public SSH key' },
    fault: {
      type: 'string',
      multiple: true,
      value: 'TEXT',
      text: 'what goes wrong, for example "503 /latest/user-data x3", "slow 5 seconds", "reset for 20 seconds"',
    },
    'no-tokens': { type: 'boolean', text: 'also allow the old way without tokens: version 1 of EC2 and Oracle' },
    print: {
      type: 'boolean',
      text: 'print the instance document it serves, which is also the form of `document`, and end',
    },
    json: { type: 'boolean', text: 'print requests as data, one per line' },
  },
  examples: [
    'harness imds ec2 --user-data my.yaml',
    'curl -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" 127.0.0.1:8111/latest/api/token',
    'harness imds gce --metadata stock.yaml --fault "503 / x2"',
  ],
  async run({ options, args, signal }) {
    const { findCloud } = await import('../../imds/clouds.ts')
    const { newDocument } = await import('../../imds/document.ts')
    const { parseFault } = await import('../../imds/faults.ts')
    const { ImdsService } = await import('../../imds/imds-service.ts')
    const { listen } = await import('../../imds/listen.ts')
    const { NO_STOCK, readStock } = await import('../../imds/stock.ts')
    const cloud = findCloud(args[0] ?? '')
    const known: DocumentChange = {
      sshKeys: await Promise.all((options.key ?? []).map(async (path) => (await readText(path)).trim())),
      tokensRequired: !options['no-tokens'],
      ...(options['user-data'] === undefined ? {} : { userData: await readText(options['user-data']) }),
    }
    const stock = options.metadata === undefined ? NO_STOCK : await readStock(options.metadata)
    const faults = (options.fault ?? []).map(parseFault)
    const onExchange = (exchange: Exchange) => void (options.json ? printJson(exchange) : print(line(exchange)))
    const service = new ImdsService(cloud, newDocument(cloud, 'harness imds', known), { stock, faults, onExchange })
    if (options.print) {
      await printJson(service.document)
      return EXIT.pass
    }
    const host = options.listen ?? '127.0.0.1'
    const first = readPort(options.port)
    await using stack = new AsyncDisposableStack()
    for (const [index, { name, address }] of cloud.endpoints.entries()) {
      const port = first === 0 ? 0 : first + index
      const endpoint = await listen(service, name, { host, port }).catch((error: Error) => {
        throw new ConfigError(`cannot listen on ${host} port ${port}: ${error.message}`, {
          hint: 'choose another --port',
        })
      })
      stack.use(endpoint)
      await print(
        `${cloud.title}, ${name === 'wire' ? 'wire server' : 'metadata service'} (${address} on the cloud): http://${host}:${endpoint.port}/`,
      )
    }
    if (!signal.aborted) await once(signal, 'abort')
    return EXIT.pass
  },
})

function line({ method, path, status, bytes, durationMs, fault }: Exchange): string {
  return `${method} ${path} ${status === 0 ? 'cut' : status} ${bytes} B ${durationMs.toFixed(0)} ms${fault ? ` (${fault})` : ''}`
}

function readPort(text = '8111'): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_535) return port
  throw new ConfigError(`--port cannot be "${text}"`, { hint: 'give a number from 0 to 65534; 0 takes a free one' })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
