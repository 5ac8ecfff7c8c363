import { existsSync } from 'node:fs'
import { link, mkdir, writeFile, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PrerequisiteError } from '../core/errors.ts'
import { runHost } from '../core/subprocess.ts'
import type { AptRoot, ResolvedDeb } from './apt-root.ts'
import { hostAcquireOptions, sourcesList } from './apt-root.ts'
import { BUILD_SOURCES, finishScript } from './finish.ts'
import type { Recipe, RecipeArchive } from './recipe.ts'
import { hostArchitecture } from './recipe.ts'
import { stageFiles } from './staging.ts'
import { tiedToThisProcess } from './user-namespace.ts'

const DEADLINE_MS = 1_800_000
/** Programs of another architecture were seen to take six to ten times as long. */
const EMULATED_PACE = 6
const EMULATED = '/proc/sys/fs/binfmt_misc'
/** What the kernel has under the names of Debian's package for them. */
const EMULATORS: Readonly<Record<string, string>> = { arm64: 'qemu-aarch64', amd64: 'qemu-x86_64' }

interface Bootstrap {
  recipe: Recipe
  /** The archives as this host downloads them. */
  archives: readonly RecipeArchive[]
  apt: AptRoot
  debs: readonly ResolvedDeb[]
  epoch: number
  workDir: string
  onLine: (line: string) => void
  signal?: AbortSignal
}

/** Installs the packages of a recipe into an empty tree, adds its files, runs its scripts. Returns the path of a tar file of the tree. */
export async function bootstrap(options: Bootstrap): Promise<string> {
  const { recipe, workDir, epoch } = options
  refuseUnrunnable(recipe)
  const tar = join(workDir, 'rootfs.tar')
  const files = join(workDir, 'files.tar')
  const sources = join(workDir, BUILD_SOURCES)
  const scripts = await stageFiles(recipe, epoch, workDir, files)
  await stageDebs(options, join(workDir, 'debs'))
  await writeFile(sources, sourcesList(options.archives))
  await writeFile(join(workDir, 'finish'), finishScript(epoch), { mode: 0o755 })
  const root = process.getuid?.() === 0
  await mkdir(join(workDir, 'tmp'), { mode: 0o1777 })
  const command = [
    ...tiedToThisProcess(),
    'mmdebstrap',
    '--verbose',
    `--mode=${root ? 'root' : 'unshare'}`,
    '--variant=minbase',
    '--format=tar',
    `--architectures=${recipe.architecture}`,
    `--include=${recipe.packages.join(',')}`,
    '--skip=download/empty,essential/unlink,output/dev',
    ...['APT::Install-Recommends "false"', ...(await hostAcquireOptions())].map((option) => `--aptopt=${option}`),
    '--setup-hook=mkdir -p "$1"/var/cache/apt/archives/',
    '--setup-hook=sync-in debs /var/cache/apt/archives/',
    '--customize-hook=tar-in files.tar /',
    ...scripts.map((script) => `--customize-hook=chroot "$1" ${script}`),
    '--customize-hook=upload finish /var/tmp/.finish',
    '--customize-hook=chroot "$1" sh /var/tmp/.finish',
    recipe.codename,
    tar,
    sources,
  ]
  await runHost(command as [string, ...string[]], {
    cwd: workDir,
    env: environment(epoch, join(workDir, 'tmp')),
    deadlineMs: DEADLINE_MS * (recipe.architecture === hostArchitecture() ? 1 : EMULATED_PACE),
    onLine: options.onLine,
    installHint: 'apt-get install mmdebstrap',
    ...(options.signal ? { signal: options.signal } : {}),
  })
  return tar
}

/** Programs of the image run while it is built; those of another architecture only where the kernel knows an emulator for them. */
function refuseUnrunnable({ name, architecture }: Recipe): void {
  const emulator = EMULATORS[architecture]
  if (architecture === hostArchitecture() || emulator === undefined) return
  if (existsSync(`${EMULATED}/${emulator}`) && existsSync('/usr/bin/arch-test')) return
  throw new PrerequisiteError(`this host cannot run programs for ${architecture}, which building ${name} needs`, {
    hint: `apt-get install qemu-user-static binfmt-support arch-test; without systemd also: mount -t binfmt_misc none ${EMULATED} && update-binfmts --enable ${emulator}`,
  })
}

/** The packages of this build alone, beside the work directory: linked when the file system allows. */
async function stageDebs({ apt, debs }: Bootstrap, target: string): Promise<void> {
  await mkdir(target)
  for (const { file } of debs) {
    const from = join(apt.archives, file)
    await link(from, join(target, file)).catch(() => copyFile(from, join(target, file)))
  }
}

/** Nothing of the caller's environment but how to reach an archive: what is built must not depend on who builds it. */
function environment(epoch: number, tmpDir: string): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(
    ([name]) => /^(?:https?|ftp|no)_proxy$/i.test(name) || name === 'HOME' || name === 'USER',
  )
  return {
    ...Object.fromEntries(passed),
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    TMPDIR: tmpDir,
    SOURCE_DATE_EPOCH: String(epoch),
  }
}
