import { groupsReport } from '@iommu/analysis';
import { smmu } from '@iommu/driver-smmu';
import { parseDmesg, readSnapshot } from '@iommu/host';
import { boot, type Machine, type MachinePciFunction, type RunningMachine } from '@iommu/machine';
import {
  conventionalDevice,
  type DeviceSketch,
  endpoint,
  layOut,
  multifunction,
  pcieToPciBridge,
  rootPort,
} from '@iommu/machine/build';
import { expect, test } from 'vitest';
import { readJson, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

interface Step {
  readonly label: string;
  readonly command: string;
  /** 139: the command was killed. */
  readonly rc: number;
  readonly groups: readonly { readonly id: number; readonly type: string; readonly devices: readonly string[] }[];
}

const [recording] = await readRecordings('hotplug/hotplug-remove-rescan-smmuv3');
if (!recording) throw new Error('the recording is not there');
const { steps } = readJson<{ readonly steps: readonly Step[] }>(recording.tree, 'steps.json') ?? { steps: [] };

/*
 * The recording shows sysfs after its last step, when most of the machine is gone. So the machine at boot is drawn from
 * what was asked for (topology.json). What each rescan found, and which drivers then spoke of it, is read from the log
 * with the kernel's words on groups taken out: bus numbers got mixed up on the way, and functions turned up elsewhere.
 */
const PORT_ACS = { capability: 'SV TB RR CR UF DT', control: '' };
const nvme = () => endpoint({ id: '1b36:0010', class: '010802', driver: 'pci-stub' });
const xhci = () => endpoint({ id: '1b36:000d', class: '0c0330', driver: 'pci-stub' });
const edu = (slot: number) => conventionalDevice({ slot, id: '1234:11e8', class: '00ff00', driver: 'pci-stub' });
const port = (slot: number, acs: boolean, behind: DeviceSketch) =>
  rootPort({ slot, id: '1b36:000c', driver: 'pcieport', ...(acs && { acs: PORT_ACS }) }, [behind]);

const pci = layOut([
  {
    devices: [
      conventionalDevice({ slot: 0, id: '1b36:0008', class: '060000', driver: 'pci-stub' }),
      port(2, true, nvme()),
      port(3, false, nvme()),
      port(4, true, multifunction(nvme(), xhci())),
      edu(5),
      edu(6),
      edu(7),
      port(8, true, pcieToPciBridge({ id: '1b36:000e', driver: 'shpchp' }, [edu(1), edu(2)])),
    ],
  },
]);

const read = readSnapshot(strip(recording.tree));
if (!read) throw new Error('no sysfs tree in the recording');
const machine: Machine = { ...read, pci: { ...pci, acsRead: 'before-boot' } };

/** The part of the log that each rescan wrote: between two steps nothing is written for 0.3 seconds. */
const rescans: string[][] = [];
const SCANNED = /^\[ *([\d.]+)\] (?!.*(?:Removing|is released))/;
const log = new TextDecoder().decode(strip(recording.tree).read('dmesg.txt')).split('\n');
let last = Number.NEGATIVE_INFINITY;
for (const line of log.slice(log.findLastIndex((text) => text.includes('claimed by stub')) + 1)) {
  const time = Number(SCANNED.exec(line)?.[1] ?? Number.NaN);
  if (Number.isNaN(time)) continue;
  if (time - last > 0.3) rescans.push([]);
  rescans.at(-1)?.push(line);
  last = time;
}

/** A function as it was at boot, or one like those of its kind. */
const functionAt = (address: string, id: string): MachinePciFunction => {
  const known = pci.functions.find((fn) => fn.address === address && fn.id === id);
  if (known) return known;
  const { parent, secondaryBus, subordinateBus, ...alike } = pci.functions.find((fn) => fn.id === id) ?? { address };
  return { ...alike, address };
};

const rescan = (running: RunningMachine): void => {
  const lines = rescans.shift() ?? [];
  for (const line of lines) {
    const [, address, id] = /pci ([0-9a-f:.]+): \[([0-9a-f]{4}:[0-9a-f]{4})\] type/.exec(line) ?? [];
    if (address !== undefined && id !== undefined) running.addPciFunction(functionAt(address, id));
  }
  for (const { device } of parseDmesg(lines.join('\n')).probes) {
    const found = running.find(device);
    if (found) running.probeDriver(found);
  }
};

const perform = (running: RunningMachine, { command }: Step): void => {
  if (command === ':') return;
  if (command === 'rescan') rescan(running);
  else if (/^(?:for x in .*)?rm_/.test(command) || command.startsWith('for x in')) {
    for (const [address] of command.matchAll(/[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/g)) {
      running.removeDevice(running.device(address));
    }
  } else {
    // Writing to the type of a group: the device has none, so there is no file.
    const [address = ''] = /[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/.exec(command) ?? [];
    expect(running.iommu.groups.of(running.device(address))).toBeUndefined();
  }
};

const groupsOf = (running: RunningMachine) =>
  groupsReport(running).groups.map(({ id, type, devices }) => ({ id, type, devices: [...devices].sort() }));

test('gives the recorded groups after each step; the recorded kernel was killed in the last, before it probed a driver', () => {
  const running = boot(machine, { drivers: [smmu()] });
  for (const step of steps) {
    perform(running, step);
    expect({ step: step.label, groups: groupsOf(running) }).toEqual({ step: step.label, groups: step.groups });
  }
});
