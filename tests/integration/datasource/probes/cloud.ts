import { CLOUDS } from '../../../../src/testing/index.ts'
import type { ImdsControl, ImdsState, RegressionContext } from '../../../../src/testing/index.ts'

type Cloud = (typeof CLOUDS)[keyof typeof CLOUDS]

/** The metadata service of a check's instance, what it says now, and the cloud it plays. */
export interface Metadata extends ImdsState {
  imds: ImdsControl
  cloud: Cloud
}

/** Reads the state of the metadata service. The check is skipped on a machine that was launched without one. */
export async function metadataOf(context: Pick<RegressionContext, 'imds' | 'skip'>): Promise<Metadata> {
  const { imds, skip } = context
  if (!imds) return skip('the machine has no metadata service of the harness')
  const state = await imds.state()
  return { ...state, imds, cloud: CLOUDS[state.document.cloud] }
}

/** `status.json` of this boot. */
export interface StatusFile {
  datasource: string
  errors: string[]
  warnings: string[]
}

/** What cloud-init says of itself. Deprecations are no warnings. */
export async function statusFile(instance: RegressionContext['instance']): Promise<StatusFile> {
  const text = await instance.root.readFile('/run/cloud-init/status.json')
  const { v1 } = JSON.parse(text) as { v1: Record<string, unknown> }
  const stages = Object.values(v1).filter(isStage)
  return {
    datasource: typeof v1['datasource'] === 'string' ? v1['datasource'] : '',
    errors: stages.flatMap((stage) => stage.errors ?? []),
    warnings: stages.flatMap((stage) =>
      Object.entries(stage.recoverable_errors ?? {}).flatMap(([level, texts]) => (level === 'DEPRECATED' ? [] : texts)),
    ),
  }
}

function isStage(value: unknown): value is { errors?: string[]; recoverable_errors?: Record<string, string[]> } {
  return typeof value === 'object' && value !== null && 'errors' in value
}

/** Global addresses as `eth0 10.0.0.10/24`, without those of the loopback interface. */
export async function addressesOf(instance: RegressionContext['instance']): Promise<string[]> {
  const text = await instance.sh`ip -o address show scope global`
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    return words[1] && words[3] && words[1] !== 'lo' ? [`${words[1]} ${words[3]}`] : []
  })
}

/** What the guest calls the card with that MAC address: `eth0` on LXD, a name by its slot on machines with firmware. */
export async function cardOf(instance: RegressionContext['instance'], mac: string | undefined): Promise<string> {
  const links = (await instance.sh`ip -o link show`).split('\n')
  const link = links.find((line) => line.toLowerCase().includes(`link/ether ${mac?.toLowerCase()} `))
  return /^\d+: ([^:@]+)/.exec(link ?? '')?.[1] ?? `no card with ${mac}`
}

/** What cloud-init left for the network manager, all files in one. */
export async function renderedNetwork(instance: RegressionContext['instance']): Promise<string> {
  return await instance.root
    .sh`cat /etc/netplan/*cloud-init*.yaml /etc/network/interfaces.d/*cloud-init* /etc/systemd/network/*cloud-init*.network /etc/NetworkManager/system-connections/cloud-init-* 2>/dev/null; :`
}
