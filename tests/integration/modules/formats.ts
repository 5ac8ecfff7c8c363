import { regression } from '../../../src/testing/index.ts'

const ARCHIVE = `#cloud-config-archive
- type: text/jinja2
  content: |
    ## template: jinja
    #cloud-config
    merge_how: list(append)+dict(no_replace,recurse_list)+str()
    write_files:
      - path: /var/lib/harness-formats/jinja
        content: "{{ v1.instance_id }}"
- type: text/x-shellscript
  filename: harness-script.sh
  content: |
    #!/bin/sh
    mkdir -p /var/lib/harness-formats
    echo "$0" > /var/lib/harness-formats/script
- type: text/cloud-boothook
  content: |
    #!/bin/sh
    mkdir -p /var/lib/harness-formats
    echo "$INSTANCE_ID" >> /var/lib/harness-formats/boothook
- content: |
    #cloud-config
    merge_how: list(append)+dict(no_replace,recurse_list)+str()
    write_files:
      - path: /var/lib/harness-formats/config
        content: found by its first line
`

regression(
  'reg-mod-userdata-formats',
  {
    title: 'all parts of user-data are handled: archive, jinja template, script, boothook, plain configuration',
    because: 'tools generate these formats, and a part that is dropped is dropped in silence',
    source: 'https://docs.cloud-init.io/en/latest/explanation/format.html',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    userData: ARCHIVE,
    fix: 'look at /var/lib/cloud/instance/user-data.txt.i and for "Unhandled" in /var/log/cloud-init.log',
  },
  async ({ instance, expect }) => {
    const read = async (name: string) => (await instance.root.readFile(`/var/lib/harness-formats/${name}`)).trim()
    const instanceId = await instance.root.sh`cat /var/lib/cloud/data/instance-id`
    expect(await read('jinja'), 'what the jinja part wrote').toBe(instanceId)
    expect(await read('script'), 'where the script ran').toMatch(/\/scripts\/.*harness-script\.sh$/)
    expect((await read('boothook')).split('\n')[0], 'INSTANCE_ID of the boothook').toBe(instanceId)
    expect(await read('config'), 'the part without a type').toBe('found by its first line')
  },
)
