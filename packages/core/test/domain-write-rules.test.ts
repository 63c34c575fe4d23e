import { describe, expect, test } from 'vitest';
import { type DomainWriteState, decideDomainWrite } from '../src/domain-write.js';
import { codeOf } from './support/observe.js';
import { boot, device, toyDriver } from './support/toy.js';
import { lonely, onlyGroup, refuses, write, writeMachine } from './support/type-writes.js';

/* What only one of the rules for writes to `type` asks. */

const WORDS = ['identity', 'DMA', 'DMA-FQ', 'auto'] as const;
const [a, b] = [device('a'), device('b')];
const untrusted = device('untrusted', { untrusted: true });
const nvme = { name: 'nvme' };
const stub = { name: 'pci-stub', managesDma: true };
const strict = { line: 'iommu.strict=1' };

describe('owner: nobody may use the DMA of the group', () => {
  const rule = 'owner';

  test.each(WORDS)('row 5: EPERM for %s while a driver uses it, be it the type that the group has', (text) => {
    const iommu = writeMachine({ rule });
    iommu.bindDriver(lonely, nvme);
    refuses(iommu, text, 'EPERM');
  });

  test.each(['identity', 'auto'])('row 5: EPERM for %s while any member is in use', (text) => {
    const iommu = writeMachine({ rule, members: [a, b], ...strict });
    iommu.bindDriver(b, nvme);
    refuses(iommu, text, 'EPERM');
  });

  test('row 5: EPERM while an owner holds the group', () => {
    const iommu = writeMachine({ rule });
    iommu.claimGroup(onlyGroup(iommu), 'owner');
    refuses(iommu, 'identity', 'EPERM');
    iommu.releaseGroup(onlyGroup(iommu));
    expect(write(iommu, 'identity')).toBe('identity');
  });

  test('row 5: EPERM for a group that has a domain and no member', () => {
    const state: DomainWriteState = {
      id: 0,
      current: 'DMA',
      members: 0,
      firstBound: false,
      ownerCount: 0,
      owned: false,
      demand: undefined,
      system: 'DMA-FQ',
      domainError: () => undefined,
      rule,
      flushQueue: true,
    };
    expect(codeOf(() => decideDomainWrite('identity', state))).toBe('ERR_REFUSED EPERM');
    expect(decideDomainWrite('identity', { ...state, members: 1 })).toBe('identity');
  });

  test('a driver that manages DMA itself is in nobody’s way', () => {
    const iommu = writeMachine({ rule });
    iommu.bindDriver(lonely, stub);
    expect(write(iommu, 'identity')).toBe('identity');
  });

  test('a group of several members takes every type', () => {
    const iommu = writeMachine({ rule, members: [a, b] });
    expect(['identity', 'DMA', 'auto'].map((text) => write(iommu, text))).toEqual(['identity', 'DMA', 'DMA-FQ']);
  });

  test('row 4: DMA becomes DMA-FQ though an owner holds the group', () => {
    const iommu = writeMachine({ rule, ...strict });
    iommu.claimGroup(onlyGroup(iommu), 'owner');
    expect(write(iommu, 'DMA-FQ')).toBe('DMA-FQ');
  });

  test('row 4 comes before row 7: DMA becomes DMA-FQ though DMA is forced', () => {
    expect(write(writeMachine({ rule, force: 'DMA' }), 'DMA-FQ')).toBe('DMA-FQ');
    expect(write(writeMachine({ rule, members: [untrusted] }), 'DMA-FQ')).toBe('DMA-FQ');
  });

  test('row 7: EINVAL for DMA-FQ again where DMA is forced', () => {
    const iommu = writeMachine({ rule, force: 'DMA' });
    write(iommu, 'DMA-FQ');
    refuses(iommu, 'DMA-FQ', 'EINVAL');
    expect(write(iommu, 'auto')).toBe('DMA');
  });

  test('row 4 is no new domain: it works where none could be had', () => {
    expect(write(writeMachine({ rule, ...strict, lacks: { 'DMA-FQ': 'ENOMEM' } }), 'DMA-FQ')).toBe('DMA-FQ');
  });

  /** Only a device that came later can bring the conflict about: at boot it would have undone the unit. */
  test.each(WORDS)(
    'row 6: EINVAL for %s where an untrusted member is beside a driver that insists on identity',
    (text) => {
      const driver = toyDriver({
        units: { u: [a, untrusted] },
        together: [a, untrusted],
        defaultDomainType: () => 'identity',
      });
      const iommu = boot({ devices: [a], drivers: [driver] });
      iommu.addDevice(untrusted);
      refuses(iommu, text, 'EINVAL');
    },
  );

  test('row 10: a forced type that cannot be had gives its errno to auto too', () => {
    const iommu = writeMachine({ rule, force: 'DMA', lacks: { DMA: 'ENOMEM' } });
    write(iommu, 'DMA-FQ');
    refuses(iommu, 'auto', 'ENOMEM');
  });

  test('is what holds where the kernel names no rule', () => {
    const driver = toyDriver({ units: { u: [a, b] }, together: [a, b] });
    expect(write(boot({ devices: [a, b], drivers: [driver] }), 'identity')).toBe('identity');
  });
});

describe('single-device: one member, and no driver', () => {
  const rule = 'single-device';

  test.each(WORDS)('EINVAL for %s in a group of two, with drivers or without', (text) => {
    const iommu = writeMachine({ rule, members: [a, b], ...strict });
    refuses(iommu, text, 'EINVAL');
    iommu.bindDriver(a, nvme);
    refuses(iommu, text, 'EINVAL');
  });

  test.each(WORDS)('EBUSY for %s while any driver is bound, be it one that manages DMA itself', (text) => {
    for (const driver of [nvme, stub]) {
      const iommu = writeMachine({ rule });
      iommu.bindDriver(lonely, driver);
      refuses(iommu, text, 'EBUSY');
      iommu.unbindDriver(lonely);
      expect(write(iommu, 'identity')).toBe('identity');
    }
  });

  test('a bound driver is in the way of every word but DMA-FQ at DMA', () => {
    const iommu = writeMachine({ rule, ...strict });
    iommu.bindDriver(lonely, nvme);
    for (const text of ['identity', 'DMA', 'auto']) refuses(iommu, text, 'EBUSY');
    expect(write(iommu, 'DMA-FQ')).toBe('DMA-FQ');
  });

  test.each(WORDS)('EBUSY for %s while an owner holds the group', (text) => {
    const iommu = writeMachine({ rule, ...strict });
    iommu.claimGroup(onlyGroup(iommu), 'owner');
    refuses(iommu, text, 'EBUSY');
  });

  test('EINVAL for DMA-FQ where DMA is forced', () => {
    refuses(writeMachine({ rule, force: 'DMA' }), 'DMA-FQ', 'EINVAL');
    refuses(writeMachine({ rule, members: [untrusted] }), 'DMA-FQ', 'EINVAL');
  });

  test('EINVAL for DMA-FQ on a kernel that does not know the word', () => {
    refuses(writeMachine({ rule, rules: { 'domain-type-fq': 'no' } }), 'DMA-FQ', 'EINVAL');
  });
});

describe('none: the file is read-only', () => {
  test.each([...WORDS, 'nonsense', ''])('EACCES for %j', (text) => {
    refuses(writeMachine({ rule: 'none' }), text, 'EACCES');
  });
});
