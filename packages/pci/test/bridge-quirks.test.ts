import { describe, expect, test } from 'vitest';
import { forEachDmaAlias, isVmdHost, PcieType, type PciFunction } from '../src/index.js';
import { actsAsPcieBridge } from '../src/quirks/bridge-quirks.js';
import { configBytes, expressCapability } from './support/config-space.js';
import {
  conventional,
  downstreamPort,
  endpoint,
  pciBridge,
  pcieToPci,
  pciToPcie,
  rootPort,
  upstreamPort,
} from './support/functions.js';
import { at, deviceOf, type SettingsSketch, topologyOf } from './support/topology.js';

/** A root port at 00:01.0, a bridge at 01:02.0 with bus 2 behind it, a function there. */
const below = (bridge: PciFunction): PciFunction[] => [
  rootPort('00:01.0', 1, { subordinateBus: 2 }),
  bridge,
  conventional('02:03.0'),
];

/** The id that the bridge nearest to a function puts on its DMA; `none` when it passes ids on. */
const bridgeId = (functions: readonly PciFunction[], address: string, settings: SettingsSketch = {}): string => {
  const rid = forEachDmaAlias(at(topologyOf(functions, settings), address), (_, id, kind) =>
    kind === 'bridge' ? id : undefined,
  );
  return rid === undefined ? 'none' : rid.toString(16).padStart(4, '0');
};

const behind = (bridge: PciFunction, settings: SettingsSketch = {}): string =>
  bridgeId(below(bridge), '02:03.0', settings);

const OWN = '0110'; // 01:02.0
const SECONDARY = '0200'; // 02:00.0

test('no bridge with the PCI Express capability behaves as one that lacks it', () => {
  const root = rootPort('00:01.0', 1, { subordinateBus: 2 });
  const acts = (bridge: PciFunction): boolean => actsAsPcieBridge(deviceOf(bridge, {}, [root]));
  expect(acts(pciBridge('01:02.0', 2, { id: '1b21:1080' }))).toBe(true);
  expect(acts(pcieToPci('01:02.0', 2, { id: '1b21:1080' }))).toBe(false);
});

describe('the id that a bridge puts on what comes from behind it', () => {
  test.each([
    ['a root port', rootPort('01:02.0', 2)],
    ['an upstream port', upstreamPort('01:02.0', 2)],
    ['a downstream port', downstreamPort('01:02.0', 2)],
  ])('is none for %s', (_, bridge) => {
    expect(behind(bridge)).toBe('none');
  });

  test('is 00.0 of its secondary bus for a bridge to PCI', () => {
    expect(behind(pcieToPci('01:02.0', 2))).toBe(SECONDARY);
  });

  test('is its own for a bridge from PCI', () => {
    expect(behind(pciToPcie('01:02.0', 2))).toBe(OWN);
  });

  test('is its own for a conventional bridge', () => {
    expect(behind(pciBridge('01:02.0', 2))).toBe(OWN);
  });

  test('is none for a bridge that says it is an endpoint', () => {
    const config = configBytes({
      headerType: 1,
      secondaryBus: 2,
      subordinateBus: 2,
      capabilities: [expressCapability(PcieType.endpoint)],
    });
    expect(behind({ address: '01:02.0', config })).toBe('none');
  });
});

describe('an AST1150 bridge to PCI', () => {
  const ast = pcieToPci('01:02.0', 2, { id: '1a03:1150' });

  test('passes ids on', () => {
    expect(behind(ast)).toBe('none');
  });

  test('puts on 00.0 of its secondary bus before 7.0, as others do', () => {
    expect(behind(ast, { release: '6.19' })).toBe(SECONDARY);
  });

  test('is no conventional bridge with its id', () => {
    expect(behind(pciBridge('01:02.0', 2, { id: '1a03:1150' }))).toBe(OWN);
  });
});

describe('a bridge that is PCI Express in all but its registers', () => {
  const IDS = ['1b21:1080', '10e3:8113', '1283:8892', '1283:8893', '8086:244e'];

  test.each(IDS)('puts on 00.0 of its secondary bus (%s)', (id) => {
    expect(behind(pciBridge('01:02.0', 2, { id }))).toBe(SECONDARY);
  });

  test('is one of those listed', () => {
    expect(behind(pciBridge('01:02.0', 2, { id: '1b21:1081' }))).toBe(OWN);
  });

  test('puts on its own id on a root bus', () => {
    const functions = [pciBridge('00:1e.0', 2, { id: '8086:244e' }), conventional('02:03.0')];
    expect(bridgeId(functions, '02:03.0')).toBe('00f0');
  });

  test('puts on its own id below a conventional bridge', () => {
    const functions = [pciBridge('00:1e.0', 1), pciBridge('01:02.0', 2, { id: '1b21:1080' }), conventional('02:03.0')];
    expect(bridgeId(functions, '02:03.0')).toBe(OWN);
  });

  test('puts on its own id below a bridge to PCI', () => {
    const functions = [pcieToPci('00:1c.0', 1), pciBridge('01:02.0', 2, { id: '1b21:1080' }), conventional('02:03.0')];
    expect(bridgeId(functions, '02:03.0')).toBe(OWN);
  });

  test('puts on its own id when its header is not that of a bridge', () => {
    expect(behind(pciBridge('01:02.0', 2, { id: '1b21:1080', headerType: 2 }))).toBe(OWN);
  });

  test('is treated so from 3.16 on', () => {
    expect(behind(pciBridge('01:02.0', 2, { id: '1b21:1080' }), { release: '3.15' })).toBe(OWN);
  });
});

describe.each(['14e4:9000', '14e4:9084'])('a bridge at which translation happens, %s,', (id) => {
  const functions = [
    pciBridge('00:00.0', 1, { subordinateBus: 3 }),
    rootPort('01:02.0', 2, { id, subordinateBus: 3 }),
    pcieToPci('02:00.0', 3),
    conventional('03:01.0'),
    endpoint('02:01.0'),
  ];

  test('ends the walk: nothing above it takes part', () => {
    expect(bridgeId(functions, '02:01.0')).toBe('none');
  });

  test('does not hide what is below it', () => {
    expect(bridgeId(functions, '03:01.0')).toBe('0300');
  });

  test('is an ordinary port before 4.12', () => {
    expect(bridgeId(functions, '02:01.0', { release: '4.11' })).toBe('0000');
  });
});

describe('a VMD host', () => {
  test.each(['201d', '28c0', '467f', '4c3d', '7d0b', '9a0b', 'a77f', 'ad0b'])('is 8086:%s', (device) => {
    expect(isVmdHost(0x8086, Number.parseInt(device, 16))).toBe(true);
  });

  test.each([
    ['the managed controller beside it', 0x8086, 0x09ab],
    ['the id of one from another vendor', 0x1022, 0x9a0b],
    ['a function whose device id is not known', 0x8086, undefined],
    ['a function whose vendor is not known', undefined, 0x9a0b],
  ])('is not %s', (_, vendor, device) => {
    expect(isVmdHost(vendor, device)).toBe(false);
  });
});
