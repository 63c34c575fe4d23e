import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { POLICIES, policyNamed } from '../src/policies.js';

test.each([
  ['kernel', {}],
  ['grouping-3.6', { 'pci-group': 'v3.6' }],
  ['grouping-3.17', { 'pci-group': 'v3.17' }],
  ['grouping-3.18', { 'pci-group': 'v3.18' }],
  ['reachability-2025', { 'pci-group': 'reachability-2025' }],
  ['acs-after-grouping', { 'acs-enabling': 'after-grouping' }],
  ['acs-override=downstream', { 'acs-override': 'downstream' }],
  ['acs-override=multifunction,id:8086:1234', { 'acs-override': 'multifunction,id:8086:1234' }],
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
    "no policy 'modern'; there are kernel, grouping-3.6, grouping-3.17, grouping-3.18, reachability-2025, acs-after-grouping, acs-override=WORDS",
  );
});

test.each(['acs-override=', 'acs-override=upstream', 'acs-override=WORDS', 'acs-override=id:8086'])(
  'says of %s which words there are',
  (name) => {
    expect(() => policyNamed(name)).toThrow(/expected downstream, multifunction or id:vvvv:dddd/);
  },
);
