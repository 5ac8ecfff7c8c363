/** Name of the file with the host's mirrors; mmdebstrap copies it into the image under a name that ends with it. */
export const BUILD_SOURCES = 'build-mirrors.list'

/**
 * The last thing run inside the unpacked image: takes away what identifies this build or this host, and what differs between two
 * builds of the same packages. POSIX sh, run by the image's own shell in the chroot.
 */
export function finishScript(epoch: number): string {
  return `#!/bin/sh
set -eu
rm -rf /var/tmp/.recipe

# identity: made anew by every instance
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /var/lib/systemd/random-seed /var/lib/systemd/credential.secret
: >/etc/machine-id
chmod 0644 /etc/machine-id
rm -rf /var/lib/cloud /run/cloud-init
find /var/lib/dhcp /var/lib/dhcpcd -type f -delete 2>/dev/null || :

# what the build needed
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/apt/sources.list /etc/apt/sources.list.d/*${BUILD_SOURCES} /usr/sbin/policy-rc.d
rm -rf /root/.cache /root/.wget-hsts /root/.bash_history /root/.gnupg

# caches, logs and copies that the next use writes again
find /var/lib/apt/lists /var/cache/apt -type f -delete
# the packages were brought in with the owner of a directory of the host
chown root:root /var/cache/apt/archives
chmod 0755 /var/cache/apt/archives
rm -rf /var/cache/man
rm -f /var/cache/ldconfig/aux-cache
mkdir -p -m 0755 /var/cache/man
getent passwd man >/dev/null && chown man:man /var/cache/man
rm -f /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid- /etc/.pwd.lock
find /var/log -type f -delete
if [ -d /var/log/journal ]; then
  rm -rf /var/log/journal
  mkdir /var/log/journal
  chown root:systemd-journal /var/log/journal
  chmod 2755 /var/log/journal
fi
# the configuration of apt that mmdebstrap still needs is there too; it takes that away itself
find /tmp /var/tmp -mindepth 1 ! -name 'mmdebstrap.*' -delete

# the day an account was made is the day of the build
sed -E 's/^([^:]*:[^:]*):[0-9]+:/\\1:${Math.floor(epoch / 86_400)}:/' /etc/shadow >/etc/shadow.new
cat /etc/shadow.new >/etc/shadow
rm -f /etc/shadow.new
`
}
