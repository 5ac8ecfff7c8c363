import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { listing, namesIn, nodeAt } from './tree.ts'
import type { Tree } from './tree.ts'
import { text } from './answers.ts'
import type { Answer, ImdsRequest } from './cloud.ts'
import type { DocumentChange } from './document.ts'

const stockSchema = z.strictObject({
  /** Values of the instance document. */
  document: z.record(z.string(), z.unknown()).optional(),
  /** Answers by path, with the query where it matters: text, or status, headers and body. */
  answers: z
    .record(
      z.string().startsWith('/'),
      z.union([
        z.string(),
        z.strictObject({
          status: z.int().min(200).max(599).optional(),
          headers: z.record(z.string(), z.string()).optional(),
          body: z.string().optional(),
        }),
      ]),
    )
    .optional(),
})

/** Content a user gives instead of what the cloud's file computes. */
export interface Stock {
  document: DocumentChange
  answers: ReadonlyMap<string, Answer>
  /** A recorded tree: paths to bytes, in the folders of one host. */
  recorded: ReadonlyMap<string, Uint8Array>
}

export const NO_STOCK: Stock = { document: {}, answers: new Map(), recorded: new Map() }

/**
 * Reads metadata a user keeps: a YAML or JSON file with `document` and `answers`, or a folder that was recorded from a real service.
 * @throws ConfigError naming the file
 */
export async function readStock(path: string): Promise<Stock> {
  const info = await stat(path).catch(() => undefined)
  if (!info)
    throw new ConfigError(`there is no ${path}`, {
      hint: 'give a file with `document` and `answers`, or a recorded folder',
    })
  if (info.isDirectory()) return { ...NO_STOCK, recorded: await readRecorded(path) }
  const result = stockSchema.safeParse(await readYaml(path))
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new ConfigError([issue?.path.join('.'), issue?.message].filter(Boolean).join(': '), {
      position: { file: path },
    })
  }
  const { document = {}, answers = {} } = result.data
  return {
    ...NO_STOCK,
    document,
    answers: new Map(
      Object.entries(answers).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? text(value)
          : {
              status: value.status ?? 200,
              headers: { 'content-type': 'text/plain', ...value.headers },
              body: value.body ?? '',
            },
      ]),
    ),
  }
}

/** The same content with further answers of plain text. */
export function withAnswers(stock: Stock, answers: Readonly<Record<string, string>>): Stock {
  return {
    ...stock,
    answers: new Map([...stock.answers, ...Object.entries(answers).map(([path, body]) => [path, text(body)] as const)]),
  }
}

/** What the user's content says to a request, before the cloud's own file is asked. */
export function stockAnswer(stock: Stock, request: ImdsRequest): Answer | undefined {
  if (request.method !== 'GET') return undefined
  const query = request.query.size > 0 ? `?${request.query.toString()}` : ''
  const own = stock.answers.get(`${request.path}${query}`) ?? stock.answers.get(request.path)
  if (own) return own
  if (stock.recorded.size === 0) return undefined
  const bare = request.path.replace(/\/+$/, '')
  for (const name of [`${bare}${query}`, `${bare}/index.html${query}`, bare, `${bare}/index.html`]) {
    const bytes = stock.recorded.get(name)
    if (bytes) return text(bytes)
  }
  const folder = nodeAt(treeOf(stock.recorded), namesIn(request.path))
  return typeof folder === 'object' ? text(listing(folder)) : undefined
}

async function readYaml(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new ConfigError(`cannot be read: ${(error as Error).message.split('\n')[0]}`, {
      position: { file: path },
      cause: error,
    })
  }
}

/** Files of a folder, by the path they answer. A listing the service gave is a file `index.html` in its folder. */
async function readRecorded(folder: string): Promise<Map<string, Uint8Array>> {
  const root = resolve(folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (files.length === 0) throw new ConfigError(`${folder} holds no files`, { hint: 'record a service first' })
  const pairs = await Promise.all(
    files.map(
      async (file) => [`/${relative(root, file).split(sep).join('/')}`, new Uint8Array(await readFile(file))] as const,
    ),
  )
  return new Map(pairs)
}

function treeOf(files: ReadonlyMap<string, Uint8Array>): Tree {
  const root: Record<string, unknown> = {}
  for (const path of files.keys()) {
    const names = namesIn(path)
    const leaf = names.pop() ?? ''
    let node = root
    for (const name of names) node = (node[name] ??= {}) as Record<string, unknown>
    node[leaf] ??= ''
  }
  return root as Tree
}
