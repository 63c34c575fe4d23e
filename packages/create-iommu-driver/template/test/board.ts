import type { Machine } from '@iommu/machine';
import { endpoint, layOut, multifunction, rootPort } from '@iommu/machine/build';
import { writeToyi } from '../src/write-toyi.js';

const card = multifunction(
  endpoint({ id: '10de:2684', class: '030000' }),
  endpoint({ id: '10de:22ba', class: '040300' }),
);
const acs = true;

export const board: Machine = {
  schema: 1,
  name: 'board',
  kernel: { release: '7.0', arch: 'x86_64' },
  firmware: { acpi: { TOYI: writeToyi([{ segment: 0, firstBus: 0, lastBus: 2, base: 0xfed90000n }]) } },
  pci: layOut([
    {
      devices: [
        rootPort({ slot: 1, id: '1b36:000c' }, [card]),
        rootPort({ slot: 2, id: '1b36:000c', acs }, [endpoint({ id: '8086:1533', class: '020000' })]),
      ],
    },
    { bus: 0x80, devices: [rootPort({ id: '1b36:000c', acs })] },
  ]),
};
