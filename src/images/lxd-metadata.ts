import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { runHost } from '../core/subprocess.ts'
import { serialOf } from './manifest.ts'
import type { Recipe } from './recipe.ts'

const LXD_ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  armhf: 'armv7l',
  ppc64el: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
}

const SEED = '/var/lib/cloud/seed/nocloud-net'
const EMPTY_CONFIG = '#cloud-config\n{}\n'

/** A value of the instance's configuration: the key LXD has now, else the one it had before, else what the image says. */
const configured = (name: string, otherwise: string) =>
  `config_get("cloud-init.${name}", config_get("user.${name}", ${otherwise}))`

/** Templates LXD fills in when it creates or copies a container: a NoCloud seed and the host name. */
const TEMPLATES: Readonly<Record<string, { path: string; content: string; properties?: Record<string, string> }>> = {
  'hostname.tpl': { path: '/etc/hostname', content: '{{ container.name }}\n' },
  'meta-data.tpl': {
    path: `${SEED}/meta-data`,
    content:
      '#cloud-config\ninstance-id: {{ container.name }}\nlocal-hostname: {{ container.name }}\n{{ config_get("user.meta-data", "") }}\n',
  },
  'user-data.tpl': {
    path: `${SEED}/user-data`,
    content: `{{ ${configured('user-data', 'properties.default')} }}\n`,
    properties: { default: EMPTY_CONFIG },
  },
  'vendor-data.tpl': {
    path: `${SEED}/vendor-data`,
    content: `{{ ${configured('vendor-data', 'properties.default')} }}\n`,
    properties: { default: EMPTY_CONFIG },
  },
  'network-config.tpl': {
    path: `${SEED}/network-config`,
    content: `{{ ${configured('network-config', 'properties.default')} }}\n`,
    // a lease by hardware address survives a new machine-id
    properties: { default: 'version: 2\nethernets:\n  eth0:\n    dhcp4: true\n    dhcp-identifier: mac\n' },
  },
}

/** The `metadata.yaml` of an image for LXD and Incus. */
export function lxdMetadata(recipe: Recipe, epoch: number): string {
  const templates = Object.entries(TEMPLATES).map(([template, { path, properties }]) => [
    path,
    { when: ['create', 'copy'], create_only: false, template, properties: properties ?? {} },
  ])
  return stringify({
    architecture: LXD_ARCHITECTURES[recipe.architecture] ?? recipe.architecture,
    creation_date: epoch,
    properties: {
      name: recipe.name,
      os: recipe.distribution,
      release: recipe.codename,
      version: recipe.release,
      architecture: recipe.architecture,
      variant: recipe.variant,
      serial: serialOf(epoch),
      description: `${recipe.description} ${recipe.architecture} (${serialOf(epoch)})`,
    },
    templates: Object.fromEntries(templates),
  })
}

/** Packs metadata and templates; the same input gives the same bytes. `workDir` is used for the files. */
export async function packLxdMetadata(
  recipe: Recipe,
  epoch: number,
  workDir: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const directory = join(workDir, 'lxd')
  await mkdir(join(directory, 'templates'), { recursive: true })
  await writeFile(join(directory, 'metadata.yaml'), lxdMetadata(recipe, epoch))
  for (const [name, { content }] of Object.entries(TEMPLATES))
    await writeFile(join(directory, 'templates', name), content)
  const tar = [
    'tar',
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
    '--format=gnu',
    '-C',
    directory,
    '-cJf',
    target,
    'metadata.yaml',
    'templates',
  ] as const
  await runHost(tar, {
    deadlineMs: 60_000,
    env: { ...process.env, XZ_OPT: '-6 -T1' },
    installHint: 'apt-get install xz-utils',
    ...(signal ? { signal } : {}),
  })
}
