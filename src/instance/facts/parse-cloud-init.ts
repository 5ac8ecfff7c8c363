import { parse } from 'yaml'
import type { AgentFacts, CloudInitEvent, CloudInitStatus } from './facts.ts'
import { byFile, type Located } from './parse-lines.ts'

type Config = Record<string, unknown>

const SECRET = /pass(word|wd|phrase)?$|secret|token|private|plain_text|hashed|(^|_)key(_data)?$/i

/** Configuration files in the order cloud-init reads them, merged as it merges: mappings by key, everything else by the later file. */
export function parseCloudConfig(lines: readonly Located[]) {
  const files: AgentFacts['cloudInit']['configFiles'] = []
  let config: Config = {}
  for (const [file, content] of byFile(lines)) {
    const text = content.map((line) => line.text).join('\n')
    const entry = { file, bytes: text.length }
    try {
      const value = parseConfig(text)
      if (isConfig(value)) config = merge(config, value)
      const wrong = value !== null && value !== undefined && !isConfig(value)
      files.push({ ...entry, parses: !wrong, ...(wrong ? { error: 'it is not a mapping' } : {}) })
    } catch (error) {
      files.push({
        ...entry,
        parses: false,
        error: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      })
    }
  }
  return { files, config: withoutSecrets(config) as Config }
}

function merge(base: Config, over: Config): Config {
  const merged: Config = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isConfig(below) && isConfig(value) ? merge(below, value) : value
  }
  return merged
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isConfig(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET.test(key) && typeof inner === 'string' ? '***' : withoutSecrets(inner),
    ]),
  )
}

export function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Names of the modules of a stage: entries are names or `[name, frequency]`. */
export function moduleNames(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: unknown) => {
    const name: unknown = Array.isArray(entry) ? entry[0] : entry
    return typeof name === 'string' ? [name.replaceAll('-', '_')] : []
  })
}

/** `cloud-init status --format json`, whatever version: missing keys stay absent. Undefined when it is not JSON. */
export function parseCloudInitStatus(lines: readonly string[], exitCode: number): CloudInitStatus | undefined {
  const value = parseJson(lines.join('\n'))
  if (!isConfig(value)) return undefined
  const text = (key: string) => (typeof value[key] === 'string' && value[key] !== '' ? value[key] : undefined)
  const [extended, boot, datasource, detail] = [
    text('extended_status'),
    text('boot_status_code'),
    text('datasource'),
    text('detail'),
  ]
  return {
    status: text('status') ?? 'unknown',
    ...(extended === undefined ? {} : { extendedStatus: extended }),
    ...(boot === undefined ? {} : { bootStatusCode: boot }),
    ...(datasource === undefined ? {} : { datasource }),
    ...(detail === undefined ? {} : { detail }),
    errors: strings(value['errors']),
    recoverableErrors: isConfig(value['recoverable_errors'])
      ? Object.fromEntries(
          Object.entries(value['recoverable_errors']).map(([level, messages]) => [level, strings(messages)]),
        )
      : {},
    exitCode,
  }
}

/** `cloud-init analyze dump`: a JSON list of start and finish events. */
export function parseCloudInitEvents(lines: readonly string[]): CloudInitEvent[] | undefined {
  const value = parseJson(lines.join('\n'))
  if (!Array.isArray(value)) return undefined
  return value.flatMap((event: unknown): CloudInitEvent[] => {
    if (!isConfig(event) || typeof event['timestamp'] !== 'number') return []
    const type = event['event_type']
    if (type !== 'start' && type !== 'finish') return []
    return [
      {
        name: textOf(event['name']),
        event: textOf(event['description']),
        type,
        ...(typeof event['result'] === 'string' ? { result: event['result'] } : {}),
        at: event['timestamp'],
      },
    ]
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The same files of the same image come again and again, and reading them is most of the work of gathering facts. */
const known = new Map<string, unknown>()
const MOST_KNOWN = 64

function parseConfig(text: string): unknown {
  if (known.has(text)) return known.get(text)
  const value: unknown = parse(text, { maxAliasCount: 50, logLevel: 'error' })
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(text, value)
  return value
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
