import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IommuError, isIommuError } from '@iommu/core';
import type { MachinePciFunction } from '@iommu/machine';
import { type ControlEvent, connectMachine, type MachineControl, type MachineList } from '@iommu/sysfs/mount';
import { Exit, type ExitCode } from '../exit.js';
import { writeOut } from '../output.js';
import { sayError } from '../talk.js';

export interface HotplugFlags {
  readonly mount?: string;
  readonly json?: boolean;
}

const usage = (message: string): IommuError => new IommuError('ERR_USAGE', message);

/** The functions in a file: a list of them, or a machine. */
const readFunctions = (path: string): readonly MachinePciFunction[] => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (cause) {
    throw new IommuError('ERR_HOST_INPUT', `${path}: ${(cause as Error).message}`, { cause });
  }
  if (Array.isArray(value)) return value;
  const { pci } = (value ?? {}) as { pci?: { functions?: unknown } };
  if (Array.isArray(pci?.functions)) return pci.functions;
  throw new IommuError('ERR_HOST_INPUT', `${path}: expected a JSON list of PCI functions, or a machine`);
};

/** `10de:2684` or `10de:2684:030000`. */
const cardFunction = (text: string) => {
  const [, id, code] = /^([0-9a-f]{4}:[0-9a-f]{4})(?::([0-9a-f]{4,6}))?$/i.exec(text) ?? [];
  if (id === undefined)
    throw usage(`'${text}' is no function; expected vendor:device or vendor:device:class in hexadecimal`);
  return { id, ...(code !== undefined && { class: code }) };
};

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw usage(`'${text}' is no number`);
  return Number(text);
};

/** What can be done, and what is printed then: an object, or nothing. */
interface Action {
  readonly words: string;
  /** The fewest and the most words. */
  readonly count: readonly [number, number];
  run(control: MachineControl, words: readonly string[]): Promise<unknown>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  add: {
    words: 'FILE.json, or PORT VENDOR:DEVICE[:CLASS]…',
    count: [1, 9],
    run: (control, [first = '', ...functions]) =>
      functions.length === 0
        ? control.add(readFunctions(first))
        : control.addCard({ behind: first, functions: functions.map(cardFunction) }),
  },
  plug: { words: 'FILE.json', count: [1, 1], run: (control, [path = '']) => control.plug(readFunctions(path)) },
  unplug: { words: 'DEVICE', count: [1, 1], run: (control, [device = '']) => control.unplug(device) },
  remove: { words: 'DEVICE', count: [1, 1], run: (control, [device = '']) => control.remove(device) },
  rescan: { words: '', count: [0, 0], run: (control) => control.rescan() },
  bind: {
    words: 'DEVICE DRIVER',
    count: [2, 2],
    run: (control, [device = '', driver = '']) => control.bind(device, driver),
  },
  unbind: { words: 'DEVICE', count: [1, 1], run: (control, [device = '']) => control.unbind(device) },
  override: {
    words: 'DEVICE [DRIVER]',
    count: [1, 2],
    run: (control, [device = '', driver]) => control.override(device, driver ?? null),
  },
  probe: { words: 'DEVICE', count: [1, 1], run: (control, [device = '']) => control.probe(device) },
  load: { words: 'DRIVER', count: [1, 1], run: (control, [driver = '']) => control.load(driver) },
  unload: { words: 'DRIVER', count: [1, 1], run: (control, [driver = '']) => control.unload(driver) },
  vfs: {
    words: 'DEVICE COUNT',
    count: [2, 2],
    run: (control, [device = '', count = '']) => control.vfs(device, wholeNumber(count)),
  },
  type: {
    words: 'GROUP TYPE',
    count: [2, 2],
    run: (control, [group = '', type = '']) => control.type(wholeNumber(group), type),
  },
  list: { words: '', count: [0, 0], run: (control) => control.list() },
  unmount: { words: '', count: [0, 0], run: (control) => control.unmount() },
};

const EVENTS = 'events';

const listLines = ({ groups, ungrouped }: MachineList): string[] => {
  const line = (prefix: string, { name, driver }: MachineList['ungrouped'][number]) =>
    `${prefix} ${name}${driver === null ? '' : ` ${driver}`}`;
  return [
    ...groups.flatMap(({ id, devices }) => devices.map((device) => line(`IOMMU Group ${id}`, device))),
    ...ungrouped.map((device) => line('No IOMMU Group', device)),
  ];
};

const eventLine = ({ type, device, driver, group, unit }: ControlEvent): string =>
  [type, device, driver, ...(group === undefined ? [] : [`group ${group}`]), unit].filter(Boolean).join(' ');

const print = (result: unknown, json: boolean): void => {
  if (result === undefined) return;
  if (json) writeOut(`${JSON.stringify(result)}\n`);
  else {
    const lines = Array.isArray(result) ? result.map(String) : listLines(result as MachineList);
    writeOut(lines.map((line) => `${line}\n`).join(''));
  }
};

const actionFor = (name: string, words: readonly string[]): Action => {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw usage(`no action '${name}'; there are ${[...Object.keys(ACTIONS), EVENTS].join(', ')}`);
  const [least, most] = action.count;
  if (words.length < least || words.length > most)
    throw usage(`expected: iommu hotplug ${name}${action.words === '' ? '' : ` ${action.words}`}`);
  return action;
};

/** `iommu hotplug ACTION …` */
export const hotplug = async ([name = '', ...words]: readonly string[], flags: HotplugFlags): Promise<ExitCode> => {
  const json = flags.json === true;
  const action = name === EVENTS && words.length === 0 ? undefined : actionFor(name, words);
  const { control } = await connectMachine(flags.mount === undefined ? undefined : resolve(flags.mount));
  try {
    if (action) print(await action.run(control, words), json);
    else for await (const event of control.events()) writeOut(`${json ? JSON.stringify(event) : eventLine(event)}\n`);
  } catch (error) {
    if (!isIommuError(error, 'ERR_REFUSED')) throw error;
    sayError(error.message);
    return Exit.differs;
  } finally {
    control.close();
  }
  return Exit.ok;
};
