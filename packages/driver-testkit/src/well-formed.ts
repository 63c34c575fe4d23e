import type { Device, Diagnostic, IommuUnit, Reason, ReservedRegion } from '@iommu/core';
import { demand } from './conformance-case.js';

const KEBAB = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const LAST_ID = 0xffff_ffff;
const LAST_ADDRESS = (1n << 64n) - 1n;
const KINDS = ['direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'];
const SEVERITIES = ['info', 'warning', 'firmware-bug', 'assumed'];

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** A path of sysfs that stays where it is put. */
const isRelativePath = (value: unknown): boolean =>
  isText(value) && !value.includes('\0') && value.split('/').every((part) => !['', '.', '..'].includes(part));

const isDevice = (value: unknown): value is Device =>
  typeof value === 'object' && value !== null && isText((value as Device).name) && isText((value as Device).path);

export const isKebab = (value: unknown): boolean => typeof value === 'string' && KEBAB.test(value);

/** @param where - Whose reason it is, for the message. */
export const requireReason = (reason: Reason | undefined, where: string): void => {
  demand(typeof reason === 'object' && reason !== null, () => `${where}: its reason is no object`);
  const { rule, text, source, devices, unknown = [] } = reason;
  demand(isKebab(rule), () => `${where}: the rule '${rule}' of its reason is no word in kebab-case`);
  demand(isText(text), () => `${where}: its reason '${rule}' has no text`);
  demand(isText(source), () => `${where}: its reason '${rule}' names no source`);
  demand(
    Array.isArray(devices) && devices.every(isDevice),
    () => `${where}: its reason '${rule}' names what are no devices`,
  );
  demand(
    Array.isArray(unknown) && unknown.every(isText),
    () => `${where}: what its reason '${rule}' supposed is no list of phrases`,
  );
};

export const requireUnit = ({ name, parent }: IommuUnit): void => {
  demand(isRelativePath(name) && !name.includes('/'), () => `a unit is called '${name}', which is no file name`);
  demand(
    parent === undefined || isRelativePath(parent),
    () => `unit ${name} stands at '${parent}', expected a path below /sys/devices`,
  );
};

export const requireIds = (ids: readonly number[], where: string): void => {
  const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 0 && (id as number) <= LAST_ID;
  demand(Array.isArray(ids) && ids.every(isId), () => `${where}: its ids [${String(ids)}] are no numbers of 32 bits`);
};

export const requireRegion = ({ start, end, type }: ReservedRegion, where: string): void => {
  demand(typeof start === 'bigint' && typeof end === 'bigint', () => `${where}: the ends of a region are no bigints`);
  demand(
    start >= 0n && start <= end && end <= LAST_ADDRESS,
    () => `${where}: region ${start} to ${end}, expected 0 <= start <= end < 2^64, both ends inclusive`,
  );
  demand(KINDS.includes(type), () => `${where}: a region is of kind '${type}', expected one of ${KINDS.join(', ')}`);
};

export const requireDiagnostic = ({ severity, code, message }: Diagnostic): void => {
  demand(
    SEVERITIES.includes(severity),
    () => `diagnostic '${code}': severity '${severity}', expected one of ${SEVERITIES.join(', ')}`,
  );
  demand(isKebab(code), () => `a diagnostic has the code '${code}', expected a word in kebab-case`);
  demand(isText(message), () => `diagnostic '${code}' has no message`);
};

export const requireAttributes = (files: Readonly<Record<string, string>>, where: string): void => {
  for (const [path, value] of Object.entries(files)) {
    demand(isRelativePath(path), () => `${where}: '${path}' is no path below its directory`);
    demand(
      typeof value === 'string' && !value.endsWith('\n'),
      () => `${where}: the value of ${path} is no text without a newline at its end`,
    );
  }
};
