/** Debian's names of architectures by those of kernels, platforms and other distributions. */
const NAMES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'armhf',
  i686: 'i386',
  i386: 'i386',
  ppc64le: 'ppc64el',
}

/** Node's name of an architecture that Debian spells so. */
export function nodeArchitecture(name: string): string {
  return { amd64: 'x64', armhf: 'arm', i386: 'ia32', ppc64el: 'ppc64' }[name] ?? name
}

/** An architecture as Debian spells it, so that two spellings can be compared; an unknown one stays as it is. */
export function debianArchitecture(name: string): string {
  const lower = name.toLowerCase()
  return NAMES[lower] ?? lower
}
