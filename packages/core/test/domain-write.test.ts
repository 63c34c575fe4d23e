import { describe, expect, test } from 'vitest';
import { codeOf } from './support/observe.js';
import { device } from './support/toy.js';
import { lonely, onlyGroup, refuses, write, writeMachine } from './support/type-writes.js';

/* What holds under every rule of the kernels that let `type` be written; the rows are those of the state machine. */

const untrusted = device('untrusted', { untrusted: true });
const nvme = { name: 'nvme' };

describe.each(['owner', 'single-device'] as const)('under the rule %s', (rule) => {
  test.each([{ sysAdmin: false }, { sysRawio: false }, { sysAdmin: false, sysRawio: false }])(
    'row 1: EACCES with %o, before any other check',
    (capabilities) => {
      const iommu = writeMachine({ rule });
      for (const text of ['DMA', 'nonsense', '\n']) {
        expect(codeOf(() => iommu.writeType(onlyGroup(iommu), text, capabilities))).toBe('ERR_REFUSED EACCES');
      }
      expect(onlyGroup(iommu).type).toBe('DMA-FQ');
    },
  );

  test('the empty write is accepted, changes nothing and asks for no capability', () => {
    const iommu = writeMachine({ rule });
    expect(iommu.writeType(onlyGroup(iommu), '', { sysAdmin: false })).toBe(0);
    expect(onlyGroup(iommu).type).toBe('DMA-FQ');
  });

  test('row 2: EINVAL for a group without a default domain, empty or made by hand', () => {
    const iommu = writeMachine({ rule });
    const made = iommu.groups.alloc();
    expect(codeOf(() => iommu.writeType(made, 'DMA'))).toBe('ERR_REFUSED EINVAL');
    iommu.groups.join(made, device('by hand'));
    expect(codeOf(() => iommu.writeType(made, 'auto'))).toBe('ERR_REFUSED EINVAL');
    expect(made.type).toBeUndefined();
  });

  test.each([
    ...['dma', 'Identity', 'AUTO', 'DMA_FQ', 'blocked', 'unmanaged', 'unknown'],
    ...[' DMA', 'DMA ', 'DMA\n\n', '\n', '\nDMA', 'DMA\r\n', 'DMA,identity'],
  ])('row 3: EINVAL for %j, before the check for drivers', (text) => {
    const iommu = writeMachine({ rule });
    refuses(iommu, text, 'EINVAL');
    iommu.bindDriver(lonely, nvme);
    refuses(iommu, text, 'EINVAL');
  });

  test.each(['identity', 'DMA', 'DMA-FQ', 'auto'])('takes %s, with one newline or without', (text) => {
    const type = text === 'auto' ? 'DMA-FQ' : text;
    expect(write(writeMachine({ rule }), text)).toBe(type);
    expect(write(writeMachine({ rule }), `${text}\n`)).toBe(type);
  });

  test('row 4: DMA becomes DMA-FQ though a driver is bound', () => {
    const iommu = writeMachine({ rule, line: 'iommu.strict=1' });
    iommu.bindDriver(lonely, nvme);
    expect(write(iommu, 'DMA-FQ')).toBe('DMA-FQ');
  });

  test.each([
    ['identity', 'DMA'],
    ['identity', 'DMA-FQ'],
    ['DMA', 'identity'],
  ] as const)('row 7: where the driver forces %s, %s is EINVAL', (force, text) => {
    refuses(writeMachine({ rule, force }), text, 'EINVAL');
  });

  test.each(['identity', 'DMA'] as const)(
    'row 9: what the driver forces may be written, and auto means it: %s',
    (force) => {
      const iommu = writeMachine({ rule, force });
      expect(write(iommu, force)).toBe(force);
      expect(write(iommu, 'auto')).toBe(force);
    },
  );

  test('row 7: EINVAL for identity where the member is untrusted', () => {
    const iommu = writeMachine({ rule, members: [untrusted] });
    refuses(iommu, 'identity', 'EINVAL');
    expect(write(iommu, 'auto')).toBe('DMA');
  });

  test('row 9: the type that the group has is accepted, be it that it could not be had anew', () => {
    expect(write(writeMachine({ rule, lacks: { 'DMA-FQ': 'ENOMEM' } }), 'DMA-FQ')).toBe('DMA-FQ');
  });

  test.each([
    ['identity', 'EOPNOTSUPP'],
    ['DMA', 'ENOMEM'],
    ['DMA', 'ENODEV'],
  ] as const)('rows 10 and 11: a %s domain that cannot be had gives its errno %s', (type, errno) => {
    refuses(writeMachine({ rule, lacks: { [type]: errno } }), type, errno);
  });

  test('row 13: every type follows every other', () => {
    const types = ['identity', 'DMA', 'DMA-FQ'] as const;
    const iommu = writeMachine({ rule });
    for (const from of types) {
      for (const to of types) expect([write(iommu, from), write(iommu, to)]).toEqual([from, to]);
    }
  });

  test('auto goes back to what the system chose', () => {
    const iommu = writeMachine({ rule, line: 'iommu=pt' });
    expect(write(iommu, 'DMA')).toBe('DMA');
    expect(write(iommu, 'auto')).toBe('identity');
  });

  test('auto falls back to DMA when what the system chose cannot be had', () => {
    const iommu = writeMachine({ rule, line: 'iommu=pt', lacks: { identity: 'EOPNOTSUPP' } });
    write(iommu, 'DMA-FQ');
    expect(write(iommu, 'auto')).toBe('DMA');
  });

  test('auto gives the errno of DMA when that cannot be had either', () => {
    const iommu = writeMachine({ rule, lacks: { 'DMA-FQ': 'EOPNOTSUPP', DMA: 'ENOMEM' } });
    write(iommu, 'identity');
    refuses(iommu, 'auto', 'ENOMEM');
  });

  test('auto gives EINVAL when the system chose DMA and it cannot be had', () => {
    const iommu = writeMachine({ rule, line: 'iommu.strict=1', lacks: { DMA: 'ENOMEM' } });
    write(iommu, 'identity');
    refuses(iommu, 'auto', 'EINVAL');
  });
});
