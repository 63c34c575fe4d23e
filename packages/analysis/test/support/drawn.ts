import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import {
  conventionalDevice,
  type DeviceSketch,
  endpoint,
  layOut,
  multifunction,
  pcieToPciBridge,
  rootPort,
} from '@iommu/machine/build';
import { applyChanges, type ChangedMachine, parseChanges } from '../../src/index.js';

export const drivers = [intelVtd()];

/** A machine whose one unit takes all devices. */
export const drawn = (devices: readonly DeviceSketch[], extra: Partial<Machine> = {}): Machine => ({
  schema: 1,
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  pci: layOut([{ devices }]),
  ...extra,
});

/**
 * 01.0 without ACS with a card of two functions on bus 1; 02.0 with ACS and a network card on bus 2; 03.0 with ACS and
 * a bridge to conventional PCI, buses 3 and 4; 04.0 with ACS and 05.0 without, both empty, buses 5 and 6; 06.0 with a
 * disk on bus 7.
 */
export const desk = (extra: Partial<Machine> = {}): Machine =>
  drawn(
    [
      rootPort({ slot: 1, id: '8086:1901' }, [
        multifunction(endpoint({ id: '10de:2684', class: '030000' }), endpoint({ id: '10de:22ba', class: '040300' })),
      ]),
      rootPort({ slot: 2, id: '8086:1905', acs: true }, [
        endpoint({
          id: '8086:1521',
          class: '020000',
          vfs: { count: 2, total: 64, offset: 16, stride: 4, id: '8086:1520' },
        }),
      ]),
      rootPort({ slot: 3, id: '8086:1909', acs: true }, [
        pcieToPciBridge({ id: '1b21:1080' }, [
          conventionalDevice({ slot: 1, id: '10ec:8139' }),
          conventionalDevice({ slot: 4, id: '1102:0004' }),
        ]),
      ]),
      rootPort({ slot: 4, id: '8086:190d', acs: true }),
      rootPort({ slot: 5, id: '8086:1911' }),
      rootPort({ slot: 6, id: '8086:1915', acs: true }, [endpoint({ id: '144d:a80c', class: '010802' })]),
    ],
    extra,
  );

export const changed = (words: string, machine: Machine = desk()): ChangedMachine =>
  applyChanges(machine, parseChanges(words), { drivers });

export const bootChanged = ({ machine, policy }: ChangedMachine): RunningMachine =>
  boot(machine, { drivers, ...(policy !== undefined && { policy }) });

/** Members of each group by id, addresses without their segment. */
export const groupsOf = ({ iommu }: RunningMachine): string[] =>
  [...iommu.groups].map(({ devices }) => devices.map(({ name }) => name.replace(/^0000:/, '')).join(' '));

/** The codes of errors. */
export const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
  return 'no error';
};
