import { fakeKernel, type KernelSketch } from '../../../../tests/support/fake-kernel.js';
import {
  type AcsVerdict,
  acsVerdict,
  type PciDevice,
  type PciFunction,
  type PciSettings,
  PciTopology,
} from '../../src/index.js';

/** Settings with the kernel in words. */
export type SettingsSketch = Partial<Omit<PciSettings, 'kernel'>> & KernelSketch;

/** By default: the newest kernel, with an IOMMU that asks for ACS, whose control bits were read from it; unknown is bad. */
export const settingsOf = (sketch: SettingsSketch = {}): PciSettings => ({
  kernel: fakeKernel(sketch),
  unknown: sketch.unknown ?? 'pessimistic',
  acsRead: sketch.acsRead ?? 'after-boot',
  acsRequested: sketch.acsRequested ?? true,
  ...(sketch.acsReadElsewhere && { acsReadElsewhere: true }),
  ...(sketch.acsLate && { acsLate: sketch.acsLate }),
  ivrs: sketch.ivrs ?? false,
});

export const topologyOf = (
  functions: readonly PciFunction[],
  settings: SettingsSketch = {},
  known: { readonly order?: readonly string[]; readonly rootBuses?: readonly string[] } = {},
): PciTopology => PciTopology.build(functions, settingsOf(settings), known);

/** The function at an address; it must be there. */
export const at = (topology: PciTopology, address: string): PciDevice => {
  const device = topology.find(address);
  if (!device) throw new Error(`no ${address} in this topology`);
  return device;
};

/** A function among others, by default alone. */
export const deviceOf = (
  description: PciFunction,
  settings: SettingsSketch = {},
  others: readonly PciFunction[] = [],
): PciDevice => at(topologyOf([...others, description], settings), description.address);

export const verdictOn = (
  description: PciFunction,
  settings: SettingsSketch = {},
  others: readonly PciFunction[] = [],
): AcsVerdict => acsVerdict(deviceOf(description, settings, others));

/** `00:1c.0`: names in segment 0 without it, as tests write them. */
export const short = (name: string): string => name.replace(/^0000:/, '');

export const namesOf = (topology: PciTopology): string[] => topology.devices.map(({ name }) => short(name));
