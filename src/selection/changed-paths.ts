import { ConfigError } from '../core/errors.ts'
import { probeHost } from '../core/subprocess.ts'

export interface ChangedPathsOptions {
  signal?: AbortSignal
}

/** Settings of a repository must not decide what runs here. */
const GIT = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false']

/**
 * The paths of a repository that differ between a revision and the working tree: committed, staged, changed and new files,
 * seen from where the branch left the revision. A renamed file counts under both names.
 * @throws ConfigError when there is no such repository or revision, or their histories do not meet
 */
export async function changedPaths(
  repo: string,
  revision: string,
  options: ChangedPathsOptions = {},
): Promise<string[]> {
  const top = (await git(repo, ['rev-parse', '--show-toplevel'], options)).trim()
  await git(repo, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], options, () => ({
    message: `${repo} has no revision ${revision}`,
    hint: 'git fetch, or name another revision',
  }))
  const base = await git(repo, ['merge-base', '--end-of-options', revision, 'HEAD'], options, () => ({
    message: `the histories of ${revision} and of HEAD in ${repo} do not meet`,
    hint: 'a shallow clone has too little history: git fetch --unshallow',
  }))
  const diff = ['diff', '--name-only', '--no-renames', '--no-ext-diff', '--no-textconv', '-z', base.trim(), '--']
  const changed = await git(top, diff, options)
  const fresh = await git(top, ['ls-files', '--others', '--exclude-standard', '-z'], options)
  return [...new Set(`${changed}\0${fresh}`.split('\0').filter(Boolean))].sort()
}

async function git(
  repo: string,
  args: readonly string[],
  { signal }: ChangedPathsOptions,
  explain?: () => { message: string; hint: string },
): Promise<string> {
  const result = await probeHost(['git', '-C', repo, ...GIT, ...args], {
    deadlineMs: 60_000,
    installHint: 'apt-get install git',
    ...(signal ? { signal } : {}),
  })
  if (result.exitCode === 0) return result.stdout
  const { message, hint } = explain?.() ?? {
    message: `git cannot read ${repo}: ${result.stderr.trim().split('\n')[0] ?? ''}`,
    hint: 'give the folder of the project with --repo',
  }
  throw new ConfigError(message, { hint })
}
