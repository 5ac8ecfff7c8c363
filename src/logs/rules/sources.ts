import type { LogKind } from '../rule.ts'

/** Address of a file in cloud-init's own repository. */
export function cloudInit(path: string): string {
  return `https://github.com/canonical/cloud-init/blob/main/${path}`
}

/** Logs in which any Python program of the agent may speak; the kernel's are left out. */
export const PLAIN_LOGS: readonly LogKind[] = ['cloud-init.log', 'cloud-init-output.log', 'journal']

/** Logs of the service manager and the kernel. */
export const SYSTEM_LOGS: readonly LogKind[] = ['journal', 'console']

export const LISA_CONSOLE = 'https://github.com/microsoft/lisa/blob/main/lisa/features/serial_console.py'
