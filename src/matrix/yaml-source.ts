import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import { soundsSecret } from './from-environment.ts'
import { nearest } from './nearest.ts'

/** A text that fits its schema. */
export interface ParsedYaml<T> {
  value: T
  positionOf: (path: Path) => SourcePosition
  /** Checks the whole text against another schema, which may know some parts better. @throws ConfigError with line and column */
  mustFit: (schema: z.ZodType) => void
}

/**
 * Reads YAML and checks it against a schema. The first problem, from top to bottom, is thrown with line and column.
 * @param prepare changes the document before it is checked
 * @throws ConfigError
 */
export function parseYaml<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  prepare: (document: Document, at: (offset: number) => SourcePosition) => void = () => {},
): ParsedYaml<T> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const at = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const broken = document.errors[0]
  if (broken) throw new ConfigError(broken.message, { position: at(broken.pos[0]) })
  prepare(document, at)
  const positionOf = (path: Path) => at(offsetOf(document, path))
  refuseUnknownAliases(document, at)
  const plain: unknown = toPlain(document, file)
  const source = { file, document, plain, at }
  return { value: fitting(source, schema), positionOf, mustFit: (other) => void fitting(source, other) }
}

interface Source {
  file: string
  document: Document
  plain: unknown
  at: (offset: number) => SourcePosition
}

function fitting<T>(source: Source, schema: z.ZodType<T>): T {
  const { file, plain, at } = source
  const result = schema.safeParse(plain)
  if (result.success) return result.data
  if (plain === null) {
    const keys = (z.toJSONSchema(schema, { io: 'input' }) as JsonSchema).required ?? []
    throw new ConfigError('is empty', {
      position: { file },
      ...(keys.length > 0 ? { hint: `add ${keys.map((key) => `"${key}"`).join(', ')}` } : {}),
    })
  }
  const found = withoutConsequences(result.error.issues.flatMap(flatten)).map((issue) => problem(source, issue, schema))
  // A key with a slip in it is not known, and the one that was meant is missing: one mistake, not two.
  const problems = [...new Map(found.map((one) => [`${one.offset} ${one.message}`, one])).values()]
  problems.sort((a, b) => a.offset - b.offset)
  const first = problems[0]
  if (!first) throw new ConfigError('is not valid', { position: { file } })
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  throw new ConfigError(`${first.message}${more}`, {
    position: at(first.offset),
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  })
}

export type Path = readonly PropertyKey[]
type Issue = z.core.$ZodIssue

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 })
  } catch (error) {
    throw new ConfigError((error as Error).message, { position: { file } })
  }
}

/** @throws ConfigError for the first alias without an anchor before it */
function refuseUnknownAliases(document: Document, at: (offset: number) => SourcePosition): void {
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return
      throw new ConfigError(`*${node.source} stands for nothing`, {
        position: at(node.range?.[0] ?? 0),
        hint: `write &${node.source} before the value that it stands for, further up`,
      })
    },
  })
}

/** A union reports one list of issues per member; the member that got furthest tells most. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const branches = [...issue.errors].sort((a, b) => depth(b) - depth(a))
  return (branches[0] ?? []).flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** Where a key is misspelled, what is said of keys that belong together only follows from it. */
function withoutConsequences(issues: readonly Issue[]): Issue[] {
  const place = ({ path }: Issue) => JSON.stringify(path)
  const misspelled = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(place))
  return issues.filter((issue) => issue.code !== 'custom' || !misspelled.has(place(issue)))
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}

function problem(source: Source, issue: Issue, schema: z.ZodType): { offset: number; message: string; hint?: string } {
  const { document, plain } = source
  const where = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : ''
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const place = issue.path.length > 0 ? ` in ${issue.path.map(String).join('.')}` : ''
    return {
      offset: keyOffset(document, issue.path, key),
      message: `"${key}" is not known${place}`,
      ...suggestion(key, knownKeys(schema, issue.path)),
    }
  }
  const offset = offsetOf(document, issue.path)
  const value = valueAt(plain, issue.path)
  if (issue.code === 'invalid_value' && value !== undefined) {
    const found = typeof value === 'string' ? value : JSON.stringify(value)
    const values = issue.values.map(String)
    const near = nearest(found, values)
    return {
      offset,
      message: `${where}"${found}" is none of ${values.join(', ')}`,
      ...(near ? { hint: `did you mean "${near}"?` } : {}),
    }
  }
  if (issue.code === 'custom') {
    const hint = issue.params?.['hint']
    return { offset, message: `${where}${issue.message}`, ...(typeof hint === 'string' ? { hint } : {}) }
  }
  if (/^invalid_(type|value)$/.test(issue.code) && value === undefined) {
    const slip = slipOf(document, issue.path, schema)
    if (slip !== undefined)
      return problem(
        source,
        { code: 'unrecognized_keys', keys: [slip], path: issue.path.slice(0, -1), message: '' },
        schema,
      )
    return { offset, message: `${where}is missing`, hint: `add "${String(issue.path.at(-1))}"` }
  }
  const node = document.getIn(issue.path as unknown[], true)
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    isScalar(node) &&
    typeof node.value === 'number'
  ) {
    if (soundsSecret(String(issue.path.at(-1))))
      return { offset, message: `${where}is a number`, hint: 'write it in quotes' }
    const written = node.source ?? String(node.value)
    return { offset, message: `${where}${written} is a number`, hint: `write it in quotes: "${written}"` }
  }
  return { offset, message: `${where}${issue.message}` }
}

/** What stands at a path, through aliases too. */
function valueAt(plain: unknown, path: Path): unknown {
  let value: unknown = plain
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[step]
  }
  return value
}

/** The key that is written where one is missing, and is not known, but almost the missing one. */
function slipOf(document: Document, path: Path, schema: z.ZodType): string | undefined {
  const parent = path.slice(0, -1)
  const map = parent.length > 0 ? document.getIn(parent as unknown[], true) : document.contents
  if (!isMap(map)) return undefined
  const known = knownKeys(schema, parent)
  const written = map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []))
  return written.find((key) => !known.includes(key) && nearest(key, known) === path.at(-1))
}

function suggestion(key: string, known: readonly string[]): { hint?: string } {
  const near = nearest(key, known)
  if (near) return { hint: `did you mean "${near}"?` }
  return known.length > 0 ? { hint: `known here: ${known.join(', ')}` } : {}
}

interface JsonSchema {
  required?: string[]
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
}

function knownKeys(schema: z.ZodType, path: Path): string[] {
  let place: JsonSchema | undefined = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
  for (const step of path) {
    const more: JsonSchema | boolean | undefined = place?.additionalProperties
    place =
      typeof step === 'number'
        ? place?.items
        : (place?.properties?.[String(step)] ?? (typeof more === 'object' ? more : undefined))
  }
  return Object.keys(place?.properties ?? {})
}

function keyOffset(document: Document, path: Path, key: string): number {
  const map = path.length > 0 ? document.getIn(path as unknown[], true) : document.contents
  if (isMap(map)) {
    for (const pair of map.items) if (isScalar(pair.key) && pair.key.value === key) return pair.key.range?.[0] ?? 0
  }
  return offsetOf(document, path)
}

/** Where the value at `path` begins, or of its nearest parent that is written. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = (length > 0 ? document.getIn(path.slice(0, length) as unknown[], true) : document.contents) as
      | Node
      | null
      | undefined
    if (node && typeof node === 'object' && 'range' in node && node.range) return node.range[0]
  }
  return 0
}
