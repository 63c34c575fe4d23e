import type { AssumedFirmware, Device, IommuUnit, Platform, UnitFound } from '@iommu/core';
import { type Fault, planted, plantedBefore } from './fault.js';

const isFound = (answer: unknown): answer is UnitFound =>
  typeof answer === 'object' && answer !== null && 'unit' in answer;

/** State of a driver where it must have none. */
const seen = new Map<string, unknown>();

export const contractFaults: readonly Fault[] = [
  plantedBefore('contract', 'intel-vtd', 'the version of the contract is a text', () => ({ specVersion: '1' })),
  plantedBefore('contract', 'smmu', 'the name is empty', () => ({ name: '' })),
  plantedBefore('contract', 'amd-vi', 'bind() throws where the machine has none of its hardware', ({ bind }) => ({
    bind: (platform: Platform) => {
      const bound = bind(platform);
      if (!bound) throw new TypeError('no table');
      return bound;
    },
  })),
  planted('contract', 'smmu', 'two units have one name', ({ units }) => ({
    units: units.flatMap((unit): IommuUnit[] => [unit, { ...unit }]),
  })),
  planted('contract', 'intel-vtd', 'the name of a unit is no file name', ({ units, unitOf }) => {
    const renamed = new Map(units.map((unit) => [unit, { ...unit, name: `iommu/${unit.name}` }]));
    return {
      units: [...renamed.values()],
      unitOf: (device: Device) => {
        const found = unitOf(device);
        return isFound(found) ? { unit: renamed.get(found.unit), ids: found.ids } : found;
      },
    };
  }),
  planted('contract', 'amd-vi', 'unitOf() answers with a copy of the unit', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      const found = unitOf(device);
      return isFound(found) ? { unit: { ...found.unit }, ids: found.ids } : found;
    },
  })),
  planted('contract', 'intel-vtd', 'unitOf() gives ids that are no numbers of 32 bits', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      const found = unitOf(device);
      return isFound(found) ? { unit: found.unit, ids: found.ids.map((id) => -id - 1) } : found;
    },
  })),
  planted('contract', 'smmu', 'unitOf() answers otherwise the second time', ({ unitOf }) => {
    const asked = new Set<Device>();
    return {
      unitOf: (device: Device) => {
        const found = unitOf(device);
        if (!isFound(found) || !asked.has(device)) {
          asked.add(device);
          return found;
        }
        return { unit: found.unit, ids: [...found.ids, 1] };
      },
    };
  }),
  planted('contract', 'amd-vi', 'unitOf() throws for a device of another bus', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      if (!('rid' in device)) throw new TypeError(`${device.name} has no requester id`);
      return unitOf(device);
    },
  })),
  planted('contract', 'intel-vtd', 'it takes every device for a function of PCI', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      if (!('rid' in device)) throw new TypeError(`${device.name} has no requester id`);
      return unitOf(device);
    },
  })),
  plantedBefore('contract', 'smmu', 'it finds nothing anywhere', () => ({ bind: () => undefined })),
  planted('contract', 'intel-vtd', 'a reason has no text', ({ deviceGroup }) => ({
    deviceGroup: (...words: Parameters<typeof deviceGroup>) => {
      const decision = deviceGroup(...words);
      if (!('group' in decision)) return decision;
      return {
        ...decision,
        reasons: decision.reasons.map(({ rule, source, devices }) => ({ rule, source, devices, text: '' })),
      };
    },
  })),
  planted('contract', 'smmu', 'a reason names devices by their names', ({ deviceGroup }) => ({
    deviceGroup: (...words: Parameters<typeof deviceGroup>) => {
      const decision = deviceGroup(...words);
      if (!('group' in decision)) return decision;
      return {
        ...decision,
        reasons: decision.reasons.map(({ rule, source, text, devices }) => ({
          rule,
          source,
          text,
          devices: devices.map(({ name }) => name),
        })),
      };
    },
  })),
  planted('contract', 'amd-vi', 'what it learned of one machine it believes of the next', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      const found = unitOf(device);
      if (!isFound(found)) return found;
      const before = seen.get(device.name) as readonly number[] | undefined;
      seen.set(device.name, before ?? found.ids.map((id) => id + seen.size));
      return { unit: found.unit, ids: before ?? found.ids };
    },
  })),
  planted('contract', 'intel-vtd', 'chance decides', ({ unitOf }) => ({
    unitOf: (device: Device) => {
      const found = unitOf(device);
      return isFound(found) && Math.random() < 0.1
        ? { none: { rule: 'unlucky', text: 'It was unlucky.', source: 'rand()', devices: [] } }
        : found;
    },
  })),
  plantedBefore('contract', 'smmu', 'it writes to a firmware table', ({ bind }) => ({
    bind: (platform: Platform) => {
      const table = platform.acpiTable('IORT');
      if (table) table[10] = 0xaa;
      return bind(platform);
    },
  })),
  plantedBefore('contract', 'amd-vi', 'a diagnostic has no severity', ({ bind }) => ({
    bind: (platform: Platform) => {
      const bound = bind(platform);
      if (bound) platform.report({ code: 'found', message: 'found' } as never);
      return bound;
    },
  })),
  planted('contract', 'intel-vtd', "the value of a unit's file ends with a newline", (bound) => ({
    unitAttributes: (...words: [IommuUnit, never]) =>
      Object.fromEntries(
        Object.entries(bound.unitAttributes?.(...words) ?? {}).map(([name, value]) => [name, `${value}\n`]),
      ),
  })),
  planted('contract', 'smmu', 'it wishes for a type of domain that there is not', () => ({
    defaultDomainType: () => 'DMA-FQ',
  })),
  plantedBefore('contract', 'intel-vtd', 'the table that it supposes has a wrong checksum', ({ assume }) => ({
    assume: (...words: Parameters<NonNullable<typeof assume>>) => {
      const assumed = assume?.(...words);
      if (!assumed) return undefined;
      const broken = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, at) => (at === 9 ? byte ^ 0x55 : byte));
      const acpi = Object.fromEntries(Object.entries(assumed.acpi).map(([name, bytes]) => [name, broken(bytes)]));
      return { ...assumed, acpi } satisfies AssumedFirmware;
    },
  })),
  plantedBefore(
    'contract',
    'amd-vi',
    'it writes tables anew although nothing moved, and leaves half of them out',
    () => ({
      relocate: (platform: Platform) => {
        const table = platform.acpiTable('IVRS');
        return table ? { IVRS: table.slice(0, 48) } : undefined;
      },
    }),
  ),
];
