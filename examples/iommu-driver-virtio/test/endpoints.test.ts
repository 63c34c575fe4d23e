import {
  conventionalDevice,
  endpoint,
  multifunction,
  pciBridge,
  pcieToPciBridge,
  rootPort,
} from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { card, codesOf, endpointOf, groupLines, guest, IOMMU, iommu, textOf, unitLines } from './support/guest.js';

const behindBridge = (slot: number) =>
  rootPort({ slot: 2, acs: true }, [
    pcieToPciBridge({}, [conventionalDevice({ slot, id: '1234:11e8', class: '00ff00' })]),
  ]);

/** The Marvell controller whose requests carry the id of function 1, and nothing else in its slot, or something. */
const marvell = { id: '1b4b:9230', class: '010601' };

describe('a device whose requests arrive by another id than its own', () => {
  const devices = [iommu(), behindBridge(1), card(3)];

  test('undoes the whole IOMMU, the entry of which stays', () => {
    const running = guest({ devices });
    expect([groupLines(running), unitLines(running).length]).toEqual([[], 1]);
    for (const name of ['00:02.0', '01:00.0', '02:01.0', '00:03.0']) {
      expect(textOf(running, name)).toBe(
        `${IOMMU} knows no endpoint for requester id 0x208 of 0000:02:01.0: what 0000:02:01.0 sends arrives as 0x200, which 0000:01:00.0 puts on; for that error at boot Linux gives the whole IOMMU up.`,
      );
    }
    expect(codesOf(running)).toEqual(['virtio-iommu-endpoints']);
  });

  test('behind a conventional bridge too', () => {
    const running = guest({ devices: [iommu(), pciBridge({ slot: 4 }, [conventionalDevice({ slot: 1 })])] });
    expect(groupLines(running)).toEqual([]);
    expect(textOf(running, '01:01.0')).toContain('arrives as 0x20, which 0000:00:04.0 puts on');
  });

  test('is left alone where nothing puts it behind the IOMMU', () => {
    const running = guest({ devices, viot: { iommus: [IOMMU], ranges: [{ first: '00:00.0', last: '01:1f.7' }] } });
    expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 00:03.0', '2: 01:00.0']);
    expect(endpointOf(running, '02:01.0')).toBe('not-in-viot');
  });

  test('before 6.15 stays without a group alone, when its driver is probed', () => {
    const running = guest({
      devices,
      kernel: '6.12',
      machine: {
        probes: {
          order: ['00:02.0', '01:00.0', '02:01.0', '00:03.0'].map((name) => ({
            device: `0000:${name}`,
            driver: 'any',
          })),
          complete: true,
        },
      },
    });
    expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 01:00.0', '2: 00:03.0']);
    expect(textOf(running, '02:01.0')).toMatch(/puts on\.$/);
  });

  test('that is plugged in later stays without a group alone', () => {
    const running = guest({ devices: [iommu(), rootPort({ slot: 2, acs: true }, [pcieToPciBridge()]), card(3)] });
    const before = groupLines(running);
    running.addPciFunction({
      address: '0000:02:01.0',
      parent: '0000:01:00.0',
      id: '1234:11e8',
      class: '00ff00',
      headerType: 0,
      express: null,
    });
    expect([before.length, groupLines(running)]).toEqual([3, before]);
    expect(endpointOf(running, '02:01.0')).toBe('endpoint-unknown');
  });
});

test('a bridge to a conventional bus is known by its own id while nothing is behind it', () => {
  expect(groupLines(guest({ devices: [iommu(), pciBridge({ slot: 4 })] }))).toEqual(['0: 00:04.0']);
});

test('the device whose own id is the one that its bridge puts on is known', () => {
  const running = guest({ devices: [iommu(), behindBridge(0)] });
  expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 01:00.0 02:00.0']);
  expect(endpointOf(running, '02:00.0')).toBe(`${IOMMU} 0x200 0x200`);
});

describe('a device that uses the id of another function of its slot too', () => {
  test('undoes the whole IOMMU when there is no such function', () => {
    const running = guest({ devices: [iommu(), endpoint({ slot: 4, ...marvell })] });
    expect(groupLines(running)).toEqual([]);
    expect(textOf(running, '00:04.0')).toContain(
      'requester id 0x21 of 0000:00:04.0: no function of that address is there',
    );
  });

  test('is known by both when there is', () => {
    const running = guest({ devices: [iommu(), multifunction(endpoint({ slot: 4, ...marvell }), endpoint())] });
    expect(endpointOf(running, '00:04.0')).toBe(`${IOMMU} 0x20 0x21`);
  });
});
