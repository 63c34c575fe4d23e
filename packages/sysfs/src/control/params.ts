import { IommuError } from '@iommu/core';
import type { MachinePciFunction } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';

/** What a call was given. */
export type Params = Readonly<Record<string, unknown>>;

const wrong = (name: string, expected: string): IommuError =>
  new IommuError('ERR_CONTROL_PARAMS', `${name}: expected ${expected}`);

/** @throws IommuError `ERR_CONTROL_PARAMS` */
export const textOf = (params: Params, name: string): string => {
  const value = params[name];
  if (typeof value !== 'string') throw wrong(name, 'a text');
  return value;
};

/** A text, or `null` for none. @throws IommuError `ERR_CONTROL_PARAMS` */
export const textOrNull = (params: Params, name: string): string | null =>
  params[name] === null ? null : textOf(params, name);

/** A whole number from 0 on. @throws IommuError `ERR_CONTROL_PARAMS` */
export const numberOf = (params: Params, name: string): number => {
  const value = params[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw wrong(name, 'a whole number, from 0 on');
  return value;
};

/** PCI functions as a description of a machine has them. @throws IommuError `ERR_MACHINE`, `ERR_CONTROL_PARAMS` */
export const functionsOf = (params: Params, name: string): readonly MachinePciFunction[] => {
  const functions = params[name];
  if (!Array.isArray(functions) || functions.length === 0) throw wrong(name, 'a list of PCI functions');
  return machineFromJson({ schema: 1, pci: { functions } }).pci?.functions ?? [];
};
