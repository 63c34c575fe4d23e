import type { PcieTypeName, PciFunction } from '../../src/index.js';

/** All that isolation takes, advertised and set. */
export const ACS_ON = { capability: 'SV RR CR UF', control: 'SV RR CR UF' } as const;
/** Advertised, and switched off. */
export const ACS_OFF = { capability: 'SV RR CR UF', control: '' } as const;
/** A capability that advertises nothing. */
export const ACS_EMPTY = { capability: '', control: '' } as const;

type More = Partial<PciFunction>;

const describe = (address: string, base: More, more: More): PciFunction => ({
  address,
  id: '1234:0001',
  class: '020000',
  headerType: 0,
  multifunction: false,
  acs: null,
  ...base,
  ...more,
});

const device =
  (express: PcieTypeName | null) =>
  (address: string, more: More = {}): PciFunction =>
    describe(address, { express }, more);

/** @param bus - The bus behind it. */
const bridge =
  (express: PcieTypeName | null) =>
  (address: string, bus: number, more: More = {}): PciFunction =>
    describe(
      address,
      { express, class: '060400', headerType: 1, secondaryBus: bus, subordinateBus: more.subordinateBus ?? bus },
      more,
    );

export const endpoint = device('endpoint');
export const legacyEndpoint = device('legacy-endpoint');
export const rcEndpoint = device('rc-endpoint');
export const eventCollector = device('rc-event-collector');
export const conventional = device(null);

export const rootPort = bridge('root-port');
export const upstreamPort = bridge('upstream-port');
export const downstreamPort = bridge('downstream-port');
export const pcieToPci = bridge('pcie-to-pci-bridge');
export const pciToPcie = bridge('pci-to-pcie-bridge');
export const pciBridge = bridge(null);

export const virtualFunction = (address: string, physicalFunction: string, more: More = {}): PciFunction =>
  endpoint(address, { physicalFunction, ...more });

/** The same function, of which some members were not read. */
export const unread = (description: PciFunction, ...members: (keyof PciFunction)[]): PciFunction =>
  Object.fromEntries(
    Object.entries(description).filter(([name]) => !members.includes(name as keyof PciFunction)),
  ) as unknown as PciFunction;
