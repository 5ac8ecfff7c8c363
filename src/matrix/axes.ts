/** Axes every matrix may have, in the order cells are made, with what editors say about each. */
export const AXES = {
  platform: 'Platforms, for example lxd.',
  image: 'Images, for example debian-13, remote:ALIAS or ./image.yaml. Instead: distribution and release.',
  distribution: 'Distributions, for example debian. The image is then named DISTRIBUTION-RELEASE[-VARIANT].',
  release: 'Releases, in quotes where they look like numbers: "13", "24.10".',
  'image-variant': 'Kinds of an image, for example nocloud. "default" adds nothing to the name of the image.',
  'instance-type': 'Default: the one named default.',
  boot: 'container, uefi, bios. Default: the first the platform offers.',
  architecture: 'amd64, arm64, ... Default: whatever the platform runs.',
  disk: 'extra-10GiB is one more empty disk, extra-2x10GiB two; others as the platform knows them. Default: none.',
  nic: 'extra-1 is one more network card; others as the platform knows them. Default: none.',
  agent: 'Sources of the agent, or names of `agents`. Default: what the settings say.',
  suite: 'policy, regression, logs, or several joined by +. Default: what the settings say.',
  variant: 'Names of `variants`: the same cell with other settings. Default: none of them.',
  identity: 'Which cloud the machine is made to believe it is on, where the platform can do that. Default: none.',
} as const

export type KnownAxis = keyof typeof AXES

/** Axes a general part of the harness acts on; a platform is given the values of all others. */
const GENERAL: ReadonlySet<string> = new Set(Object.keys(AXES).filter((name) => name !== 'identity'))

/** Whether only a platform can make something of this axis. */
export function isForPlatform(axis: string): boolean {
  return !GENERAL.has(axis)
}

/** Reads `extra-10GiB` and `extra-2x10GiB`; undefined when it is something else. */
export function parseDisks(value: string): { sizeGiB: number }[] | undefined {
  const match = /^extra-(?:([1-9])x)?([1-9]\d{0,4})GiB$/.exec(value)
  return match ? Array.from({ length: Number(match[1] ?? 1) }, () => ({ sizeGiB: Number(match[2]) })) : undefined
}

/** Reads `extra-1`; undefined when it is something else. */
export function parseNics(value: string): number | undefined {
  const match = /^extra-([1-8])$/.exec(value)
  return match ? Number(match[1]) : undefined
}
