/*
 * JSON Schema (draft 2020-12) of what `iommu p2p --json` prints. The package carries it as a file too.
 */
import { changedGroups, device, diagnostics, machineName, strict, text, textOrNull } from './schema-parts.js';

const step = strict({
  device: { ...textOrNull, description: 'The function whose bits decide; null: none does.' },
  route: {
    enum: ['direct', 'redirected', 'unknown'],
    description: 'Past the IOMMU; to the root complex, and so to the IOMMU; or not known from the input.',
  },
  text,
});

/** Of `iommu p2p --json`. */
export const p2pSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Where transactions between two devices go',
  ...strict({
    schema: { const: 1 },
    machine: machineName,
    from: { ...device, description: 'The requester: a PCI address with its domain.' },
    to: { ...device, description: 'What it reads or writes.' },
    meeting: { enum: ['device', 'bus', 'switch', 'root-complex'] },
    below: { ...textOrNull, description: 'The bridge below which their ways meet; null: none.' },
    request: { ...step, description: 'Of reads and writes.' },
    completion: { ...step, description: 'Of what is answered to reads.' },
    clearing: {
      anyOf: [
        strict({
          parameter: { ...text, description: "A word of pci= on the kernel's command line." },
          apart: { type: 'boolean', description: 'The two are in groups of their own even then.' },
          changed: changedGroups({}),
          notes: diagnostics,
        }),
        { type: 'null' },
      ],
      description: 'null: nothing is to be cleared, or no parameter of this kernel does it.',
    },
  }),
} as const;
