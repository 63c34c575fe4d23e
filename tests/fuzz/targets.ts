import { isIommuError } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { machineToTar, readMachineBytes } from '@iommu/host';
import { boot, type Machine, toBytes } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { allDrivers } from '../support/drivers.js';
import { hexDump } from '../support/hex-dump.js';
import { machineOf, type Recording, recordedMachines } from '../support/recordings.js';

/** A parser under test. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Read what may be no input. Only an IommuError may come of it, which is swallowed. */
  readonly run: (bytes: Uint8Array) => Promise<void>;
}

const encoder = new TextEncoder();

const bootAll = (machine: Machine): void => {
  const { iommu } = boot(machine, { drivers: allDrivers() });
  for (const group of iommu.groups) iommu.reservedRegions(group);
  for (const device of iommu.devices) for (const reason of iommu.outcomeOf(device).reasons) void reason.text;
};

const swallow = async (work: () => void | Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!isIommuError(error)) throw error;
  }
};

const ofText = (name: string, seeds: readonly (string | Uint8Array)[]): Target => ({
  name,
  seeds: seeds.map((seed) => (typeof seed === 'string' ? encoder.encode(seed) : seed)),
  run: (bytes) => swallow(async () => bootAll(await readMachineBytes(bytes, { name: 'input' }))),
});

/** An ACPI table in a machine that has one of the kind; half of the inputs get a length and a checksum that agree. */
const ofTable = (signature: string, recordings: readonly Recording[]): Target => {
  const machines = recordings.map(({ tree }) => machineOf(tree)).filter(({ firmware }) => firmware?.acpi?.[signature]);
  const [machine] = machines;
  const seeds = machines.map(({ firmware }) => toBytes(firmware?.acpi?.[signature] ?? '', signature));
  const run = (bytes: Uint8Array): Promise<void> =>
    swallow(() => {
      const table = bytes.length > 36 && (bytes[9] ?? 0) % 2 === 0 ? sealAcpiTable(bytes.slice()) : bytes;
      bootAll({ ...machine, schema: 1, firmware: { ...machine?.firmware, acpi: { [signature]: table } } });
    });
  return { name: signature.toLowerCase(), seeds, run };
};

const LISTING = `IOMMU Group 0:
\t00:00.0 Host bridge [0600]: Intel Corporation Device [8086:29c0]
IOMMU Group 1 00:01.0 PCI bridge [0604]: Intel Corporation Device [8086:1901] (rev 07)
`;

const VERBOSE = `00:01.0 PCI bridge [0604]: Intel Corporation Device [8086:1901] (rev 07) (prog-if 00 [Normal decode])
\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tCapabilities: [88] Subsystem: Device [1043:8694]
\tCapabilities: [a0] Express (v2) Root Port (Slot+), IntMsgNum 0
\tCapabilities: [140 v1] Access Control Services
\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
\tIOMMU group: 2
\tKernel driver in use: pcieport

01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:2684] (rev a1)
\tCapabilities: <access denied>
\tIOMMU group: 3
`;

const ACPIDUMP = `DMAR @ 0x0000000000000000
    0000: 44 4D 41 52 40 00 00 00 01 00 46 4F 4F 20 20 20  DMAR@.....FOO
    0010: 46 4F 4F 20 20 20 20 20 01 00 00 00 00 00 00 00  FOO     ........
    0020: 00 00 00 00 2E 01 00 00 00 00 00 00 00 00 00 00  ................
    0030: 00 00 10 00 01 00 00 00 00 00 D9 FE 00 00 00 00  ................
`;

const UMOCKDEV = `P: /devices/pci0000:00/0000:00:01.0
H: config=86800119070410000200040600008100
A: class=0x060400\\n
L: driver=../../../bus/pci/drivers/pcieport

P: /devices/pci0000:00/0000:00:01.0/0000:01:00.0
A: vendor=0xf00d\\n
A: device=0x0110\\n
L: iommu_group=../../../../kernel/iommu_groups/4
`;

/** A device tree in the machine that booted with it. */
const ofDeviceTree = (recordings: readonly Recording[]): Target => {
  const machines = recordings.map(({ tree }) => machineOf(tree)).filter(({ firmware }) => firmware?.deviceTree);
  const [machine] = machines;
  return {
    name: 'device-tree',
    seeds: machines.map(({ firmware }) => toBytes(firmware?.deviceTree ?? '', 'device tree')),
    run: (deviceTree) => swallow(() => bootAll({ ...machine, schema: 1, firmware: { deviceTree } })),
  };
};

/** All parsers, with recorded inputs to start from. */
export const targets = async (): Promise<readonly Target[]> => {
  const recordings = await recordedMachines(['rules', 'vtd', 'amdvi', 'smmuv3']);
  const logs = recordings.slice(0, 6).map(({ tree }) => tree.read('dmesg.txt') ?? new Uint8Array());
  const few = (machine: Machine): Machine => ({
    ...machine,
    pci: { functions: (machine.pci?.functions ?? []).slice(0, 3) },
  });
  const machines = recordings.slice(0, 4).map(({ tree }) => machineOf(tree));
  const functions = machines.flatMap(({ pci }) => pci?.functions.slice(0, 2) ?? []);
  const spaces = functions.map(({ config }) => toBytes(config ?? '', 'config'));
  return [
    ...['DMAR', 'IVRS', 'IORT']
      .map((signature) => ofTable(signature, recordings))
      .filter(({ seeds }) => seeds.length > 0),
    {
      name: 'config-space',
      seeds: spaces,
      run: (config) => swallow(() => bootAll({ schema: 1, pci: { functions: [{ address: '0000:00:01.0', config }] } })),
    },
    ofText('lspci', [VERBOSE, LISTING, `${VERBOSE}${LISTING}`]),
    ofText('hex-dump', [hexDump(functions.slice(0, 2)), hexDump(functions.slice(2, 4))]),
    ofText('log', logs),
    ofText('acpidump', [ACPIDUMP, `${VERBOSE}${ACPIDUMP}`]),
    ofText('umockdev', [UMOCKDEV]),
    ofText('tar', await Promise.all(machines.map((machine) => machineToTar(few(machine))))),
    ofDeviceTree(recordings),
    ofText(
      'json',
      machines.map((machine) =>
        JSON.stringify(machineToJson({ ...machine, pci: { functions: functions.slice(0, 1) } })),
      ),
    ),
  ];
};
