import { atRest } from './bad-image.ts'

/** What a builder forgot to take away, or opened too far. */
export const badLeftovers = [
  atRest('logs', 'left-logs-empty', 'logs of the build are in the image', {
    files: [{ path: '/var/log/build.log', content: 'built\n' }],
  }),
  atRest('temporary-files', 'left-tmp-empty', 'temporary files are in the image', {
    files: [{ path: '/var/tmp/build/step-1', content: 'x\n' }],
  }),
  atRest('package-cache', 'left-pkg-cache-empty', 'downloaded packages are in the image', {
    files: [{ path: '/var/cache/apt/archives/thing_1.0_all.deb', content: 'x\n' }],
  }),
  atRest('policy-rc-d', 'left-build-tools', 'services stay stopped after every upgrade', {
    files: [{ path: '/usr/sbin/policy-rc.d', content: '#!/bin/sh\nexit 101\n', mode: 0o755 }],
  }),
  atRest('dangling-link', 'left-dangling-links', 'a link in / leads nowhere', {
    edits: ['ln -s boot/vmlinuz-none "$tree/vmlinuz"'],
  }),
  atRest('world-writable', 'left-stray-perms', 'everybody may write a file', {
    files: [{ path: '/etc/shared.conf', content: 'x\n', mode: 0o666 }],
  }),
  atRest('shadow-readable', 'left-critical-perms', 'everybody may read the password hashes', {
    edits: ['chmod 0644 "$tree/etc/shadow"'],
  }),
  atRest('file-changed', 'pkg-files-unmodified', 'a file of a package was changed in place', {
    edits: [`echo '# changed' >>"$tree/usr/lib/os-release"`],
  }),
  atRest('half-installed', 'pkg-db-consistent', 'a package is half installed', {
    edits: [
      `printf '\\nPackage: broken-thing\\nStatus: install reinstreq half-installed\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: nobody <nobody@example.org>\\nDescription: broken on purpose\\n' >>"$tree/var/lib/dpkg/status"`,
    ],
  }),
]
