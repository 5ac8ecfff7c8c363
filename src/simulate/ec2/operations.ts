import * as account from './account.ts'
import * as cards from './cards.ts'
import * as connectEndpoints from './connect-endpoints.ts'
import * as images from './images.ts'
import * as instances from './instances.ts'
import * as keys from './keys.ts'
import { runInstances } from './launch.ts'
import * as network from './network.ts'
import * as routes from './routes.ts'
import * as volumes from './volumes.ts'
import type { Call } from './world.ts'

/** What an operation does with its decoded input. */
export type Operation = (input: never, call: Call) => Promise<object>

/** Every operation the simulator has. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  AttachInternetGateway: routes.attachInternetGateway,
  AttachNetworkInterface: cards.attachNetworkInterface,
  AttachVolume: volumes.attachVolume,
  AuthorizeSecurityGroupIngress: network.authorizeSecurityGroupIngress,
  CreateImage: images.createImage,
  CreateInstanceConnectEndpoint: connectEndpoints.createInstanceConnectEndpoint,
  CreateInternetGateway: routes.createInternetGateway,
  CreateNetworkInterface: cards.createNetworkInterface,
  CreateRoute: routes.createRoute,
  CreateSecurityGroup: network.createSecurityGroup,
  CreateSubnet: network.createSubnet,
  CreateTags: account.createTags,
  CreateVolume: volumes.createVolume,
  CreateVpc: network.createVpc,
  DeleteInstanceConnectEndpoint: connectEndpoints.deleteInstanceConnectEndpoint,
  DeleteInternetGateway: routes.deleteInternetGateway,
  DeleteKeyPair: keys.deleteKeyPair,
  DeleteNetworkInterface: cards.deleteNetworkInterface,
  DeleteSecurityGroup: network.deleteSecurityGroup,
  DeleteSnapshot: images.deleteSnapshot,
  DeleteSubnet: network.deleteSubnet,
  DeleteVolume: volumes.deleteVolume,
  DeleteVpc: network.deleteVpc,
  DeregisterImage: images.deregisterImage,
  DescribeAvailabilityZones: account.describeAvailabilityZones,
  DescribeImages: images.describeImages,
  DescribeInstanceConnectEndpoints: connectEndpoints.describeInstanceConnectEndpoints,
  DescribeInstanceTypeOfferings: account.describeInstanceTypeOfferings,
  DescribeInstanceTypes: account.describeInstanceTypes,
  DescribeInstances: instances.describeInstances,
  DescribeInternetGateways: routes.describeInternetGateways,
  DescribeKeyPairs: keys.describeKeyPairs,
  DescribeNetworkInterfaces: cards.describeNetworkInterfaces,
  DescribeRouteTables: routes.describeRouteTables,
  DescribeSecurityGroups: network.describeSecurityGroups,
  DescribeSnapshots: images.describeSnapshots,
  DescribeSubnets: network.describeSubnets,
  DescribeTags: account.describeTags,
  DescribeVolumes: volumes.describeVolumes,
  DescribeVpcs: network.describeVpcs,
  DetachInternetGateway: routes.detachInternetGateway,
  DetachNetworkInterface: cards.detachNetworkInterface,
  DetachVolume: volumes.detachVolume,
  GetConsoleOutput: instances.getConsoleOutput,
  GetConsoleScreenshot: instances.getConsoleScreenshot,
  ImportKeyPair: keys.importKeyPair,
  ModifyInstanceAttribute: volumes.modifyInstanceAttribute,
  ModifyNetworkInterfaceAttribute: cards.modifyNetworkInterfaceAttribute,
  ModifySubnetAttribute: network.modifySubnetAttribute,
  RebootInstances: instances.rebootInstances,
  RegisterImage: images.registerImage,
  RunInstances: runInstances,
  StartInstances: instances.startInstances,
  StopInstances: instances.stopInstances,
  TerminateInstances: instances.terminateInstances,
}
