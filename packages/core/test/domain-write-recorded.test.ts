import { describe, expect, test } from 'vitest';
import type { Errno, KernelDriver } from '../src/index.js';
import { codeOf } from './support/observe.js';
import { device } from './support/toy.js';
import { onlyGroup, type WriteRule, writeMachine } from './support/type-writes.js';

/* What recorded kernels answered to writes to `type` with VT-d (recordings hotplug-type-writes-intel, 6.1 and 7.3). */

const nvme: KernelDriver = { name: 'nvme' };
const managing = (name: string): KernelDriver => ({ name, managesDma: true });

const WORDS = ['identity', 'DMA', 'DMA-FQ', 'auto'];

interface Row {
  readonly what: string;
  readonly writes: readonly string[];
  /** How many members; one unless given. */
  readonly members?: number;
  /** What the first member is bound to. */
  readonly bound?: KernelDriver;
  readonly on61: Errno | 'ok';
  readonly on73: Errno | 'ok';
}

const ROWS: readonly Row[] = [
  { what: 'an unknown word', writes: ['garbage', 'DMA-FQx', 'autox'], on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'wrong case', writes: ['dma', 'Identity', 'dma-fq', 'AUTO'], on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'a leading blank', writes: WORDS.map((word) => ` ${word}`), on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'blocked', writes: ['blocked'], on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'unmanaged', writes: ['unmanaged'], on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'an unknown word, bound to nvme', writes: ['garbage', ' DMA'], bound: nvme, on61: 'EINVAL', on73: 'EINVAL' },
  { what: 'the empty write', writes: [''], on61: 'ok', on73: 'ok' },
  { what: 'the empty write, bound to nvme', writes: [''], bound: nvme, on61: 'ok', on73: 'ok' },
  { what: 'one unbound device', writes: WORDS, on61: 'ok', on73: 'ok' },
  { what: 'a group of two, unbound', writes: WORDS, members: 2, on61: 'EINVAL', on73: 'ok' },
  { what: 'bound to nvme', writes: WORDS, bound: nvme, on61: 'EBUSY', on73: 'EPERM' },
  { what: 'a group of two, one bound to nvme', writes: WORDS, members: 2, bound: nvme, on61: 'EINVAL', on73: 'EPERM' },
  ...['pci-stub', 'pcieport', 'vfio-pci'].map(
    (name): Row => ({ what: `bound to ${name}`, writes: WORDS, bound: managing(name), on61: 'EBUSY', on73: 'ok' }),
  ),
  {
    what: 'a group of two, one bound to pci-stub',
    writes: WORDS,
    members: 2,
    bound: managing('pci-stub'),
    on61: 'EINVAL',
    on73: 'ok',
  },
];

const KERNELS = [
  ['6.1', 'single-device', 'on61'],
  ['7.3', 'owner', 'on73'],
] as const satisfies readonly [string, WriteRule, keyof Row][];

const typeAfter = (word: string): string => (word === 'auto' || word === '' ? 'DMA-FQ' : word);

describe.each(KERNELS)('%s', (_, rule, column) => {
  const cases = ROWS.flatMap((row) => row.writes.map((word) => ({ ...row, word, answer: row[column] })));

  test.each(cases)('$what, write "$word": $answer', ({ word, members = 1, bound, answer }) => {
    const devices = Array.from({ length: members }, (_, n) => device(`member${n}`));
    const iommu = writeMachine({ rule, members: devices });
    const [first] = devices;
    if (first && bound) iommu.bindDriver(first, bound);
    const attempt = () => iommu.writeType(onlyGroup(iommu), word);
    if (answer === 'ok') expect([attempt(), onlyGroup(iommu).type]).toEqual([word.length, typeAfter(word)]);
    else expect([codeOf(attempt), onlyGroup(iommu).type]).toEqual([`ERR_REFUSED ${answer}`, 'DMA-FQ']);
  });

  test('bound to pci-stub, DMA to DMA-FQ: ok', () => {
    const member = device('member');
    const iommu = writeMachine({ rule, members: [member], line: 'iommu.strict=1' });
    iommu.bindDriver(member, managing('pci-stub'));
    iommu.writeType(onlyGroup(iommu), 'DMA-FQ');
    expect(onlyGroup(iommu).type).toBe('DMA-FQ');
  });
});
