import { StringDecoder } from 'node:string_decoder'
import { ConfigError } from '../core/errors.ts'
import { logKindOf } from './normalise.ts'
import { mustBeText, openLog } from './open-log.ts'
import type { LogContext, LogKind } from './rule.ts'
import { RuleSet } from './rule-set.ts'
import { shippedLogRules } from './rules/index.ts'
import { LogScanner, type LogScan } from './scan.ts'

const MAX_LINE = 16 * 1024
const MAX_FILE = 64 * 1024 * 1024

export interface LogFile {
  path: string
  /** Shown in findings. Default: the path. */
  name?: string
  /** Default: by the name of the file. */
  kind?: LogKind
  /** Not collected by the harness: gzip is unpacked, and what is no text is refused. Default false. */
  foreign?: boolean
}

let shipped: RuleSet | undefined

/** The rules that come with the harness, compiled once per process. */
export function shippedRuleSet(): RuleSet {
  shipped ??= new RuleSet(shippedLogRules)
  return shipped
}

/**
 * Judges log files, one after the other. Reads at most 64 MiB of each, unpacked, and matches at most 16 KiB of a line.
 * @throws ConfigError when a file cannot be read, or a foreign one is no text.
 */
export async function checkLogs(
  files: readonly LogFile[],
  context: LogContext = {},
  rules: RuleSet = shippedRuleSet(),
): Promise<LogScan[]> {
  const scans: LogScan[] = []
  let known = context
  for (const file of files) {
    const scan = await scanFile(file, known, rules)
    if (known.agentVersion === undefined && scan.agentVersion !== undefined)
      known = { ...known, agentVersion: scan.agentVersion }
    scans.push(scan)
  }
  return scans
}

/** Judges text that is already in memory. */
export function scanText(
  text: string,
  name: string,
  kind: LogKind,
  context: LogContext = {},
  rules: RuleSet = shippedRuleSet(),
): LogScan {
  const scanner = new LogScanner(name, kind, rules, context)
  for (const line of text.split('\n')) scanner.push(line.slice(0, MAX_LINE))
  return scanner.end()
}

async function scanFile(file: LogFile, context: LogContext, rules: RuleSet): Promise<LogScan> {
  const scanner = new LogScanner(file.name ?? file.path, file.kind ?? logKindOf(file.path), rules, context)
  let bytes = 0
  let partial = ''
  try {
    const decoder = new StringDecoder('utf8')
    for await (const chunk of (await openLog(file.path, file.foreign ?? false)) as AsyncIterable<Buffer>) {
      const text = decoder.write(chunk.subarray(0, MAX_FILE - bytes))
      if (file.foreign && bytes === 0) mustBeText(text, file.path)
      bytes += chunk.length
      const pieces = text.split('\n')
      pieces[0] = partial + (pieces[0] ?? '').slice(0, Math.max(0, MAX_LINE - partial.length))
      partial = (pieces.pop() ?? '').slice(0, MAX_LINE)
      for (const piece of pieces) scanner.push(piece.slice(0, MAX_LINE))
      if (bytes > MAX_FILE) break
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`cannot read the log ${file.path}: ${(error as Error).message}`, { cause: error })
  }
  if (partial !== '') scanner.push(partial)
  return scanner.end(bytes > MAX_FILE)
}
