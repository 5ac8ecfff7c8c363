import type { BlobStore, FileRow } from '../archive/index.ts'
import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'

const MOST_LOGS = 6
const LINES = 14
const LONGEST_LINE = 400

/** The last lines of the logs that belong to failures, by name of the file. */
export async function tailsOf(
  blobs: BlobStore,
  files: readonly FileRow[],
  failing: readonly CheckRecord[],
): Promise<Map<string, string>> {
  const wanted = new Set(failing.flatMap(({ attachments = [] }) => attachments))
  const logs = files.filter(({ name, kind }) => kind === 'log' && [...wanted].some((path) => path.endsWith(name)))
  const tails = new Map<string, string>()
  for (const { name, digest } of logs.slice(0, MOST_LOGS)) {
    const content = await blobs.read(digest)
    if (content) tails.set(name, tail(content))
  }
  return tails
}

function tail(content: Buffer): string {
  const text = cleanText(content.subarray(-64 * 1024).toString('utf8')).trimEnd()
  return text
    .split('\n')
    .slice(-LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
    .join('\n')
}
