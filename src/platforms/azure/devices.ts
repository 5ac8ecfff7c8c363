import { PlatformError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { AzureClient, VirtualMachine } from './client.ts'
import type { InGroup } from './ids.ts'

/** Adds an empty disk, which goes with the machine. Returns its name. */
export async function addDisk(
  client: AzureClient,
  at: InGroup,
  sizeGiB: number,
  waiting: CallWaiting,
): Promise<string> {
  const machine = await present(client, at, waiting)
  const disks = machine.storageProfile?.dataDisks ?? []
  const taken = new Set(disks.map(({ lun }) => lun))
  let lun = 0
  while (taken.has(lun)) lun++
  const name = `${at.name}-d${lun + 1}`
  const storageAccountType = machine.storageProfile?.osDisk?.managedDisk?.storageAccountType
  const disk = {
    lun,
    name,
    createOption: 'Empty',
    deleteOption: 'Delete',
    diskSizeGB: sizeGiB,
    ...(storageAccountType === undefined ? {} : { managedDisk: { storageAccountType } }),
  }
  await client.putMachine(at, withDisks(machine, [...disks, disk]), waiting)
  return name
}

/** Detaches and deletes; one that is gone is fine. */
export async function removeDisk(client: AzureClient, at: InGroup, id: string, waiting: CallWaiting): Promise<void> {
  const machine = await client.machine(at, waiting)
  const disks = machine?.storageProfile?.dataDisks ?? []
  if (machine && disks.some(({ name }) => name === id))
    await client.putMachine(
      at,
      withDisks(
        machine,
        disks.filter(({ name }) => name !== id),
      ),
      waiting,
    )
  await client.deleteDisk({ group: at.group, name: id }, waiting)
}

type Disks = NonNullable<NonNullable<VirtualMachine['storageProfile']>['dataDisks']>

/** As it is, but for its disks. What only the server may say is left out by the SDK. */
function withDisks(machine: VirtualMachine, dataDisks: Disks): VirtualMachine {
  return { ...machine, storageProfile: { ...machine.storageProfile, dataDisks } }
}

async function present(client: AzureClient, at: InGroup, waiting: CallWaiting): Promise<VirtualMachine> {
  const machine = await client.machine(at, waiting)
  if (!machine) throw new PlatformError('not-found', `there is no machine ${at.name} in ${at.group}`)
  return machine
}
