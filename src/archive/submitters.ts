import type { KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { matchesGlob } from '../matrix/glob.ts'
import { parseYaml } from '../matrix/yaml-source.ts'
import { link } from '../publish/record-schema.ts'
import { readPublicKey } from '../publish/envelope.ts'
import { keyId } from '../publish/keys.ts'

const glob = z.string().min(1).max(300)
const day = z.iso.date()

const schema = z.strictObject({
  $schema: z.string().optional(),
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'small letters, digits and dashes')
    .describe('The name of the file, without .yaml.'),
  display: z.string().min(1).max(200).describe('The name people see.'),
  contact: z.string().min(1).max(300).describe('Where to write to when results look wrong.'),
  docs: link.optional().describe('How the results are made.'),
  state: z.enum(['active', 'suspended']).default('active').describe('A suspended submitter submits nothing.'),
  roles: z
    .array(z.enum(['results', 'waivers', 'approvals', 'operator']))
    .min(1)
    .default(['results'])
    .describe('What may be submitted. An operator may also take back what others submitted.'),
  scopes: z
    .array(
      z.strictObject({
        cells: glob.default('*').describe('Glob over ids of cells, for example "azure/*".'),
        images: glob.default('*').describe('Glob over names of images, for example "debian-*".'),
      }),
    )
    .min(1)
    .describe('What results may be about. One entry has to match.'),
  keys: z
    .array(
      z.strictObject({
        public: z
          .string()
          .min(1)
          .max(400)
          .describe('Ed25519 key: base64 of its SPKI, as `harness key show` prints it.'),
        until: day.describe('Last day it is valid: at most a year ahead.'),
        revoked: day.optional().describe('From this day on nothing more is accepted.'),
        compromised: day.optional().describe('From this day on what was signed with it is not trusted.'),
      }),
    )
    .max(20)
    .default([]),
  oidc: z
    .array(
      z.strictObject({
        issuer: z.url().max(300).describe('For example https://token.actions.githubusercontent.com'),
        claims: z
          .record(z.string().max(100), z.string().min(1).max(300))
          .refine((claims) => Object.keys(claims).length > 0, 'name at least one claim')
          .describe('All must be equal. Use ids, such as repository_id, which nobody else can get.'),
        until: day,
        revoked: day.optional(),
        compromised: day.optional(),
      }),
    )
    .max(20)
    .default([]),
  quota: z
    .strictObject({
      submissionsPerDay: z.int().min(1).default(1_000),
      megabytesPerDay: z.int().min(1).default(2_000),
    })
    .default({ submissionsPerDay: 1_000, megabytesPerDay: 2_000 }),
})

export type Role = 'results' | 'waivers' | 'approvals' | 'operator'

/** One way a submitter shows who it is. Days are milliseconds: the end of the last day, the start of the others. */
export interface Credential {
  id: string
  submitter: string
  kind: 'ed25519' | 'oidc'
  key?: KeyObject
  issuer?: string
  claims?: Readonly<Record<string, string>>
  notAfter: number
  revokedAt: number | undefined
  compromisedAt: number | undefined
}

/** Who may submit what. */
export interface Submitter {
  id: string
  display: string
  contact: string
  docs: string | undefined
  state: 'active' | 'suspended'
  roles: readonly Role[]
  scopes: readonly { cells: string; images: string }[]
  credentials: readonly Credential[]
  quota: { submissionsPerDay: number; megabytesPerDay: number }
}

const DAY_MS = 86_400_000
const LONGEST_KEY_DAYS = 366

/** Reads every `*.yaml` of a folder. @throws ConfigError with file and line; a key that two have is refused */
export async function loadSubmitters(folder: string, now = Date.now()): Promise<Submitter[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.ya?ml$/.test(name)).sort()
  const all: Submitter[] = []
  for (const name of names) {
    const file = join(folder, name)
    const submitter = parseSubmitter(await readFile(file, 'utf8'), file, now)
    if (`${submitter.id}.yaml` !== name && `${submitter.id}.yml` !== name)
      throw new ConfigError(`the id ${submitter.id} is not the name of the file`, { position: { file } })
    for (const { id } of submitter.credentials) {
      const other = all.find((known) => known.credentials.some((credential) => credential.id === id))
      if (other) throw new ConfigError(`a key of ${submitter.id} is also one of ${other.id}`, { position: { file } })
    }
    all.push(submitter)
  }
  return all
}

/** Reads one registration. @throws ConfigError with file and line */
export function parseSubmitter(text: string, file: string, now = Date.now()): Submitter {
  const { value, positionOf } = parseYaml(text, file, schema)
  const keys = value.keys.map((entry, index): Credential => {
    const key = readPublicKey(entry.public, `${file}: key ${index + 1}`)
    const notAfter = Date.parse(entry.until) + DAY_MS - 1
    if (notAfter > now + LONGEST_KEY_DAYS * DAY_MS) {
      throw new ConfigError(`the key would be valid until ${entry.until}`, {
        position: positionOf(['keys', index, 'until']),
        hint: 'a key is valid for a year at most',
      })
    }
    return { id: keyId(key), submitter: value.id, kind: 'ed25519', key, notAfter, ...ends(entry) }
  })
  const tokens = value.oidc.map((entry, index): Credential => {
    const { issuer, claims } = entry
    const notAfter = Date.parse(entry.until) + DAY_MS - 1
    return {
      id: `oidc:${value.id}:${index + 1}`,
      submitter: value.id,
      kind: 'oidc',
      issuer,
      claims,
      notAfter,
      ...ends(entry),
    }
  })
  const { id, display, contact, docs, state, roles, scopes, quota } = value
  return { id, display, contact, docs, state, roles, scopes, quota, credentials: [...keys, ...tokens] }
}

function ends({ revoked, compromised }: { revoked?: string | undefined; compromised?: string | undefined }) {
  return {
    revokedAt: revoked === undefined ? undefined : Date.parse(revoked),
    compromisedAt: compromised === undefined ? undefined : Date.parse(compromised),
  }
}

/** Whether results about a cell with an image may come from this submitter. */
export function inScope(submitter: Submitter, cell: string, image: string): boolean {
  return submitter.scopes.some((scope) => matchesGlob(cell, scope.cells) && matchesGlob(image, scope.images))
}
