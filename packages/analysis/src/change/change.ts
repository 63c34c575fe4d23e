import { type Errno, IommuError } from '@iommu/core';
import type { Bytes } from '@iommu/machine';
import type { DeviceSketch } from '@iommu/machine/build';

/** Something that can be plugged into a port, drawn by hand. */
export interface Card {
  /** `two-function-gpu` */
  readonly name: string;
  /** What it is, in a few words. */
  readonly brief: string;
  /** What it brings into the slot; on a conventional bus one slot each. */
  readonly devices: readonly DeviceSketch[];
}

/** A card goes behind another port, whole: every function of its slot, and all that is behind it. */
export interface MoveChange {
  /** Written `move 0000:01:00.0 to 0000:00:1c.4`. */
  readonly kind: 'move';
  /** Any function of the card. */
  readonly device: string;
  /** The bridge behind which it goes: a port of PCI Express with an empty slot, or a bridge to a conventional bus. */
  readonly to: string;
}

/** Two cards change places. */
export interface SwapChange {
  /** Written `swap 0000:01:00.0 with 0000:02:00.0`. */
  readonly kind: 'swap';
  /** Any function of a card behind a port; part of the board is refused, by `ERR_CHANGE`. */
  readonly device: string;
  /** Any function of another such card, neither of them behind the other. */
  readonly with: string;
}

/** Firmware gives one function another place on its own bus; what is behind it goes with it. */
export interface ReaddressChange {
  /** Written `readdress 0000:00:1b.0 to 0000:00:02.0`. */
  readonly kind: 'readdress';
  /**
   * Any function but a virtual one; not function 0 where others of its device stay, which no kernel would find then.
   */
  readonly device: string;
  /** An address on the same bus that is free. */
  readonly to: string;
}

/** A card is put in. */
export interface AddChange {
  /** Written `add gpu to 0000:00:1c.0`. */
  readonly kind: 'add';
  /** One of `CARDS`, or drawn by the caller; written changes tell cards apart by name alone. */
  readonly card: Card;
  /** The bridge behind which it goes. */
  readonly to: string;
}

/** A function goes, with all that is behind it; function 0 takes the others of its slot with it. */
export interface RemoveChange {
  /** Written `remove 0000:01:00.0`. */
  readonly kind: 'remove';
  /** Any function, of the board too, but no virtual one: that goes with its physical function. */
  readonly device: string;
}

/** A physical function switches on so many virtual ones, in place of those that it has. */
export interface VfsChange {
  /** Written `vfs 0000:03:00.0=16`. */
  readonly kind: 'vfs';
  /**
   * A physical function: `ERR_CHANGE` for one without SR-IOV, `ERR_CHANGE_UNKNOWN` where nothing says where its virtual
   * functions would be.
   */
  readonly device: string;
  /**
   * From 0, which leaves none, to TotalVFs of the capability: above, `ERR_CHANGE` with `ERANGE`; with `ENOMEM` where
   * bus numbers run out.
   */
  readonly count: number;
}

/**
 * `on`: the function has an ACS capability with all that isolation needs, set. Off: it has none, as where firmware hides
 * it; what a quirk says of the function stands.
 */
export interface AcsChange {
  /** Written `acs on 0000:00:1c.0` and `acs off 0000:00:1c.0`. */
  readonly kind: 'acs';
  /**
   * Any PCI function; to switch it on, none of a kind that never isolates: conventional, a bridge to or from it, an
   * event collector.
   */
  readonly device: string;
  /** `true`: SV, RR, CR and UF are advertised and set, besides what was; `false`: there is no capability. */
  readonly on: boolean;
}

/** Another kernel. */
export interface KernelChange {
  /** Written `kernel 6.12`. */
  readonly kind: 'kernel';
  /** A release or version: `6.12`, `7.3.4+deb13-amd64`. */
  readonly release: string;
}

/** Words at the end of the kernel's command line. */
export interface CommandLineChange {
  /** Written `cmdline quiet`; a parameter of the IOMMU or of PCI as it is, `intel_iommu=on`. */
  readonly kind: 'command-line';
  /** One or more, blanks between: `intel_iommu=on iommu=pt`. What the command line has already stays before them. */
  readonly words: string;
}

/** Rules in place of those of the kernel; see `POLICIES` of `@iommu/machine`. */
export interface PolicyChange {
  /** Written `policy grouping-3.17`; an override of ACS by its name alone, `acs-override=downstream`. */
  readonly kind: 'policy';
  /**
   * `reachability-2025`, or `acs-override=` with words of one's own; `ERR_POLICY` for any other. Of several changes one
   * can be a policy.
   */
  readonly name: string;
}

/** Firmware hands over another table in place of one, or of none. */
export interface TableChange {
  /** Written `table DMAR=` and the base64 of its bytes. */
  readonly kind: 'table';
  /** Of an ACPI table, as its file is named: `DMAR`. */
  readonly table: string;
  /** The whole table with its header; text is base64. Nothing of it is checked before a boot. */
  readonly bytes: Bytes;
}

/** Firmware leaves a root bus, and all below it, out of what the IOMMUs translate. */
export interface BypassChange {
  /** Written `bypass 0000:40`. */
  readonly kind: 'bypass';
  /** `0000:40` */
  readonly bus: string;
}

/** One change to a machine, as plain data. Addresses are `DDDD:BB:DD.F`, of the machine as it is before. */
export type Change =
  | MoveChange
  | SwapChange
  | ReaddressChange
  | AddChange
  | RemoveChange
  | VfsChange
  | AcsChange
  | KernelChange
  | CommandLineChange
  | PolicyChange
  | TableChange
  | BypassChange;

/** `ERR_CHANGE`: the change cannot be made to this machine. The message says why, and what was expected. */
export const impossible = (message: string, errno?: Errno): IommuError =>
  new IommuError('ERR_CHANGE', message, errno === undefined ? {} : { errno });

/** `ERR_CHANGE_UNKNOWN`: the description does not hold what would tell the outcome. */
export const undecided = (message: string): IommuError => new IommuError('ERR_CHANGE_UNKNOWN', message);

/** What the names of parameters that go into `pci=` are. */
export const PCI_WORDS: readonly string[] = ['config_acs', 'disable_acs_redir'];

export const ACS_OVERRIDE = 'acs-override=';

/** Kernel parameters that are a change by themselves. */
const PARAMETERS = /^(?:iommu|intel_iommu|amd_iommu|pci|pcie_ports|iommu\.[a-z_]+|arm-smmu(?:-v3)?\.[a-z_]+)=/;

export const isParameter = (word: string): boolean => PARAMETERS.test(word);

/** A word of the command line as it is spelled in a change: one of `pci=` by itself, others by what they are. */
const spellWord = (word: string): string => {
  const [, value = ''] = /^pci=(\S+)$/.exec(word) ?? [];
  if (PCI_WORDS.some((name) => value.startsWith(`${name}=`)) && !value.includes(',')) return value;
  return isParameter(word) ? word : `cmdline ${word}`;
};

const spellBytes = (bytes: Bytes): string => (typeof bytes === 'string' ? bytes : '…');

/**
 * A change in the words that `parseChange()` reads: `move 0000:01:00.0 to 0000:00:1c.4`. A table given as bytes, not as
 * base64, and a card that is in no library are shortened.
 */
export const formatChange = (change: Change): string => {
  switch (change.kind) {
    case 'move':
    case 'readdress':
      return `${change.kind} ${change.device} to ${change.to}`;
    case 'swap':
      return `swap ${change.device} with ${change.with}`;
    case 'add':
      return `add ${change.card.name} to ${change.to}`;
    case 'remove':
      return `remove ${change.device}`;
    case 'vfs':
      return `vfs ${change.device}=${change.count}`;
    case 'acs':
      return `acs ${change.on ? 'on' : 'off'} ${change.device}`;
    case 'kernel':
      return `kernel ${change.release}`;
    case 'command-line':
      return change.words.split(/\s+/).filter(Boolean).map(spellWord).join(' ');
    case 'policy':
      return change.name.startsWith(ACS_OVERRIDE) ? change.name : `policy ${change.name}`;
    case 'table':
      return `table ${change.table}=${spellBytes(change.bytes)}`;
    case 'bypass':
      return `bypass ${change.bus}`;
  }
};
