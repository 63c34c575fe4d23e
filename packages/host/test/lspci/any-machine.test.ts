import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../../tests/support/sweep.js';
import { parseLspci } from '../../src/lspci/lspci.js';
import { type Shown, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

const KINDS = {
  'Root Port (Slot+)': 'root-port',
  'Upstream Port': 'upstream-port',
  'Downstream Port (Slot-)': 'downstream-port',
  Endpoint: 'endpoint',
  'Legacy Endpoint': 'legacy-endpoint',
  'Root Complex Integrated Endpoint': 'rc-endpoint',
  'PCI-Express to PCI/PCI-X Bridge': 'pcie-to-pci-bridge',
} as const;

const FLAGS = ['SV', 'TB', 'RR', 'CR', 'UF', 'EC', 'DT'];
const flags = fc.subarray(FLAGS).map((list) => list.join(' '));
const byte = fc.integer({ min: 0, max: 255 }).map((value) => hex(value, 2));

const address = fc
  .tuple(
    fc.constantFrom('', '0000:', '0001:', '10000:'),
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0, max: 31 }),
    fc.integer({ min: 0, max: 7 }),
  )
  .map(([segment, bus, slot, fn]) => `${segment}${hex(bus, 2)}:${hex(slot, 2)}.${fn}`);

const whole = (at: string) => (at.split(':').length === 2 ? `0000:${at}` : at);

const device: fc.Arbitrary<Shown> = fc.record(
  {
    at: address,
    id: fc.integer({ min: 0, max: 0xffffffff }).map((id) => `${hex(id >>> 16, 4)}:${hex(id & 0xffff, 4)}`),
    revision: byte,
    express: fc.constantFrom(...Object.keys(KINDS)),
    bus: fc.tuple(byte, byte),
    acs: fc.tuple(flags, flags),
    group: fc.nat(300),
    driver: fc.constantFrom('pcieport', 'foonet', 'snd_hda_intel'),
  },
  { requiredKeys: ['at', 'id', 'express'] },
);

const machine = fc.uniqueArray(device, { selector: ({ at }) => whole(at), minLength: 1, maxLength: 12 });

test('reads of any machine what its dump says', () => {
  fc.assert(
    fc.property(machine, (devices) => {
      const { pci, observed } = parseLspci(verboseDump(devices), names) ?? {};
      const anyDriver = devices.some(({ driver }) => driver !== undefined);
      expect(
        pci?.functions.map(({ address: at, id, revision, express, acs, secondaryBus, driver }) => {
          return { at, id, revision, express, acs, secondaryBus, driver };
        }),
      ).toEqual(
        devices.map(({ at, id, revision, express, acs, bus, driver }) => ({
          at: whole(at),
          id,
          revision,
          express: KINDS[express as keyof typeof KINDS],
          acs: acs ? { capability: acs[0], control: acs[1] } : null,
          secondaryBus: bus && Number.parseInt(bus[0], 16),
          driver: driver ?? (anyDriver ? null : undefined),
        })),
      );
      const groups = new Map(observed?.groups.flatMap(({ id, devices: members }) => members.map((one) => [one, id])));
      expect(groups).toEqual(
        new Map(devices.flatMap(({ at, group }) => (group === undefined ? [] : [[whole(at), group]]))),
      );
    }),
    { numRuns: runs(3000, 200) },
  );
});
