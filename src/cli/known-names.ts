import { ConfigError } from '../core/errors.ts'
import { nearest } from '../matrix/nearest.ts'
import { unknownWord } from './parse.ts'

interface Scope {
  datasources?: readonly string[]
  platforms?: readonly string[]
  notPlatforms?: readonly string[]
  distributions?: readonly string[]
}

/** Refuses a platform that neither the harness has nor a check or log rule speaks of. @throws ConfigError */
export async function mustBePlatform(name: string | undefined, scopes: readonly Scope[]): Promise<void> {
  if (name === undefined) return
  const { platforms } = await import('../platforms/registry.gen.ts')
  const spoken = scopes.flatMap((scope) => [...(scope.platforms ?? []), ...(scope.notPlatforms ?? [])])
  const known = new Set([...Object.keys(platforms), ...spoken])
  if (!known.has(name)) throw unknownWord(`platform ${name}`, name, known, 'harness list platforms')
}

/** Refuses a distribution that neither the harness knows nor a log rule speaks of. @throws ConfigError */
export async function mustBeDistribution(name: string | undefined, scopes: readonly Scope[]): Promise<void> {
  if (name === undefined) return
  const { DISTRIBUTIONS } = await import('../distros/distributions.ts')
  const known = new Set([
    ...DISTRIBUTIONS.flatMap(({ id, aliases }) => [id, ...aliases]),
    ...scopes.flatMap(({ distributions = [] }) => distributions),
  ])
  if (!known.has(name)) throw unknownName('distribution', name, known)
}

/** In lower case, as cloud-init names them: https://docs.cloud-init.io/en/latest/reference/datasources.html */
const DATASOURCES =
  'akamai aliyun altcloud azure bigstep cloudcix cloudsigma cloudstack configdrive digitalocean ec2 exoscale gce hetzner ibmcloud lxd maas nocloud none nwcs opennebula openstack oracle ovf rbxcloud scaleway smartos upcloud vmware vultr wsl'.split(
    ' ',
  )

/** Refuses a datasource that neither cloud-init has nor a log rule speaks of. @throws ConfigError */
export function mustBeDatasource(name: string | undefined, scopes: readonly Scope[]): void {
  if (name === undefined) return
  const known = new Set([...DATASOURCES, ...scopes.flatMap(({ datasources = [] }) => datasources)])
  if (!known.has(name.toLowerCase())) throw unknownName('datasource', name, known)
}

function unknownName(what: string, name: string, known: ReadonlySet<string>): ConfigError {
  const near = nearest(name.toLowerCase(), known)
  if (near !== undefined) return new ConfigError(`unknown ${what} ${name}; did you mean ${near}?`)
  return new ConfigError(`unknown ${what} ${name}`, { hint: `the ${what}s are ${[...known].join(', ')}` })
}
