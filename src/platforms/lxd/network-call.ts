import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { LxdClient } from './client.ts'

interface NetworkCall {
  method: 'POST' | 'PATCH'
  path: string
  json: unknown
  signal?: AbortSignal | undefined
  /** Milliseconds for which another process may keep the address. Default 60 s. */
  deadlineMs?: number
}

const ADDRESS_IN_USE = /failed to create listening socket for (\S+): Address already in use/

/**
 * Makes or changes a network that LXD gives a DNS server. LXD kills the old server of a bridge and starts the new one a tenth of a
 * second later (`lxd/dnsmasq` of LXD 5.0 sleeps that long); where the host is slow, the old one still has the address and LXD undoes
 * the change and refuses it. It is asked again then; other refusals are final.
 * @throws WaitTimeoutError when the address stays taken; PlatformError for every other refusal.
 */
export async function callNetwork(client: LxdClient, call: NetworkCall): Promise<void> {
  const { method, path, json, signal, deadlineMs = 60_000 } = call
  const refusal = await waitUntil(
    {
      what: `the address of a network, for ${method} ${path}`,
      deadlineMs,
      hint: "see which program has it: ss -lnp 'sport = :53'",
      ...(signal ? { signal } : {}),
    },
    async (attemptSignal): Promise<Attempt<Error | undefined>> => {
      try {
        await client.call(method, path, { json }, { deadlineMs: 120_000, signal: attemptSignal })
        return { done: true, value: undefined }
      } catch (error) {
        if (!(error instanceof Error)) throw error
        const inUse = ADDRESS_IN_USE.exec(error.message)
        return inUse ? { done: false, saw: `port 53 of ${inUse[1]} in use` } : { done: true, value: error }
      }
    },
  )
  if (refusal !== undefined) throw refusal
}
