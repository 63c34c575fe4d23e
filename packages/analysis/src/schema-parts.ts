/*
 * Parts of JSON Schemas (draft 2020-12) that several reports have in common.
 */
export const text = { type: 'string' } as const;
export const textOrNull = { type: ['string', 'null'] } as const;
export const machineName = { ...textOrNull, description: 'For people; null: the input has none.' } as const;
export const kernelRelease = { ...textOrNull, description: 'null: not in the input, so the newest rules.' } as const;
export const arch = { ...text, description: "The kernel's arch/ folder: x86, arm64." } as const;
export const stableCode = { ...text, description: 'Stable.' } as const;
export const device = { type: 'string', description: 'A PCI address with its domain, or a name from sysfs.' } as const;
export const devices = { type: 'array', items: device } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const id = {
  type: ['integer', 'null'],
  minimum: 0,
  description: 'null: it depends on what the input does not hold.',
} as const;

/** An object of just these members, none of which may be left out. */
export const strict = <T extends object>(properties: T) => ({
  type: 'object' as const,
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
});

export const beforeAndAfter = <T extends object>(value: T) => strict({ before: value, after: value });

/** The same device, by its name on each side. */
export const matched = { type: 'array', items: beforeAndAfter(device) } as const;

/** A group of one side. */
const group = strict({ id, devices: { ...devices, description: 'Addresses of that side.' } });

/** Groups that are others, as far as they hang together. @param more - What else is said of each. */
export const changedGroups = <T extends object>(more: T) => ({
  type: 'array' as const,
  description: 'Groups that are others, as far as they hang together.',
  items: strict({
    change: { enum: ['split', 'merged', 'grown', 'shrunk', 'regrouped', 'lost', 'gained'] },
    before: { type: 'array', items: group, description: 'By number; empty: the devices had no group.' },
    after: { type: 'array', items: group, description: 'By number; empty: the devices have none.' },
    reasons: {
      type: 'array',
      description: 'Why each device concerned that is still there is where it is then.',
      items: strict({
        device,
        was: { ...textOrNull, description: 'Its address before; null: it was put in.' },
        reason: text,
      }),
    },
    ...more,
  }),
});

/** Groups with the same members and another label. @param more - What else is said of each. */
export const relabelled = <T extends object, M extends object>(value: T, more: M) => ({
  type: 'array' as const,
  items: strict({
    before: value,
    after: value,
    devices: { ...devices, description: 'Members, which are the same; addresses after the change.' },
    ...more,
  }),
});

export const diagnostics = {
  type: 'array',
  items: strict({
    severity: { enum: ['info', 'warning', 'firmware-bug', 'assumed'] },
    code: stableCode,
    message: text,
  }),
} as const;
