import type { InterfaceAddress, Listener, SystemFacts } from './facts.ts'
import { words } from './parse-lines.ts'

/** Listening sockets from ss (with or without -H), netstat (net-tools and BusyBox) or sockstat; the first line names the tool. */
export function parseListeners(lines: readonly string[]): Listener[] {
  const tool = lines[0]?.replace('tool=', '')
  const parse = tool === 'ss' ? parseSs : tool === 'sockstat' ? parseSockstat : parseNetstat
  return lines.slice(1).flatMap((line) => parse(line))
}

function parseSs(line: string): Listener[] {
  const [protocol = '', , , , local = '', , ...rest] = words(line)
  return socket(protocol, local, /"([^"]+)"/.exec(rest.join(' '))?.[1])
}

function parseNetstat(line: string): Listener[] {
  const fields = words(line)
  const program = fields.find((field) => /^\d+\/./.test(field))
  return socket(fields[0] ?? '', fields[3] ?? '', program?.replace(/^\d+\//, ''))
}

function parseSockstat(line: string): Listener[] {
  const [, command, , , protocol = '', local = ''] = words(line)
  return socket(protocol, local, command)
}

function socket(protocol: string, local: string, process: string | undefined): Listener[] {
  const family = /^(tcp|udp)[46]?6?$/.exec(protocol)?.[1]
  const match = /^(.*)[:.](\d+)$/.exec(local)
  if (!family || !match) return []
  const address = (match[1] ?? '').replace(/^\[|\]$/g, '')
  const [bare = ''] = address.split('%')
  const global = !(
    bare.startsWith('127.') ||
    bare === '::1' ||
    bare === 'localhost' ||
    address.endsWith('%lo') ||
    bare.startsWith('::ffff:127.')
  )
  return [
    {
      protocol: family as 'tcp' | 'udp',
      address,
      port: Number(match[2]),
      global,
      ...(process === undefined ? {} : { process }),
    },
  ]
}

/** `ip -o addr` of iproute2 or BusyBox, or `ifconfig -a`. */
export function parseAddresses(lines: readonly string[]): InterfaceAddress[] {
  let nic = ''
  return lines.flatMap((line): InterfaceAddress[] => {
    const one = /^\d+:\s+([^\s@:]+)(?:@\S+)?:?\s+(inet6?)\s+([0-9a-fA-F.:]+)(?:\/(\d+))?(.*)$/.exec(line)
    if (one) {
      const [, name = '', family, address = '', prefix, rest = ''] = one
      return [
        {
          interface: name,
          family: family === 'inet6' ? 'ipv6' : 'ipv4',
          address,
          prefix: Number(prefix ?? (family === 'inet6' ? 128 : 32)),
          scope: /scope (\S+)/.exec(rest)?.[1] ?? 'global',
          dynamic: /\bdynamic\b/.test(rest),
        },
      ]
    }
    nic = /^([a-z][\w.]*):? /.exec(line)?.[1]?.replace(/:$/, '') ?? nic
    const bsd =
      /^\s+(inet6?) (?:addr:)?([0-9a-fA-F.:]+)(?:%\S+)?(?: netmask (0x[0-9a-f]{8}|[\d.]+)| prefixlen (\d+)|\/(\d+))?/.exec(
        line,
      )
    if (!bsd || !nic) return []
    const ipv6 = bsd[1] === 'inet6'
    const address = bsd[2] ?? ''
    const scope = address.startsWith('fe80')
      ? 'link'
      : address === '::1' || address.startsWith('127.')
        ? 'host'
        : 'global'
    return [
      {
        interface: nic,
        family: ipv6 ? 'ipv6' : 'ipv4',
        address,
        prefix: Number(bsd[4] ?? bsd[5] ?? maskBits(bsd[3])),
        scope,
        dynamic: false,
      },
    ]
  })
}

function maskBits(mask: string | undefined): number {
  if (mask === undefined) return 32
  const value = mask.startsWith('0x')
    ? Number(mask)
    : mask.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return (value >>> 0).toString(2).replaceAll('0', '').length
}

/** `ip route`, with `6 ` before IPv6 routes. */
export function parseRoutes(lines: readonly string[]): SystemFacts['routes'] {
  return lines.flatMap((line) => {
    const ipv6 = line.startsWith('6 ')
    const fields = words(ipv6 ? line.slice(2) : line)
    const after = (word: string) => {
      const at = fields.indexOf(word)
      return at < 0 ? undefined : fields[at + 1]
    }
    if (!fields[0] || !/^(default|unreachable|blackhole|[0-9a-f.:]+(\/\d+)?)$/.test(fields[0])) return []
    const [gateway, nic, protocol] = [after('via'), after('dev'), after('proto')]
    return [
      {
        family: ipv6 ? ('ipv6' as const) : ('ipv4' as const),
        destination: fields[0],
        ...(gateway === undefined ? {} : { gateway }),
        ...(nic === undefined ? {} : { interface: nic }),
        ...(protocol === undefined ? {} : { protocol }),
      },
    ]
  })
}

/** /etc/resolv.conf. */
export function parseResolvConf(lines: readonly string[]): { servers: string[]; search: string[] } {
  const values = (word: string) =>
    lines.flatMap((line) =>
      line.trim().startsWith(`${word} `) || line.trim().startsWith(`${word}\t`) ? words(line).slice(1) : [],
    )
  return { servers: values('nameserver'), search: [...values('search'), ...values('domain')] }
}
