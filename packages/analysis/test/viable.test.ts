import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type MachinePciFunction } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type ViableOptions, type ViableReport, viable, viableSchema } from '../src/index.js';
import { codeOf, desk, drivers } from './support/drawn.js';
import { cardScope } from './support/machines.js';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(viableSchema);

/** The desk with drivers: all functions have one or none. */
const withDrivers = (
  bound: Readonly<Record<string, string | null | undefined>> = {},
  extra: Partial<Machine> = {},
  facts: Readonly<Record<string, Partial<MachinePciFunction>>> = {},
): Machine => {
  const machine = desk(extra);
  const usual = ({ class: code = '' }: MachinePciFunction): string | null =>
    ({ '0604': 'pcieport', '0300': 'nouveau', '0403': 'snd_hda_intel', '0200': 'igb', '0108': 'nvme' })[
      code.slice(0, 4)
    ] ?? null;
  const functions = (machine.pci?.functions ?? []).map(({ driver: _, ...fn }) => {
    const name = fn.address.slice(5);
    const driver = name in bound ? bound[name] : usual(fn);
    return { ...fn, ...(driver !== undefined && { driver }), ...facts[name] };
  });
  return { ...machine, pci: { ...machine.pci, functions } };
};

const asked = (machine: Machine, names: readonly string[], options: ViableOptions = {}): ViableReport => {
  const running = boot(machine, { drivers });
  const optimistic = boot(machine, { drivers, unknown: 'optimistic' });
  const report = viable({ running, optimistic }, names, options);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const codes = ({ together }: ViableReport): string[] => together.reasons.map(({ code }) => code);

describe('a card of two functions behind a port without ACS', () => {
  test('is not viable by one function, for the other is in use', () => {
    const report = asked(withDrivers(), ['01:00.0']);
    expect(report.together).toMatchObject({
      verdict: 'not-viable',
      certain: true,
      errno: 'EPERM',
      refusedBy: 'claim',
    });
    expect(report.together.reasons[0]).toMatchObject({ code: 'in-use', devices: ['0000:01:00.1'] });
    expect(report.needs).toEqual([{ device: '0000:01:00.1', action: 'bind', from: 'snd_hda_intel' }]);
  });

  test('is viable as a whole, though neither function is by itself', () => {
    const report = asked(withDrivers(), ['01:00.0', '0000:01:00.1']);
    expect(report.devices.map(({ device, verdict }) => [device, verdict])).toEqual([
      ['0000:01:00.0', 'not-viable'],
      ['0000:01:00.1', 'not-viable'],
    ]);
    expect(report.together).toMatchObject({ verdict: 'viable', certain: true, errno: null, refusedBy: null });
    expect(report.needs).toEqual([]);
  });

  test('names members with what each is bound to, the bridge as such', () => {
    const [device] = asked(withDrivers({ '01:00.1': undefined }), ['01:00.0']).devices;
    expect(device?.group?.members).toMatchObject([
      { device: '0000:00:01.0', driver: 'pcieport', role: 'bridge', inTheWay: false },
      { device: '0000:01:00.0', driver: 'nouveau', role: 'asked', inTheWay: true },
      { device: '0000:01:00.1', driver: null, driverIsKnown: false, role: 'other', inTheWay: null },
    ]);
  });

  test('is unknown where the input does not tell what a member is bound to', () => {
    const report = asked(withDrivers({ '01:00.1': undefined }), ['01:00.0']);
    expect(report.together).toMatchObject({ verdict: 'unknown', certain: false, errno: null });
    expect(report.needs).toEqual([{ device: '0000:01:00.1', action: 'bind', from: null }]);
  });

  test('is fine with a member that has no driver', () => {
    expect(asked(withDrivers({ '01:00.1': null }), ['01:00.0']).together.verdict).toBe('viable');
  });

  test('takes a port of which the driver is unknown for what it is, and a conventional bridge for unknown', () => {
    expect(asked(withDrivers({ '01:00.1': null, '00:01.0': undefined }), ['01:00.0']).together.verdict).toBe('viable');
    const behind = withDrivers({ '03:00.0': undefined });
    const { together } = asked(behind, ['04:01.0']);
    expect(together).toMatchObject({ verdict: 'unknown' });
    expect(together.reasons[0]).toMatchObject({ code: 'driver-unknown', devices: ['0000:03:00.0'] });
  });
});

test('counts a bridge in the rule of 2012, as old kernels do by themselves', () => {
  const machine = withDrivers({ '01:00.1': null });
  const of2012 = asked(machine, ['01:00.0'], { rule: 'allowed-drivers' });
  expect(of2012.together).toMatchObject({ verdict: 'not-viable', errno: 'EINVAL' });
  expect(of2012.needs).toEqual([{ device: '0000:00:01.0', action: 'unbind', from: 'pcieport' }]);
  const rules = ['4.3', '4.4', '5.18', '5.19'].map(
    (release) => asked({ ...machine, kernel: { ...machine.kernel, release } }, ['01:00.0']).rule,
  );
  expect(rules).toEqual(['allowed-drivers', 'allowed-drivers-and-bridges', 'allowed-drivers-and-bridges', 'owner']);
  const between = asked(machine, ['01:00.0'], { rule: 'allowed-drivers-and-bridges' });
  expect(between.together.verdict).toBe('viable');
});

describe('a driver', () => {
  test('of VFIO for one kind of card is as good', () => {
    const { together, setup } = asked(withDrivers(), ['07:00.0'], { driver: 'mlx5_vfio_pci' });
    expect(together.verdict).toBe('viable');
    expect(setup).toMatchObject({ kernelParameter: null });
    expect(setup?.commands[0]).toBe('sudo modprobe mlx5_vfio_pci');
  });

  test('that uses the DMA itself is refused by the claim', () => {
    const report = asked(withDrivers(), ['07:00.0'], { driver: 'uio_pci_generic' });
    expect(report.together).toMatchObject({ verdict: 'not-viable', errno: 'EPERM' });
    expect(report.setup).toBe(null);
  });

  test('that only keeps the host away passes nothing through', () => {
    const report = asked(withDrivers(), ['07:00.0'], { driver: 'pci-stub' });
    expect(report.together.verdict).toBe('viable');
    expect(codes(report)).toContain('no-vfio-driver');
  });
});

test('a bridge is refused by the driver, and nothing helps', () => {
  const report = asked(withDrivers(), ['00:02.0']);
  expect(report.together).toMatchObject({ verdict: 'not-viable', errno: 'EINVAL', refusedBy: 'driver-probe' });
  expect(report).toMatchObject({ needs: [], setup: null });
});

test('a device without a group is refused by the driver, with the reason', () => {
  const off = { release: '6.12.0', arch: 'x86_64', commandLine: 'intel_iommu=off' };
  const report = asked(withDrivers({}, { kernel: off }), ['07:00.0']);
  expect(report.together).toMatchObject({ verdict: 'not-viable', errno: 'EINVAL', refusedBy: 'driver-probe' });
  expect(report.together.reasons[0]?.text).toContain('intel_iommu=off');
  expect(report.setup).toBe(null);
});

test('a group that only the input lacks is unknown', () => {
  const { firmware: _, ...machine } = withDrivers(
    {},
    { kernel: { release: '6.12.0', commandLine: 'intel_iommu=off' } },
  );
  // Off by the command line, were there a table; that there is one is supposed.
  expect(asked(machine, ['07:00.0']).together).toMatchObject({ verdict: 'not-viable', certain: false });
  const running = boot(machine, { drivers: [] });
  const { together } = viable({ running, optimistic: running }, ['07:00.0']);
  expect(together).toMatchObject({ verdict: 'unknown', certain: false, errno: null });
  expect(together.reasons[0]?.code).toBe('group-unknown');
});

describe('a region that stays mapped', () => {
  const scopes = [cardScope(6)];
  const reservedMemory = [{ base: 0x7e000000n, limit: 0x7e0fffffn, scopes }];
  const DMAR = writeDmar({ units: [{ registerBase: 0xfed90000n }], reservedMemory });

  test('makes the device ineligible', () => {
    const report = asked(withDrivers({}, { firmware: { acpi: { DMAR } } }), ['07:00.0']);
    expect(report.together).toMatchObject({
      verdict: 'not-viable',
      certain: true,
      errno: 'EINVAL',
      refusedBy: 'claim',
    });
    expect(report.devices[0]?.group?.members[0]?.directRegions).toEqual([
      '0x000000007e000000 0x000000007e0fffff direct',
    ]);
    expect(report.setup).toBe(null);
  });

  test('is given up for graphics, and how kernels before 5.19 take it is not known', () => {
    const graphics = withDrivers({}, { firmware: { acpi: { DMAR } } }, { '07:00.0': { class: '030000' } });
    expect(asked(graphics, ['07:00.0']).together.verdict).toBe('viable');
    const old = { release: '5.10.0', arch: 'x86_64', commandLine: 'intel_iommu=on' };
    const report = asked(withDrivers({}, { firmware: { acpi: { DMAR } }, kernel: old }), ['07:00.0']);
    expect(report.together).toMatchObject({ verdict: 'unknown', certain: false, errno: null });
  });

  test('may be there where the input holds no firmware', () => {
    const { firmware: _, ...machine } = withDrivers();
    const report = asked(machine, ['07:00.0']);
    expect(report.together).toMatchObject({ verdict: 'viable', certain: false });
    expect(codes(report)).toContain('regions-unknown');
    // That another is in the way is sure all the same.
    expect(asked(machine, ['01:00.0']).together).toMatchObject({ verdict: 'not-viable', certain: true });
  });
});

describe('what is not certain', () => {
  test('who shares the group, where ACS was not read and another would be in the way', () => {
    const hidden = withDrivers();
    const functions = (hidden.pci?.functions ?? []).map(({ acs, ...fn }) =>
      fn.address === '0000:00:06.0' ? fn : { ...fn, ...(acs !== undefined && { acs }) },
    );
    // The port is fine either way, so the verdict stands.
    const machine = { ...hidden, pci: { ...hidden.pci, functions } };
    expect(asked(machine, ['07:00.0']).together).toMatchObject({ verdict: 'viable', certain: true });
    const shpc = functions.map((fn) => (fn.address === '0000:00:06.0' ? { ...fn, driver: 'shpchp' } : fn));
    const other = asked({ ...hidden, pci: { ...hidden.pci, functions: shpc } }, ['07:00.0']);
    expect(other.together).toMatchObject({ verdict: 'not-viable', certain: false });
    expect(codes(other)).toContain('members-unknown');
  });

  test('where the machine itself showed another group', () => {
    const observed = { source: 'sysfs', groups: [{ id: 8, devices: ['0000:07:00.0', '0000:02:00.0'] }] } as const;
    const report = asked(withDrivers({}, { observed }), ['07:00.0']);
    expect(report.together).toMatchObject({ verdict: 'viable', certain: false });
    expect(report.together.reasons.find(({ code }) => code === 'observed-differs')?.devices).toEqual(['0000:02:00.0']);
  });
});

describe('what the host loses', () => {
  test('is its last disk, its last network card, its last screen', () => {
    expect(codes(asked(withDrivers(), ['07:00.0']))).toEqual(['last-storage']);
    expect(codes(asked(withDrivers(), ['01:00.0', '01:00.1']))).toEqual(['last-display']);
    const vfsOff = ['02:00.0', '02:02.0', '02:02.4'];
    expect(codes(asked(withDrivers(), vfsOff))).toEqual(['last-network']);
    expect(codes(asked(withDrivers({ '02:02.0': 'vfio-pci', '02:02.4': null }), ['02:00.0']))).toEqual([
      'last-network',
    ]);
  });

  test('is nothing that VFIO has already', () => {
    expect(codes(asked(withDrivers({ '07:00.0': 'vfio-pci' }), ['07:00.0']))).toEqual([]);
  });

  test('is the disk that it boots from, as far as root= tells', () => {
    const facts = { '04:01.0': { class: '010601', driver: 'ahci' } };
    const boots = (root: string) => ({
      kernel: { release: '6.12.0', arch: 'x86_64', commandLine: `intel_iommu=on ${root}` },
    });
    const of = (root: string, name: string) =>
      codes(asked(withDrivers({ '04:04.0': null }, boots(root), facts), [name])).filter((code) =>
        code.includes('boot'),
      );
    expect(of('root=/dev/nvme0n1p2', '07:00.0')).toEqual(['boot-disk']);
    expect(of('root=/dev/sda1', '07:00.0')).toEqual([]);
    expect(of('root=/dev/sda1', '04:01.0')).toEqual(['boot-disk']);
    expect(of('root=UUID=1234', '07:00.0')).toEqual(['may-be-boot-disk']);
    expect(of('', '04:01.0')).toEqual(['may-be-boot-disk']);
  });

  test('is the console, and an IOMMU', () => {
    const vga = withDrivers({}, {}, { '01:00.0': { attributes: { boot_vga: '1' } } });
    expect(codes(asked(vga, ['01:00.0', '01:00.1']))).toEqual(['last-display', 'boot-display']);
    expect(codes(asked(withDrivers({}, {}, { '07:00.0': { class: '080600' } }), ['07:00.0']))).toEqual(['iommu']);
  });
});

describe('text to copy', () => {
  test('binds what was asked about and what is needed besides', () => {
    const { setup } = asked(withDrivers(), ['01:00.0']);
    expect(setup).toEqual({
      bind: ['0000:01:00.0', '0000:01:00.1'],
      unbind: [],
      leftOut: [],
      kernelParameter: 'vfio-pci.ids=10de:2684,10de:22ba',
      sameIds: [],
      commands: [
        'sudo modprobe vfio-pci',
        'echo vfio-pci | sudo tee /sys/bus/pci/devices/0000:01:00.0/driver_override',
        'echo 0000:01:00.0 | sudo tee /sys/bus/pci/devices/0000:01:00.0/driver/unbind',
        'echo 0000:01:00.0 | sudo tee /sys/bus/pci/drivers_probe',
        '# 0000:01:00.1: not asked about, but needed',
        'echo vfio-pci | sudo tee /sys/bus/pci/devices/0000:01:00.1/driver_override',
        'echo 0000:01:00.1 | sudo tee /sys/bus/pci/devices/0000:01:00.1/driver/unbind',
        'echo 0000:01:00.1 | sudo tee /sys/bus/pci/drivers_probe',
      ],
      libvirt: `<hostdev mode='subsystem' type='pci' managed='yes'>
  <source>
    <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
  </source>
</hostdev>
`,
    });
  });

  test('leaves out what the host would miss, until it is asked about', () => {
    const disk = { '01:00.1': { class: '010802', driver: 'nvme' }, '07:00.0': { driver: null } };
    const report = asked(withDrivers({}, {}, disk), ['01:00.0']);
    expect(codes(report)).toContain('last-storage');
    expect(report.setup).toMatchObject({
      bind: ['0000:01:00.0'],
      leftOut: ['0000:01:00.1'],
      kernelParameter: 'vfio-pci.ids=10de:2684',
    });
    expect(report.setup?.commands.join()).not.toContain('01:00.1');
    expect(asked(withDrivers({}, {}, disk), ['01:00.0', '01:00.1']).setup?.bind).toHaveLength(2);
  });

  test('does what a kernel does: nothing for what is bound, new_id before driver_override', () => {
    expect(asked(withDrivers({ '07:00.0': 'vfio-pci' }), ['07:00.0']).setup?.commands).toEqual([]);
    const kernel = { release: '3.10.0', arch: 'x86_64', commandLine: 'intel_iommu=on' };
    expect(asked(withDrivers({}, { kernel }), ['07:00.0']).setup?.commands).toEqual([
      'sudo modprobe vfio-pci',
      'echo 0000:07:00.0 | sudo tee /sys/bus/pci/devices/0000:07:00.0/driver/unbind',
      'echo 144d a80c | sudo tee /sys/bus/pci/drivers/vfio-pci/new_id',
    ]);
  });

  test('says what else has an id, and gives none where one is unknown', () => {
    const twin = withDrivers({}, {}, { '04:01.0': { id: '144d:a80c' } });
    expect(asked(twin, ['07:00.0']).setup?.sameIds).toEqual(['0000:04:01.0']);
    const { id: _, ...nameless } = (withDrivers().pci?.functions ?? []).find((fn) => fn.address === '0000:07:00.0') ?? {
      id: '',
    };
    const machine = withDrivers();
    const functions = (machine.pci?.functions ?? []).map((fn) =>
      fn.address === '0000:07:00.0' ? (nameless as MachinePciFunction) : fn,
    );
    expect(asked({ ...machine, pci: { ...machine.pci, functions } }, ['07:00.0']).setup).toMatchObject({
      kernelParameter: null,
      sameIds: [],
    });
  });

  test('works where it is not known whether there is a driver, and frees a bridge without binding it', () => {
    const unknown = asked(withDrivers({ '07:00.0': undefined }), ['07:00.0']).setup?.commands ?? [];
    expect(unknown.slice(2, 4)).toEqual([
      'test ! -e /sys/bus/pci/devices/0000:07:00.0/driver ||',
      '  echo 0000:07:00.0 | sudo tee /sys/bus/pci/devices/0000:07:00.0/driver/unbind',
    ]);
    const { setup } = asked(withDrivers({ '01:00.1': null, '00:01.0': 'shpchp' }), ['01:00.0']);
    expect(setup).toMatchObject({ unbind: ['0000:00:01.0'], bind: ['0000:01:00.0'] });
    expect(setup?.commands).toContain('echo 0000:00:01.0 | sudo tee /sys/bus/pci/devices/0000:00:01.0/driver/unbind');
  });
});

test('follows drivers that come and go on the running machine', () => {
  const running = boot(withDrivers(), { drivers });
  const ask = () => viable({ running, optimistic: running }, ['01:00.0']).together.verdict;
  expect(ask()).toBe('not-viable');
  running.kernelDrivers.unbind('snd_hda_intel', '0000:01:00.1');
  expect(ask()).toBe('viable');
  running.bindDriver(running.device('0000:01:00.1'), 'snd_hda_intel');
  expect(ask()).toBe('not-viable');
});

test('an address that is not there is an error', () => {
  expect(codeOf(() => asked(withDrivers(), ['09:00.0']))).toMatch(/^ERR_DEVICE_UNKNOWN/);
});
