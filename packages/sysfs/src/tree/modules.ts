import { Directory, type DirectoryKind, type Part } from './directory.js';
import { linkIn, subdirectory } from './parts.js';
import { driverPath, type Sys } from './sys.js';

/** Drivers of the PCI bus that are part of the kernel however it is configured. */
const BUILT_IN: ReadonlySet<string> = new Set(['pcieport', 'shpchp']);

/** Modules that have another name than their driver; `-` is `_` in the name of a module anyway. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  i801_smbus: 'i2c_i801',
  piix4_smbus: 'i2c_piix4',
  serial: '8250_pci',
  xhci_hcd: 'xhci_pci',
};

/**
 * The module that a PCI driver comes in. Whether a kernel has it built in, no description tells: it is taken to be a
 * module wherever that is possible.
 */
export const moduleOf = (driver: string): string | undefined =>
  BUILT_IN.has(driver) ? undefined : (OTHER_NAMES[driver] ?? driver.replaceAll('-', '_'));

export const modulePath = (module: string): string => `module/${module}`;

/** A module, by its name. */
interface Module {
  readonly name: string;
}

/** `/sys/module`: modules of the drivers that are registered, each with links to them. */
export const modules = <S>(sys: Sys): Part<S> => {
  const { kernelDrivers } = sys.running;
  const driversIn = (module: string) => kernelDrivers.names.filter((driver) => moduleOf(driver) === module);
  const isThere = ({ name }: Module) => driversIn(name).length > 0;
  const driverLinks: Part<Module> = {
    names: ({ subject }) => driversIn(subject.name).map((driver) => `pci:${driver}`),
    child(name, directory) {
      const driver = driversIn(directory.subject.name).find((one) => name === `pci:${one}`);
      return driver === undefined ? undefined : linkIn(directory, name, driverPath('pci', driver));
    },
  };
  const drivers: DirectoryKind<Module> = { isThere, parts: [driverLinks] };
  const kind: DirectoryKind<Module> = { isThere, parts: [subdirectory('drivers', drivers)] };
  return {
    names: () => new Set(kernelDrivers.names.flatMap((driver) => moduleOf(driver) ?? [])),
    child(name, directory) {
      if (driversIn(name).length === 0) return undefined;
      return directory.entry(
        name,
        () => true,
        () => new Directory(kind, { name }, directory.pathOf(name), directory),
      );
    },
  };
};
