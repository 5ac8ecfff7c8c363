import { PlatformError } from '../../core/errors.ts'
import type { NetworkInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { callNetwork } from './network-call.ts'

/** Config key that ties a network or its rules to the instance they were made for. */
export const MADE_FOR = 'user.harness.instance'

/** Addresses that belong to metadata services of clouds, of which the host may be a guest itself. */
const METADATA_SERVICES = ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32']
const METADATA_SERVICES_6 = ['fd00:ec2::254/128', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fe80::a9fe:a9fe/128']

/** Makes the rules that keep guests from the metadata service of the cloud that the host may be on. */
export async function makeRules(client: LxdClient, name: string, config: Record<string, string>): Promise<void> {
  const rules = [...METADATA_SERVICES, ...METADATA_SERVICES_6]
  const egress = rules.map((destination) => ({ action: 'reject', state: 'enabled', destination }))
  await client.call('POST', '/1.0/network-acls', { json: { name, config, egress, ingress: [] } })
}

/** The same, on servers that know such rules; others say no. */
export async function tryMakeRules(client: LxdClient, name: string, config: Record<string, string>): Promise<boolean> {
  try {
    await makeRules(client, name, config)
    return true
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return false
    throw error
  }
}

/** Config of a bridge on which the rules hold. Everything else passes. */
export function shieldedBy(rules: string): Record<string, string> {
  return {
    'security.acls': rules,
    'security.acls.default.egress.action': 'allow',
    'security.acls.default.ingress.action': 'allow',
  }
}

/** Whether some rules hold on a bridge. */
export function isShielded(network: Pick<NetworkInfo, 'config'>): boolean {
  return Boolean(network.config['security.acls'])
}

/** Makes rules that several networks share, when there are none by that name. */
export async function ensureRules(client: LxdClient, name: string): Promise<void> {
  if (!(await listRules(client)).some((rules) => rules.name === name)) await makeRules(client, name, {})
}

/** Puts rules on a bridge that is there; guests on it keep their connections. Done twice it is fine. */
export async function shieldNetwork(client: LxdClient, network: string, rules: string): Promise<void> {
  await ensureRules(client, rules)
  await callNetwork(client, {
    method: 'PATCH',
    path: `/1.0/networks/${network}`,
    json: { config: shieldedBy(rules) },
  })
}

/** Removes the rules that were made for an instance. Networks that use them must be gone. */
export async function removeRulesOf(client: LxdClient, instance: string, only?: string): Promise<void> {
  for (const { name, config } of await listRules(client))
    if (config[MADE_FOR] === instance && (only === undefined || only === name)) await removeRules(client, name)
}

interface RulesInfo {
  name: string
  config: Record<string, string>
}

/** Every set of rules; none on servers that know none. */
export async function listRules(client: LxdClient): Promise<RulesInfo[]> {
  try {
    return await client.get<RulesInfo[]>('/1.0/network-acls', { query: { recursion: '1' } })
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return []
    throw error
  }
}

/** One that is gone is fine. */
export async function removeRules(client: LxdClient, name: string): Promise<void> {
  try {
    await client.call('DELETE', `/1.0/network-acls/${name}`)
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'not-found')) throw error
  }
}
