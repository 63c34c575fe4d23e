import { expect, test } from 'vitest';
import { parseDetails } from '../../src/lspci/details.js';

const KINDS = [
  ['Root Port (Slot+)', 'root-port'],
  ['Root Port (Slot-)', 'root-port'],
  ['Upstream Port', 'upstream-port'],
  ['Downstream Port (Slot+)', 'downstream-port'],
  ['Downstream Port (Slot-)', 'downstream-port'],
  ['Endpoint', 'endpoint'],
  ['Legacy Endpoint', 'legacy-endpoint'],
  ['Root Complex Integrated Endpoint', 'rc-endpoint'],
  ['Root Complex Event Collector', 'rc-event-collector'],
  ['PCI-Express to PCI/PCI-X Bridge', 'pcie-to-pci-bridge'],
  ['PCI/PCI-X to PCI-Express Bridge', 'pci-to-pcie-bridge'],
] as const;

const GENERATIONS = ['', '(v1) ', '(v2) '].flatMap((version) =>
  ['', ', MSI 00', ', IntMsgNum 0', ' IRQ 0'].map((tail) => [version, tail] as const),
);

test.each(KINDS)('reads "Express %s" of any generation as %s', (words, kind) => {
  const read = GENERATIONS.map(
    ([version, tail]) =>
      parseDetails(`Capabilities: [80] Express ${version}${words}${tail} DevCap: MaxPayload 128`).express,
  );
  expect(new Set(read)).toEqual(new Set([kind]));
});

test('does not take Secondary PCI Express or a name with Express in it for the capability', () => {
  const body =
    'DeviceName: Express Endpoint Capabilities: [40] MSI: Enable+ Capabilities: [148 v1] Secondary PCI Express';
  expect(parseDetails(body).express).toBeNull();
});

test('knows nothing of an Express capability of a kind that it does not know', () => {
  expect(parseDetails('Capabilities: [80] Express (v2) Unknown type, MSI 00').express).toBeUndefined();
});

const CAP = 'SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl+ DirectTrans+';
const CTL = 'SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-';

test.each(['', ' ', '\t'])('reads the ACS registers with "%s" after the colon', (blank) => {
  const body = `Capabilities: [220 v1] Access Control Services ACSCap:${blank}${CAP} ACSCtl:${blank}${CTL}`;
  expect(parseDetails(body.replace(/\s+/g, ' ')).acs).toEqual({
    capability: 'SV TB RR CR UF EC DT',
    control: 'SV RR CR UF',
  });
});

test('reads an ACS capability whose registers were not printed', () => {
  expect(parseDetails('Capabilities: [220] Access Control Services Kernel driver in use: foonet').acs).toEqual({});
});

test('leaves out an ACS register whose line was cut', () => {
  const body = `Capabilities: [220 v1] Access Control Services ACSCap: ${CAP} ACSCtl: SrcValid+ TransBlk- ReqRe`;
  expect(parseDetails(body).acs).toEqual({ capability: 'SV TB RR CR UF EC DT' });
});

test('reads no ACS where there is none', () => {
  expect(parseDetails('Capabilities: [100 v1] Advanced Error Reporting').acs).toBeUndefined();
});

test.each([
  ['Flags: fast devsel, IOMMU group 12', 12],
  ['Latency: 0 IOMMU group: 7', 7],
  ['Flags: fast devsel', undefined],
  ['Kernel driver in use: foonet [ 0.4] pci 0000:00:02.0: Adding to iommu group 3', undefined],
])('reads the group of "%s"', (body, group) => {
  expect(parseDetails(body).group).toBe(group);
});

test('reads the buses behind a bridge', () => {
  expect(parseDetails('Bus: primary=00, secondary=0a, subordinate=ff, sec-latency=0')).toMatchObject({
    secondaryBus: 0x0a,
    subordinateBus: 0xff,
  });
});

test('reads no bus of a line that was cut', () => {
  expect(parseDetails('Bus: primary=00, secondary=0a, subordin').secondaryBus).toBeUndefined();
});

test.each([
  ['Subsystem: Foo Devices Card [f00d:0001] Control: I/O+', 'f00d:0001'],
  ['Subsystem: Foo [Bar/Baz] Card [F00D:0001] Control: I/O+', 'f00d:0001'],
  ['Subsystem: f00d:0001 Flags: fast devsel', 'f00d:0001'],
  ['Subsystem: Device f00d:0001 Flags: fast devsel', 'f00d:0001'],
  ['Subsystem: Foo Devices Device 0001 Flags: fast devsel', undefined],
  [`Subsystem: Foo Devices Card Flags: fast devsel ${'Region 0: Memory '.repeat(20)} [f00d:0101] type 01`, undefined],
])('reads the subsystem of "%s"', (body, subsystem) => {
  expect(parseDetails(body).subsystem).toBe(subsystem);
});

test.each([
  ['Status: Cap+ 66MHz-', true],
  ['Status: Cap- 66MHz-', false],
  ['Flags: fast devsel', undefined],
])('reads from "%s" whether there is a capability list', (body, list) => {
  expect(parseDetails(body).capabilityList).toBe(list);
});

test('knows that capabilities were not readable', () => {
  expect(parseDetails('Flags: fast devsel Capabilities: <access denied>').denied).toBe(true);
});

test.each([
  ['!!! Unknown header type 7f', true],
  ["!!! Header type 05 doesn't match class code 0604", true],
  ['!!! Invalid class 0604 for header type 00 Flags: fast devsel', false],
])('knows from "%s" whether the rest can be trusted', (body, broken) => {
  expect(parseDetails(body).broken).toBe(broken);
});

const SRIOV = 'Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV) IOVCap: Migration- IOVCtl: Enable';
const VFS =
  'Initial VFs: 8, Total VFs: 8, Number of VFs: 4, Function Dependency Link: 00 VF offset: 128, stride: 2, Device ID: 0111';

test('reads where virtual functions are', () => {
  expect(parseDetails(`${SRIOV}+ Migration- ${VFS}`).sriov).toEqual({ numVfs: 4, offset: 128, stride: 2 });
});

test('reads no virtual functions that are switched off', () => {
  expect(parseDetails(`${SRIOV}- Migration- ${VFS}`).sriov).toBeUndefined();
});
