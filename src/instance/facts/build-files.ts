import type { Builders } from './builders.ts'
import type { Evidence } from './evidence.ts'
import type { FileEntry, FileFacts } from './facts.ts'
import { countKeys, sortWalk } from './parse-files.ts'
import { parseStat } from './parse-lines.ts'

const PINS = /\b(hwaddr|HWADDR|macaddress|MACAddress|mac-address|ATTR\{address\})\b|hwaddress/

/** How each field of the file part is made from the evidence. */
export const buildFiles: Builders<FileFacts> = {
  criticalFiles: (evidence) => evidence.files('critical'),
  setuid: (evidence) => walk(evidence).setuid,
  worldWritableFiles: (evidence) => walk(evidence).worldWritableFiles,
  worldWritableDirs: (evidence) => walk(evidence).worldWritableDirs,
  unowned: (evidence) => walk(evidence).unowned,
  history: (evidence) => walk(evidence).history,
  authorizedKeys: (evidence) => countKeys(walk(evidence).keyFiles, evidence.lines('authorized-keys')),
  privateKeys: (evidence) =>
    evidence.lines('private-keys').flatMap((line) => {
      const [owner = '', stat = ''] = line.split('\t')
      return parseStat(stat, new Map(), new Map()).map((file) => ({ ...file, ...(owner ? { package: owner } : {}) }))
    }),
  credentials: (evidence) => evidence.files('credentials'),
  leftovers: (evidence) => ({
    logs: evidence.files('left-logs'),
    tmp: evidence.files('left-tmp'),
    runtime: evidence.atRest ? evidence.files('left-runtime') : [],
    packageCache: evidence.files('left-cache'),
    build: evidence.files('left-build'),
    cloudState: evidence.files('left-cloud'),
    randomSeeds: evidence.files('left-seeds'),
    dhcpLeases: evidence.files('left-leases'),
    macPinning: pinned(evidence),
  }),
  danglingLinks: (evidence) =>
    evidence.lines('dangling').flatMap((line) => {
      const match = /^\.(\/.*?) -> (.*)$/.exec(line)
      return match
        ? [
            {
              path: match[1] ?? '',
              type: 'l',
              mode: '777',
              owner: 'root',
              group: 'root',
              bytes: 0,
              target: match[2] ?? '',
            },
          ]
        : []
    }),
  bootFiles: (evidence) => evidence.files('boot-files'),
}

function pinned(evidence: Evidence): FileEntry[] {
  const lines = [...evidence.located('network-files'), ...evidence.located('network-manager')]
  const files = new Set(
    lines.filter(({ file, text }) => PINS.test(text) || /persistent-net/.test(file)).map(({ file }) => file),
  )
  return [...files].map((path) => ({ path, type: 'f', mode: '', owner: '', group: '', bytes: 0 }))
}

const sorted = new WeakMap<Evidence, ReturnType<typeof sortWalk>>()

function walk(evidence: Evidence): ReturnType<typeof sortWalk> {
  let result = sorted.get(evidence)
  if (!result) sorted.set(evidence, (result = sortWalk(evidence.files('walk'))))
  return result
}
