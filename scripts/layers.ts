/** What the files of one part of the tree may import. */
export interface Layer {
  /** Parts of `src/` it may import, by name. It may always import itself. */
  imports: readonly string[]
  /** npm packages it may import. `node:*` is always allowed. */
  packages: readonly string[]
  /** Packages allowed only in files whose path below the layer begins so. */
  packagesIn?: Readonly<Record<string, readonly string[]>>
}

/**
 * The direction of imports, as data. A part that is not named here is an error, so that a new folder gets its place on purpose.
 * `platforms` are the files beside the platform folders; `platforms/*` is each folder.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  core: { imports: [], packages: [] },
  results: { imports: ['core'], packages: [] },
  distros: { imports: ['core', 'results'], packages: ['yaml', 'zod'] },
  imds: { imports: ['core'], packages: ['yaml', 'zod'] },
  matrix: { imports: ['core', 'results'], packages: ['yaml', 'zod'] },
  logs: { imports: ['core', 'results'], packages: ['re2js', 'yaml', 'zod'] },
  'known-issues': { imports: ['core', 'results', 'matrix', 'logs'], packages: ['re2js', 'zod'] },
  instance: {
    imports: ['core', 'results', 'distros', 'imds'],
    packages: ['yaml', 'zod'],
    packagesIn: { 'transport/': ['ssh2', 'p-limit'], 'ssh-keys': ['ssh2'] },
  },
  images: { imports: ['core', 'distros'], packages: ['yaml', 'zod'] },
  inspect: { imports: ['core', 'instance', 'images'], packages: [] },
  // ws carries the tunnels of clouds.
  platforms: {
    imports: ['core', 'results', 'distros', 'imds', 'images', 'instance', 'platforms/*'],
    packages: ['ws', 'zod'],
  },
  'platforms/*': {
    imports: ['core', 'results', 'distros', 'imds', 'images', 'instance', 'platforms'],
    // ws is small and needed by every call; an SDK is neither.
    packages: ['zod', 'ws', 'p-limit'],
    packagesIn: { client: ['*'] },
  },
  simulate: {
    imports: ['core', 'distros', 'imds', 'images', 'instance', 'platforms', 'platforms/*'],
    packages: ['zod', 'ws'],
    packagesIn: {
      'memory/': ['ssh2'],
      // Schemas of the vendors are the wire format; a simulator is loaded when one is asked for.
      'ec2/': ['@aws-sdk/client-ec2', '@smithy/core'],
      'azure/': ['@azure/arm-compute', '@azure/arm-network', '@azure/arm-resources'],
      'gce/': ['@google-cloud/compute'],
    },
  },
  limits: { imports: ['core', 'platforms'], packages: [] },
  cost: { imports: ['core', 'results', 'matrix'], packages: ['zod'] },
  selection: { imports: ['core', 'results', 'matrix'], packages: ['zod'] },
  reporters: { imports: ['core', 'results'], packages: ['p-limit'] },
  testing: { imports: ['core', 'results', 'distros', 'imds', 'instance', 'platforms'], packages: ['vitest'] },
  setup: { imports: ['core', 'results', 'distros', 'images', 'instance', 'platforms', 'platforms/*'], packages: [] },
  runner: {
    imports: [
      'core',
      'results',
      'distros',
      'imds',
      'matrix',
      'logs',
      'instance',
      'images',
      'platforms',
      'testing',
      'setup',
      'limits',
      'cost',
    ],
    packages: ['p-limit', 'vitest', 'yaml', 'zod'],
  },
  publish: { imports: ['core', 'results'], packages: ['zod'] },
  archive: {
    imports: ['core', 'results', 'matrix', 'publish'],
    packages: ['zod'],
    packagesIn: { 'database/postgresql': ['pg'] },
  },
  gate: { imports: ['core', 'results', 'matrix', 'publish', 'archive'], packages: ['zod'] },
  site: {
    imports: ['core', 'results', 'instance', 'inspect', 'publish', 'archive', 'known-issues', 'reporters'],
    packages: [],
  },
  serve: {
    imports: ['core', 'results', 'matrix', 'publish', 'archive', 'reporters'],
    packages: ['zod', 'jose'],
  },
  queue: {
    imports: ['core', 'results', 'matrix', 'limits', 'cost', 'runner'],
    packages: [],
    packagesIn: { packages: ['pg', 'pg-boss'], database: ['pg'] },
  },
  index: { imports: ['core', 'results', 'instance', 'platforms', 'matrix', 'runner', 'images'], packages: [] },
  cli: {
    imports: [
      'core',
      'results',
      'distros',
      'imds',
      'matrix',
      'logs',
      'known-issues',
      'instance',
      'images',
      'inspect',
      'platforms',
      'publish',
      'archive',
      'gate',
      'site',
      'serve',
      'reporters',
      'runner',
      'queue',
      'testing',
      'setup',
      'limits',
      'cost',
      'selection',
      'simulate',
    ],
    packages: [],
  },
}

/** Checks the harness ships with may import what any author may: the entry for authors, and nothing of a platform. */
export const CHECK_FOLDERS: readonly string[] = ['tests/policy', 'tests/integration']
export const CHECK_MAY_IMPORT: readonly string[] = ['src/testing/index.ts']
