import type { LogRule } from '../rule.ts'
import { cloudInit, SYSTEM_LOGS } from './sources.ts'

const UPSTREAM = cloudInit('tests/integration_tests/util.py')
const CONTAINER_UNITS = 'https://documentation.ubuntu.com/lxd/en/latest/explanation/containers_and_vms/'

/** Lines known to be harmless, each only where it is. */
export const allowRules: readonly LogRule[] = [
  {
    id: 'allow-azure-imds-first-poll',
    severity: 'allow',
    means: 'Azure: the first poll of the metadata service came too early',
    pattern: "Polling IMDS failed attempt 1 with exception: UrlError\\('404",
    scope: { platforms: ['azure'] },
    source: UPSTREAM,
    reason: 'the service answers 404 until provisioning data exist; later attempts decide',
    hits: ["azure.py[WARNING]: Polling IMDS failed attempt 1 with exception: UrlError('404 Client Error')"],
    misses: ["azure.py[WARNING]: Polling IMDS failed attempt 2 with exception: UrlError('404 Client Error')"],
  },
  {
    id: 'allow-oci-route-exists',
    severity: 'allow',
    means: 'Oracle: a route that the initramfs already set',
    pattern: 'Stderr: RTNETLINK answers: File exists',
    scope: { platforms: ['oci', 'oracle'] },
    source: 'https://bugs.launchpad.net/cloud-init/+bug/1842752',
    reason: 'the initramfs configured the same network before',
    hits: ['Stderr: RTNETLINK answers: File exists'],
    misses: ['Stderr: RTNETLINK answers: No such process'],
  },
  {
    id: 'allow-oci-ec2-metadata',
    severity: 'allow',
    means: 'Oracle: there is no metadata in the format of EC2',
    pattern: '404 Client Error: Not Found for url: http://169\\.254\\.169\\.254/latest/meta-data/',
    scope: { platforms: ['oci', 'oracle'] },
    source: 'https://bugs.launchpad.net/cloud-init/+bug/1833446',
    reason: 'the address belongs to another datasource that was tried first',
    hits: ['404 Client Error: Not Found for url: http://169.254.169.254/latest/meta-data/'],
    misses: ['404 Client Error: Not Found for url: http://169.254.169.254/opc/v2/instance/'],
  },
  {
    id: 'allow-ibm-vendor-schema',
    severity: 'allow',
    means: 'IBM: the vendor data of the platform do not fit the schema',
    pattern: 'Invalid schema: vendor-data',
    scope: { platforms: ['ibm'] },
    source: UPSTREAM,
    reason: 'the platform writes it, the image cannot change it',
    hits: ['schema.py[WARNING]: Invalid schema: vendor-data'],
    misses: ['schema.py[WARNING]: Invalid schema: user-data'],
  },
  {
    id: 'allow-container-binfmt',
    severity: 'allow',
    means: 'a container may not register binary formats',
    pattern:
      'systemd-binfmt\\.service: Failed with result|Failed to start systemd-binfmt\\.service|Failed to start Set Up Additional Binary Formats|proc-sys-fs-binfmt_misc\\.automount: Failed with result',
    scope: { container: true },
    where: SYSTEM_LOGS,
    source: CONTAINER_UNITS,
    reason: 'binfmt_misc belongs to the kernel of the host, which a container cannot change',
    hits: [
      "systemd[1]: systemd-binfmt.service: Failed with result 'exit-code'.",
      'systemd[1]: Failed to start systemd-binfmt.service - Set Up Additional Binary Formats.',
    ],
    misses: [
      "systemd[1]: systemd-sysctl.service: Failed with result 'exit-code'.",
      'systemd[1]: Starting systemd-binfmt.service',
    ],
  },
  {
    id: 'allow-container-remount-fs',
    severity: 'allow',
    means: 'a container may not remount its root',
    pattern:
      'systemd-remount-fs\\.service: Failed with result|Failed to start (systemd-remount-fs\\.service|Remount Root and Kernel File Systems)',
    scope: { container: true },
    where: SYSTEM_LOGS,
    source: CONTAINER_UNITS,
    reason: 'the host mounted the root file system; its options are not for the guest to change',
    hits: ["systemd[1]: systemd-remount-fs.service: Failed with result 'exit-code'."],
    misses: [
      "systemd[1]: var-lib.mount: Failed with result 'exit-code'.",
      'systemd[1]: Finished systemd-remount-fs.service',
    ],
  },
  {
    id: 'allow-container-kernel-mounts',
    severity: 'allow',
    means: 'a container may not mount kernel file systems',
    pattern:
      '(dev-hugepages|dev-mqueue|sys-kernel-config|sys-kernel-debug|sys-kernel-tracing|sys-fs-fuse-connections)\\.mount: Failed with result|Failed to mount (dev-hugepages|dev-mqueue|sys-kernel-config|sys-kernel-debug|sys-kernel-tracing|sys-fs-fuse-connections)\\.mount',
    scope: { container: true },
    where: SYSTEM_LOGS,
    source: CONTAINER_UNITS,
    reason: 'these file systems belong to the kernel of the host',
    hits: [
      "systemd[1]: sys-kernel-config.mount: Failed with result 'exit-code'.",
      'systemd[1]: Failed to mount sys-kernel-debug.mount - Kernel Debug File System.',
    ],
    misses: ["systemd[1]: srv-data.mount: Failed with result 'exit-code'."],
  },
  {
    id: 'allow-container-no-dmidecode',
    severity: 'allow',
    means: 'ds-identify finds no dmidecode in a container',
    pattern: 'WARN: No dmidecode program\\. Cannot read ',
    scope: { container: true },
    where: ['ds-identify'],
    source: cloudInit('tools/ds-identify'),
    reason: 'a container sees no DMI of its own, so there is nothing that dmidecode could read',
    hits: ['WARN: No dmidecode program. Cannot read sys_vendor.'],
    misses: ['WARN: failed to run dmidecode', 'WARN: No dmidecode program'],
  },
]
