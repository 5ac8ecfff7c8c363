import type { Builders } from './builders.ts'
import type { Evidence } from './evidence.ts'
import { buildPackages } from './build-packages.ts'
import { enabledOf, servicesOf, unitFilesOf } from './services.ts'
import { parseUnits } from './parse-systemd.ts'
import type { AgentFacts } from './facts.ts'
import {
  isConfig,
  moduleNames,
  parseCloudConfig,
  parseCloudInitEvents,
  parseCloudInitStatus,
} from './parse-cloud-init.ts'
import { parseAssignments } from './parse-lines.ts'
import { known } from './unknown-fact.ts'

const AGENTS: Record<string, RegExp> = {
  walinuxagent: /^(walinuxagent|waagent)$/,
  'google-guest-agent': /^google-guest-agent(-manager)?$/,
  'google-osconfig-agent': /^google-osconfig-agent$/,
  'amazon-ssm-agent': /^amazon-ssm-agent$/,
  'oracle-cloud-agent': /^oracle-cloud-agent$/,
  'lxd-agent': /^lxd-agent(-loader)?$/,
  'qemu-guest-agent': /^(qemu-guest-agent|qemu-ga)$/,
  'open-vm-tools': /^(open-vm-tools|vmtoolsd)$/,
}

/** How each field of the agent part is made from the evidence. */
export const buildAgent: Builders<AgentFacts> = {
  cloudInit: (evidence) => {
    const state = evidence.lines('cloud-init-state')
    const value = (key: string) => state.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) || undefined
    const { files, config } = parseCloudConfig(evidence.located('cloud-init-config'))
    const version = versionOf(evidence)
    const units = cloudUnits(evidence)
    const disabledBy = whyDisabled(state, units, evidence)
    const system = isConfig(config['system_info']) ? config['system_info'] : {}
    const list = config['datasource_list'] ?? system['datasource_list']
    const [instanceId, datasource] = [value('instance-id'), value('datasource')]
    const exitCode = evidence.exitCode('cloud-init-status')
    const status =
      exitCode === undefined
        ? undefined
        : parseCloudInitStatus(evidence.lines('cloud-init-status', { accept: [0, 1, 2, 124, 127] }), exitCode)
    return {
      installed: version !== undefined,
      ...(version === undefined ? {} : { version }),
      enabled: version !== undefined && disabledBy === undefined,
      ...(disabledBy === undefined ? {} : { disabledBy }),
      units,
      configFiles: files,
      ...(Array.isArray(list) ? { datasourceList: list.map(String) } : {}),
      config,
      modules: {
        init: moduleNames(config['cloud_init_modules']),
        config: moduleNames(config['cloud_config_modules']),
        final: moduleNames(config['cloud_final_modules']),
      },
      templates: evidence.files('cloud-init-templates').map(({ path }) => path),
      commands: Object.fromEntries(evidence.pairs('cloud-init-commands')),
      ...(instanceId === undefined ? {} : { instanceId }),
      ...(datasource === undefined ? {} : { datasource: /^(DataSource\w+)/.exec(datasource)?.[1] ?? datasource }),
      ...(status === undefined ? {} : { status }),
      logs: evidence.files('cloud-init-logs'),
      seeds: evidence.files('cloud-init-seeds').map(({ path }) => path),
    }
  },
  cloudInitEvents: (evidence) =>
    known(parseCloudInitEvents(evidence.lines('cloud-init-analyze')), 'cloud-init events', 'its analysis is not JSON'),
  platformAgents: (evidence) => {
    const names = new Set(buildPackages.packages(evidence).map(({ name }) => name))
    const units = safely(() => parseUnits(evidence.lines('units'))) ?? []
    const files = Object.keys(safely(() => unitFilesOf(evidence)) ?? {}).map((unit) => unit.replace(/\.service$/, ''))
    return Object.entries(AGENTS).flatMap(([name, pattern]) => {
      const services = files.filter((unit) => pattern.test(unit))
      if (![...names].some((installed) => pattern.test(installed)) && services.length === 0) return []
      const running = units.some(
        (unit) => pattern.test(unit.name.replace(/\.service$/, '')) && unit.active === 'active',
      )
      return [
        { name, enabled: enabledOf(evidence, services).length > 0, ...(evidence.atRest ? {} : { active: running }) },
      ]
    })
  },
  waagentConf: (evidence) => parseAssignments(evidence.located('waagent').map(({ text }) => text)),
}

function versionOf(evidence: Evidence): string | undefined {
  const text = evidence.maybe('cloud-init-version').map((line) => line.replaceAll(/["']/g, ''))
  return text.find((version) => /^\d/.test(version))
}

function cloudUnits(evidence: Evidence): Record<string, string> {
  const units = Object.entries(safely(() => unitFilesOf(evidence)) ?? {})
  const services = Object.values(safely(() => servicesOf(evidence)) ?? {}).flat()
  const ours = (name: string) => /^(cloud-(init|config|final)|cloudinit)/.test(name) && !name.endsWith('.target')
  return Object.fromEntries([
    ...units.filter(([name]) => ours(name)),
    ...services.filter(ours).map((name) => [name, 'enabled']),
  ])
}

function whyDisabled(state: readonly string[], units: Record<string, string>, evidence: Evidence): string | undefined {
  const file = state.find((line) =>
    /^exists=\/(etc\/cloud\/cloud-init\.disabled|run\/cloud-init\/disabled)$/.test(line),
  )
  if (file) return file.replace('exists=', '')
  if (
    /\bcloud-init=disabled\b/.test(evidence.maybe('cmdline').join(' ')) &&
    !state.includes('exists=/run/cloud-init/enabled')
  )
    return 'the kernel command line'
  const last = ['cloud-final.service', 'cloud-final', 'cloudinit'].find((name) => units[name] !== undefined)
  if (last === undefined) return 'it has no service for its last stage'
  return /^enabled|^generated|^alias/.test(units[last] ?? '') ? undefined : `${last} is ${units[last]}`
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
