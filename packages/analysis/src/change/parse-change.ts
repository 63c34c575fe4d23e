import { IommuError } from '@iommu/core';
import { tryParsePciAddress } from '@iommu/pci';
import { cardNamed } from './cards.js';
import { ACS_OVERRIDE, type Change, PCI_WORDS } from './change.js';
import { spelled, spelledBus } from './pci-tree.js';

/** The words of a change that are still to be read. */
class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#words.length;
  }

  next(expected: string): string {
    const word = this.#words[this.#at++];
    if (word !== undefined) return word;
    const before = this.#words.slice(-3).join(' ');
    throw wrong(`'${before}' ends too early`, expected);
  }

  /** A word that only helps to read. */
  skip(filler: string): void {
    if (this.#words[this.#at] === filler) this.#at++;
  }
}

const wrong = (what: string, expected: string): IommuError =>
  new IommuError('ERR_USAGE', `${what}; expected ${expected}`);

const ADDRESS = 'an address such as 0000:01:00.0';

const address = (text: string): string => {
  if (tryParsePciAddress(text)) return spelled(text);
  throw wrong(`'${text}' is no PCI address`, ADDRESS);
};

const fromTo = (words: Words, example: string): { readonly device: string; readonly to: string } => {
  const device = address(words.next(example));
  words.skip('to');
  return { device, to: address(words.next(example)) };
};

const split = (word: string, example: string): readonly [string, string] => {
  const at = word.indexOf('=');
  if (at < 1 || at === word.length - 1) throw wrong(`'${word}' has no '=' with something on both sides`, example);
  return [word.slice(0, at), word.slice(at + 1)];
};

const COUNT = /^(?:0|[1-9]\d{0,4})$/;

const bus = (text: string): string => {
  const name = spelledBus(text);
  if (name === undefined) throw wrong(`'${text}' is no root bus`, 'one such as 0000:40');
  return name;
};

type Reader = (words: Words) => Change;

/** What the first word of a change is, and how the rest is read. */
const READERS: Readonly<Record<string, Reader>> = {
  move: (words) => ({ kind: 'move', ...fromTo(words, 'move DEVICE to PORT') }),
  swap: (words) => {
    const device = address(words.next('swap DEVICE with DEVICE'));
    words.skip('with');
    return { kind: 'swap', device, with: address(words.next('swap DEVICE with DEVICE')) };
  },
  readdress: (words) => ({ kind: 'readdress', ...fromTo(words, 'readdress DEVICE to ADDRESS') }),
  add: (words) => {
    const card = cardNamed(words.next('add CARD to PORT'));
    words.skip('to');
    return { kind: 'add', card, to: address(words.next('add CARD to PORT')) };
  },
  remove: (words) => ({ kind: 'remove', device: address(words.next('remove DEVICE')) }),
  vfs: (words) => {
    const [device, count] = split(words.next('vfs DEVICE=NUMBER'), 'vfs DEVICE=NUMBER');
    if (!COUNT.test(count)) throw wrong(`'${count}' is no number of virtual functions`, 'one from 0 on');
    return { kind: 'vfs', device: address(device), count: Number(count) };
  },
  acs: (words) => {
    const how = words.next('acs on|off DEVICE');
    if (how !== 'on' && how !== 'off') throw wrong(`'acs ${how}'`, 'acs on DEVICE or acs off DEVICE');
    return { kind: 'acs', on: how === 'on', device: address(words.next('acs on|off DEVICE')) };
  },
  kernel: (words) => ({ kind: 'kernel', release: words.next('kernel VERSION') }),
  cmdline: (words) => ({ kind: 'command-line', words: words.next('cmdline WORD') }),
  policy: (words) => ({ kind: 'policy', name: words.next('policy NAME') }),
  table: (words) => {
    const [table, bytes] = split(words.next('table NAME=BASE64'), 'table NAME=BASE64');
    return { kind: 'table', table, bytes };
  },
  bypass: (words) => ({ kind: 'bypass', bus: bus(words.next('bypass BUS')) }),
};

/** Kernel parameters that are a change by themselves. */
const PARAMETERS = /^(?:iommu|intel_iommu|amd_iommu|pci|pcie_ports|iommu\.[a-z_]+|arm-smmu(?:-v3)?\.[a-z_]+)=/;

const readOne = (words: Words): Change => {
  const first = words.next('a change');
  const reader = Object.hasOwn(READERS, first) ? READERS[first] : undefined;
  if (reader) return reader(words);
  if (first.startsWith(ACS_OVERRIDE)) return { kind: 'policy', name: first };
  if (PCI_WORDS.some((name) => first.startsWith(`${name}=`))) return { kind: 'command-line', words: `pci=${first}` };
  if (PARAMETERS.test(first)) return { kind: 'command-line', words: first };
  const known = [...Object.keys(READERS), ACS_OVERRIDE, ...PCI_WORDS.map((name) => `${name}=`), 'iommu='];
  throw wrong(`'${first}' is no change`, `one that starts with ${known.join(', ')}`);
};

/**
 * Read changes: `move 0000:01:00.0 to 0000:00:1c.4`, `add CARD to PORT`, `remove DEVICE`, `vfs PF=16`,
 * `acs on|off DEVICE`, `kernel VERSION`, `config_acs=…`, `acs-override=…`, `iommu=pt`, and the others of {@link Change};
 * one after the other, blanks between all words.
 *
 * @throws IommuError `ERR_USAGE` with what was expected, `ERR_CARD` for a card that is in no library.
 */
export const parseChanges = (text: string): Change[] => {
  const words = new Words(text.split(/\s+/).filter(Boolean));
  const changes: Change[] = [];
  while (!words.isEmpty) changes.push(readOne(words));
  return changes;
};

/** As {@link parseChanges}, for exactly one. */
export const parseChange = (text: string): Change => {
  const changes = parseChanges(text);
  const [change] = changes;
  if (!change || changes.length > 1) throw wrong(`${changes.length} changes in '${text}'`, 'one');
  return change;
};
