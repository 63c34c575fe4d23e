import { expect } from 'vitest';
import type { Device, DomainType, Errno, Group, Iommu } from '../../src/index.js';
import { codeOf, groupOf, stateOf } from './observe.js';
import { boot, device, toyDriver } from './toy.js';

/** `owner` is the rule since 6.5 and the default, `single-device` that of 5.11 to 6.4, `none` that before 5.11. */
export type WriteRule = 'owner' | 'single-device' | 'none';

export interface WriteSetting {
  readonly rule: WriteRule;
  readonly members?: readonly Device[];
  /** The type that the driver insists on. */
  readonly force?: 'identity' | 'DMA';
  /** What cannot be had any more once the machine is up. */
  readonly lacks?: Partial<Record<DomainType, Errno>>;
  readonly line?: string;
  readonly rules?: Readonly<Record<string, string>>;
}

/** The member, where a setting names none. */
export const lonely = device('a');

/** A machine whose only group holds all members, with the domain that the command line and the driver chose. */
export const writeMachine = ({
  rule,
  members = [lonely],
  force,
  lacks = {},
  line = '',
  rules = {},
}: WriteSetting): Iommu => {
  let up = false;
  const driver = toyDriver({
    units: { u: members },
    together: members,
    defaultDomainType: () => force,
    domainError: (_, type) => (up ? lacks[type] : undefined),
  });
  const iommu = boot({ devices: members, drivers: [driver], line, rules: { ...rules, 'domain-type-write': rule } });
  up = true;
  return iommu;
};

/** The group of the first device. */
export const onlyGroup = (iommu: Iommu): Group => groupOf(iommu, iommu.devices[0] as Device);

/** Write as root, and show the type that the group has then. */
export const write = (iommu: Iommu, text: string): DomainType | undefined => {
  expect(iommu.writeType(onlyGroup(iommu), text)).toBe(text.length);
  return onlyGroup(iommu).type;
};

/** Refused with this errno, and nothing has changed. */
export const refuses = (iommu: Iommu, text: string, errno: Errno): void => {
  const before = stateOf(iommu);
  expect(codeOf(() => iommu.writeType(onlyGroup(iommu), text))).toBe(`ERR_REFUSED ${errno}`);
  expect(stateOf(iommu)).toEqual(before);
};
