/** Bad images that share an image with no other, each with the reason. */
export const ALONE: Readonly<Record<string, string>> = {
  'no-init': 'nothing else could show itself in an image that does not boot',
  'same-machine-id':
    'the journal is filed under the machine id that the boot began with, so nobody finds what others left there',
  'no-such-datasource': 'without a datasource cloud-init does none of what others break',
}

/** Bad images of which one would change what the other does, each with the reason. */
export const APART: readonly { names: readonly string[]; because: string }[] = [
  { names: ['empty-root-password', 'root-password'], because: 'there is one password of root' },
  { names: ['fallback-datasource', 'no-renderer'], because: 'the fallback has no network to render' },
  { names: ['script-fails', 'log-readable'], because: 'the command after a stage runs only if the stage succeeds' },
  { names: ['bad-commands', 'log-readable'], because: 'the command after a stage runs only if the stage succeeds' },
  { names: ['dead-archive', 'log-readable'], because: 'the command after a stage runs only if the stage succeeds' },
  { names: ['no-such-module', 'script-fails'], because: 'the list with the unknown module has no scripts' },
  { names: ['no-such-module', 'dead-archive'], because: 'the list with the unknown module has no packages' },
  { names: ['bad-accounts', 'no-default-user', 'no-sudo'], because: 'each says which accounts there are' },
]
