import { ConfigError } from '../../core/errors.ts'

export type XmlEvent =
  | { kind: 'open'; name: string; attributes: Record<string, string>; empty: boolean }
  | { kind: 'close'; name: string }
  | { kind: 'text'; text: string }

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/**
 * The tags and texts of an XML document, one after the other, in one pass. Declarations of types are not read, so a document can
 * neither define entities nor name files.
 * @throws ConfigError at a tag without an end
 */
export function* xmlEvents(source: string): Generator<XmlEvent> {
  let at = 0
  while (at < source.length) {
    const open = source.indexOf('<', at)
    if (open !== at) {
      const text = source.slice(at, open < 0 ? source.length : open)
      if (text.trim() !== '') yield { kind: 'text', text: decode(text) }
      if (open < 0) return
    }
    if (source.startsWith('<![CDATA[', open)) {
      const end = endOf(source, ']]>', open)
      yield { kind: 'text', text: source.slice(open + 9, end) }
      at = end + 3
    } else if (source.startsWith('<!--', open)) at = endOf(source, '-->', open) + 3
    else if (source.startsWith('<?', open)) at = endOf(source, '?>', open) + 2
    else if (source.startsWith('<!', open)) throw new ConfigError('the XML declares types, which are not read')
    else {
      const end = tagEnd(source, open)
      yield tagOf(source.slice(open + 1, end))
      at = end + 1
    }
  }
}

function tagOf(inside: string): XmlEvent {
  if (inside.startsWith('/')) return { kind: 'close', name: inside.slice(1).trim() }
  const empty = inside.endsWith('/')
  const name = /^[^\s/]+/.exec(inside)?.[0] ?? ''
  const attributes: Record<string, string> = {}
  for (const [, key = '', double, single] of inside.slice(name.length).matchAll(ATTRIBUTE))
    attributes[key] = decode(double ?? single ?? '')
  return { kind: 'open', name, attributes, empty }
}

/** Where a tag ends: `>` may stand in the value of an attribute. */
function tagEnd(source: string, from: number): number {
  let quote = ''
  for (let at = from + 1; at < source.length; at++) {
    const char = source[at] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (char === '>') return at
  }
  throw new ConfigError('the XML ends within a tag')
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from)
  if (end < 0) throw new ConfigError(`the XML ends before ${mark}`)
  return end
}

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,8}));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
