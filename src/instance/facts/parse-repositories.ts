import type { Repository } from './facts.ts'
import { byFile, type Located, words } from './parse-lines.ts'

/** Every configured archive, whatever its format: one-line and deb822 sources, .repo files, apk and pkg repositories. */
export function parseRepositories(lines: readonly Located[]): Repository[] {
  return [...byFile(lines)].flatMap(([file, content]) => {
    if (file.endsWith('.sources')) return parseDeb822(content)
    if (file.endsWith('.repo')) return parseRepoFile(content)
    if (file.startsWith('/etc/apk/')) return parseApk(content)
    if (file.includes('/pkg/')) return parsePkg(content)
    return parseOneLine(content)
  })
}

function parseOneLine(lines: readonly Located[]): Repository[] {
  return lines.flatMap(({ file, line, text }) => {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(text)
    if (!match) return []
    const options = Object.fromEntries(
      words(match[2] ?? '').map((option) => [option.split('=')[0] ?? '', option.slice(option.indexOf('=') + 1)]),
    )
    return [
      withTrust({
        file,
        line,
        types: [match[1] ?? ''],
        uri: match[3] ?? '',
        suites: [match[4] ?? ''],
        components: words(match[5] ?? ''),
        enabled: true,
        options,
      }),
    ]
  })
}

function parseDeb822(lines: readonly Located[]): Repository[] {
  const stanzas: { line: number; fields: Map<string, string>; last: string }[] = []
  let blank = true
  for (const { line, text } of lines) {
    if (/^\s*#/.test(text)) continue
    if (text.trim() === '') {
      blank = true
      continue
    }
    if (blank) stanzas.push({ line, fields: new Map(), last: '' })
    blank = false
    const stanza = stanzas.at(-1)
    const match = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(text)
    if (!stanza) continue
    if (match) {
      stanza.last = (match[1] ?? '').toLowerCase()
      stanza.fields.set(stanza.last, match[2] ?? '')
    } else stanza.fields.set(stanza.last, `${stanza.fields.get(stanza.last) ?? ''} ${text.trim()}`.trim())
  }
  const file = lines[0]?.file ?? ''
  return stanzas.flatMap(({ line, fields }) =>
    words(fields.get('uris') ?? '').map((uri) =>
      withTrust({
        file,
        line,
        types: words(fields.get('types') ?? 'deb'),
        uri,
        suites: words(fields.get('suites') ?? ''),
        components: words(fields.get('components') ?? ''),
        enabled: !/^(no|false|0|off)$/i.test(fields.get('enabled') ?? 'yes'),
        options: Object.fromEntries(
          [...fields].filter(([name]) => !['types', 'uris', 'suites', 'components', 'enabled'].includes(name)),
        ),
      }),
    ),
  )
}

function withTrust(repository: Repository): Repository {
  const { options } = repository
  const insecure = ['trusted', 'allow-insecure', 'allow-weak', 'allow-downgrade-to-insecure'].find((name) =>
    /^(yes|true|1|on)$/i.test(options[name] ?? ''),
  )
  const signedBy = options['signed-by']
  return {
    ...repository,
    ...(signedBy === undefined ? {} : { signedBy: signedBy.includes('PGP') ? 'inline key' : signedBy }),
    ...(insecure === undefined ? {} : { insecure: `${insecure}=${options[insecure]}` }),
  }
}

function parseRepoFile(lines: readonly Located[]): Repository[] {
  const repositories: Repository[] = []
  for (const { file, line, text } of lines) {
    const section = /^\s*\[(.+)\]\s*$/.exec(text)
    if (section) {
      repositories.push({
        file,
        line,
        types: ['rpm'],
        uri: '',
        suites: [section[1] ?? ''],
        components: [],
        enabled: true,
        options: {},
      })
      continue
    }
    const repository = repositories.at(-1)
    const pair = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(text)
    if (!repository || !pair) continue
    const [key, value] = [(pair[1] ?? '').toLowerCase(), pair[2] ?? '']
    repository.options[key] = value
    if (['baseurl', 'mirrorlist', 'metalink'].includes(key)) repository.uri ||= value
    if (key === 'enabled') repository.enabled = /^(1|yes|true|on)$/i.test(value)
    if (key === 'gpgkey') repository.signedBy = value
    if (key === 'gpgcheck' && /^(0|no|false|off)$/i.test(value)) repository.insecure = `gpgcheck=${value}`
  }
  return repositories.filter(({ suites }) => suites[0] !== 'main')
}

function parseApk(lines: readonly Located[]): Repository[] {
  return lines.flatMap(({ file, line, text }) => {
    const match = /^\s*(?:@(\S+)\s+)?(\S+:\/\/\S+|\/\S+)\s*$/.exec(text)
    if (!match || text.trim().startsWith('#')) return []
    const parts = (match[2] ?? '').replace(/\/+$/, '').split('/')
    return [
      {
        file,
        line,
        types: ['apk'],
        uri: match[2] ?? '',
        suites: parts.slice(-2, -1),
        components: parts.slice(-1),
        enabled: true,
        options: match[1] === undefined ? {} : { tag: match[1] },
      },
    ]
  })
}

/** FreeBSD: `Name: { url: "...", signature_type: "fingerprints", enabled: yes }` over several lines. */
function parsePkg(lines: readonly Located[]): Repository[] {
  const file = lines[0]?.file ?? ''
  const text = lines.map((line) => line.text.replace(/^\s*#.*$/, '')).join('\n')
  return [...text.matchAll(/^\s*([\w.-]+)\s*:?\s*\{((?:\$\{[^}]*\}|[^}])*)\}/gm)].map((match) => {
    const options: Record<string, string> = {}
    for (const pair of (match[2] ?? '').matchAll(/(\w+)\s*[:=]\s*"?([^",\n]*)"?/g))
      options[pair[1] ?? ''] = (pair[2] ?? '').trim()
    const unsigned = ['none', ''].includes((options['signature_type'] ?? '').toLowerCase())
    return {
      file,
      line: text.slice(0, match.index).split('\n').length,
      types: ['pkg'],
      uri: options['url'] ?? '',
      suites: [match[1] ?? ''],
      components: [],
      enabled: !/^(no|false)$/i.test(options['enabled'] ?? 'yes'),
      ...(unsigned && options['url'] ? { insecure: 'signature_type none' } : {}),
      options,
    }
  })
}
