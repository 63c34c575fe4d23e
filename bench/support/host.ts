import type { MachinePciFunction } from '@iommu/machine';
import { type DeviceSketch, endpoint, layOut, multifunction, type RootBus, rootPort } from '@iommu/machine/build';
import { writeConfigSpace } from './config-space.js';

/** Functions of one segment: 113 root ports, and behind each a network card of eight functions. */
const PORTS = 113;

const card = (): DeviceSketch =>
  multifunction(...Array.from({ length: 8 }, () => endpoint({ id: '8086:1521', class: '020000', acs: true })));

const segment = (number: number): RootBus => {
  const ports = Array.from({ length: PORTS }, () => rootPort({ id: '8086:3c04', acs: true }, [card()]));
  const slots = Array.from({ length: Math.ceil(PORTS / 8) }, (_, slot) =>
    multifunction(...ports.slice(slot * 8, slot * 8 + 8)),
  );
  return { segment: number, devices: slots };
};

/** So many functions in as many segments as that takes, by what is known of them. */
export const factsOfHost = (functions: number): MachinePciFunction[] => {
  const segments = Math.ceil(functions / (PORTS * 9));
  return Array.from({ length: segments }, (_, number) => layOut([segment(number)]).functions)
    .flat()
    .slice(0, functions);
};

/**
 * So many functions in as many segments as that takes, with the bytes of their configuration spaces as far as they say
 * something; functions of one kind share them.
 */
export const bigHost = (functions: number): MachinePciFunction[] => {
  const known = new Map<string, Uint8Array>();
  const configOf = (fn: MachinePciFunction): Uint8Array => {
    const { address: _address, parent: _parent, ...kind } = fn;
    const key = JSON.stringify(kind) + (fn.headerType === 1 ? fn.address.slice(-7) : '');
    const config = known.get(key) ?? writeConfigSpace(fn);
    known.set(key, config);
    return config;
  };
  return factsOfHost(functions).map((fn) => ({ address: fn.address, config: configOf(fn) }));
};
