/**
 * Prefix for a command that needs to be root over files: nothing for root, else a user namespace in which the caller is root and has
 * its subordinate ids. Mounts made inside vanish with it.
 */
export function asNamespaceRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user', '--map-auto', '--mount', '--']
}

/**
 * Prefix for a command that must not outlive this process, whatever kills it. Root also gets a process and a mount namespace of its
 * own, so that everything the command started ends with it and none of its mounts are ever seen outside.
 */
export function tiedToThisProcess(): string[] {
  const tied = ['setpriv', '--pdeathsig', 'KILL', '--']
  return process.getuid?.() === 0
    ? [...tied, 'unshare', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--']
    : tied
}
