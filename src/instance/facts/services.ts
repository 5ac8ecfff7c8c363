import type { Evidence } from './evidence.ts'
import { parseLocated } from './parse-lines.ts'
import { parseUnitFiles, unitFilesAtRest } from './parse-systemd.ts'

/** Unit to state, as systemctl says it or as the links of a root at rest do. */
export function unitFilesOf(evidence: Evidence): Record<string, string> {
  return evidence.atRest
    ? unitFilesAtRest(evidence.lines('systemd-names'), evidence.lines('systemd-links', { accept: [0, 1] }))
    : parseUnitFiles(evidence.lines('unit-files'))
}

/** Services of the runlevels or of rc.conf. */
export function servicesOf(evidence: Evidence): Record<string, string[]> {
  // systemd ignores the runlevel links of services it has a unit for.
  if (evidence.pairs('system').get('init') === 'systemd') return {}
  const services: Record<string, string[]> = {}
  for (const { path } of evidence.files('runlevels')) {
    const match = /\/(?:runlevels\/|rc)([^/]+?)(?:\.d)?\/(?:S\d\d)?([^/]+)$/.exec(path)
    if (match) (services[match[1] ?? ''] ??= []).push(match[2] ?? '')
  }
  for (const line of evidence.lines('rc-conf').flatMap(parseLocated)) {
    const match = /^\s*(\w+)_enable=["']?(yes|true|on|1)\b/i.exec(line.text)
    if (match) (services['rc.conf'] ??= []).push(match[1] ?? '')
  }
  return services
}

/** Services and sockets of this list that start at boot, whatever the init system. */
export function enabledOf(evidence: Evidence, names: readonly string[]): string[] {
  let units: Record<string, string> = {}
  try {
    units = unitFilesOf(evidence)
  } catch {
    // Not a systemd system: the runlevels answer.
  }
  const listed = new Set(Object.values(servicesOf(evidence)).flat())
  const on = (state: string | undefined) => state !== undefined && /^enabled|^alias|^generated$/.test(state)
  return names.filter((name) => listed.has(name) || on(units[`${name}.service`]) || on(units[`${name}.socket`]))
}
