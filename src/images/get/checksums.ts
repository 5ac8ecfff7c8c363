/** What a file must hash to. */
export interface Digest {
  algorithm: 'sha256' | 'sha512'
  hex: string
}

/**
 * The digest a list of checksums gives for a file. Reads `HEX  NAME`, `HEX *NAME`, `SHA256 (NAME) = HEX` and a lone `HEX`, which
 * stands for the only file such a list is about. Undefined when the file is not in it, or only with a weaker sum.
 */
export function digestFor(list: string, file: string): Digest | undefined {
  const entries = parseChecksums(list)
  const own = entries.filter(({ name }) => name === file || name === '')
  return own.find(({ digest }) => digest.algorithm === 'sha512')?.digest ?? own[0]?.digest
}

/** Names in a list of checksums, as they are written. */
export function namesIn(list: string): string[] {
  return parseChecksums(list).map(({ name }) => name)
}

function parseChecksums(list: string): { name: string; digest: Digest }[] {
  return list.split('\n').flatMap((line) => {
    const bsd = /^SHA(?:256|512) \((.+)\) = ([0-9a-fA-F]+)\s*$/.exec(line)
    const plain = /^([0-9a-fA-F]+)(?:\s+\*?(\S.*?))?\s*$/.exec(line)
    const hex = (bsd?.[2] ?? plain?.[1] ?? '').toLowerCase()
    const algorithm = ALGORITHMS[hex.length]
    if (!algorithm) return []
    return [{ name: (bsd?.[1] ?? plain?.[2] ?? '').replace(/^\.\//, ''), digest: { algorithm, hex } }]
  })
}

const ALGORITHMS: Readonly<Record<number, Digest['algorithm']>> = { 64: 'sha256', 128: 'sha512' }
