import type { Machine, MachinePciFunction } from '../../src/machine.js';
import { PCI_ATTRIBUTES } from '../../src/pci-attributes.js';

const ACS = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

/** A root port with ACS switched on, and a card behind it. */
export const PORT: MachinePciFunction = {
  address: '0000:00:01.0',
  parent: null,
  id: 'f00d:0101',
  class: '060400',
  headerType: 1,
  express: 'root-port',
  acs: ACS,
  secondaryBus: 1,
  subordinateBus: 1,
  driver: 'pcieport',
};

export const CARD: MachinePciFunction = {
  address: '0000:01:00.0',
  parent: '0000:00:01.0',
  id: 'f00d:0110',
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: null,
};

/** A machine in which every member that there is has a value. */
export const WHOLE: Machine = {
  schema: 1,
  name: 'whole',
  kernel: {
    release: '6.1.0-56-amd64',
    arch: 'x86_64',
    commandLine: 'quiet',
    config: { defaultDomain: 'lazy', intelIommuDefaultOn: true },
  },
  firmware: { acpi: { DMAR: 'RE1BUg==', SSDT2: '' }, deviceTree: 'AQID' },
  pci: {
    functions: [
      {
        ...CARD,
        subsystem: 'f00d:0001',
        revision: '03',
        config: 'DfAQAQ==',
        configSize: 4096,
        multifunction: false,
        physicalFunction: '0000:01:00.1',
        sriov: { totalVfs: 8, offset: 128, stride: 2, deviceId: '10ca' },
        segmentHost: '0000:00:0e.0',
        untrusted: true,
        driver: 'foonet',
        attributes: Object.fromEntries(PCI_ATTRIBUTES.map((name) => [name, 'as read'])),
        label: 'Foo Devices Fast Network Card',
      },
      PORT,
      { address: '10000:e0:06.0', id: 'f00d:', express: null, driver: null, acs: {}, sriov: null },
    ],
    rootBuses: ['0000:00', '10000:e0'],
    rootParents: { '0000:00': 'platform/4010000000.pcie' },
    order: ['0000:00:01.0', '0000:01:00.0'],
    acsRead: 'after-boot',
    acsReadUnder: { release: '5.15.0', commandLine: 'quiet' },
  },
  devices: [
    {
      name: '9040000.ethernet',
      bus: 'platform',
      path: 'platform/9040000.ethernet',
      firmwareNode: '\\_SB.NET0',
      hardwareId: 'AMDI0020',
      uniqueId: '0',
      driver: null,
    },
  ],
  probes: { order: [{ device: '0000:00:01.0', driver: 'pcieport' }], complete: true },
  units: [
    { name: 'dmar0', address: '0xfed90000', registers: { cap: '0x1', ecap: '0xffffffffffffffff' }, responds: true },
  ],
  observed: {
    source: 'sysfs',
    groups: [{ id: 0, devices: ['0000:00:01.0'], type: 'DMA-FQ', name: 'x', reservedRegions: ['0x0 0xf msi'] }],
    units: ['dmar0'],
  },
  notes: [{ severity: 'warning', code: 'odd', message: 'Odd.' }],
};
