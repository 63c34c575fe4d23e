import type { Device, Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import type { ViableReason } from './viable-report.js';

const names = (devices: readonly Device[]): string[] => devices.map(({ name }) => name).sort();

const doubt = (code: string, devices: readonly string[], text: string): ViableReason => ({
  code,
  effect: 'doubt',
  devices,
  text,
});

/** The machine showed another group than was computed. */
const observedDoubt = (running: RunningMachine, group: Group): ViableReason[] => {
  const own = names(group.devices);
  const seen = running.machine.observed?.groups.find(({ devices }) => devices.some((name) => own.includes(name)));
  if (!seen) return [];
  const shown = seen.devices.filter((name) => running.find(name)).sort();
  if (shown.join() === own.join()) return [];
  const others = shown.filter((name) => !own.includes(name)).concat(own.filter((name) => !shown.includes(name)));
  const text = `The machine itself showed another group ${seen.id}, which differs in ${others.join(', ')}: see iommu check.`;
  return [doubt('observed-differs', others, text)];
};

/** What is missing from the description and could change the verdict on devices, beyond what their reasons say. */
export const doubtsOf = (
  running: RunningMachine,
  optimistic: RunningMachine,
  devices: readonly Device[],
): ViableReason[] => {
  const groups = [...new Set(devices.flatMap((device) => running.iommu.groups.of(device) ?? []))];
  const doubts: ViableReason[] = [];
  for (const group of groups) {
    const [first] = group.devices;
    const finest = first && optimistic.iommu.groups.of(optimistic.device(first.name));
    if (finest && names(finest.devices).join() !== names(group.devices).join()) {
      const text = `Who shares the group of ${first.name} rests on ACS that is not in the input: read it as root, by sudo lspci -vvvnn or sudo iommu capture.`;
      doubts.push(doubt('members-unknown', names(group.devices), text));
    }
    doubts.push(...observedDoubt(running, group));
  }
  const contested = devices.filter((device) => running.contested.has(device));
  if (contested.length > 0) {
    const text =
      'Which device got the IOMMU, or whose group it shares, depends on the order of driver probes, which is not in the input.';
    doubts.push(doubt('probe-order-unknown', names(contested), text));
  }
  const ungrouped = devices.filter((device) => !running.iommu.groups.of(device));
  if (running.assumed !== undefined && ungrouped.length > 0) {
    const text = `That ${names(ungrouped).join(', ')} has no group rests on firmware tables that are supposed: sudo iommu capture reads them.`;
    doubts.push(doubt('firmware-unknown', names(ungrouped), text));
  }
  if (running.assumed !== undefined && groups.length > 0) {
    const text =
      'Whether the firmware demands a direct mapping (RMRR, IVMD) is not in the input, which holds no firmware tables: sudo iommu capture reads them.';
    doubts.push(doubt('regions-unknown', [], text));
  }
  return doubts;
};
