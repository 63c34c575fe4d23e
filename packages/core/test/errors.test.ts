import { expect, test } from 'vitest';
import { IommuError, isIommuError, refused } from '../src/index.js';

test('carries its code, its message and its name', () => {
  const error = new IommuError('ERR_GROUP_ENDED', 'group 3 has ended');
  expect(error).toMatchObject({ code: 'ERR_GROUP_ENDED', message: 'group 3 has ended', name: 'IommuError' });
  expect(error).toBeInstanceOf(Error);
  expect(String(error)).toBe('IommuError: group 3 has ended');
});

test('carries the errno and the cause, where there are any', () => {
  const cause = new Error('before');
  expect(new IommuError('ERR_REFUSED', '', { errno: 'EBUSY', cause })).toMatchObject({ errno: 'EBUSY', cause });
  expect(new IommuError('ERR_REFUSED', '').errno).toBeUndefined();
});

test('a refusal by the kernel has the code ERR_REFUSED and starts with its errno', () => {
  expect(refused('EPERM', 'group 0 is in use')).toMatchObject({
    code: 'ERR_REFUSED',
    errno: 'EPERM',
    message: 'EPERM: group 0 is in use',
  });
});

test('is told by its brand, and by its code where one is asked for', () => {
  const error = new IommuError('ERR_DEVICE_EXISTS', '');
  expect(isIommuError(error)).toBe(true);
  expect(isIommuError(error, 'ERR_DEVICE_EXISTS')).toBe(true);
  expect(isIommuError(error, 'ERR_REFUSED')).toBe(false);
});

test('takes the code of another package', () => {
  expect(isIommuError(new IommuError('ERR_TABLE_CHECKSUM', ''), 'ERR_TABLE_CHECKSUM')).toBe(true);
});

test('tells the error of another copy of the package', () => {
  const copy = Object.assign(new Error('from the other copy'), {
    code: 'ERR_REFUSED',
    [Symbol.for('iommu.error')]: true,
  });
  expect(isIommuError(copy, 'ERR_REFUSED')).toBe(true);
});

test.each([
  ['another error', new Error('no brand')],
  ['an error whose brand is not set', Object.assign(new Error(''), { [Symbol.for('iommu.error')]: false })],
  ['an object with the brand that is no error', { code: 'ERR_REFUSED', [Symbol.for('iommu.error')]: true }],
  ['a text', 'ERR_REFUSED'],
  ['null', null],
  ['undefined', undefined],
])('does not take %s for one', (_, value) => {
  expect(isIommuError(value)).toBe(false);
});
