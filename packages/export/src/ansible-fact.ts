import type { RunningMachine } from '@iommu/machine';
import { companionsOf } from './companions.js';
import { type DeviceRecord, deviceRecords } from './device-record.js';

/** A device in a playbook: `ansible_local.iommu.devices['0000:01:00.0'].group`. */
export type AnsibleDevice = Pick<
  DeviceRecord,
  | 'isGrouped'
  | 'group'
  | 'isSupposed'
  | 'class'
  | 'vendorId'
  | 'deviceId'
  | 'isBridge'
  | 'driver'
  | 'iommu'
  | 'numaNode'
> & {
  /** Who else is in its group and is no bridge. */
  readonly companions: readonly string[];
};

/** What a playbook finds as `ansible_local.iommu`; `ansible-fact.schema.json` of this package describes it. */
export interface AnsibleFact {
  /** Version of this form; its JSON schema takes no other. */
  readonly schema: 1;
  /** The release whose rules formed the groups; `null`: not in the input, so the newest rules. */
  readonly kernel: string | null;
  /** The kernel's `arch/` folder: `x86`, `arm64`; `x86` also where the input does not tell. */
  readonly arch: string;
  /** The input holds no firmware tables: which devices share a group stands, numbers and types are a guess. */
  readonly isFirmwareSupposed: boolean;
  /** By number; `id` is `null` where it depends on what the input does not hold. */
  readonly groups: readonly {
    readonly id: number | null;
    readonly type: string | null;
    readonly devices: readonly string[];
  }[];
  /** By address, or name in sysfs. */
  readonly devices: Readonly<Record<string, AnsibleDevice>>;
}

/** A machine's groups as a local fact of Ansible. */
export const ansibleFact = (running: RunningMachine): AnsibleFact => {
  const { kernel, assumed, iommu } = running;
  const devices = deviceRecords(running).map((record) => {
    const companions = companionsOf(running, running.device(record.device)) ?? [];
    const { isGrouped, group, isSupposed, vendorId, deviceId, isBridge, driver, iommu, numaNode } = record;
    const own = {
      isGrouped,
      group,
      isSupposed,
      class: record.class,
      vendorId,
      deviceId,
      isBridge,
      driver,
      iommu,
      numaNode,
    };
    return [record.device, { ...own, companions: companions.map(({ name }) => name) }] as const;
  });
  return {
    schema: 1,
    kernel: kernel.release ?? null,
    arch: kernel.arch,
    isFirmwareSupposed: assumed !== undefined,
    groups: [...iommu.groups]
      .sort((a, b) => a.id - b.id)
      .map((group) => ({
        id: running.idIsKnown(group) ? group.id : null,
        type: group.type ?? null,
        devices: group.devices.map(({ name }) => name),
      })),
    devices: Object.fromEntries(devices),
  };
};

/**
 * The same as a file for `/etc/ansible/facts.d/iommu.fact`, which must not be executable.
 *
 * @see Ansible documentation, Discovering variables: facts and magic variables, facts.d or local facts
 */
export const toAnsibleFact = (running: RunningMachine): string => `${JSON.stringify(ansibleFact(running), null, 2)}\n`;
