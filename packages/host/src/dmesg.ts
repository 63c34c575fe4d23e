import type { MachineKernel, MachineProbe, MachineUnit, ObservedGroup } from '@iommu/machine';
import { ProbeLog } from './dmesg-probes.js';

/** What a kernel's log tells of the machine, in so far as it is part of the text. */
export interface DmesgFacts {
  /** Release, command line and what gives away architecture and configuration; each absent where the text does not tell. */
  readonly kernel: MachineKernel;
  /** Root buses in the order of their scan. */
  readonly rootBuses: readonly string[];
  /** Functions in the order in which they were first found. */
  readonly order: readonly string[];
  /** Of VT-d alone, in the order of the log, each address once; one that does not answer has no name. */
  readonly units: readonly MachineUnit[];
  /** Kernel drivers and their devices in the order in which each first spoke of it. */
  readonly probes: readonly MachineProbe[];
  /** By ascending id; members in the order in which they joined. */
  readonly observed: readonly ObservedGroup[];
}

const ADDRESS = '[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
const LINUX = /Linux version (\S+)/;
/** Only Linux for 64-bit Arm says where it boots in so many digits; a compiler's name tells too. */
const ARM64 = /Booting Linux on physical CPU 0x[0-9a-f]{10}|Linux version .*\baarch64-/;
const COMMAND_LINE = /(?:Kernel command line|Command line):\s?(.*)$/;
const HOST_BRIDGE = /PCI host bridge to bus ([0-9a-f]{4,8}:[0-9a-f]{2})/;
const FOUND = new RegExp(`\\b(${ADDRESS}): \\[([0-9a-f]{4}):([0-9a-f]{4})\\] type`);
const JOINED = /(\S+): (?:iommu: )?(Adding to|Removing from) iommu group (\d+)/;
const JOINED_OLD = /iommu: (Adding|Removing) device (\S+) (?:to|from) group (\d+)/;
const UNIT = /DMAR: (dmar\d+): reg_base_addr ([0-9a-f]+) ver (\d{1,2}):(\d{1,2}) cap ([0-9a-f]+) ecap ([0-9a-f]+)/;
const BROKEN_UNIT = /DMAR reported at address ([0-9a-f]+) returns all ones/;
const DEFAULT_DOMAIN = /iommu: Default domain type: (Translated|Passthrough)\s*(\(set via kernel command line\))?/;
const FLUSH_POLICY =
  /iommu: DMA domain TLB invalidation policy: (lazy|strict) mode\s*(\(set via kernel command line\))?/;
const VTD_ON = /DMAR: Intel\(R\) Virtualization Technology for Directed I\/O/;

/** Words that a line has if any of these patterns fits. */
const TELLING =
  /Linux version|Booting Linux|ommand line|PCI host bridge|\] type|iommu|DMAR|[0-9a-f]:[0-9a-f]{2}\.[0-7](?:: |\s*$)/;

const addUnit = (units: MachineUnit[], unit: MachineUnit): void => {
  if (!units.some(({ address }) => address === unit.address)) units.push(unit);
};

/** The groups that the log's own lines leave behind: who joined, less who left. */
class JoinedGroups {
  /** The group of each device, in the order in which they joined. */
  readonly #idOf = new Map<string, number>();

  note(device: string, id: number, joins: boolean): void {
    this.#idOf.delete(device);
    if (joins) this.#idOf.set(device, id);
  }

  list(): ObservedGroup[] {
    const groups = new Map<number, string[]>();
    for (const [device, id] of this.#idOf) {
      const members = groups.get(id);
      if (members) members.push(device);
      else groups.set(id, [device]);
    }
    return [...groups].sort(([a], [b]) => a - b).map(([id, devices]) => ({ id, devices }));
  }
}

/** The configuration behind the kernel's words on default domains, unless the command line spoke. */
const configOf = (domain: RegExpExecArray | undefined, flush: RegExpExecArray | undefined): MachineKernel['config'] => {
  if (domain?.[1] === 'Passthrough' && !domain[2]) return { defaultDomain: 'passthrough' };
  if (!flush || flush[2]) return undefined;
  return { defaultDomain: flush[1] === 'strict' ? 'strict' : 'lazy' };
};

/** Takes in a log line by line. */
class LogReader {
  release: string | undefined;
  commandLine: string | undefined;
  domain: RegExpExecArray | undefined;
  flush: RegExpExecArray | undefined;
  vtdOn = false;
  arm64 = false;
  readonly rootBuses = new Set<string>();
  readonly order = new Set<string>();
  readonly units: MachineUnit[] = [];
  readonly groups = new JoinedGroups();
  readonly probes = new ProbeLog();

  take(line: string): void {
    const found = FOUND.exec(line)?.[1];
    if (found !== undefined) this.order.add(found);
    else if (!this.#takeGroup(line)) {
      this.probes.take(line);
      this.#takeKernel(line);
      this.#takeUnit(line);
      const bus = HOST_BRIDGE.exec(line)?.[1];
      if (bus !== undefined) this.rootBuses.add(bus);
    }
  }

  #takeGroup(line: string): boolean {
    const [, device, verb, id] = JOINED.exec(line) ?? [];
    const [, oldVerb, oldDevice, oldId] = device === undefined ? (JOINED_OLD.exec(line) ?? []) : [];
    const name = device ?? oldDevice;
    if (name === undefined) return false;
    this.groups.note(name, Number(id ?? oldId), (verb ?? oldVerb ?? '').startsWith('Adding'));
    return true;
  }

  #takeKernel(line: string): void {
    this.release ??= LINUX.exec(line)?.[1];
    this.commandLine ??= COMMAND_LINE.exec(line)?.[1]?.trimEnd();
    this.domain ??= DEFAULT_DOMAIN.exec(line) ?? undefined;
    this.flush ??= FLUSH_POLICY.exec(line) ?? undefined;
    this.vtdOn ||= VTD_ON.test(line);
    this.arm64 ||= ARM64.test(line);
  }

  #takeUnit(line: string): void {
    const [, name, address, major, minor, cap, ecap] = UNIT.exec(line) ?? [];
    if (name !== undefined) {
      const version = `0x${((Number(major) << 4) | Number(minor)).toString(16)}`;
      addUnit(this.units, {
        name,
        address: `0x${address}`,
        registers: { version, cap: `0x${cap}`, ecap: `0x${ecap}` },
      });
    }
    const broken = BROKEN_UNIT.exec(line)?.[1];
    if (broken !== undefined) addUnit(this.units, { address: `0x${broken}`, responds: false });
  }

  /** The kernel and what its words give away of its configuration. */
  kernel(): MachineKernel {
    const { release, commandLine } = this;
    const asked = /(?:^|\s)intel[-_]iommu=/.test(commandLine ?? '');
    const config = {
      ...configOf(this.domain, this.flush),
      ...(this.vtdOn && !asked && commandLine !== undefined && { intelIommuDefaultOn: true }),
    };
    return {
      ...(release !== undefined && { release }),
      ...(this.arm64 && { arch: 'aarch64' }),
      ...(commandLine !== undefined && { commandLine }),
      ...(Object.keys(config).length > 0 && { config }),
    };
  }
}

/**
 * Read a kernel log: whole, cut, filtered, with or without time stamps.
 *
 * @returns Empty lists and absent members for what the text does not hold.
 */
export const parseDmesg = (text: string): DmesgFacts => {
  const reader = new LogReader();
  for (const line of text.split(/\r?\n/)) if (TELLING.test(line)) reader.take(line);
  return {
    kernel: reader.kernel(),
    rootBuses: [...reader.rootBuses],
    order: [...reader.order],
    units: reader.units,
    probes: reader.probes.list(),
    observed: reader.groups.list(),
  };
};
