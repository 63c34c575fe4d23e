import type { PciFunction } from '@iommu/pci';
import type { PciAttributes } from './pci-attributes.js';

/** Bytes: as they are in memory, or in base64, as JSON carries them. */
export type Bytes = Uint8Array | string;

/** The kernel that the description was taken from, or that is asked for. */
export interface MachineKernel {
  /** As `uname -r` prints it: `6.1.0-56-amd64`. */
  readonly release?: string;
  /** As `uname -m` prints it: `x86_64`, `aarch64`. */
  readonly arch?: string;
  /** As in `/proc/cmdline`, without the newline. */
  readonly commandLine?: string;
  /** What is known of its configuration. */
  readonly config?: {
    /** `CONFIG_IOMMU_DEFAULT_PASSTHROUGH`, `_DMA_LAZY` or `_DMA_STRICT`. */
    readonly defaultDomain?: 'passthrough' | 'lazy' | 'strict';
    /** `CONFIG_INTEL_IOMMU_DEFAULT_ON` */
    readonly intelIommuDefaultOn?: boolean;
  };
}

/** Firmware tables. A table that is not there was looked for and not found; without `firmware` nobody looked. */
export interface MachineFirmware {
  /** By the name of their file below `/sys/firmware/acpi/tables`: `DMAR`, `SSDT2`. With their headers. */
  readonly acpi?: Readonly<Record<string, Bytes>>;
  /** The flattened device tree. */
  readonly deviceTree?: Bytes;
}

/** One PCI function; see `PciFunction` of `@iommu/pci`. */
export type MachinePciFunction = Omit<PciFunction, 'config'> & {
  /** Configuration space, from byte 0 as far as it was read. */
  readonly config?: Bytes;
  /** Further attributes of sysfs as they were read. */
  readonly attributes?: PciAttributes;
  /** What the source calls it: vendor and device by name. For people only. */
  readonly label?: string;
};

/** The PCI functions, and what is known of how the kernel found them. */
export interface MachinePci {
  /** Each address once; groups do not rest on the order. Virtual functions that were on are among them. */
  readonly functions: readonly MachinePciFunction[];
  /** Root buses (`0000:00`) in the order of their scan. */
  readonly rootBuses?: readonly string[];
  /** Where root buses (`0000:00`) stand below `/sys/devices`, when not at its top: `platform/4010000000.pcie`. */
  readonly rootParents?: Readonly<Record<string, string>>;
  /** Addresses in the order in which the kernel found them. */
  readonly order?: readonly string[];
  /** When the ACS control bits were read, as against the kernel's switching them on. Absent: unknown. */
  readonly acsRead?: 'before-boot' | 'after-boot';
  /** The kernel that had booted when they were read, where it is not the machine's own. */
  readonly acsReadUnder?: Pick<MachineKernel, 'release' | 'commandLine'>;
}

/** A device that is not on PCI. */
export interface MachineDevice {
  /** As sysfs names it: `9040000.ethernet`. */
  readonly name: string;
  /** `platform`, `amba`, … */
  readonly bus: string;
  /** Below `/sys/devices`: `platform/9040000.ethernet`. */
  readonly path: string;
  /** Its ACPI path (`\_SB.NET0`) or device tree path (`/soc/ethernet@9040000`). */
  readonly firmwareNode?: string;
  /** Its ACPI hardware id (`_HID`): `AMDI0020`. */
  readonly hardwareId?: string;
  /** Its ACPI unique id (`_UID`): `0`. */
  readonly uniqueId?: string;
  /** The bound kernel driver: `macb`; `null`: none; absent: unknown. */
  readonly driver?: string | null;
}

/** One probe of a kernel driver for a device, whether it took the device or not. */
export interface MachineProbe {
  /** As sysfs names it: `0000:01:00.0`. */
  readonly device: string;
  /** As the log or sysfs calls it: `pcieport`; `unknown` where nothing names it. */
  readonly driver: string;
}

/**
 * The history of kernel drivers' probes. Some kernels form groups at that moment: on them it decides which devices have
 * a group, and the ids. It is never read off the groups themselves.
 */
export interface MachineProbes {
  /** In the order in which they happened, as far as it is known. */
  readonly order: readonly MachineProbe[];
  /**
   * Nothing else was probed. Absent: the port driver looked at every bridge first, and devices that have a driver and are
   * not named were probed later, in an unknown order.
   */
  readonly complete?: boolean;
}

/** What is known of an IOMMU's own registers; 64-bit values in hexadecimal with `0x`. */
export interface MachineUnit {
  /** `dmar0` */
  readonly name?: string;
  /** Base of its register set, host physical. */
  readonly address?: string;
  /** By the specification's name in lower case: `cap`, `ecap`, `version`. */
  readonly registers?: Readonly<Record<string, string>>;
  /** `false`: the kernel found that nothing answers at `address`. */
  readonly responds?: boolean;
}

/** A group as the machine itself showed it. */
export interface ObservedGroup {
  /** The kernel's own number, from 0 on. */
  readonly id: number;
  /** Names as sysfs has them, `0000:01:00.0`; in an order of the source, not always that of joining. */
  readonly devices: readonly string[];
  /** Content of the file `type`: `DMA-FQ`; absent: no such file, or not shown by the source. */
  readonly type?: string;
  /** Content of the file `name`; absent: no such file, or not shown by the source. */
  readonly name?: string;
  /** Lines of `reserved_regions`. */
  readonly reservedRegions?: readonly string[];
}

/** What the machine said of its own groups. Never an input of the computation: only compared with its result. */
export interface Observed {
  /** Where it was read: links in sysfs, `IOMMU group:` lines of lspci, or the kernel's log. */
  readonly source: 'sysfs' | 'lspci' | 'dmesg' | 'listing';
  /** By ascending id. */
  readonly groups: readonly ObservedGroup[];
  /** Names of the units, where the source shows them. */
  readonly units?: readonly string[];
}

/** Something that the reader of the description noticed. */
export interface MachineNote {
  /** `warning`: something is missing or supposed, and groups may be others for it. */
  readonly severity: 'info' | 'warning';
  /** Stable, kebab-case: `capabilities-denied`. */
  readonly code: string;
  /** For people: what it is and, where something helps, what to do. */
  readonly message: string;
}

/**
 * A machine as plain data: what was read of it, and nothing else. What is not there is unknown.
 *
 * Its JSON form is the same with every {@link Bytes} in base64; `machine.schema.json` of this package describes it.
 */
export interface Machine {
  /** Version of this form; `machineFromJson()` takes no other. */
  readonly schema: 1;
  /** For people: a host name, a file name, a model. */
  readonly name?: string;
  /** Absent: answered by the newest rules, as x86 without a command line. */
  readonly kernel?: MachineKernel;
  /** Absent: nobody looked, and a driver may suppose tables (`IommuDriver.assume()`); `{}`: there are none. */
  readonly firmware?: MachineFirmware;
  /** Absent: nothing was read of PCI; the machine then has no functions. */
  readonly pci?: MachinePci;
  /** Devices on other buses, in the order of their registration. */
  readonly devices?: readonly MachineDevice[];
  /** Looked at only where groups form as kernel drivers are probed; absent: an order is supposed. */
  readonly probes?: MachineProbes;
  /** In any order: drivers find theirs by `address` or `name`. */
  readonly units?: readonly MachineUnit[];
  /** Absent: the source shows nothing of groups; with an empty list it shows that there are none. */
  readonly observed?: Observed;
  /** Printed beside results, without effect on them. */
  readonly notes?: readonly MachineNote[];
}
