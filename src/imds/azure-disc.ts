import { escapeXml } from './answers.ts'
import type { ProvisioningDisc } from './cloud.ts'
import type { InstanceDocument } from './document.ts'

/**
 * The provisioning disc: account and name of the new machine. User-data come by the metadata service and are not on it.
 * Structure of the file from https://learn.microsoft.com/en-us/azure/virtual-machines/linux/no-agent and the OVF environment (DMTF DSP0243).
 */
export function provisioningDisc({ user, hostname, password }: InstanceDocument): ProvisioningDisc {
  const settings = {
    ConfigurationSetType: 'LinuxProvisioningConfiguration',
    HostName: hostname,
    UserName: user,
    ...(password === undefined ? {} : { UserPassword: password }),
    DisableSshPasswordAuthentication: String(password === undefined),
  }
  const platform = { ProvisionGuestAgent: 'false', PreprovisionedVm: 'false' }
  const content = `<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure">
<ns1:ProvisioningSection><ns1:Version>1.0</ns1:Version><ns1:LinuxProvisioningConfigurationSet>
${elements(settings)}
</ns1:LinuxProvisioningConfigurationSet></ns1:ProvisioningSection>
<ns1:PlatformSettingsSection><ns1:Version>1.0</ns1:Version><ns1:PlatformSettings>
${elements(platform)}
</ns1:PlatformSettings></ns1:PlatformSettingsSection>
</ns0:Environment>
`
  return { label: 'rd_rdfe_1', files: [{ name: 'ovf-env.xml', content }] }
}

function elements(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<ns1:${name}>${escapeXml(value)}</ns1:${name}>`)
    .join('\n')
}
