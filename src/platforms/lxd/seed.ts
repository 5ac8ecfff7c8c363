import type { LaunchRequest } from '../platform.ts'

const PARTS = ['user-data', 'vendor-data', 'network-config'] as const

/** `cloud-init` where server and image know these keys, else `user`, the older ones. Setting both makes cloud-init warn. */
export type SeedPrefix = 'cloud-init' | 'user'

/**
 * Config keys that carry user-data, vendor-data, network-config and meta-data.
 * A part not asked for is set to nothing, so that a copy does not keep that of its source.
 */
export function seedConfig(request: LaunchRequest, prefix: SeedPrefix): Record<string, string> {
  const values = {
    'user-data': request.userData,
    'vendor-data': request.vendorData,
    'network-config': request.networkConfig,
  }
  const config: Record<string, string> = { 'user.meta-data': metaData(request) }
  for (const part of PARTS) {
    config[`cloud-init.${part}`] = prefix === 'cloud-init' ? (values[part] ?? '') : ''
    config[`user.${part}`] = prefix === 'user' ? (values[part] ?? '') : ''
  }
  return config
}

/** A request of which the seed tells nothing: its data arrive by a metadata service. */
export function withoutSeed(request: LaunchRequest): LaunchRequest {
  const {
    userData: _user,
    vendorData: _vendor,
    networkConfig: _network,
    metaData: _meta,
    sshKeys: _keys,
    ...bare
  } = request
  return bare
}

/** YAML of extra meta-data. JSON strings are YAML strings. */
function metaData(request: LaunchRequest): string {
  const lines = Object.entries(request.metaData ?? {}).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  )
  if (request.sshKeys?.length) lines.push(`public-keys: ${JSON.stringify(request.sshKeys)}`)
  return lines.length > 0 ? `${lines.join('\n')}\n` : ''
}
