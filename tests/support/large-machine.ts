import { writeDmar } from '@iommu/driver-intel-vtd';
import type { Machine } from '@iommu/machine';
import {
  type DeviceSketch,
  downstreamPort,
  endpoint,
  layOut,
  multifunction,
  pcieSwitch,
  rootPort,
} from '@iommu/machine/build';

const gpu = (): DeviceSketch =>
  multifunction(
    endpoint({ id: '10de:2684', class: '030000', driver: 'nouveau' }),
    endpoint({ id: '10de:22ba', class: '040300', driver: 'snd_hda_intel' }),
  );

const network = (): DeviceSketch =>
  endpoint({ id: '8086:159b', class: '020000', acs: true, vfs: { count: 25, offset: 8, id: '8086:1889' } });

const disk = (): DeviceSketch => endpoint({ id: '144d:a80c', class: '010802', driver: 'nvme' });

const port = (slot: number, acs: boolean, behind: readonly DeviceSketch[]): DeviceSketch =>
  rootPort({ slot, acs, id: '8086:352a', class: '060400', driver: 'pcieport' }, behind);

const disks = (): DeviceSketch =>
  pcieSwitch(
    { id: '10b5:8747', class: '060400' },
    [0, 1, 2, 3].map((slot) => downstreamPort({ slot, acs: slot < 2, id: '10b5:8747', class: '060400' }, [disk()])),
  );

const BUSES = 12;

/** A server of some 500 functions: graphics cards behind ports without ACS, virtual functions, switches. */
export const largeMachine = (): Machine => ({
  schema: 1,
  name: 'authored: large server',
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xd0000000n }], hostAddressWidth: 46 }) } },
  pci: layOut(
    Array.from({ length: BUSES }, (_, at) => ({
      bus: at * 20,
      devices: [
        port(1, false, [gpu()]),
        port(2, true, [network()]),
        port(3, true, [disks()]),
        port(4, false, [disk()]),
      ],
    })),
  ),
});
