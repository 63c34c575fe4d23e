import { expect, test } from 'vitest';
import { platformDevice } from '../src/build.js';
import { machineFromJson } from '../src/json.js';

test('draws a device on the platform bus', () => {
  expect(platformDevice('9040000.ethernet')).toEqual({
    name: '9040000.ethernet',
    bus: 'platform',
    path: 'platform/9040000.ethernet',
  });
});

test('draws one with all that may be said of it', () => {
  const device = platformDevice('ACME0001:00', {
    firmwareNode: '\\_SB_.ETH0',
    driver: null,
    bus: 'amba',
    below: 'soc@0',
  });
  expect(device).toEqual({
    name: 'ACME0001:00',
    bus: 'amba',
    path: 'platform/soc@0/ACME0001:00',
    firmwareNode: '\\_SB_.ETH0',
    driver: null,
  });
  expect(machineFromJson({ schema: 1, devices: [device] }).devices).toEqual([device]);
});
