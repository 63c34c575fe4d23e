import { type MachinePciFunction, pciFunction } from '@iommu/machine';
import { factsOf } from '@iommu/pci';
import { impossible, undecided, type VfsChange } from './change.js';
import { withVirtualFunctions } from './config-bytes.js';
import { functionAt } from './edit-tree.js';
import type { FunctionNode, PciTree, VirtualNode } from './pci-tree.js';

const LAST_BUS = 0xff;

interface VirtualPlaces {
  readonly offset: number;
  readonly stride: number;
  readonly total: number | undefined;
  readonly id: string | undefined;
}

const hex = (value: number): string => value.toString(16).padStart(4, '0');

/** Where a function's virtual ones are: by its capability, else by those that it has. */
const placesOf = (node: FunctionNode): VirtualPlaces => {
  const { sriov, vendor } = factsOf(pciFunction(node.description));
  if (sriov) {
    const { offset, stride, totalVfs: total, deviceId } = sriov;
    const isKnown = vendor !== undefined && deviceId !== undefined;
    return { offset, stride, total, id: isKnown ? `${hex(vendor)}:${hex(deviceId)}` : undefined };
  }
  const [first, second] = [...node.virtual].sort((a, b) => a.offset - b.offset);
  if (first) {
    const stride = second ? second.offset - first.offset : 1;
    return { offset: first.offset, stride, total: undefined, id: first.description.id };
  }
  if (sriov === null) throw impossible(`${node.was} has no SR-IOV capability`);
  throw undecided(`the input does not hold the SR-IOV capability of ${node.was}`);
};

const newVirtual = (node: FunctionNode, offset: number, id: string | undefined): VirtualNode => {
  const { class: classCode } = node.description;
  const description: MachinePciFunction = {
    address: '',
    physicalFunction: node.was ?? '',
    ...(id !== undefined && { id }),
    ...(classCode !== undefined && { class: classCode }),
    headerType: 0,
    multifunction: false,
    express: 'endpoint',
  };
  return { description, was: undefined, offset };
};

/**
 * Switch on virtual functions, as writing `sriov_numvfs` does on a machine where none of this function are in use.
 *
 * @throws IommuError `ERR_CHANGE` for more than the function has, or than there are bus numbers for, with the errno;
 * `ERR_CHANGE_UNKNOWN` when nothing says where they would be.
 * @see Linux v6.12 drivers/pci/pci-sysfs.c sriov_numvfs_store(), drivers/pci/iov.c sriov_enable()
 */
export const setVirtualFunctions = (tree: PciTree, { device, count }: VfsChange): void => {
  const node = functionAt(tree, device);
  const { offset, stride, total, id } = placesOf(node);
  if (total !== undefined && count > total) {
    throw impossible(`${node.was} has ${total} virtual functions at most, not ${count}`, 'ERANGE');
  }
  const known = new Map(node.virtual.map((one) => [one.offset, one]));
  const places = Array.from({ length: count }, (_, n) => offset + n * stride);
  const last = node.on.self ? node.on.last : LAST_BUS;
  const beyond = places.find((one) => (node.on.was * 256 + node.devfn + one) >> 8 > last);
  if (beyond !== undefined) {
    throw impossible(
      `virtual functions of ${node.was} would be on buses above 0x${last.toString(16)}, which firmware gave to nobody or to others`,
      'ENOMEM',
    );
  }
  node.virtual = places.map((one) => known.get(one) ?? newVirtual(node, one, id));
  node.description = withVirtualFunctions(node.description, count);
};
