/** Something in a resource group. */
export interface InGroup {
  group: string
  name: string
}

/** The parts of an id of Azure; its words are not told apart by case, and Azure itself changes them. */
export interface ParsedId extends InGroup {
  /** `microsoft.compute/virtualmachines`, in lower case. */
  type: string
}

/** Reads `/subscriptions/S/resourceGroups/G/providers/P/T/N`; undefined for anything else. */
export function parseId(id: string | undefined): ParsedId | undefined {
  const match = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/([^/]+)\/([^/]+)$/i.exec(
    id ?? '',
  )
  const [, group = '', provider = '', kind = '', name = ''] = match ?? []
  return match ? { group, name, type: `${provider}/${kind}`.toLowerCase() } : undefined
}

export function idOf(subscription: string, type: string, { group, name }: InGroup): string {
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`
}

/** Reads `group/name`. */
export function inGroup(id: string): InGroup {
  const [group = '', name = ''] = id.split('/')
  return { group, name }
}
