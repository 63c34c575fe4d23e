/*
 * The driver contract as the compiler enforces it. Nothing here runs: the root `tsc --noEmit` compiles it, and fails
 * both when a fault is accepted (the directive above it is unused) and when the minimal driver is not.
 */
import type {
  BoundDriver,
  Device,
  DomainType,
  Group,
  GroupAccess,
  IommuDriver,
  IommuUnit,
  Kernel,
  Platform,
  Reason,
  Refusal,
  UnitFound,
} from '../src/index.js';

declare const unit: IommuUnit;
declare const device: Device;
declare const reason: Reason;
declare const group: Group;
declare const access: GroupAccess;
declare const kernel: Kernel;
declare const platform: Platform;

const accept = <T>(_value: T): void => undefined;

/* What must compile. */

const bound = {
  units: [unit],
  unitOf: () => ({ unit, ids: [0] }),
  deviceGroup: (_: Device, groups: GroupAccess) => ({ group: groups.alloc(), reasons: [reason] }),
  reservedRegions: () => [],
};
const driver = { specVersion: 1, name: 'minimal', bind: () => bound } as const;

accept<BoundDriver>(bound);
accept<IommuDriver>(driver);
accept<IommuDriver>({ ...driver, bind: () => undefined });
accept<BoundDriver>({ ...bound, unitOf: () => undefined });
accept<BoundDriver>({ ...bound, unitOf: () => ({ none: reason }) });
accept<BoundDriver>({ ...bound, deviceGroup: () => ({ errno: 'ENODEV', reason }) });
accept<BoundDriver>({ ...bound, groupsAt: 'driver-probe', systemDomain: 'identity', forcesStrict: true });

/* A driver. */

// @ts-expect-error a driver says which version of the contract it follows
accept<IommuDriver>({ name: 'minimal', bind: () => bound });
// @ts-expect-error there is no version 2 of the contract
accept<IommuDriver>({ ...driver, specVersion: 2 });
// @ts-expect-error the version is a number
accept<IommuDriver>({ ...driver, specVersion: '1' });
// @ts-expect-error a driver has a name for messages
accept<IommuDriver>({ specVersion: 1, bind: () => bound });
// @ts-expect-error a driver binds to a machine
accept<IommuDriver>({ specVersion: 1, name: 'minimal' });
// @ts-expect-error binding is synchronous
accept<IommuDriver>({ ...driver, bind: async () => bound });
// @ts-expect-error "not mine" is undefined, not null
accept<IommuDriver>({ ...driver, bind: () => null });

/* What it binds. */

const { units: _units, ...withoutUnits } = bound;
// @ts-expect-error the units are told
accept<BoundDriver>(withoutUnits);
const { unitOf: _unitOf, ...withoutUnitOf } = bound;
// @ts-expect-error every device is asked for
accept<BoundDriver>(withoutUnitOf);
const { deviceGroup: _deviceGroup, ...withoutDeviceGroup } = bound;
// @ts-expect-error the driver chooses groups
accept<BoundDriver>(withoutDeviceGroup);
const { reservedRegions: _reservedRegions, ...withoutRegions } = bound;
// @ts-expect-error the reserved regions are told
accept<BoundDriver>(withoutRegions);

// @ts-expect-error a unit is an object, its name is not enough
accept<BoundDriver>({ ...bound, unitOf: () => ({ unit: unit.name, ids: [] }) });
// @ts-expect-error the ids that the device presents are told
accept<BoundDriver>({ ...bound, unitOf: () => ({ unit }) });
// @ts-expect-error a device without a unit has a reason
accept<BoundDriver>({ ...bound, unitOf: () => ({ none: undefined }) });
// @ts-expect-error a bare group gives no reason
accept<BoundDriver>({ ...bound, deviceGroup: (_, groups) => groups.alloc() });
// @ts-expect-error a group comes with reasons
accept<BoundDriver>({ ...bound, deviceGroup: (_, groups) => ({ group: groups.alloc() }) });
// @ts-expect-error a device always gets a group or a refusal
accept<BoundDriver>({ ...bound, deviceGroup: () => undefined });
// @ts-expect-error get() answers undefined for a device without a group
accept<BoundDriver>({ ...bound, deviceGroup: (_, groups) => ({ group: groups.get(device), reasons: [reason] }) });
// @ts-expect-error choosing a group is synchronous
accept<BoundDriver>({ ...bound, deviceGroup: async () => ({ errno: 'ENODEV', reason }) });
// @ts-expect-error the claim of ids fails with a refusal, not with a truth value
accept<BoundDriver>({ ...bound, probeDevice: () => false });
// @ts-expect-error addresses are bigint: they have 64 bits
accept<BoundDriver>({ ...bound, reservedRegions: () => [{ start: 0, end: 1, type: 'msi' }] });
// @ts-expect-error there is no such kind of region
accept<BoundDriver>({ ...bound, reservedRegions: () => [{ start: 0n, end: 1n, type: 'relaxable' }] });
// @ts-expect-error drivers force identity or DMA; DMA-FQ is the choice of the system
accept<BoundDriver>({ ...bound, defaultDomainType: () => 'DMA-FQ' });
// @ts-expect-error groups are made as units register or as kernel drivers are probed
accept<BoundDriver>({ ...bound, groupsAt: 'boot' });

// @ts-expect-error units are told in a list, not worked out when asked
accept<BoundDriver>({ ...bound, units: () => [unit] });
// @ts-expect-error an errno is a name, as the kernel spells it
accept<BoundDriver>({ ...bound, domainError: () => -22 });
// @ts-expect-error what files hold is text
accept<BoundDriver>({ ...bound, unitAttributes: () => ({ 'toy/version': 1 }) });
// @ts-expect-error a driver's wish concerns the whole system, or nothing: identity only
accept<BoundDriver>({ ...bound, systemDomain: 'DMA' });

/* What may be supposed, and written anew. */

// @ts-expect-error what was supposed is said
accept<IommuDriver>({ ...driver, assume: () => ({ acpi: {} }) });
// @ts-expect-error firmware is bytes
accept<IommuDriver>({ ...driver, assume: () => ({ acpi: { TOYT: 'TOYT' }, text: 'a toy' }) });
// @ts-expect-error tables are returned by name
accept<IommuDriver>({ ...driver, relocate: () => new Uint8Array() });

/* What passes between them. */

// @ts-expect-error a refusal has a reason
accept<Refusal>({ errno: 'ENODEV' });
// @ts-expect-error the kernel has no such errno for IOMMU groups
accept<Refusal>({ errno: 'ENOTTY', reason });
// @ts-expect-error the ids are numbers
accept<UnitFound>({ unit, ids: ['0000:00:1f.3'] });
// @ts-expect-error a type is spelled as sysfs spells it
accept<DomainType>('dma');
// @ts-expect-error only the model changes a group: its members
group.devices.push(device);
// @ts-expect-error only the model changes a group: its references
group.references++;
// @ts-expect-error only the model changes a group: its domain
group.type = 'identity';
// @ts-expect-error a driver may not put a device into a group by hand
access.join(group, device);
// @ts-expect-error a driver may not take a device out of its group
access.leave(device);
// @ts-expect-error tables are lent: which there are, a driver does not change
platform.deviceTree = undefined;
// @ts-expect-error a report says how bad it is
platform.report({ code: 'odd', message: 'It is odd.' });
// @ts-expect-error the kernel is given: a driver does not change it
kernel.arch = 'arm64';
