import { IommuError } from '@iommu/core';

/**
 * What a variable of a `What:` stands for. A variable also stands for itself, so that a path may be asked for as the
 * documents spell it.
 */
const VARIABLES: Readonly<Record<string, string>> = {
  group: '[0-9]+',
  number: '[0-9]+',
  segment: '[0-9a-f]{4,8}',
  bus: '[0-9a-f]{2}',
  /** Address of a PCI function. */
  function: '[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]',
  /** A device on any bus, in a place where nothing but devices is. */
  device: '[^/]+',
  /** A device that is not on PCI, in a place where other things are: its name has a mark that no attribute's has. */
  named_device: '(?!pci[0-9a-f]{4,8}:)(?![0-9a-f]{4,8}:[0-9a-f]{2}(?:[/:]|$))[^/]*[.:@][^/]*',
  /** An IOMMU, below a directory or a device's link. */
  unit: '(?!(?:device|devices|power|subsystem|uevent)(?:/|$))[^/]+',
  /** A device in its driver's directory, where attributes are too. */
  bound_device: '(?!(?:bind|unbind|new_id|remove_id|module|uevent)$)[^/]+',
  /** A kind of bus: `pci`, `platform`. */
  bus_type: '[^/]+',
  driver: '[^/]+',
  module: '[^/]+',
  table: '[^/]+',
  node: '[^/]+',
  property: '[^/]+',
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');

/** A path of a document, ready to be held against paths. */
export interface WhatPattern {
  readonly what: string;
  /** It documents a directory. */
  readonly directory: boolean;
  /** Anchored at both ends; a path without a slash at its end. */
  readonly regexp: RegExp;
  /** How much of it is spelled out, in characters: of two that match, the one with more is meant. */
  readonly literal: number;
}

/**
 * Read a `What:` as a pattern for whole paths: `<name>` is a variable of one part of a name or a whole one, `...` any
 * number of directories but none.
 *
 * Unlike the kernel's conversion, it matches to the end, and variables hold characters such as `:` and `.`.
 *
 * @throws IommuError `ERR_ABI` for a variable that is not known.
 * @see Linux v7.0 tools/lib/python/abi/abi_regex.py
 */
export const whatPattern = (what: string): WhatPattern => {
  const directory = what.endsWith('/');
  const path = directory ? what.slice(0, -1) : what;
  let literal = 0;
  const source = path.replace(/<([a-z_]+)>|\/\.\.\.(?=\/)|[^</]+|./g, (part, variable?: string) => {
    if (part === '/...') return '(?:/[^/]+)+';
    if (variable === undefined) {
      literal += part.length;
      return escaped(part);
    }
    const form = VARIABLES[variable];
    if (form === undefined) throw new IommuError('ERR_ABI', `${what}: no variable is called <${variable}>`);
    return `(?:${form}|<${variable}>)`;
  });
  return { what, directory, regexp: new RegExp(`^${source}$`), literal };
};
