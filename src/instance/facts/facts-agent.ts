import type { FileEntry } from './facts-files.ts'

export interface CloudInitStatus {
  status: string
  extendedStatus?: string
  bootStatusCode?: string
  datasource?: string
  detail?: string
  errors: string[]
  recoverableErrors: Record<string, string[]>
  /** Exit status of `cloud-init status`: 0, 1 error, 2 recoverable. */
  exitCode: number
}

/** One stage or module as `cloud-init analyze dump` saw it. Times are seconds since the epoch. */
export interface CloudInitEvent {
  name: string
  event: string
  type: 'start' | 'finish'
  result?: string
  at: number
}

export interface AgentFacts {
  /** cloud-init, as shipped and (in a running guest) as it ran. */
  cloudInit: {
    installed: boolean
    /** Upstream version, for example `25.1.4`. */
    version?: string
    /** Switched off by file, kernel command line or because its services are not enabled; then `disabledBy` says how. */
    enabled: boolean
    disabledBy?: string
    /** Units or services of cloud-init and whether they are enabled. */
    units: Record<string, string>
    configFiles: { file: string; bytes: number; parses: boolean; error?: string }[]
    /** `datasource_list` of the merged configuration; absent when nothing declares it. */
    datasourceList?: string[]
    /** Merged configuration in file order: /etc/cloud/cfg, cfg.d; lists replace. JSON values. */
    config: Record<string, unknown>
    modules: { init: string[]; config: string[]; final: string[] }
    templates: string[]
    /** External commands that its modules call, and where they are. */
    commands: Record<string, string>
    instanceId?: string
    /** Chosen datasource: `DataSourceNoCloud`. */
    datasource?: string
    status?: CloudInitStatus
    logs: FileEntry[]
    seeds: string[]
    /** `cloud-init schema` verdict per config file: exit status and text. */
    schema?: { file: string; exitCode: number; output: string }[]
  }
  cloudInitEvents: CloudInitEvent[]
  /** Platform agents that are installed: `walinuxagent`, `google-guest-agent`, `amazon-ssm-agent`, `lxd-agent`, `qemu-guest-agent` ... */
  platformAgents: { name: string; enabled: boolean; active?: boolean }[]
  /** Comment-free `Key=value` of waagent.conf; empty without the file. */
  waagentConf: Record<string, string>
}
