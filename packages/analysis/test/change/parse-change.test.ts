import { describe, expect, test } from 'vitest';
import { formatChange, parseChange, parseChanges } from '../../src/index.js';
import { codeOf } from '../support/drawn.js';

test.each([
  ['move 0000:01:00.0 to 0000:00:1c.4', { kind: 'move', device: '0000:01:00.0', to: '0000:00:1c.4' }],
  ['swap 0000:01:00.0 with 0000:02:00.0', { kind: 'swap', device: '0000:01:00.0', with: '0000:02:00.0' }],
  ['readdress 0000:00:1c.1 to 0000:00:1d.0', { kind: 'readdress', device: '0000:00:1c.1', to: '0000:00:1d.0' }],
  ['add nvme to 0000:00:1c.4', { kind: 'add', to: '0000:00:1c.4' }],
  ['remove 0000:01:00.1', { kind: 'remove', device: '0000:01:00.1' }],
  ['vfs 0000:01:00.0=16', { kind: 'vfs', device: '0000:01:00.0', count: 16 }],
  ['acs on 0000:00:1c.0', { kind: 'acs', on: true, device: '0000:00:1c.0' }],
  ['acs off 0001:00:1c.0', { kind: 'acs', on: false, device: '0001:00:1c.0' }],
  ['kernel 6.12', { kind: 'kernel', release: '6.12' }],
  ['iommu=pt', { kind: 'command-line', words: 'iommu=pt' }],
  ['iommu.strict=1', { kind: 'command-line', words: 'iommu.strict=1' }],
  ['pci=noats,config_acs=x@0:0.0', { kind: 'command-line', words: 'pci=noats,config_acs=x@0:0.0' }],
  ['cmdline nohz', { kind: 'command-line', words: 'nohz' }],
  ['config_acs=xx1@00:1c.0', { kind: 'command-line', words: 'pci=config_acs=xx1@00:1c.0' }],
  ['disable_acs_redir=00:1c.0', { kind: 'command-line', words: 'pci=disable_acs_redir=00:1c.0' }],
  ['acs-override=downstream', { kind: 'policy', name: 'acs-override=downstream' }],
  ['policy reachability-2025', { kind: 'policy', name: 'reachability-2025' }],
  ['table DMAR=RE1BUg==', { kind: 'table', table: 'DMAR', bytes: 'RE1BUg==' }],
  ['bypass 0000:40', { kind: 'bypass', bus: '0000:40' }],
] as const)('reads %j, and writes it back', (text, change) => {
  expect(parseChange(text)).toMatchObject(change);
  expect(formatChange(parseChange(text))).toBe(text);
});

test('takes addresses without their segment, and words that only help to read may be left out', () => {
  expect(formatChange(parseChange('move 1:0.0 00:1c.4'))).toBe('move 0000:01:00.0 to 0000:00:1c.4');
  expect(formatChange(parseChange('bypass 40'))).toBe('bypass 0000:40');
});

test('reads changes one after the other', () => {
  const text = 'remove 0000:01:00.1 acs on 0000:00:1c.0 iommu=pt kernel 7.3';
  expect(parseChanges(text).map(formatChange).join(' ')).toBe(text);
});

test('writes several words of a command line so that they are read again', () => {
  const change = { kind: 'command-line', words: 'intel_iommu=on nohz pci=config_acs=x@00:1c.0' } as const;
  expect(formatChange(change)).toBe('intel_iommu=on cmdline nohz config_acs=x@00:1c.0');
  expect(parseChanges(formatChange(change))).toHaveLength(3);
});

describe('says what was expected', () => {
  test.each([
    ['move 0000:01:00.0', /ERR_USAGE: 'move 0000:01:00.0' ends too early; expected move DEVICE to PORT/],
    ['move gpu to 00:1c.0', /ERR_USAGE: 'gpu' is no PCI address; expected an address such as/],
    ['add toaster to 00:1c.0', /ERR_CARD: no card 'toaster'; there are gpu, /],
    ['vfs 01:00.0', /ERR_USAGE: '01:00.0' has no '='/],
    ['vfs 01:00.0=many', /ERR_USAGE: 'many' is no number/],
    ['acs of 01:00.0', /ERR_USAGE: 'acs of'; expected acs on DEVICE or acs off DEVICE/],
    ['bypass x', /ERR_USAGE: 'x' is no root bus; expected one such as 0000:40/],
    ['table DMAR', /ERR_USAGE/],
    ['fly 01:00.0', /ERR_USAGE: 'fly' is no change; expected one that starts with move, swap/],
    ['constructor', /ERR_USAGE: 'constructor' is no change/],
    ['', /ERR_USAGE: 0 changes/],
    ['kernel 6.1 kernel 6.2', /ERR_USAGE: 2 changes/],
  ])('of %j', (text, message) => {
    expect(codeOf(() => parseChange(text))).toMatch(message);
  });
});
