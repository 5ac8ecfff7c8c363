import { readFile } from 'node:fs/promises'
import { ConfigError, UnsupportedError } from '../../core/errors.ts'
import type { UpgradeWork } from './upgrade.ts'

interface Repository {
  line: string
  key?: string
}

/** Adds one more repository to the instance, signed by its key where one is given. It stays: the image then is what users get. */
export async function addRepository(work: UpgradeWork, repository: Repository): Promise<void> {
  const key = repository.key === undefined ? undefined : await readKey(repository.key)
  const { root } = work.instance
  switch (work.manager) {
    case 'apt': {
      const keyFile =
        key === undefined ? undefined : `/etc/apt/keyrings/harness-agent.${isArmored(key) ? 'asc' : 'gpg'}`
      if (key !== undefined && keyFile !== undefined)
        await root.writeFile(keyFile, key, { mode: 0o644, makeDirs: true })
      await root.writeFile('/etc/apt/sources.list.d/harness-agent.sources', toDeb822(repository.line, keyFile), {
        mode: 0o644,
      })
      return
    }
    case 'dnf':
    case 'yum':
    case 'tdnf':
    case 'zypper': {
      const folder = work.manager === 'zypper' ? '/etc/zypp/repos.d' : '/etc/yum.repos.d'
      if (key !== undefined)
        await root.writeFile('/etc/pki/rpm-gpg/harness-agent', key, { mode: 0o644, makeDirs: true })
      await root.writeFile(`${folder}/harness-agent.repo`, toRepoFile(repository.line, key !== undefined), {
        mode: 0o644,
      })
      return
    }
    case 'apk':
      if (key !== undefined)
        await root.writeFile('/etc/apk/keys/harness-agent.rsa.pub', key, { mode: 0o644, makeDirs: true })
      await work.run('add the repository', `printf '%s\\n' '${shellSafe(repository.line)}' >> /etc/apk/repositories`)
      return
    case 'pkg':
    case 'pacman':
      throw new UnsupportedError(`adding a repository is not supported with ${work.manager}`, {
        hint: 'use a package file as agent source',
      })
  }
}

/** Turns a one-line `deb` entry into a deb822 stanza; a stanza stays as it is. @throws ConfigError */
export function toDeb822(line: string, keyFile: string | undefined): string {
  const signed = keyFile === undefined ? [] : [`Signed-By: ${keyFile}`]
  if (/^Types:/m.test(line)) {
    const stanza = line.trimEnd()
    return `${[stanza, ...(/^Signed-By:/m.test(stanza) ? [] : signed)].join('\n')}\n`
  }
  const match = /^(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(line.trim())
  if (!match) {
    throw new ConfigError(`"${line}" is not a repository line`, {
      hint: 'write it as in sources.list, for example "deb https://host/debian trixie main"',
    })
  }
  const [, type = '', options = '', uri = '', suite = '', components = ''] = match
  const fields = options
    .split(/\s+/)
    .filter(Boolean)
    .map((option) => option.split('='))
    .map(([name = '', value = '']) => `${OPTION_FIELDS[name] ?? name}: ${value.replaceAll(',', ' ')}`)
    .filter((field) => keyFile === undefined || !field.startsWith('Signed-By:'))
  const stanza = [`Types: ${type}`, `URIs: ${uri}`, `Suites: ${suite}`]
  if (components.trim()) stanza.push(`Components: ${components.trim()}`)
  return `${[...stanza, ...fields, ...signed].join('\n')}\n`
}

const OPTION_FIELDS: Readonly<Record<string, string>> = {
  arch: 'Architectures',
  'signed-by': 'Signed-By',
  trusted: 'Trusted',
  lang: 'Languages',
}

function toRepoFile(line: string, signed: boolean): string {
  if (line.trimStart().startsWith('[')) return `${line.trimEnd()}\n`
  const check = signed ? ['gpgcheck=1', 'gpgkey=file:///etc/pki/rpm-gpg/harness-agent'] : ['gpgcheck=0']
  return ['[harness-agent]', 'name=harness-agent', `baseurl=${line.trim()}`, 'enabled=1', ...check, ''].join('\n')
}

async function readKey(key: string): Promise<string | Uint8Array> {
  if (key.includes('-----BEGIN ')) return key
  try {
    return await readFile(key)
  } catch (error) {
    throw new ConfigError(`cannot read the repository key ${key}`, {
      hint: 'give a path to a key file, or the armored key itself',
      cause: error,
    })
  }
}

function isArmored(key: string | Uint8Array): boolean {
  const start = typeof key === 'string' ? key : Buffer.from(key.subarray(0, 64)).toString('latin1')
  return start.includes('-----BEGIN ')
}

function shellSafe(text: string): string {
  return text.replaceAll("'", String.raw`'\''`)
}
