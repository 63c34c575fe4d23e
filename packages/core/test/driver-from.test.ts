import { expect, test } from 'vitest';
import { driverFrom } from '../src/index.js';
import { codeOf, thrownBy } from './support/observe.js';

const driver = { specVersion: 1, name: 'toy', bind: () => undefined } as const;

test('takes a driver, or what makes one', () => {
  expect(driverFrom(driver, 'toy.js')).toBe(driver);
  expect(driverFrom(() => driver, 'toy.js')).toBe(driver);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'driver'],
  ['an object of another kind', { name: 'toy' }],
  ['a function that makes nothing', () => undefined],
  ['a promise of a driver', async () => driver],
])('refuses %s, and says what was expected', (_, exported) => {
  expect(thrownBy(() => driverFrom(exported, 'toy.js'))).toMatchObject({
    code: 'ERR_DRIVER_CONTRACT',
    message: expect.stringMatching(
      /^toy\.js: its default export makes no driver; expected \{ specVersion: 1, name, bind/,
    ),
  });
});

test.each([
  ['name', { ...driver, name: undefined }, 'toy.js: its driver has no name'],
  ['bind', { ...driver, bind: 'now' }, 'toy.js: its driver has no bind(platform)'],
])('misses %s', (_, exported, message) => {
  expect(thrownBy(() => driverFrom(exported, 'toy.js'))).toMatchObject({ code: 'ERR_DRIVER_CONTRACT', message });
});

test('names both versions, and looks at nothing else of a driver of another version', () => {
  expect(() => driverFrom({ specVersion: 2, name: 'future' }, 'toy.js')).toThrow(
    'driver future (toy.js) follows version 2 of the driver contract; this core speaks version 1',
  );
  expect(() => driverFrom({ specVersion: '1' }, 'toy.js')).toThrow('driver toy.js follows version 1 of');
  expect(codeOf(() => driverFrom({ specVersion: '1' }, 'toy.js'))).toBe('ERR_DRIVER_SPEC_VERSION');
});

test('wraps what its function throws', () => {
  const cause = new TypeError('a bug');
  const fail = () => {
    throw cause;
  };
  expect(thrownBy(() => driverFrom(fail, 'toy.js'))).toMatchObject({ code: 'ERR_DRIVER_CONTRACT', cause });
});
