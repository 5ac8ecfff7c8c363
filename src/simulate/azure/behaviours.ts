import type { Behaviour } from '../behaviour.ts'

const ARM = 'https://learn.microsoft.com/en-us/azure/azure-resource-manager'
const VMS = 'https://learn.microsoft.com/en-us/azure/virtual-machines'

/** What the simulator does as Azure does it. */
export const behaviours: readonly Behaviour[] = [
  {
    id: 'async',
    says: 'a change that takes its time answers 201 or 202 with Azure-AsyncOperation, and for the result Location',
    basis: 'documented',
    source: `${ARM}/management/async-operations`,
  },
  {
    id: 'put-final',
    says: 'after a PUT has ended its resource is read',
    basis: 'documented',
    source: `${ARM}/management/async-operations`,
  },
  {
    id: 'put-again',
    says: 'the same PUT again changes what is there, and makes nothing new',
    basis: 'documented',
    source: `${ARM}/management/async-operations`,
  },
  {
    id: 'api-version',
    says: 'a call without api-version is refused',
    basis: 'documented',
    source: 'https://learn.microsoft.com/en-us/rest/api/azure/',
  },
  {
    id: 'case',
    says: 'ids are told apart without regard to case',
    basis: 'documented',
    source: `${ARM}/management/resource-name-rules`,
  },
  {
    id: 'failed-stays',
    says: 'a machine that could not be allocated stays, as one that failed',
    basis: 'documented',
    source: `${VMS}/states-billing`,
  },
  {
    id: 'allocation',
    says: 'no capacity ends the operation with AllocationFailed, in a zone with ZonalAllocationFailed',
    basis: 'documented',
    source: 'https://learn.microsoft.com/en-us/troubleshoot/azure/virtual-machines/windows/allocation-failure',
  },
  {
    id: 'quota',
    says: 'a launch over a quota is refused with 409 and OperationNotAllowed',
    basis: 'documented',
    source: `${ARM}/troubleshooting/error-resource-quota`,
  },
  {
    id: 'throttle',
    says: 'too many calls are refused with 429 and Retry-After',
    basis: 'documented',
    source: `${ARM}/management/request-limits-and-throttling`,
  },
  {
    id: 'inline',
    says: 'a machine may be created with its cards and addresses in one call',
    basis: 'documented',
    source: 'https://learn.microsoft.com/en-us/rest/api/compute/virtual-machines/create-or-update',
  },
  {
    id: 'delete-option',
    says: 'disks, cards and addresses with the delete option Delete go with their machine',
    basis: 'documented',
    source: `${VMS}/delete`,
  },
  {
    id: 'group',
    says: 'with a resource group goes everything in it',
    basis: 'documented',
    source: `${ARM}/management/delete-resource-group`,
  },
  {
    id: 'tag-filter',
    says: 'lists can be filtered by one tag, and by nothing besides',
    basis: 'documented',
    source: 'https://learn.microsoft.com/en-us/rest/api/resources/resources/list',
  },
  { id: 'user-data', says: 'user-data have at most 64 KiB', basis: 'documented', source: `${VMS}/user-data` },
  {
    id: 'guest-shutdown',
    says: 'a machine whose guest shuts itself down is stopped, not deallocated, and stays',
    basis: 'documented',
    source: `${VMS}/states-billing`,
  },
  {
    id: 'eviction',
    says: 'a spot machine with the policy Deallocate is stopped and stays',
    basis: 'documented',
    source: `${VMS}/spot-vms`,
  },
  {
    id: 'upload',
    says: 'a disk is uploaded page by page to an address that grantAccess gives, as a VHD of whole MiB',
    basis: 'documented',
    source: `${VMS}/linux/disks-upload-vhd-to-managed-disk-cli`,
  },
  {
    id: 'gallery',
    says: 'a version in a gallery is made of a managed image or a disk, has a region of its own, and a gallery goes last',
    basis: 'documented',
    source: `${VMS}/image-version`,
  },
  {
    id: 'managed-images',
    says: 'a managed image is never the source of an image for Arm64',
    basis: 'documented',
    source: `${VMS}/shared-image-galleries`,
  },
  {
    id: 'unknown',
    says: 'properties of a machine that the simulator does not know are refused; Azure may know them',
    basis: 'assumed',
  },
  {
    id: 'screenshot',
    says: 'boot diagnostics have a picture of the screen beside the console, as BMP',
    basis: 'documented',
    source: 'https://learn.microsoft.com/en-us/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data',
  },
  { id: 'late-list', says: 'what is new is missing in lists for a moment', basis: 'assumed' },
  {
    id: 'one-address',
    says: 'the outer address is the inner one, for both must be reachable from this host',
    basis: 'assumed',
  },
  { id: 'console-at-once', says: 'the console in boot diagnostics is never late', basis: 'assumed' },
]
