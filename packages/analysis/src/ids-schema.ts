/*
 * JSON Schema (draft 2020-12) of what `iommu ids --json` prints. The package carries it as a file too.
 */
import { device, diagnostics, id, machineName, strict, text, textOrNull } from './schema-parts.js';

const path = {
  ...text,
  description: 'The root bus and the device and function numbers from there; of what is not on PCI its name.',
} as const;

const devices = {
  type: 'array',
  items: strict({
    device,
    path,
    ids: { ...textOrNull, description: 'Vendor, device and subsystem; null: the input does not say.' },
    stable: { type: 'boolean', description: 'false: the input does not hold what leads to it.' },
  }),
} as const;

/** Of `iommu ids --json`. */
export const idsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Groups by path rather than by number',
  ...strict({
    schema: { const: 1 },
    machine: machineName,
    groups: {
      type: 'array',
      description: 'By path, which is that of the first member.',
      items: strict({ path, id, devices: { ...devices, description: 'By path.' } }),
    },
    ungrouped: devices,
    notes: { ...diagnostics, description: 'Facts that groups rest on and that the input lacks.' },
  }),
} as const;
