import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDmar, type ScopeSketch, writeDmar } from '../src/index.js';

const FULL = { minLength: 1, maxLength: 4 };
const anyScope: fc.Arbitrary<ScopeSketch> = fc.record({
  type: fc.constantFrom('endpoint' as const, 'bridge' as const),
  startBus: fc.nat(255),
  path: fc.array(fc.record({ device: fc.nat(31), function: fc.nat(7) }), FULL),
});
const address = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const segment = fc.nat(0xffff);
const anyTable = fc.record({
  units: fc.array(
    fc.record(
      { registerBase: address, segment, scopes: fc.array(anyScope, FULL) },
      { requiredKeys: ['registerBase', 'segment'] },
    ),
    FULL,
  ),
  reservedMemory: fc.array(fc.record({ base: address, limit: address, segment, scopes: fc.array(anyScope, FULL) })),
  hostAddressWidth: fc.integer({ min: 12, max: 64 }),
});

test('writes what is read back the same', () => {
  fc.assert(
    fc.property(anyTable, ({ units, reservedMemory, hostAddressWidth }) => {
      const dmar = parseDmar(writeDmar({ units, reservedMemory, hostAddressWidth }));
      expect(dmar).toMatchObject({
        checksumOk: true,
        hostAddressWidth,
        drhds: units.map(({ scopes, ...unit }) => ({ ...unit, includePciAll: !scopes, scopes: scopes ?? [] })),
        rmrrs: reservedMemory,
      });
    }),
  );
});

test('takes segment 0, bus 0 and 39 bits where nothing is said', () => {
  const dmar = parseDmar(
    writeDmar({
      units: [{ registerBase: 1n, scopes: [{ type: 'endpoint', path: [{ device: 2, function: 0 }] }] }],
    }),
  );
  expect([dmar.hostAddressWidth, dmar.drhds[0]?.segment, dmar.drhds[0]?.scopes[0]?.startBus]).toEqual([39, 0, 0]);
});
