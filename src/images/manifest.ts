/** A package as the image's own database names it. */
export interface ManifestPackage {
  name: string
  version: string
  architecture: string
  source: string
  sourceVersion: string
}

/** What is in an image, written beside it. */
export interface ImageManifest {
  schema: 1
  name: string
  digest: string
  recipeDigest: string
  description: string
  distribution: string
  release: string
  codename: string
  variant: string
  architecture: string
  /** Seconds since 1970: when the newest package of the image was built. No file of the image is younger. */
  epoch: number
  /** `YYYYMMDD` of the epoch, the same that is in the image. */
  serial: string
  packages: readonly ManifestPackage[]
  /** Number of inodes of the root file system. */
  files: number
  /** Bytes. `installed` is what dpkg counts. */
  sizes: { rootfs: number; metadata: number; installed: number }
  sha256: { rootfs: string; metadata: string }
  /** ISO 8601. Says when this copy was made; nothing in the image depends on it. */
  builtAt: string
  durationMs: number
  /** Digest of the image this one was laid over. */
  base?: string
}

/** Packages that are installed according to dpkg's status file, sorted by name, with the sum of their sizes in bytes. */
export function parseDpkgStatus(status: string): { packages: ManifestPackage[]; installed: number } {
  const packages: ManifestPackage[] = []
  let installed = 0
  for (const stanza of status.split(/\n\n+/)) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]?.trim()
    const name = field('Package')
    const version = field('Version')
    if (name === undefined || version === undefined || !/^Status: \S+ \S+ installed$/m.test(stanza)) continue
    const source = /^(\S+)(?: \((\S+)\))?$/.exec(field('Source') ?? '')
    packages.push({
      name,
      version,
      architecture: field('Architecture') ?? '',
      source: source?.[1] ?? name,
      sourceVersion: source?.[2] ?? version,
    })
    installed += Number(field('Installed-Size') ?? 0) * 1024
  }
  packages.sort((a, b) => (`${a.name}:${a.architecture}` < `${b.name}:${b.architecture}` ? -1 : 1))
  return { packages, installed }
}

/** `YYYYMMDD` in UTC. */
export function serialOf(epoch: number): string {
  return new Date(epoch * 1000).toISOString().slice(0, 10).replaceAll('-', '')
}
