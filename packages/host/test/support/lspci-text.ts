/** How a device shows in a dump; what is left out is not printed. */
export interface Shown {
  /** `00:1c.0` */
  readonly at: string;
  /** `Ethernet controller [0200]` */
  readonly className?: string;
  readonly classId?: string;
  /** `Foo Devices Fast Network Card` */
  readonly names?: string;
  readonly id?: string;
  readonly revision?: string;
  /** What follows `Express (v2) `. */
  readonly express?: string;
  /** Secondary and subordinate bus. */
  readonly bus?: readonly [string, string];
  /** Flags of ACSCap and ACSCtl. */
  readonly acs?: readonly [string, string];
  readonly group?: number;
  readonly driver?: string;
  /** Number of virtual functions, offset of the first, stride. */
  readonly sriov?: readonly [number, number, number];
}

/** `-n`, `-nn`, or neither. */
export type Numbers = 'names' | 'numbers' | 'both';

const WORDS = { SV: 'SrcValid', TB: 'TransBlk', RR: 'ReqRedir', CR: 'CmpltRedir', UF: 'UpstreamFwd', EC: 'EgressCtrl' };

/** `SrcValid+ TransBlk- …` out of `SV`. */
const acsWords = (flags: string): string =>
  [...Object.entries(WORDS), ['DT', 'DirectTrans']]
    .map(([flag = '', word]) => `${word}${flags.split(' ').includes(flag) ? '+' : '-'}`)
    .join(' ');

/** The first line of a device. */
export const headLine = (device: Shown, numbers: Numbers = 'both'): string => {
  const { at, className = 'Ethernet controller', classId = '0200' } = device;
  const { names = 'Foo Devices Fast Network Card', id = 'f00d:0110', revision } = device;
  const rev = revision === undefined ? '' : ` (rev ${revision})`;
  if (numbers === 'numbers') return `${at} ${classId}: ${id}${rev}`;
  if (numbers === 'names') return `${at} ${className}: ${names}${rev}`;
  return `${at} ${className} [${classId}]: ${names} [${id}]${rev}`;
};

/** The lines of `-vvv` below the first. */
const bodyLines = ({ express, bus, acs, group, driver, sriov }: Shown): string[] => [
  '\tSubsystem: Foo Devices Fast Network Card, first edition [f00d:0001]',
  '\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+',
  `\tStatus: Cap${express || acs ? '+' : '-'} 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-`,
  '\tLatency: 0, Cache Line Size: 64 bytes',
  ...(group === undefined ? [] : [`\tIOMMU group: ${group}`]),
  ...(bus ? [`\tBus: primary=00, secondary=${bus[0]}, subordinate=${bus[1]}, sec-latency=0`] : []),
  ...(express
    ? [
        '\tCapabilities: [40] Power Management version 3',
        '\t\tFlags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold-)',
        `\tCapabilities: [80] Express (v2) ${express}, IntMsgNum 0`,
        '\t\tDevCap:\tMaxPayload 256 bytes, PhantFunc 0',
        '\tCapabilities: [100 v1] Advanced Error Reporting',
        '\t\tUESta:\tDLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- RxOF- MalfTLP-',
        '\tCapabilities: [148 v1] Secondary PCI Express',
      ]
    : []),
  ...(acs
    ? [
        '\tCapabilities: [220 v1] Access Control Services',
        `\t\tACSCap:\t${acsWords(acs[0])}`,
        `\t\tACSCtl:\t${acsWords(acs[1])}`,
      ]
    : []),
  ...(sriov
    ? [
        '\tCapabilities: [240 v1] Single Root I/O Virtualization (SR-IOV)',
        '\t\tIOVCap:\tMigration- 10BitTagReq- Interrupt Message Number: 000',
        '\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+',
        `\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: ${sriov[0]}, Function Dependency Link: 00`,
        `\t\tVF offset: ${sriov[1]}, stride: ${sriov[2]}, Device ID: 0111`,
      ]
    : []),
  ...(driver === undefined ? [] : [`\tKernel driver in use: ${driver}`, `\tKernel modules: ${driver}`]),
];

/** A dump of `-vvv`. */
export const verboseDump = (devices: readonly Shown[], numbers: Numbers = 'both'): string =>
  devices.map((device) => [headLine(device, numbers), ...bodyLines(device), '', ''].join('\n')).join('');

/** A dump without `-v`. */
export const shortDump = (devices: readonly Shown[], numbers: Numbers = 'both'): string =>
  devices.map((device) => `${headLine(device, numbers)}\n`).join('');

const host = { className: 'Host bridge', classId: '0600', names: 'Foo Devices Host Bridge', id: 'f00d:0100' };
const port = { className: 'PCI bridge', classId: '0604', names: 'Foo Devices Root Port', id: 'f00d:0101' };
const slot = { className: 'PCI bridge', classId: '0604', names: 'Foo Devices Switch', id: 'f00d:0120' };
const flags = ['SV TB RR CR UF', 'SV RR CR UF'] as const;

/** An invented machine: a card below one root port, a switch with a card below the other. */
export const MACHINE: readonly Shown[] = [
  { ...host, at: '00:00.0', group: 0 },
  { ...port, at: '00:01.0', express: 'Root Port (Slot+)', bus: ['01', '01'], acs: flags, group: 1, driver: 'pcieport' },
  { ...port, at: '00:02.0', express: 'Root Port (Slot-)', bus: ['02', '05'], acs: flags, group: 2, driver: 'pcieport' },
  { at: '01:00.0', revision: '03', express: 'Endpoint', group: 3, driver: 'foonet' },
  { ...slot, at: '02:00.0', express: 'Upstream Port', bus: ['03', '05'], group: 4, driver: 'pcieport' },
  { ...slot, at: '03:00.0', express: 'Downstream Port (Slot+)', bus: ['04', '04'], acs: ['', ''], group: 4 },
  { at: '04:00.0', express: 'Legacy Endpoint', group: 4, driver: 'foonet' },
];
