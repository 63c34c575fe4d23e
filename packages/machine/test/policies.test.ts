import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { POLICIES, policyNamed } from '../src/policies.js';

test.each([
  ['kernel', {}],
  ['grouping-3.6', { 'pci-group': 'v3.6' }],
  ['grouping-3.17', { 'pci-group': 'v3.17' }],
  ['grouping-3.18', { 'pci-group': 'v3.18' }],
])('has the policy %s', (name, rules) => {
  expect(policyNamed(name).rules).toEqual(rules);
});

test('has each name once', () => {
  expect(new Set(POLICIES.map(({ name }) => name)).size).toBe(POLICIES.length);
});

test('says of a name that it does not know which there are', () => {
  let error: unknown;
  try {
    policyNamed('modern');
  } catch (thrown) {
    error = thrown;
  }
  expect(isIommuError(error, 'ERR_POLICY') && error.message).toBe(
    "no policy 'modern'; there are kernel, grouping-3.6, grouping-3.17, grouping-3.18",
  );
});
