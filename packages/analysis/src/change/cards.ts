import { IommuError } from '@iommu/core';
import {
  conventionalDevice,
  downstreamPort,
  endpoint,
  multifunction,
  pcieSwitch,
  pcieToPciBridge,
} from '@iommu/machine/build';
import type { Card } from './change.js';

/** A capability with all that isolation needs, which the kernel switches on where an IOMMU is in use. */
const WITH_ACS = { capability: 'SV RR CR UF' } as const;

/**
 * Cards drawn by hand, of kinds that matter to grouping. They are authored: ids are of real parts for the sake of names,
 * and what they have of ACS is what such cards usually have, not what was read of one.
 */
export const CARDS: readonly Card[] = [
  {
    name: 'gpu',
    brief: 'a graphics card with its audio function, without ACS',
    devices: [
      multifunction(
        endpoint({ id: '10de:2684', class: '030000', label: 'authored: graphics card' }),
        endpoint({ id: '10de:22ba', class: '040300', label: 'authored: audio of a graphics card' }),
      ),
    ],
  },
  {
    name: 'nic',
    brief: 'a network card of two ports, each a function, without ACS',
    devices: [
      multifunction(
        endpoint({ id: '8086:1521', class: '020000', label: 'authored: network card' }),
        endpoint({ id: '8086:1521', class: '020000', label: 'authored: network card' }),
      ),
    ],
  },
  {
    name: 'nic-vfs',
    brief: 'a network card of two ports with ACS, with four virtual functions each',
    devices: [
      multifunction(
        ...[0, 1].map((port) =>
          endpoint({
            id: '15b3:1017',
            class: '020000',
            acs: WITH_ACS,
            label: 'authored: network card',
            vfs: { count: 4, offset: 2 + 3 * port, stride: 1, id: '15b3:1018' },
          }),
        ),
      ),
    ],
  },
  {
    name: 'nvme',
    brief: 'a disk of one function',
    devices: [endpoint({ id: '144d:a80c', class: '010802', label: 'authored: NVMe disk' })],
  },
  {
    name: 'pci-adapter',
    brief: 'a bridge from PCI Express to conventional PCI with two devices behind it',
    devices: [
      pcieToPciBridge({ id: '1b21:1080', label: 'authored: bridge to conventional PCI' }, [
        conventionalDevice({ id: '10ec:8139', class: '020000', label: 'authored: network card of conventional PCI' }),
        conventionalDevice({ id: '1102:0004', class: '040100', label: 'authored: sound card of conventional PCI' }),
      ]),
    ],
  },
  {
    name: 'switch',
    brief: 'a switch with two disks behind ports with ACS',
    devices: [
      pcieSwitch({ id: '10b5:8747', label: 'authored: switch' }, [
        downstreamPort({ id: '10b5:8747', acs: WITH_ACS, label: 'authored: port of a switch' }, [
          endpoint({ id: '144d:a80c', class: '010802', label: 'authored: NVMe disk' }),
        ]),
        downstreamPort({ id: '10b5:8747', acs: WITH_ACS, label: 'authored: port of a switch' }, [
          endpoint({ id: '144d:a80c', class: '010802', label: 'authored: NVMe disk' }),
        ]),
      ]),
    ],
  },
];

/**
 * One of {@link CARDS}: `gpu`, `nic-vfs`.
 *
 * @throws IommuError `ERR_CARD` when there is none of this name.
 */
export const cardNamed = (name: string): Card => {
  const card = CARDS.find((one) => one.name === name);
  if (card) return card;
  throw new IommuError('ERR_CARD', `no card '${name}'; there are ${CARDS.map((one) => one.name).join(', ')}`);
};
