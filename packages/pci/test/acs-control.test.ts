import { describe, expect, test } from 'vitest';
import { type AcsState, acsStateOf, formatAcsFlags, type PciFunction, type PciTopology } from '../src/index.js';
import { type acsCapability, configBytes, expressCapability, wideAcsCapability } from './support/config-space.js';
import { endpoint, rootPort, unread } from './support/functions.js';
import { at, deviceOf, type SettingsSketch, topologyOf, verdictOn } from './support/topology.js';

const SPT_PORT = 0xa110;
const ALL = 0x1d;

type Acs = { readonly capability?: string; readonly control?: string };

const stateOf = (description: PciFunction, settings: SettingsSketch): AcsState | null | undefined =>
  acsStateOf(deviceOf(description, settings));

/** The control bits in effect of a port with these registers; `unknown` when they cannot be told. */
const controlOf = (acs: Acs, settings: SettingsSketch): string => {
  const state = stateOf(rootPort('00:01.0', 1, { acs }), settings);
  return state?.control === undefined ? 'unknown' : formatAcsFlags(state.control);
};

describe.each(['before-boot', 'unknown'] as const)('control bits read %s', (acsRead) => {
  test('get the required flags that are advertised, once an IOMMU asked for ACS', () => {
    expect(controlOf({ capability: 'SV RR UF', control: '' }, { acsRead })).toBe('SV RR UF');
  });

  test('keep the flags that were set before', () => {
    expect(controlOf({ capability: 'SV RR CR UF', control: 'TB EC' }, { acsRead })).toBe('SV TB RR CR UF EC');
  });

  test('get no flags that are not required', () => {
    expect(controlOf({ capability: 'SV TB EC DT', control: '' }, { acsRead })).toBe('SV');
  });

  test('stay as they are while no IOMMU asks for ACS', () => {
    const settings = { acsRead, acsRequested: false };
    expect(controlOf({ capability: 'SV RR CR UF', control: 'SV' }, settings)).toBe('SV');
  });

  test('are the required flags, though they were not read, once an IOMMU asked for ACS', () => {
    expect(controlOf({ capability: 'SV RR' }, { acsRead })).toBe('SV RR');
  });

  test('are unknown when they were not read and no IOMMU asks for ACS', () => {
    expect(controlOf({ capability: 'SV RR' }, { acsRead, acsRequested: false })).toBe('unknown');
  });
});

describe('ACS that is asked for when functions have been found', () => {
  const PORTS = ['00:01.0', '00:02.0', '00:03.0'].map((address, at) =>
    rootPort(address, at + 1, { acs: { capability: 'SV RR CR UF', control: '' } }),
  );
  const [FIRST, SECOND, THIRD] = PORTS as [PciFunction, PciFunction, PciFunction];
  const control = (topology: PciTopology, address: string) => acsStateOf(at(topology, address))?.control;
  const built = (settings: SettingsSketch) => topologyOf([FIRST, SECOND], { acsRead: 'before-boot', ...settings });

  test.each([
    ['all of them', 'after-boot', [0, 0]],
    ['the first', 'after-first', [0, ALL]],
  ] as const)('leaves %s as firmware had it (%s)', (_, acsLate, expected) => {
    const topology = built({ acsLate });
    expect([control(topology, '00:01.0'), control(topology, '00:02.0')]).toEqual(expected);
  });

  test.each(['after-boot', 'after-first'] as const)('is there for what is plugged in later (%s)', (acsLate) => {
    const topology = built({ acsLate });
    topology.add(THIRD);
    expect(control(topology, '00:03.0')).toBe(ALL);
  });

  test.each([
    ['SV', undefined],
    ['TB', 0x02],
    ['', 0],
  ])('leaves bits that another kernel may have set unknown: %j', (text, expected) => {
    const port = rootPort('00:01.0', 1, { acs: { capability: 'SV TB RR CR UF', control: text } });
    const settings = { acsRead: 'unknown', acsReadElsewhere: true, acsLate: 'after-boot' } as const;
    expect(control(topologyOf([port], settings), '00:01.0')).toBe(expected);
  });

  test('does nothing when nobody asks', () => {
    const topology = built({ acsLate: 'after-first', acsRequested: false });
    expect(control(topology, '00:02.0')).toBe(0);
  });

  test('is there for virtual functions, which come later', () => {
    const virtual = {
      ...endpoint('01:00.1'),
      acs: { capability: 'SV', control: '' },
      physicalFunction: '0000:01:00.0',
    };
    const functions = [FIRST, endpoint('01:00.0'), virtual];
    expect(control(topologyOf(functions, { acsRead: 'before-boot', acsLate: 'after-boot' }), '01:00.1')).toBe(1);
  });
});

describe('control bits read after boot', () => {
  test('are the answer', () => {
    expect(controlOf({ capability: 'SV RR CR UF', control: 'SV' }, {})).toBe('SV');
  });

  test('are the answer whatever the command line says', () => {
    const settings = { commandLine: 'pci=disable_acs_redir=00:01.0' };
    expect(controlOf({ capability: 'SV RR CR UF', control: 'SV RR CR UF' }, settings)).toBe('SV RR CR UF');
  });

  test('are the required flags where they were not read and an IOMMU asked for ACS', () => {
    expect(controlOf({ capability: 'SV RR CR UF' }, {})).toBe('SV RR CR UF');
  });
});

test('switches on whatever a capability advertises that was not read', () => {
  expect(verdictOn(rootPort('00:01.0', 1, { acs: {} }), { acsRead: 'before-boot' }).isolated).toBe(true);
});

test('has no state of a function without the capability', () => {
  expect(stateOf(rootPort('00:01.0', 1), {})).toBeNull();
});

test('does not know the state of a capability list that was not read', () => {
  expect(stateOf(unread(rootPort('00:01.0', 1), 'acs'), {})).toBeUndefined();
});

test('switches ACS on at endpoints too', () => {
  const several = endpoint('00:01.0', { multifunction: true, acs: { capability: 'SV RR CR UF', control: '' } });
  expect(verdictOn(several, { acsRead: 'before-boot' }).isolated).toBe(true);
});

/** A port whose registers stand in its configuration space, as both kinds of capability have them. */
const port = (device: number, acs: ReturnType<typeof acsCapability>): PciFunction => ({
  address: '00:1c.0',
  config: configBytes({
    vendor: 0x8086,
    device,
    headerType: 1,
    secondaryBus: 1,
    class: 0x060400,
    capabilities: [expressCapability(4)],
    extended: [acs],
  }),
});

describe('registers of which a part is not known', () => {
  test('leave unknown what they advertise, which then is taken for all that is required', () => {
    const description = rootPort('00:01.0', 1, { acs: { control: '' } });
    expect(stateOf(description, {})?.capability).toBeUndefined();
    expect(verdictOn(description)).toMatchObject({ isolated: false, missing: ALL });
  });

  test('are as they were read, whatever another kernel does, while no IOMMU asks for ACS', () => {
    const settings = { acsRequested: false, acsReadElsewhere: true };
    expect(controlOf({ capability: 'SV RR CR UF', control: 'SV RR' }, settings)).toBe('SV RR');
  });

  test('leave it open whether a port isolates, with the flags that it would need', () => {
    const description = rootPort('00:01.0', 1, { acs: { capability: 'SV RR' } });
    expect(verdictOn(description, { acsRequested: false })).toMatchObject({
      basis: 'unknown',
      capability: 0x05,
      needed: 0x05,
      unknown: 'ACS control of 0000:00:01.0',
    });
  });
});

describe('a Sunrise Point root port', () => {
  test('is known by text to advertise ACS, and not what is switched on', () => {
    const description = rootPort('00:1c.0', 1, {
      id: '8086:a110',
      acs: { capability: 'SV RR CR UF', control: 'SV RR CR UF' },
    });
    expect(stateOf(description, { acsRequested: false })).toEqual({
      capability: ALL,
      control: undefined,
      dwords: true,
    });
  });

  test('has its control as a double word, eight bytes into the capability', () => {
    expect(stateOf(port(SPT_PORT, wideAcsCapability(ALL, 0x05)), {})).toEqual({
      capability: ALL,
      control: 0x05,
      dwords: true,
    });
  });

  test('has its control switched on there', () => {
    expect(stateOf(port(SPT_PORT, wideAcsCapability(0x0d, 0)), { acsRead: 'before-boot' })?.control).toBe(0x0d);
  });

  test('is judged by it', () => {
    expect(verdictOn(port(SPT_PORT, wideAcsCapability(ALL, ALL)))).toMatchObject({
      isolated: true,
      basis: 'quirk',
      quirk: 'pci_quirk_intel_spt_pch_acs',
      quirkSince: '4.7',
    });
  });

  test('is judged by what it advertises there', () => {
    expect(verdictOn(port(SPT_PORT, wideAcsCapability(ALL, 0)))).toMatchObject({ isolated: false, missing: ALL });
  });

  test('is read like other ports before 4.7', () => {
    const state = stateOf(port(SPT_PORT, wideAcsCapability(ALL, ALL)), { release: '4.6' });
    expect(state).toEqual({ capability: ALL, control: 0, dwords: false });
  });

  test('has an unknown control in text, which shows the wrong bits, while no IOMMU asks for ACS', () => {
    const text = rootPort('00:1c.0', 1, { id: '8086:a110', acs: { capability: 'SV RR CR UF', control: '' } });
    expect(stateOf(text, { acsRequested: false })?.control).toBeUndefined();
  });

  test('is taken for switched on in text once an IOMMU asked for ACS', () => {
    const text = rootPort('00:1c.0', 1, { id: '8086:a110', acs: { capability: 'SV RR CR UF', control: '' } });
    expect(verdictOn(text).isolated).toBe(true);
  });

  test('is no other function with such an id', () => {
    const nic = endpoint('00:1c.0', { id: '8086:a110', multifunction: true, acs: { capability: 'SV', control: '' } });
    expect(stateOf(nic, {})?.dwords).toBe(false);
  });
});

describe.each(['111d:80b5', '111d:8090'])('an IDT switch port %s', (id) => {
  const idt = rootPort('00:01.0', 1, { id, acs: { capability: 'SV RR CR UF', control: 'RR CR UF' } });
  const masked = { rules: { 'acs-broken-sv': 'masked' } };

  test('needs no source validation where the kernel masks it', () => {
    expect(verdictOn(idt, masked).isolated).toBe(true);
  });

  test('gets no source validation switched on where the kernel masks it', () => {
    expect(stateOf(idt, { ...masked, acsRead: 'before-boot' })?.control).toBe(0x1c);
  });

  test('needs source validation where the kernel does not mask it', () => {
    expect(verdictOn(idt)).toMatchObject({ isolated: false, missing: 0x01 });
  });
});

test('masks the source validation of no other switch', () => {
  const other = rootPort('00:01.0', 1, { id: '111d:80b4', acs: { capability: 'SV', control: '' } });
  expect(verdictOn(other, { rules: { 'acs-broken-sv': 'masked' } }).isolated).toBe(false);
});
