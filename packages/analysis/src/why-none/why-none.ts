import { bootParameters, type Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isUnknown, remedyFor } from './remedies.js';
import type { WhyNoneCause, WhyNoneReport } from './why-none-report.js';

/** Reasons of devices without a group, those alike together: one that only names its device is one rule for many. */
const causesOf = (running: RunningMachine, devices: readonly Device[]): WhyNoneCause[] => {
  const found = devices.flatMap((device) =>
    running
      .outcomeOf(device)
      .reasons.slice(0, 1)
      .map((reason) => ({ device, reason })),
  );
  const texts = new Map<string, number>();
  for (const { reason } of found) texts.set(reason.text, (texts.get(reason.text) ?? 0) + 1);
  const causes = new Map<string, WhyNoneCause & { readonly devices: string[] }>();
  for (const { device, reason } of found) {
    const { rule, text, source } = reason;
    const isOfDevice = texts.get(text) === 1 && text.includes(device.name);
    const key = isOfDevice ? rule : `${rule} ${text}`;
    const known = causes.get(key);
    if (known) known.devices.push(device.name);
    else causes.set(key, { rule, text, source, devices: [device.name], remedy: remedyFor(rule) });
  }
  return [...causes.values()].sort((a, b) => b.devices.length - a.devices.length);
};

const vtdDefaultDoubt = ({ machine, kernel, iommu }: RunningMachine): string[] => {
  const isVtd = iommu.drivers.some(({ name }) => name === 'intel-vtd');
  const told = bootParameters(kernel, 'intel_iommu').some((value) => /^(?:on|off)|,(?:on|off)/.test(value));
  const off = bootParameters(kernel, 'iommu').some((value) => value.split(',').includes('off'));
  if (!isVtd || told || off || machine.kernel?.config?.intelIommuDefaultOn !== undefined) return [];
  return [
    'Whether this kernel switches VT-d on by itself (CONFIG_INTEL_IOMMU_DEFAULT_ON) is not in the input; intel_iommu=on does it for certain.',
  ];
};

/** What the machine showed of its groups, as against those computed. */
const observedDoubts = ({ machine: { observed }, iommu }: RunningMachine): string[] => {
  if (!observed) return [];
  const noIommu = observed.groups.filter(({ name }) => name === 'vfio-noiommu').map(({ id }) => id);
  if (noIommu.length > 0)
    return [
      `Of the groups that the machine showed, ${noIommu.join(', ')} are VFIO's own (vfio-noiommu): no IOMMU stands behind them.`,
    ];
  const [seen, own] = [observed.groups.length, iommu.groups.size];
  if (seen === 0 && own > 0)
    return [`The machine itself showed no group, though ${own} were computed: its kernel may lack the driver.`];
  if (seen > 0 && own === 0) return [`The machine itself showed ${seen} groups, though none was computed.`];
  return [];
};

/** What Xen does to the table that it keeps to itself. @see Xen xen/drivers/passthrough/vtd/dmar.c acpi_dmar_zap() */
const xenDoubt = ({ machine: { firmware } }: RunningMachine): string[] =>
  firmware?.acpi?.['XMAR']
    ? ['There is a table XMAR: Xen keeps the IOMMU to itself, and the kernel above it (dom0) forms no groups.']
    : [];

/**
 * Why a machine has no groups at all, or a device none.
 *
 * @param name - Of one device; absent: the whole machine.
 * @throws IommuError `ERR_DEVICE_UNKNOWN`
 */
export const whyNone = (running: RunningMachine, name?: string): WhyNoneReport => {
  const { iommu, machine, kernel, assumed, diagnostics } = running;
  const device = name === undefined ? undefined : running.device(name);
  const asked = device ? [device] : running.devices;
  const without = asked.filter((one) => !iommu.groups.of(one));
  const causes = causesOf(running, without);
  const hasGroup = device ? without.length === 0 : iommu.groups.size > 0;
  const seen = machine.observed?.groups.some(
    ({ name: own, devices }) => own !== 'vfio-noiommu' && (!device || devices.includes(device.name)),
  );
  const contradictions = observedDoubts(running);
  const doubts = [...vtdDefaultDoubt(running), ...contradictions, ...xenDoubt(running)];
  if (assumed !== undefined && seen !== true)
    doubts.unshift(
      `The input holds no firmware tables, so that there is an IOMMU at all is supposed (${assumed}): sudo iommu capture reads them.`,
    );
  const isOpen = contradictions.length > 0 || assumed !== undefined || vtdDefaultDoubt(running).length > 0;
  const cannotTell = !hasGroup && causes.some(({ rule }) => isUnknown(rule));
  const contested = device !== undefined && running.contested.has(device);
  const computed = hasGroup ? 'grouped' : 'none';
  const agrees = seen !== undefined && seen === hasGroup && contradictions.length === 0;
  const isSure = agrees || !(isOpen || cannotTell || contested);
  return {
    schema: 1,
    machine: { name: machine.name ?? null, kernel: kernel.release ?? null, arch: kernel.arch },
    device: device?.name ?? null,
    verdict: isSure ? computed : 'unknown',
    groups: iommu.groups.size,
    causes,
    doubts,
    findings: diagnostics
      .filter(({ severity }) => severity === 'warning' || severity === 'firmware-bug')
      .map(({ message }) => message),
  };
};
