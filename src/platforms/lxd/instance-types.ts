import { ConfigError } from '../../core/errors.ts'
import { manifest } from './manifest.ts'

/** Limits of an instance type: a name of the manifest, or `c<cpus>m<MiB>`, for example `c2m1536`. @throws ConfigError */
export function limitsOf(instanceType: string | undefined): Record<string, string> {
  const name = instanceType ?? manifest.defaultInstanceType
  const match = /^c(\d+)m(\d+)$/.exec(name)
  const type = match ? { cpus: Number(match[1]), memoryMiB: Number(match[2]) } : manifest.instanceTypes[name]
  if (!type) {
    throw new ConfigError(`"${name}" is not an instance type of lxd`, {
      hint: `use ${Object.keys(manifest.instanceTypes).join(', ')}, or c<cpus>m<MiB>, for example c2m2048`,
    })
  }
  return {
    ...(type.cpus === undefined ? {} : { 'limits.cpu': String(type.cpus) }),
    ...(type.memoryMiB === undefined ? {} : { 'limits.memory': `${type.memoryMiB}MiB` }),
  }
}
