import { type Device, isIommuError, type Platform } from '@iommu/core';
import { type Fault, planted, plantedBefore } from './fault.js';

const region = { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' } as const;

/** In milliseconds. */
const TOO_LONG = 1_200;

const wait = (): void => {
  const until = Date.now() + TOO_LONG;
  while (Date.now() < until);
};

export const regionFaults: readonly Fault[] = [
  planted(
    'regions',
    'intel-vtd',
    'the end of a region is exclusive, and that of an empty one before its start',
    () => ({
      reservedRegions: () => [{ ...region, end: region.start - 1n }],
    }),
  ),
  planted('regions', 'amd-vi', 'addresses are numbers', () => ({
    reservedRegions: () => [{ start: 0xfee00000, end: 0xfeefffff, type: 'msi' }],
  })),
  planted('regions', 'smmu', 'regions are told only once', ({ reservedRegions }) => {
    const told = new Set<Device>();
    return {
      reservedRegions: (device: Device) => {
        if (told.has(device)) return [];
        told.add(device);
        return [...reservedRegions(device), region];
      },
    };
  }),
  planted('regions', 'intel-vtd', 'a region is of a kind that there is not', () => ({
    reservedRegions: () => [{ ...region, type: 'MSI' }],
  })),
  planted('regions', 'amd-vi', 'a region ends past 64 bits', () => ({
    reservedRegions: () => [{ ...region, end: 1n << 64n }],
  })),
  planted('regions', 'smmu', 'regions depend on which device was asked about before', ({ reservedRegions }) => {
    let last: Device | undefined;
    return {
      reservedRegions: (device: Device) => {
        const more = last && last.name > device.name ? [region] : [];
        last = device;
        return [...reservedRegions(device), ...more];
      },
    };
  }),
];

export const malformedFaults: readonly Fault[] = [
  plantedBefore('malformed', 'intel-vtd', 'it reads past the end of a table that is cut short', ({ bind }) => ({
    bind: (platform: Platform) => {
      const table = platform.acpiTable('DMAR');
      if (table) new DataView(table.buffer, table.byteOffset, table.byteLength).getUint32(48);
      return bind(platform);
    },
  })),
  plantedBefore(
    'malformed',
    'amd-vi',
    'it tells of bytes that cannot be read by an error of its own kind',
    ({ bind }) => ({
      bind: (platform: Platform) => {
        try {
          return bind(platform);
        } catch (error) {
          throw isIommuError(error) ? new Error(`bad table: ${error.message}`) : error;
        }
      },
    }),
  ),
  plantedBefore('malformed', 'smmu', 'it takes seconds over a table with a length of 0', ({ bind }) => ({
    bind: (platform: Platform) => {
      const table = platform.acpiTable('IORT');
      // The length of the first node.
      if (table && table[49] === 0 && table[50] === 0) wait();
      return bind(platform);
    },
  })),
  plantedBefore('malformed', 'intel-vtd', 'a field that is out of its range makes it throw', ({ bind }) => ({
    bind: (platform: Platform) => {
      const width = platform.acpiTable('DMAR')?.[36] ?? 0;
      if (width > 64) throw new RangeError(`no such width: ${width}`);
      return bind(platform);
    },
  })),
];
