import { gzipSync } from 'node:zlib'
import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'
import { metadataOf } from './probes/cloud.ts'
import { LATE } from './probes/late.ts'

const FORMATS = 'https://docs.cloud-init.io/en/latest/explanation/format.html'
const FOLDER = '/var/lib/harness-ds'
const SECRET = 'harness-secret-5up3r'
const VENDOR = `#cloud-config
write_files:
  - path: ${FOLDER}/vendor
    content: from the vendor
  - path: ${FOLDER}/vendor-secret
    permissions: '0600'
    content: ${SECRET}-vendor
runcmd:
  - mkdir -p ${FOLDER} && echo vendor > ${FOLDER}/who-won
`
const OWN = { instance: 'own', group: 'ds-data', vendorData: VENDOR } as const
const WITH_VENDOR_DATA = ['openstack', 'hetzner', 'digitalocean', 'vultr', 'nocloud-net'] as const

regression(
  'reg-ds-data-mime',
  {
    title: 'a cloud-config part of a MIME message is carried out',
    because: 'tools join the user-data of several people this way',
    source: FORMATS,
    severity: 'major',
    fix: 'look at /var/lib/cloud/instance/user-data.txt.i',
    applies: { identities: 'any' },
    ...OWN,
    userData: cloudConfig(`
      write_files:
        - path: ${FOLDER}/mime
          content: mime
        - path: ${FOLDER}/secret
          permissions: '0600'
          content: ${SECRET}
      runcmd:
        - mkdir -p ${FOLDER} && echo user > ${FOLDER}/who-won
    `),
  },
  async ({ instance, expect }) => expect((await instance.root.readFile(`${FOLDER}/mime`)).trim()).toBe('mime'),
)

regression(
  'reg-ds-data-script',
  {
    title: 'a script is run',
    because: 'it is what people write who never heard of cloud-config',
    source: FORMATS,
    severity: 'major',
    fix: 'look at /var/lib/cloud/instance/scripts and /var/log/cloud-init-output.log',
    applies: { identities: 'any' },
    ...OWN,
    userData: `#!/bin/sh\nmkdir -p ${FOLDER}\necho script > ${FOLDER}/script\n`,
  },
  async ({ instance, expect }) => expect((await instance.root.readFile(`${FOLDER}/script`)).trim()).toBe('script'),
)

regression(
  'reg-ds-data-jinja',
  {
    title: 'a template is filled with the instance data of the cloud',
    because: 'one set of user-data then serves a whole fleet',
    source: 'https://docs.cloud-init.io/en/latest/explanation/instancedata.html',
    severity: 'major',
    fix: '`cloud-init devel render` shows the template as it is filled',
    applies: { identities: 'any' },
    ...OWN,
    userData: `## template: jinja\n#cloud-config\nmerge_how: list(append)+dict(no_replace,recurse_list)+str()\nwrite_files:\n  - path: ${FOLDER}/jinja\n    content: "{{ v1.instance_id }} {{ v1.cloud_name }}"\n`,
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const [id = '', name = ''] = (await context.instance.root.readFile(`${FOLDER}/jinja`)).trim().split(' ')
    context.expect(id.toLowerCase()).toBe((document.cloud === 'azure' ? document.uuid : document.id).toLowerCase())
    context.expect(name, 'name of the cloud').not.toBe('')
  },
)

regression(
  'reg-ds-data-archive',
  {
    title: 'an archive of parts is unpacked',
    because: 'it is the form for people who write YAML only',
    source: FORMATS,
    severity: 'minor',
    fix: 'look at /var/lib/cloud/instance/user-data.txt.i',
    applies: { identities: 'any' },
    ...OWN,
    userData: `#cloud-config-archive\n- type: text/x-shellscript\n  content: |\n    #!/bin/sh\n    mkdir -p ${FOLDER}\n    echo archive > ${FOLDER}/archive\n`,
  },
  async ({ instance, expect }) => expect((await instance.root.readFile(`${FOLDER}/archive`)).trim()).toBe('archive'),
)

regression(
  'reg-ds-data-vendor',
  {
    title: 'vendor-data are carried out, and user-data win over them',
    because: 'a provider sets defaults with them, and its customers must be able to disagree',
    source: 'https://docs.cloud-init.io/en/latest/explanation/vendordata.html',
    severity: 'major',
    fix: 'look at /var/lib/cloud/instance/vendor-data.txt and at merge_how',
    applies: { identities: WITH_VENDOR_DATA },
    ...OWN,
  },
  async ({ instance, expect }) => {
    const raw = await instance.root.sh`cat /var/lib/cloud/instance/vendor-data.txt`
    expect(raw, 'vendor-data as they arrived').toContain('from the vendor')
    // User-data of the same name replace the list as a whole.
    expect((await instance.root.readFile(`${FOLDER}/who-won`)).trim(), 'who won').toBe('user')
  },
)

regression(
  'reg-ds-secret-files',
  {
    title: 'secrets of user-data and vendor-data are in no file that everybody can read',
    because: 'every process on the machine would know them',
    source: 'https://docs.cloud-init.io/en/latest/explanation/security.html',
    severity: 'blocker',
    fix: 'the file must be readable by root only, or the value marked as sensitive',
    applies: { identities: 'any' },
    ...OWN,
  },
  async ({ instance, expect }) => {
    const readable = await instance.root.run(
      `find /run /var /etc /tmp /home /usr/local -xdev -type f -perm -o=r -size -4000k -exec grep -lF ${SECRET} {} + 2>/dev/null`,
      { deadline: '60 seconds' },
    )
    const open = []
    // A file in a folder that only root may enter is not open to everybody.
    for (const path of readable.stdout.split('\n').filter(Boolean))
      if ((await instance.root.probe`setpriv --reuid=65534 --clear-groups cat ${path}`).ok) open.push(path)
    expect(open).toEqual([])
    expect(await instance.root.sh`grep -cF ${SECRET} ${FOLDER}/secret`, 'the secret arrived').toBe('1')
  },
)

regression(
  'reg-ds-secret-logs',
  {
    title: 'secrets of user-data and vendor-data are not in the logs',
    because: 'logs are collected, sent away and attached to reports',
    source: 'https://docs.cloud-init.io/en/latest/explanation/security.html',
    severity: 'blocker',
    fix: 'the line must not show the content',
    applies: { identities: 'any' },
    ...OWN,
  },
  async ({ instance, expect }) => {
    const found = await instance.root.run(
      `grep -lF ${SECRET} /var/log/cloud-init.log /var/log/cloud-init-output.log /run/cloud-init/*.log`,
    )
    const journal = await instance.root.sh`journalctl -b --no-pager 2>/dev/null | grep -cF ${SECRET}; :`
    expect(found.stdout.split('\n').filter(Boolean), 'logs').toEqual([])
    expect(journal, 'lines of the journal').toBe('0')
  },
)

const GZIP = gzipSync(`#cloud-config\nwrite_files:\n  - path: ${FOLDER}/gzip\n    content: gzip\n`).toString('base64')

regression(
  'reg-ds-data-gzip',
  {
    title: 'compressed user-data are unpacked, on clouds that carry bytes or base64',
    because: 'long user-data fit only this way',
    source: 'https://docs.cloud-init.io/en/latest/explanation/format.html',
    severity: 'major',
    fix: 'look at /var/lib/cloud/instance/user-data.txt; `file` tells what it is',
    applies: { identities: ['ec2', 'gce', 'azure', 'openstack', 'oracle', 'hetzner', 'nocloud-net'] },
    ...LATE,
    cloud: (cloud) => ({ ...LATE.cloud(cloud), document: { userData: GZIP, userDataBase64: true } }),
  },
  async ({ instance, expect }) => expect((await instance.root.readFile(`${FOLDER}/gzip`)).trim()).toBe('gzip'),
)

regression(
  'reg-ds-data-include',
  {
    title: 'an included address is fetched and carried out',
    because: 'user-data that are too long, or shared, are kept elsewhere',
    source: FORMATS,
    severity: 'minor',
    fix: 'look for the address in /var/log/cloud-init.log',
    applies: { identities: ['openstack', 'nocloud-net'] },
    instance: 'own',
    group: 'ds-include',
    userData: '#include\nhttp://169.254.169.254/included\n',
    cloud: {
      answers: { '/included': `#cloud-config\nwrite_files:\n  - path: ${FOLDER}/include\n    content: include\n` },
    },
  },
  async ({ instance, expect }) => expect((await instance.root.readFile(`${FOLDER}/include`)).trim()).toBe('include'),
)
