import { readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve } from 'node:path'
import type { CellModel } from '../results/cell-model.ts'
import { digestOf } from './digest.ts'
import { maskData, maskText } from './mask.ts'
import { LIMITS, type ResultFile } from './results-schema.ts'

/** A file of a run as it is published: masked, and named by its content. */
export interface PublishedFile {
  digest: string
  /** Where it was read; the content is made again from it when it is sent. */
  path: string
  kind: ResultFile['kind']
  bytes: number
}

const MOST_BYTES = 32 * 1024 * 1024
const MOST_KEPT = MOST_BYTES - 1024

/** What is published of the files of a cell. Files that cannot be read are told in `left`. */
export async function filesOfCell(
  runDir: string,
  cell: CellModel,
): Promise<{ files: ResultFile[]; published: PublishedFile[]; masked: number; left: string[] }> {
  const files: ResultFile[] = []
  const published: PublishedFile[] = []
  const left: string[] = []
  let masked = 0
  const all = [
    ...cell.logs.map((log) => ({ kind: 'log' as const, ...log })),
    ...cell.facts.map((facts) => ({
      kind: 'facts' as const,
      title: `facts: ${facts.phase}`,
      truncated: false,
      ...facts,
    })),
  ]
  for (const found of all.slice(0, LIMITS.filesOfCell)) {
    const path = await insideRun(runDir, found.file)
    const content = path && (await contentOf(path, found.kind))
    if (!path || !content) {
      left.push(found.file)
      continue
    }
    const digest = digestOf(content.bytes)
    masked += content.masked
    published.push({ digest, path, kind: found.kind, bytes: content.bytes.length })
    files.push({
      name: nameBelow(found.file, cell.summary.id),
      title: found.title,
      kind: found.kind,
      digest,
      bytes: content.bytes.length,
      ...(found.truncated || content.cut ? { truncated: true } : {}),
      ...(content.masked > 0 ? { redactions: content.masked } : {}),
      ...('phase' in found ? { phase: found.phase, subject: found.subject } : {}),
    })
  }
  return { files, published, masked, left }
}

/** What leaves of a file: text without secrets. Undefined when it cannot be read. */
export async function contentOf(
  path: string,
  kind: ResultFile['kind'],
): Promise<{ bytes: Buffer; masked: number; cut: boolean } | undefined> {
  const info = await stat(path).catch(() => undefined)
  if (!info?.isFile() || info.size > MOST_BYTES * 4) return undefined
  const text = await readFile(path, 'utf8')
  if (kind === 'facts') {
    const facts = maskData(parseJson(text))
    const bytes = Buffer.from(`${JSON.stringify(facts.value)}\n`)
    return bytes.length > MOST_BYTES ? undefined : { bytes, masked: facts.masked, cut: false }
  }
  const log = maskText(text)
  const bytes = Buffer.from(log.text)
  if (bytes.length <= MOST_BYTES) return { bytes, masked: log.masked, cut: false }
  return { bytes: bytes.subarray(bytes.length - MOST_KEPT), masked: log.masked, cut: true }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `cells/lxd/…/logs/console.log` as the cell sees it: `logs/console.log`. */
function nameBelow(file: string, cell: string): string {
  const below = file.startsWith(`cells/${cell}/`) ? file.slice(`cells/${cell}/`.length) : file
  return below
    .split('/')
    .map((part) => part.replace(/[^A-Za-z0-9._+@~=,-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'x')
    .join('/')
    .slice(0, 200)
}

/** Events could name any file of this host, and so could a link; only files of the run are read. */
async function insideRun(runDir: string, file: string): Promise<string | undefined> {
  if (file.includes('\0')) return undefined
  const [root, path] = await Promise.all([real(runDir), real(resolve(runDir, file))])
  if (root === undefined || path === undefined) return undefined
  const inside = relative(root, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? undefined : path
}

async function real(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined)
}
