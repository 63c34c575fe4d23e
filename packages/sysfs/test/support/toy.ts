import type { IommuDriver, IommuUnit } from '@iommu/core';

/** What the toy's units and groups are like. */
export interface ToyOptions {
  /** Name of a device to what its unit is called; default: all have `toy0`. */
  readonly unitOf?: (name: string) => string | undefined;
  readonly units?: readonly IommuUnit[];
  readonly attributes?: Readonly<Record<string, string>>;
  /** Name of a device to what tells its group from others; default: every device is alone. */
  readonly together?: (name: string) => string;
}

/** An IOMMU driver of no real hardware. */
export const toy = ({
  units = [{ name: 'toy0' }],
  unitOf = () => units[0]?.name,
  attributes = {},
  together = (name) => name,
}: ToyOptions = {}): IommuDriver => ({
  specVersion: 1,
  name: 'toy',
  bind: ({ devices }) => ({
    units,
    unitOf(device) {
      const unit = units.find(({ name }) => name === unitOf(device.name));
      return unit && { unit, ids: [] };
    },
    deviceGroup(device, groups) {
      const partners = devices.filter(({ name }) => together(name) === together(device.name));
      const known = partners.map((one) => groups.get(one)).filter((group) => group !== undefined);
      const [first, ...more] = known;
      for (const group of more) groups.put(group);
      const reason = { rule: 'toy', text: 'It is a toy.', source: 'the test', devices: [device] };
      return { group: first ?? groups.alloc(), reasons: [reason] };
    },
    reservedRegions: () => [
      { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' },
      { start: 0x1000n, end: 0x1fffn, type: 'direct' },
    ],
    unitAttributes: () => attributes,
  }),
});
