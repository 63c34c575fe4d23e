import type { AssumedFirmware, Device } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { isPciDevice, type PciDevice } from '@iommu/pci';
import { isDisplay } from './graphics-quirks.js';

const INTEL = 0x8086;

interface SketchedUnit {
  readonly registerBase: number;
  /** The one function that it serves; `undefined`: all that no other unit names. */
  readonly serves: PciDevice | undefined;
}

const writeDrhd = ({ registerBase, serves }: SketchedUnit, segment: number): Uint8Array => {
  const bytes = new Uint8Array(serves ? 24 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length, true);
  bytes[4] = serves ? 0 : 1;
  view.setUint16(6, segment, true);
  view.setUint32(8, registerBase, true);
  if (serves) bytes.set([1, 8, 0, 0, 0, serves.rid >> 8, (serves.rid >> 3) & 0x1f, serves.rid & 7], 16);
  return bytes;
};

const writeDmar = (structures: readonly Uint8Array[]): Uint8Array => {
  const length = structures.reduce((sum, { length }) => sum + length, 48);
  const bytes = new Uint8Array(length);
  bytes.set([...'DMAR'].map((letter) => letter.charCodeAt(0)));
  bytes[8] = 1;
  bytes[36] = 38;
  let at = 48;
  for (const structure of structures) {
    bytes.set(structure, at);
    at += structure.length;
  }
  return sealAcpiTable(bytes);
};

/** Built-in graphics, which client machines give a unit of their own. */
const isBuiltInGraphics = (device: PciDevice): boolean =>
  isDisplay(device) && device.facts.vendor === INTEL && device.pciBus.parent === undefined;

/**
 * The DMAR that a usual Intel machine would have: one unit for all, and one of its own for built-in graphics. Memory
 * regions are not supposed.
 */
export const assumeDmar = (devices: readonly Device[]): AssumedFirmware | undefined => {
  const functions = devices.filter(isPciDevice);
  const host = functions.find(({ segment, rid }) => segment === 0 && rid === 0) ?? functions[0];
  if (host?.facts.vendor !== INTEL) return undefined;
  const segments = [...new Set(functions.map(({ segment }) => segment).filter((segment) => segment <= 0xffff))];
  const graphics = functions.find(isBuiltInGraphics);
  const structures = [
    ...(graphics ? [writeDrhd({ registerBase: 0xfed90000, serves: graphics }, graphics.segment)] : []),
    ...segments.map((segment, at) => writeDrhd({ registerBase: 0xfed91000 + at * 0x1000, serves: undefined }, segment)),
  ];
  const text = graphics
    ? `one VT-d unit for ${graphics.name} and one for all other devices, without reserved memory`
    : 'one VT-d unit for all devices, without reserved memory';
  return { acpi: { DMAR: writeDmar(structures) }, text };
};
