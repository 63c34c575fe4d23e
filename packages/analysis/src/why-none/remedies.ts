const FIRMWARE_VENDOR = 'Only other firmware names it: look for an update, and for settings that hide the device.';
const SETTINGS =
  'Switch it on in the firmware settings: VT-d on Intel, IOMMU or AMD-Vi on AMD (Auto may mean off), SMMU on Arm; in a virtual machine, give it a virtual IOMMU.';
const CAPTURE = 'Take a dump that holds the firmware tables: sudo iommu capture.';

/** What would help, by the stable code of a reason. */
const REMEDIES: Readonly<Record<string, string>> = {
  'vtd-disabled': 'Boot with intel_iommu=on, and without iommu=off and intel_iommu=off.',
  'amdvi-disabled': 'Boot without amd_iommu=off and iommu=off; on AMD nothing has to be given to switch it on.',
  'amdvi-off-by-quirk': 'amd_iommu=force_enable has Linux use it all the same.',
  'acpi-off': 'Boot without acpi=off.',
  'no-iommu-in-firmware': SETTINGS,
  'no-firmware-in-input': CAPTURE,
  'waits-for-driver': 'Bind a driver to it, vfio-pci for instance: its group comes with the probe.',
  'not-in-dmar': FIRMWARE_VENDOR,
  'not-in-ivrs': FIRMWARE_VENDOR,
  'no-iommu-map': FIRMWARE_VENDOR,
  'no-stream-id': FIRMWARE_VENDOR,
  'unit-ignored-graphics-off': 'Boot without intel_iommu=igfx_off, where that is what left the unit alone.',
  'unit-ignored-no-address-width':
    'Other firmware, or another virtual machine: the unit does not answer as one should.',
  'dmar-scope-type-mismatch': 'Only other firmware helps: one wrong entry has Linux give up all.',
  'stream-id-taken':
    'Move it from behind its bridge to conventional PCI: there only one device can have the stream id.',
  'shared-stream': 'Move it from behind its bridge to conventional PCI: there only one device can have the stream id.',
};

/** Reasons that say what the input lacks, not what the machine lacks. */
const UNKNOWN: ReadonlySet<string> = new Set(['no-firmware-in-input', 'no-driver']);

export const remedyFor = (rule: string): string | null => REMEDIES[rule] ?? null;

export const isUnknown = (rule: string): boolean => UNKNOWN.has(rule);
