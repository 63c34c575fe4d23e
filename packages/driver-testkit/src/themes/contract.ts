import { type BoundDriver, type Device, isIommuError } from '@iommu/core';
import { openAcpiTable } from '@iommu/firmware';
import type { Machine, RunningMachine } from '@iommu/machine';
import { altered } from '../altered.js';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { boundIn, decisions, difference } from '../observe.js';
import { spied } from '../spied.js';
import type { Subject } from '../subject.js';
import {
  isKebab,
  requireAttributes,
  requireDiagnostic,
  requireIds,
  requireReason,
  requireUnit,
} from '../well-formed.js';

const DOMAINS = ['identity', 'DMA', 'DMA-FQ'] as const;
const STRANGER: Device = { name: 'stranger0', bus: 'nobody', path: 'nobody/stranger0' };

/** With what was bound, where the driver found anything. */
const withBound =
  (check: (bound: BoundDriver, running: RunningMachine) => void) =>
  (subject: Subject): void =>
    subject.onAll((machine) => {
      const running = subject.boot(machine);
      const bound = boundIn(running);
      if (bound) check(bound, running);
    });

const requireSame = (one: readonly string[], other: readonly string[], what: string): void => {
  const found = difference(one, other);
  demand(found === undefined, () => `${what}: ${found}`);
};

const answerText = ({ name }: Device, found: ReturnType<BoundDriver['unitOf']>): string => {
  if (!found) return `${name}: not mine`;
  return 'none' in found
    ? `${name}: none, ${found.none?.rule}`
    : `${name}: ${found.unit?.name} as ${found.ids?.join(',')}`;
};

const checkAnswer = (bound: BoundDriver, device: Device): void => {
  const found = bound.unitOf(device);
  if (found === undefined) return;
  demand(
    typeof found === 'object' && found !== null,
    () => `unitOf(${device.name}) is neither an object nor undefined`,
  );
  if ('none' in found) {
    requireReason(found.none, `unitOf(${device.name})`);
    return;
  }
  demand(bound.units.includes(found.unit), () => `unitOf(${device.name}) names a unit that is not among units`);
  requireIds(found.ids, `unitOf(${device.name})`);
  if (found.reason) requireReason(found.reason, `unitOf(${device.name})`);
};

const checkDomains = (bound: BoundDriver, device: Device): void => {
  const wish = bound.defaultDomainType?.(device);
  demand(
    wish === undefined || wish === 'identity' || wish === 'DMA',
    () => `defaultDomainType(${device.name}) is '${wish}', expected identity, DMA or undefined`,
  );
  for (const type of DOMAINS) {
    const errno = bound.domainError?.(device, type);
    demand(
      errno === undefined || /^E[A-Z_]+$/.test(errno),
      () => `domainError(${device.name}, ${type}) is '${errno}', expected an errno or undefined`,
    );
  }
};

const checkFlags = ({ busFeatures = [], groupsAt, systemDomain }: BoundDriver): void => {
  demand(
    Array.isArray(busFeatures) && busFeatures.every(isKebab),
    () => `busFeatures '${String(busFeatures)}' is no list of words in kebab-case`,
  );
  demand([undefined, 'unit-registration', 'driver-probe'].includes(groupsAt), () => `groupsAt is '${groupsAt}'`);
  demand([undefined, 'identity'].includes(systemDomain), () => `systemDomain is '${systemDomain}'`);
};

const withoutFirmware = ({ firmware: _firmware, ...machine }: Machine): Machine => machine;

const checkAssumed = (subject: Subject, machine: Machine): void => {
  const { devices, kernel } = subject.boot(machine);
  const assumed = subject.driver.assume?.(devices, kernel);
  if (!assumed) return;
  demand(assumed.text.trim() !== '', () => 'assume() does not say what it supposed');
  for (const [name, bytes] of Object.entries(assumed.acpi)) {
    const { checksumOk, reader } = openAcpiTable(bytes, name.slice(0, 4));
    demand(
      checksumOk && reader.length === bytes.length,
      () => `assume() made a ${name} whose length or checksum is wrong`,
    );
  }
  demand(
    boundIn(subject.boot(withoutFirmware(machine))) !== undefined,
    () => 'bind() does not take the firmware that assume() makes',
  );
};

const checkRelocated = (subject: Subject, machine: Machine): void => {
  const spy = spied(subject.driver);
  const running = subject.boot(machine, { driver: spy.driver });
  const platform = spy.platform();
  if (!platform || !boundIn(running)) return;
  const before = running.devices;
  const devices = new Map(before.map((device) => [device, device]));
  const changed = subject.driver.relocate?.(platform, { devices, after: before, bypassed: new Set() });
  if (!changed) return;
  const acpi = { ...machine.firmware?.acpi, ...changed };
  const after = subject.boot({ ...machine, firmware: { ...machine.firmware, acpi } });
  requireSame(decisions(running), decisions(after), 'relocate() where nothing moved makes another machine');
};

/** The contract as it is written down: forms, purity, no state, nothing written to. */
export const contractCases = defineCases('contract', [
  {
    id: 'driver',
    title: 'has a version, a name and bind()',
    check: ({ driver: { specVersion, name, bind } }) => {
      demand(specVersion === 1, () => `specVersion is ${JSON.stringify(specVersion)}, expected the number 1`);
      demand(isKebab(name), () => `its name '${name}' is no word in kebab-case`);
      demand(typeof bind === 'function', () => 'bind is no function');
    },
  },
  {
    id: 'finds-units',
    title: 'finds an IOMMU in a machine that is given',
    check: (subject) => {
      const found = subject.machines.some((machine) => (boundIn(subject.boot(machine))?.units.length ?? 0) > 0);
      demand(found, () => `it finds no IOMMU in any of the ${subject.machines.length} machines: give one of its kind`);
    },
  },
  {
    id: 'not-mine',
    title: 'answers undefined where the machine has no IOMMU of its kind, and throws nothing',
    check: (subject) => {
      for (const machine of [{ schema: 1 }, { schema: 1, firmware: { acpi: {} } }] as const) {
        const bound = boundIn(subject.boot(machine));
        demand((bound?.units.length ?? 0) === 0, () => 'it finds IOMMUs in an empty machine');
      }
    },
  },
  {
    id: 'units',
    title: 'has units with names of their own, and always the same',
    check: withBound((bound) => {
      for (const unit of bound.units) requireUnit(unit);
      const names = bound.units.map(({ name }) => name);
      demand(new Set(names).size === names.length, () => `units share a name: ${names.join(', ')}`);
      const again = bound.units;
      demand(
        names.every((_, at) => again[at] === bound.units[at]),
        () => 'units are other objects each time',
      );
      checkFlags(bound);
    }),
  },
  {
    id: 'unit-of',
    title: 'answers for every device with a unit of its own and ids, with a reason for none, or undefined',
    check: withBound((bound, { devices }) => {
      for (const device of devices) checkAnswer(bound, device);
    }),
  },
  {
    id: 'unit-of-pure',
    title: 'answers the same about a device however often and in whatever order it is asked',
    check: (subject) =>
      subject.onAll((machine) => {
        const first = new Map<Device, string>();
        const remembering = altered(subject.driver, ({ unitOf }) => ({
          unitOf: (device) => {
            const found = unitOf(device);
            if (!first.has(device)) first.set(device, answerText(device, found));
            return found;
          },
        }));
        const running = subject.boot(machine, { driver: remembering });
        const bound = boundIn(running);
        for (const device of bound ? [...running.devices].reverse() : []) {
          const again = answerText(device, bound?.unitOf(device));
          demand(
            first.get(device) === again,
            () => `unitOf() asked again: '${again}', at first '${first.get(device)}'`,
          );
        }
      }),
  },
  {
    id: 'strangers',
    title: 'does not throw for a device of a bus that it does not know',
    check: withBound((bound) => {
      try {
        checkAnswer(bound, STRANGER);
      } catch (error) {
        if (isIommuError(error, 'ERR_CONFORMANCE')) throw error;
        demand(false, () => `unitOf(${STRANGER.name}) throws: ${String(error)}`);
      }
    }),
  },
  {
    id: 'reasons',
    title: 'gives each decision reasons with a rule, a text, a source and devices',
    check: withBound((_, running) => {
      for (const device of running.devices) {
        for (const reason of running.outcomeOf(device).reasons) requireReason(reason, device.name);
      }
    }),
  },
  {
    id: 'members',
    title: 'answers about domains and unit files with what the contract allows',
    check: withBound((bound, { devices }) => {
      for (const device of devices) checkDomains(bound, device);
      for (const unit of bound.units) {
        requireAttributes(bound.unitAttributes?.(unit, { translated: 2, identity: 1 }) ?? {}, unit.name);
      }
    }),
  },
  {
    id: 'deterministic',
    title: 'decides the same about the same machine',
    check: (subject) =>
      subject.onAll((machine) => {
        const first = decisions(subject.boot(machine));
        for (let n = 0; n < 3; n++) requireSame(first, decisions(subject.boot(machine)), 'booted again');
      }),
  },
  {
    id: 'stateless',
    title: 'keeps nothing of one machine for another',
    check: (subject) => {
      const [first] = subject.machines;
      if (!first) return;
      const expected = decisions(subject.boot(first));
      subject.onAll((machine) => {
        const other = subject.boot(machine);
        const between = decisions(other);
        requireSame(expected, decisions(subject.boot(first)), 'the first machine given, after this one was booted');
        requireSame(between, decisions(other), 'this machine, after another was booted');
      });
    },
  },
  {
    id: 'tables-untouched',
    title: 'writes to no firmware table',
    check: (subject) =>
      subject.onAll((machine) => {
        const spy = spied(subject.driver);
        decisions(subject.boot(machine, { driver: spy.driver }));
        for (const [name, { given, before }] of spy.tables) {
          const at = given.findIndex((byte, index) => byte !== before[index]);
          demand(at < 0, () => `byte ${at} of the ${name} was written to`);
        }
      }),
  },
  {
    id: 'diagnostics',
    title: 'reports with a severity, a code and a message',
    check: (subject) =>
      subject.onAll((machine) => {
        const spy = spied(subject.driver);
        subject.boot(machine, { driver: spy.driver });
        spy.diagnostics.forEach(requireDiagnostic);
      }),
  },
  {
    id: 'assume',
    title: 'supposes whole tables, which it takes itself',
    lacks: ({ driver }) => (driver.assume ? undefined : 'it declares no assume()'),
    check: (subject) => {
      demand(
        subject.driver.assume?.([]) === undefined,
        () => 'assume() supposes firmware for a machine without devices',
      );
      subject.onAll((machine) => checkAssumed(subject, machine));
    },
  },
  {
    id: 'relocate',
    title: 'leaves tables as good as they were where nothing moved',
    lacks: ({ driver }) => (driver.relocate ? undefined : 'it declares no relocate()'),
    check: (subject) => subject.onAll((machine) => checkRelocated(subject, machine)),
  },
]);
