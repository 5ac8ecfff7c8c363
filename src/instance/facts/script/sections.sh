# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
sections() {
  printf '%s\n' "$MARK"
  if live; then
    cloud_answers &
    apt_answers &
    later package-audit package_audit &
  else
    later modified-files modified_files &
  fi

  show os-release lines_of /etc/os-release
  [ -e ./etc/os-release ] || [ -L ./etc/os-release ] || show os-release lines_of /usr/lib/os-release
  show stamps lines_of /etc/debian_version /etc/alpine-release /etc/redhat-release /etc/cloud-release /etc/cloud/build.info /etc/image-id /etc/ImageID /etc/image-info
  show system system
  live && show cmdline raw /proc/cmdline
  show machine-id machine_id

  show passwd lines_of /etc/passwd
  show shadow shadow_classes
  show group lines_of /etc/group
  show programs programs
  show sudoers config_of /etc/sudoers '/etc/sudoers.d/*' /usr/etc/sudoers '/usr/etc/sudoers.d/*' /etc/doas.conf '/etc/doas.d/*.conf' /usr/local/etc/sudoers '/usr/local/etc/sudoers.d/*' /usr/local/etc/doas.conf
  show sshd-files config_of /etc/ssh/sshd_config '/etc/ssh/sshd_config.d/*.conf' /usr/etc/ssh/sshd_config '/usr/etc/ssh/sshd_config.d/*.conf' /etc/conf.d/dropbear /etc/default/dropbear
  stated host-keys '/etc/ssh/ssh_host_*key*' '/usr/local/etc/ssh/ssh_host_*key*' '/etc/dropbear/*_host_key'
  live && show sudo-check sudo_check
  live && show host-key-prints fingerprints

  LIMIT=1048576
  show packages-dpkg dpkg_status
  show packages-apk apk_installed
  show packages-rpm rpm_packages
  show packages-pkg pkg_packages
  LIMIT=262144
  show package-manager show_manager
  show foreign-architectures lines_of /var/lib/dpkg/arch
  show diversions lines_of /var/lib/dpkg/diversions
  show path-excludes config_of '/etc/dpkg/dpkg.cfg.d/*' /etc/dpkg/dpkg.cfg
  show repositories lines_of /etc/apt/sources.list '/etc/apt/sources.list.d/*.list' '/etc/apt/sources.list.d/*.sources' '/etc/yum.repos.d/*.repo' '/etc/zypp/repos.d/*.repo' /etc/apk/repositories '/etc/apk/repositories.d/*.list' '/etc/pkg/*.conf' '/usr/local/etc/pkg/repos/*.conf'
  show apt-files config_of /etc/apt/apt.conf '/etc/apt/apt.conf.d/*'
  live && show apt-config call 10 apt-config dump
  show apt-preferences config_of /etc/apt/preferences '/etc/apt/preferences.d/*'
  stated archive-keys '/etc/apt/trusted.gpg.d/*' /etc/apt/trusted.gpg '/etc/apt/keyrings/*' '/usr/share/keyrings/*' '/etc/pki/rpm-gpg/*' '/etc/apk/keys/*' '/usr/share/keys/pkg/trusted/*'

  if live; then
    show units call 10 systemctl list-units --all --plain --no-legend --full --no-pager
    show unit-files call 10 systemctl list-unit-files --no-legend --no-pager
    show system-state call 10 systemctl is-system-running
    show default-target call 10 systemctl get-default
    show listeners listeners
    show addresses addresses
    show routes routes
    show localhost call 5 getent ahosts localhost
    show firewall firewall_rules
    show swaps swaps
    show mounts mounts
    show sysctls sysctls
  else
    show systemd-links systemd_links
    show systemd-names systemd_names
  fi
  stated runlevels '/etc/runlevels/*/*' '/etc/rc[S2345].d/S*'
  show rc-conf config_of /etc/rc.conf /etc/rc.conf.local '/etc/rc.conf.d/*'
  show fstab config_of /etc/fstab
  show network-files config_of /etc/network/interfaces '/etc/network/interfaces.d/*' '/etc/netplan/*.yaml' '/etc/systemd/network/*' '/etc/sysconfig/network-scripts/ifcfg-*' '/etc/sysconfig/network/ifcfg-*' '/etc/udev/rules.d/7?-persistent-net*.rules'
  show network-manager profiles_of '/etc/NetworkManager/system-connections/*'
  show resolv-conf lines_of /etc/resolv.conf
  show hosts config_of /etc/hosts
  show hostname lines_of /etc/hostname /etc/HOSTNAME /etc/conf.d/hostname
  show time-files config_of /etc/timezone '/etc/chrony*.conf' /etc/chrony/chrony.conf '/etc/chrony/conf.d/*' '/etc/chrony/sources.d/*' /etc/systemd/timesyncd.conf '/etc/systemd/timesyncd.conf.d/*' /etc/ntp.conf
  show links links_of /etc/localtime /etc/resolv.conf /etc/systemd/system/default.target /usr/lib/systemd/system/default.target /lib/systemd/system/default.target /etc/mtab
  live && stated time-synchronized /run/systemd/timesync/synchronized
  show locale-files config_of /etc/default/locale /etc/locale.conf /etc/environment '/etc/profile.d/*locale*' /etc/sysconfig/i18n
  show modprobe config_of '/etc/modprobe.d/*.conf' '/usr/lib/modprobe.d/*.conf' '/lib/modprobe.d/*.conf'
  show sysctl-files config_of /etc/sysctl.conf '/etc/sysctl.d/*.conf' '/usr/lib/sysctl.d/*.conf' '/usr/local/lib/sysctl.d/*.conf'
  show loader config_of /etc/default/grub '/etc/default/grub.d/*.cfg' '/boot/grub*/grub.cfg' '/boot/loader/entries/*.conf' /boot/loader/loader.conf /boot/extlinux.conf /boot/loader.conf /etc/kernel/cmdline
  show mandatory-access mandatory_access
  show cron config_of /etc/crontab '/etc/cron.d/*' '/var/spool/cron/crontabs/*' '/var/spool/cron/*' '/etc/crontabs/*'
  stated cron-files '/etc/cron.hourly/*' '/etc/cron.daily/*' '/etc/cron.weekly/*' '/etc/cron.monthly/*' '/etc/periodic/*/*'
  show remote-logging config_of /etc/rsyslog.conf '/etc/rsyslog.d/*.conf' /etc/syslog.conf '/etc/syslog-ng/*.conf' /etc/systemd/journal-upload.conf

  stated critical /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/master.passwd /etc/sudoers '/etc/sudoers.d/*' /etc/doas.conf /etc/machine-id /etc/hostname /etc/resolv.conf /etc/localtime /etc/ssh/sshd_config /root /root/.ssh /tmp /var/tmp /run
  show walk walk
  show authorized-keys authorized_keys
  show dangling dangling
  boot_files
  for left in logs tmp cache cloud leases; do show "left-$left" leftovers "$left"; done
  leftovers seeds
  leftovers build
  if ! live; then
    show left-runtime leftovers runtime
    show private-keys private_keys
    show credentials credentials
  fi

  show cloud-init-version cloud_version
  show cloud-init-state cloud_state
  show cloud-init-config lines_of /etc/cloud/cloud.cfg '/etc/cloud/cloud.cfg.d/*.cfg' /usr/local/etc/cloud/cloud.cfg '/usr/local/etc/cloud/cloud.cfg.d/*.cfg'
  stated cloud-init-templates '/etc/cloud/templates/*' '/usr/local/etc/cloud/templates/*'
  show cloud-init-commands cloud_commands
  stated cloud-init-logs '/var/log/cloud-init*.log'
  stated cloud-init-seeds '/var/lib/cloud/seed/*/*'
  live && show cloud-init-result lines_of /run/cloud-init/status.json /run/cloud-init/result.json
  show waagent config_of /etc/waagent.conf
  if live; then
    show boot-times call 10 systemd-analyze time
    show blame call 10 systemd-analyze blame
    show locales locales
    sshd_answers
  else
    show package-audit package_audit
    show locales locales
  fi
  batched

  wait
  if live; then
    for answer in cloud-init-status cloud-init-analyze orphans upgrades package-audit; do collected "$answer"; done
  else
    collected modified-files
  fi
  order z
}

# In the background, because a signal ends a wait, and not a command before it.
sections </dev/null | frame &
trap 'kill "$!"; exit 129' HUP INT TERM
wait "$!"
# Without awk nothing can be told, and that is an answer: every fact is unknown.
command -v awk >/dev/null 2>&1 || echo '%end'
