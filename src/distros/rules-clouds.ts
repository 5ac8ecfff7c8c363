import type { ExpectationRule } from './cascade.ts'
import { LISTENERS } from './rules-general.ts'

const AZURE = 'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic'
const LXD = 'https://documentation.ubuntu.com/lxd/latest/reference/instance_options/'
const SIMULATED =
  'a cloud that `harness simulate` plays: containers of the generic images, with the metadata service inside'

/** Units that fail in a container. */
const CONTAINER_UNITS = {
  value: [
    'systemd-binfmt.service',
    'systemd-remount-fs.service',
    'proc-sys-fs-binfmt_misc.automount',
    'sys-kernel-config.mount',
    'sys-kernel-debug.mount',
  ],
  source: 'https://systemd.io/CONTAINER_INTERFACE/: binfmt, remounting / and kernel file systems belong to the host',
}

/** What a platform asks of every image. */
export const CLOUD_RULES: readonly ExpectationRule[] = [
  {
    platform: ['lxd'],
    expect: {
      platformAgents: { value: [], source: LXD },
      failedUnits: CONTAINER_UNITS,
    },
  },
  {
    platform: ['ec2'],
    expect: {
      consoles: {
        value: ['ttyS0'],
        source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-serial-console.html',
      },
      timeServers: {
        value: ['169.254.169.123'],
        source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html',
      },
      datasources: {
        value: { declared: 'required', allowed: ['Ec2', 'None', 'NoCloud', 'ConfigDrive'] },
        source: 'https://docs.cloud-init.io/en/latest/reference/datasources/ec2.html',
      },
    },
  },
  {
    platform: ['azure'],
    expect: {
      clientAliveSeconds: {
        value: { min: 30, max: 235 },
        source: `${AZURE}: ClientAliveInterval, connections idle for 4 minutes are dropped`,
      },
      consoles: { value: ['ttyS0'], source: AZURE },
      kernelArguments: {
        value: {
          required: ['rootdelay=300', 'console=ttyS0', 'earlyprintk=ttyS0'],
          forbidden: ['libata.atapi_enabled=0', 'reserve=0x1f0,0x8', 'rhgb', 'quiet'],
        },
        source: AZURE,
      },
      datasources: {
        value: { declared: 'required', allowed: ['Azure', 'None'] },
        source: `${AZURE}: 91-azure_datasource.cfg`,
      },
      platformAgents: { value: ['walinuxagent'], source: AZURE },
    },
  },
  {
    platform: ['gce'],
    expect: {
      defaultUser: {
        value: 'none',
        source: 'https://cloud.google.com/compute/docs/images/guest-environment: the guest agent creates users',
      },
      consoles: {
        value: ['ttyS0'],
        source: 'https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-using-serial-console',
      },
      timeServers: {
        value: ['metadata.google.internal', '169.254.169.254'],
        source: 'https://cloud.google.com/compute/docs/instances/configure-ntp',
      },
      platformAgents: {
        value: ['google-guest-agent'],
        source: 'https://cloud.google.com/compute/docs/images/guest-environment',
      },
      datasources: {
        value: { declared: 'required', allowed: ['GCE', 'None'] },
        source: 'https://docs.cloud-init.io/en/latest/reference/datasources/gce.html',
      },
    },
  },
  {
    platform: ['oci'],
    expect: {
      timeServers: {
        value: ['169.254.169.254'],
        source: 'https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/configuringntpservice.htm',
      },
      consoles: {
        value: ['ttyS0'],
        source: 'https://docs.oracle.com/en-us/iaas/Content/Compute/References/serialconsole.htm',
      },
    },
  },
  {
    platform: ['openstack', 'qemu'],
    expect: {
      consoles: {
        value: ['ttyS0', 'ttyAMA0', 'hvc0'],
        source:
          'https://docs.openstack.org/image-guide/openstack-images.html, "Ensure image writes boot log to console"',
      },
    },
  },
  // No cloud runs containers: one that seems to be on a cloud is played by this host.
  {
    platform: ['ec2', 'azure', 'gce'],
    container: true,
    expect: {
      failedUnits: CONTAINER_UNITS,
      listeners: {
        value: [...LISTENERS, 'tcp/80 on 169.254.169.254', 'tcp/80 on 168.63.129.16'],
        source: SIMULATED,
      },
    },
    // An image of the publisher for this cloud has an agent and knows the time servers; the generic image does not.
    drop: { names: ['platformAgents', 'timeServers'], source: SIMULATED },
  },
  {
    distribution: ['debian'],
    platform: ['ec2'],
    container: true,
    expect: { defaultUser: { value: 'debian', source: SIMULATED } },
  },
]
