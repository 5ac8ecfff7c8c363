/** Public image servers that speak the simplestreams protocol, by the prefix of an image reference. */
export const REMOTES: Readonly<Record<string, string>> = {
  ubuntu: 'https://cloud-images.ubuntu.com/releases',
  'ubuntu-daily': 'https://cloud-images.ubuntu.com/daily',
  'ubuntu-minimal': 'https://cloud-images.ubuntu.com/minimal/releases',
  'ubuntu-minimal-daily': 'https://cloud-images.ubuntu.com/minimal/daily',
  images: 'https://images.linuxcontainers.org',
  'images-lxd': 'https://images.lxd.canonical.com',
}

/** `ubuntu:24.04` as a server and an alias there, or undefined for a reference without a known prefix. */
export function parseRemote(reference: string): { server: string; alias: string } | undefined {
  const colon = reference.indexOf(':')
  const server = colon > 0 ? REMOTES[reference.slice(0, colon)] : undefined
  return server === undefined ? undefined : { server, alias: reference.slice(colon + 1) }
}
