import { atRest } from './bad-image.ts'

const debian = (suites: string, components: string) =>
  `Types: deb\nURIs: http://deb.debian.org/debian\nSuites: ${suites}\nComponents: ${components}\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`

/** Archives the image should not have, and updates it should. For an image of a stable release. */
export const badArchives = [
  atRest('foreign-archive', 'repo-only-official', 'an archive of a third party is configured', {
    files: [
      {
        path: '/etc/apt/sources.list.d/third-party.list',
        content: 'deb https://packages.example.org/debian stable main\n',
      },
    ],
  }),
  atRest('trusted-archive', 'repo-signed', 'an archive is trusted without a signature', {
    files: [
      {
        path: '/etc/apt/sources.list.d/trusted.list',
        content: 'deb [trusted=yes] http://deb.debian.org/debian stable main\n',
      },
    ],
  }),
  atRest('backports', 'repo-no-backports', 'backports are enabled', {
    edits: [
      '. "$tree/usr/lib/os-release"',
      `printf '%s' '${debian('SUITE-backports', 'main')}' | sed "s/SUITE/$VERSION_CODENAME/" >"$tree/etc/apt/sources.list.d/backports.sources"`,
    ],
  }),
  atRest('contrib', 'repo-main-only', 'the component contrib is enabled', {
    edits: [`sed -i 's/^Components: main$/Components: main contrib/' "$tree/etc/apt/sources.list.d/debian.sources"`],
  }),
  atRest('no-security', 'repo-updates-enabled', 'the security archive is missing', {
    edits: [
      `sed -i '/^Suites:.*-security/s/-security/-proposed-updates/' "$tree/etc/apt/sources.list.d/debian.sources"`,
    ],
  }),
  atRest('no-automatic-updates', 'upd-automatic', 'security updates are not installed by themselves', {
    files: [{ path: '/etc/apt/apt.conf.d/99-bad', content: 'APT::Periodic::Unattended-Upgrade "0";\n' }],
  }),
]
