import type { InitSystem, SystemFacts } from './facts.ts'
import { parseAssignments, parseLinks, words } from './parse-lines.ts'
import {
  parseLoader,
  parseFstab,
  parseModprobe,
  parseMounts,
  parseOs,
  parseStamps,
  parseSwaps,
} from './parse-system.ts'
import { parseBlame, parseBootTimes, parseUnits } from './parse-systemd.ts'
import { buildNetwork } from './build-network.ts'
import { known } from './unknown-fact.ts'
import type { Builders } from './builders.ts'
import { enabledOf, servicesOf, unitFilesOf } from './services.ts'

const INITS: readonly InitSystem[] = ['systemd', 'openrc', 'sysvinit', 'rc']
const CONTAINERS =
  /^(lxc|lxc-libvirt|docker|podman|systemd-nspawn|container|container-other|openvz|rkt|wsl|proot|pouch|jail)$/

/** How each field of the system part is made from the evidence. */
export const buildSystem: Builders<SystemFacts> = {
  ...buildNetwork,
  os: (evidence) => parseOs(evidence.located('os-release'), evidence.located('stamps')),
  system: (evidence) => {
    const pairs = evidence.pairs('system')
    const virtualization = pairs.get('virtualization') ?? 'unknown'
    return {
      init: INITS.find((init) => init === pairs.get('init')) ?? 'unknown',
      virtualization,
      container: CONTAINERS.test(virtualization),
      kernel: pairs.get('kernel') ?? '',
      machine: pairs.get('machine') ?? '',
      longBit: Number(pairs.get('longbit') ?? 0),
      usrMerged: evidence.lines('system').includes('merged=bin'),
      buildStamps: parseStamps(evidence.located('stamps')),
    }
  },
  cmdline: (evidence) => evidence.lines('cmdline').join(' '),
  bootId: (evidence) => known(evidence.pairs('system').get('bootid') || undefined, 'boot id'),
  uptimeSeconds: (evidence) => Number.parseFloat(known(evidence.pairs('system').get('uptime') || undefined, 'uptime')),
  loader: (evidence) => parseLoader(evidence.located('loader')),
  units: (evidence) => parseUnits(evidence.lines('units')),
  failedUnits: (evidence) =>
    parseUnits(evidence.lines('units'))
      .filter(({ active }) => active === 'failed')
      .map(({ name }) => name),
  systemState: (evidence) =>
    known(evidence.lines('system-state', { accept: [0, 1, 3] })[0] || undefined, 'system state'),
  unitFiles: unitFilesOf,
  services: servicesOf,
  defaultTarget: (evidence) => {
    if (!evidence.atRest) return known(evidence.lines('default-target')[0] || undefined, 'default target')
    const links = parseLinks(evidence.lines('links'))
    const target = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']
      .map((dir) => links.get(`${dir}/default.target`))
      .find(Boolean)
    return known(target?.split('/').at(-1), 'default target', 'there is no default.target link')
  },
  timers: (evidence) =>
    parseUnits(evidence.lines('units'))
      .filter(({ name, active }) => name.endsWith('.timer') && active === 'active')
      .map(({ name }) => name),
  mounts: (evidence) => parseMounts(evidence.lines('mounts')),
  fstab: (evidence) => parseFstab(evidence.located('fstab').map(({ text }) => text)),
  swaps: (evidence) => parseSwaps(evidence.lines('swaps')),
  time: (evidence) => {
    const target = parseLinks(evidence.lines('links')).get('/etc/localtime')
    const files = evidence.located('time-files')
    const written = files.find(({ file }) => file === '/etc/timezone')?.text
    const zone =
      target?.replace(/^.*\/zoneinfo\//, '').replace(/^(Etc|posix|right)\//, '') ??
      written?.replace(/^Etc\//, '') ??
      evidence.pairs('system').get('zone') ??
      ''
    const daemons = [...evidence.pairs('programs').keys()].filter((name) =>
      ['chronyd', 'ntpd', 'openntpd', 'systemd-timesyncd'].includes(name),
    )
    const servers = files.flatMap(({ text }) => {
      const match = /^\s*(?:(?:server|pool|peer|refclock|sourcedir)\s+(.*)|(?:NTP|FallbackNTP)=(.*))$/.exec(text)
      return words(match?.[1] ?? match?.[2] ?? '').slice(0, match?.[1] === undefined ? undefined : 2)
    })
    const running = evidence.atRest ? undefined : evidence.files('time-synchronized').length > 0
    return {
      zone: zone || 'UTC',
      ...(target === undefined ? {} : { localtimeTarget: target }),
      daemons,
      enabled: enabledOf(evidence, ['chrony', 'chronyd', 'ntp', 'ntpd', 'ntpsec', 'openntpd', 'systemd-timesyncd']),
      ...(running === undefined ? {} : { synchronized: running }),
      servers,
    }
  },
  locale: (evidence) => {
    const assigned = parseAssignments(
      evidence.located('locale-files').map(({ text }) => text.replace(/^.*\bexport\s+/, '')),
    )
    const settings = Object.fromEntries(
      Object.entries(assigned).filter(([name]) => /^(LANG|LANGUAGE|LC_[A-Z]+)$/.test(name)),
    )
    const lang = /^[A-Za-z0-9_.@-]+$/.test(settings['LANG'] ?? '')
      ? settings['LANG']
      : /\$\{?LANG:?-([\w.-]+)/.exec(settings['LANG'] ?? '')?.[1]
    return { ...(lang ? { lang } : {}), settings, available: evidence.lines('locales') }
  },
  machineId: (evidence) => {
    const pairs = evidence.pairs('machine-id')
    const value = pairs.get('/etc/machine-id') ?? pairs.get('/etc/hostid')
    const state =
      value === undefined ? 'absent' : value === '' ? 'empty' : value === 'uninitialized' ? 'uninitialized' : 'id'
    const dbus = pairs.get('dbus')
    return {
      exists: value !== undefined,
      state,
      ...(state === 'id' && value !== undefined ? { value } : {}),
      dbus: dbus === 'file' || dbus === 'link' ? dbus : 'absent',
    }
  },
  bootTimes: (evidence) =>
    known(parseBootTimes(evidence.lines('boot-times')), 'boot times', 'systemd has not finished booting'),
  blame: (evidence) => parseBlame(evidence.lines('blame', { cut: true })),
  modulesBlocked: (evidence) => parseModprobe(evidence.located('modprobe')),
  sysctls: (evidence) =>
    Object.fromEntries([...evidence.pairs('sysctls')].map(([key, value]) => [key.replaceAll('/', '.'), value])),
  sysctlSettings: (evidence) =>
    evidence.located('sysctl-files').flatMap(({ file, text }) => {
      const match = /^\s*-?([\w./-]+)\s*=\s*(.*?)\s*$/.exec(text)
      return match ? [{ file, key: (match[1] ?? '').replaceAll('/', '.'), value: match[2] ?? '' }] : []
    }),
  mandatoryAccess: (evidence) => {
    const lines = evidence.lines('mandatory-access')
    const find = (pattern: RegExp) => lines.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined)
    const enforce = find(/^selinux=(\d)/)
    if (enforce !== undefined) return { kind: 'selinux', mode: enforce === '1' ? 'enforcing' : 'permissive' }
    const configured = find(/:\d+:SELINUX=(\w+)/)
    if (evidence.atRest && configured !== undefined) return { kind: 'selinux', mode: configured }
    return find(/^apparmor=(\w)/) === 'Y'
      ? { kind: 'apparmor', mode: 'enabled' }
      : { kind: 'none', mode: configured ?? 'none' }
  },
  cron: (evidence) => [
    ...evidence.located('cron').map(({ file, text }) => ({ file, line: text })),
    ...evidence.files('cron-files').map(({ path }) => ({ file: path, line: '' })),
  ],
  remoteLogging: (evidence) =>
    evidence
      .located('remote-logging')
      .filter(({ text }) => /@@?[\w[(]|type="om(fwd|relp)"|^\s*(tcp|udp|network|syslog)\s*\(|^\s*URL=/i.test(text))
      .map(({ file, text }) => ({ file, line: text })),
}
