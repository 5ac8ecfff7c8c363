import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { probeHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import { cleanText } from '../../core/text.ts'
import { DownloadError } from './download-error.ts'
import { binaryKeyrings } from './keyrings.ts'

export interface Checking {
  /** Keyring files whose keys may sign. */
  keyrings: readonly string[]
  /** What is checked, for messages. */
  what: string
  signal?: AbortSignal
}

/** What is signed, and by whom. */
export interface Signed {
  data: Buffer
  /** Fingerprint of the primary key. */
  signedBy: string
}

const DEADLINE_MS = 300_000

/** The text inside of a clear signature, once that is good; what stands around it is dropped. @throws DownloadError signature */
export async function checkClearSigned(signed: Buffer, checking: Checking): Promise<Signed> {
  return await withTempDir(async (dir) => {
    const [input, output] = [join(dir, 'signed'), join(dir, 'text')]
    await writeFile(input, signed)
    const signedBy = await gpgv(['--output', output, input], dir, checking)
    return { data: await readFile(output), signedBy }
  })
}

/** Checks a detached signature of a file or of bytes. Returns the fingerprint of the key. @throws DownloadError signature */
export async function checkDetached(signed: string | Buffer, signature: Buffer, checking: Checking): Promise<string> {
  return await withTempDir(async (dir) => {
    const path = join(dir, 'signature')
    const file = typeof signed === 'string' ? signed : join(dir, 'signed')
    await writeFile(path, signature)
    if (typeof signed !== 'string') await writeFile(file, signed)
    return await gpgv([path, file], dir, checking)
  })
}

/**
 * gpgv is what apt itself has trusted, has no state and asks nobody, and is on every Debian host; a hostile file meets a parser in
 * another process. Its status lines decide, not its exit code: an expired key is not refused by that.
 */
async function gpgv(args: readonly string[], dir: string, { keyrings, what, signal }: Checking): Promise<string> {
  const rings = (await binaryKeyrings(keyrings, dir)).flatMap((ring) => ['--keyring', ring])
  const result = await probeHost(
    ['gpgv', '--status-fd', '1', '--homedir', dir, '--weak-digest', 'SHA1', ...rings, ...args],
    { deadlineMs: DEADLINE_MS, installHint: 'apt-get install gpgv', ...(signal ? { signal } : {}) },
  )
  return judgeStatus(result.stdout, what)
}

/** Reads gpgv's status lines: the fingerprint of a good signature. @throws DownloadError signature saying what is wrong */
export function judgeStatus(status: string, what: string): string {
  const lines = [...status.matchAll(/^\[GNUPG:\] (\S+) ?(.*)$/gm)].map(([, word = '', rest = '']) => ({ word, rest }))
  const find = (word: string) => lines.find((line) => line.word === word)?.rest
  const refuse = (why: string) =>
    new DownloadError('signature', `${what}: ${why}`, {
      hint: 'do not use it; if you know better, --keyring names other keys and --unsigned does without a signature',
    })
  const key = (rest: string) => cleanText(rest.replace(/^(\S+) /, '$1, ')).slice(0, 120)
  const bad = find('BADSIG')
  if (bad !== undefined) throw refuse(`the signature is bad: it was made by ${key(bad)} for something else`)
  // of several signatures one is enough; the line with its fingerprint comes after it
  const good = lines.findIndex(({ word }) => word === 'GOODSIG')
  const valid = lines
    .slice(good)
    .find(({ word }) => word === 'VALIDSIG')
    ?.rest.split(' ')
  if (good >= 0 && valid) return valid[9] ?? valid[0] ?? ''
  for (const [word, why] of FAULTS) {
    const rest = find(word)
    if (rest !== undefined) throw refuse(`${why}: ${key(rest)}`)
  }
  const unknown = find('NO_PUBKEY')
  if (unknown !== undefined) throw refuse(`it is signed by a key that is not trusted: ${key(unknown)}`)
  throw refuse(lines.length === 0 ? 'there is no signature in it' : 'the signature cannot be checked')
}

const FAULTS = [
  ['EXPSIG', 'the signature has expired'],
  ['EXPKEYSIG', 'the key of the signature has expired'],
  ['REVKEYSIG', 'the key of the signature was revoked'],
] as const

async function withTempDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await makeTempDir('gpgv')
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
