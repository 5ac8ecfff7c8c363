const OTHER_PLATFORM =
  'looks at what only another platform has; recorded facts that were changed on purpose show that it fails'
const OWN_KERNEL =
  'needs a kernel of its own, which a container has not; recorded facts that were changed on purpose show that it fails'
const UNREADABLE = 'an image whose facts cannot be gathered is no image; recorded facts with gaps show that it fails'

/** Blocker policy checks for which no bad image is built, each with the reason. */
export const BLOCKERS_WITHOUT: Readonly<Record<string, string>> = {
  'agent-waagent-conf': OTHER_PLATFORM,
  'boot-files': OWN_KERNEL,
  'disk-stable-id': OWN_KERNEL,
  'prov-facts-complete': UNREADABLE,
}

const USER_DATA = 'tells of user data, which no image brings; broken user data are given to a good image instead'
const PARTITION = 'a container has no partition, disk or file system of its own that could be changed'
const PLATFORM = 'LXD gives its data over a socket: nothing in an image makes the datasource fail in this way'
const NO_DHCP = 'on LXD cloud-init asks nobody for an address before it knows its datasource'
const RARE = 'happens by chance or by an interruption, which an image cannot bring about'
const GENERAL = 'gives way to every rule that names a cause; faults of images all have one'

/** Log rules that may speak on Debian in LXD and have no bad image, each with the reason. Their recorded lines show that they match. */
export const RULES_WITHOUT: Readonly<Record<string, string>> = {
  'ci-level-critical': GENERAL,
  'ci-level-error': GENERAL,
  'ci-unexpected-cmd': GENERAL,
  'ci-level-deprecated': 'is information and judges nothing',
  'ci-signal': RARE,
  'ci-stage-restarted': RARE,
  'ci-stage-failed': RARE,
  'ci-type-name-error': GENERAL,
  'ci-userdata-failed': USER_DATA,
  'ci-handler-failed': USER_DATA,
  'ci-merge-failed': USER_DATA,
  'ci-unhandled-userdata': USER_DATA,
  'ci-schema-invalid': USER_DATA,
  'ci-boothook-failed': USER_DATA,
  'ci-jinja-undefined': USER_DATA,
  'ds-get-data-failed': PLATFORM,
  'ds-import-failed': 'ds-identify leaves out of the list what it does not know',
  'ds-imds-503': PLATFORM,
  'ds-no-fallback-nic': PLATFORM,
  'ds-nocloud-bad-seed': PARTITION,
  'ds-pickle-load': 'needs the cache of an older agent, so an upgrade and not an image',
  'ds-warned-image': PLATFORM,
  'net-dhclient-nofiles': NO_DHCP,
  'net-dhclient-daemonize': NO_DHCP,
  'net-dhcp-unsupported': NO_DHCP,
  'net-rename-failed': 'LXD names the network card itself, so nothing is renamed',
  'net-interface-cmd': 'cloud-init brings up no network card where networkd does',
  'net-no-activator': 'cloud-init brings up no network card where networkd does',
  'net-udev-settle': 'there is no udev to wait for in a container',
  'net-empty-config': PLATFORM,
  'disk-growpart-failed': PARTITION,
  'disk-resizefs-failed': PARTITION,
  'disk-resize-nodev': PARTITION,
  'disk-swap-failed': PARTITION,
  'disk-mount-activate': 'a mount of what a container has not makes the whole module fail, before `mount -a` could',
  'ds-identify-maybe': 'ds-identify sees the socket of LXD in every container',
  'ssh-deletekeys-failed': 'root can delete every file of a container',
  'ssh-pwauth-restart': 'sshd starts after cloud-init has set it up, so it is not restarted',
  'ntp-failed': USER_DATA,
  'hotplug-fatal': RARE,
  'console-keys-failed': 'LXD gives every container a console that can be written to',
  'sd-nc-option': 'no version of Debian has both this agent and another netcat',
  'sd-machine-id-ro': 'LXD mounts the root file system of a container writable',
}
