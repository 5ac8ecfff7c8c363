import type { Builders } from './builders.ts'
import { enabledOf } from './services.ts'
import type { SystemFacts } from './facts.ts'
import { parseLinks, words } from './parse-lines.ts'
import { parseAddresses, parseListeners, parseResolvConf, parseRoutes } from './parse-network.ts'

type NetworkFacts = Pick<
  SystemFacts,
  | 'listeners'
  | 'addresses'
  | 'routes'
  | 'dns'
  | 'networkRenderers'
  | 'staticAddresses'
  | 'hosts'
  | 'firewall'
  | 'hostname'
>

const STATIC =
  /^\s*(?:address|Address|IPADDR\d*|ipv4\.address|address\d*)\s*[=\s]\s*["']?\d+\.\d+\.\d+\.\d+|inet\s+\d+\.\d+\.\d+\.\d+/

/** How each field of the network part is made from the evidence. */
export const buildNetwork: Builders<NetworkFacts> = {
  listeners: (evidence) => parseListeners(evidence.lines('listeners')),
  addresses: (evidence) => parseAddresses(evidence.lines('addresses')),
  routes: (evidence) => parseRoutes(evidence.lines('routes')),
  dns: (evidence) => {
    const lines = evidence.located('resolv-conf').map(({ text }) => text)
    const link = parseLinks(evidence.lines('links')).get('/etc/resolv.conf')
    const exists = evidence.files('critical').some(({ path }) => path === '/etc/resolv.conf')
    return {
      ...parseResolvConf(lines),
      resolvConf: lines.join('\n').slice(0, 4096),
      ...(link === undefined ? {} : { link }),
      exists,
    }
  },
  networkRenderers: (evidence) =>
    enabledOf(evidence, ['systemd-networkd', 'NetworkManager', 'networking', 'wicked', 'connman', 'dhcpcd', 'network']),
  staticAddresses: (evidence) => {
    const files = [...evidence.located('network-files'), ...evidence.located('network-manager')]
    let inNetplanAddresses = ''
    return files.flatMap(({ file, text }) => {
      if (file.endsWith('.yaml')) {
        const inline = /^\s*addresses:\s*(.*)$/.exec(text)
        if (inline) {
          inNetplanAddresses = file
          return /\d+\.\d+\.\d+\.\d+\//.test(inline[1] ?? '') ? [{ file, line: text.trim() }] : []
        }
        if (!/^\s*-/.test(text)) inNetplanAddresses = ''
        return inNetplanAddresses === file && /\d+\.\d+\.\d+\.\d+\//.test(text) ? [{ file, line: text.trim() }] : []
      }
      return STATIC.test(text) && !/127\.0\.0\.1/.test(text) ? [{ file, line: text.trim() }] : []
    })
  },
  hosts: (evidence) => {
    const lines = evidence.located('hosts').map(({ text }) => text)
    const exists = evidence.located('hosts').length > 0
    const localhost =
      evidence.exitCode('localhost') === 0
        ? [...new Set(evidence.lines('localhost').map((line) => words(line)[0] ?? ''))]
        : undefined
    return { exists, lines, ...(localhost === undefined ? {} : { localhost }) }
  },
  firewall: (evidence) => {
    const names = ['nftables', 'ufw', 'firewalld', 'iptables', 'netfilter-persistent', 'SuSEfirewall2', 'pf', 'ipfw']
    const rules =
      evidence.exitCode('firewall') === 125 || evidence.atRest ? [] : evidence.lines('firewall', { cut: true })
    const units = evidence.maybe('units').map(words)
    return {
      enabled: enabledOf(evidence, names),
      active: names.filter((name) =>
        units.some(([unit, , active]) => unit === `${name}.service` && active === 'active'),
      ),
      rules: rules.slice(0, 200),
    }
  },
  hostname: (evidence) => {
    const file = evidence
      .located('hostname')
      .find(({ text }) => text.trim() !== '' && !text.startsWith('#'))
      ?.text.trim()
    const effective = evidence.pairs('system').get('hostname')
    return {
      ...(file === undefined ? {} : { file: file.replace(/^hostname=["']?([^"']*)["']?$/, '$1') }),
      ...(effective === undefined ? {} : { effective }),
    }
  },
}
