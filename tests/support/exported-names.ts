import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Where a package's entry points begin, from its `exports`: the sources behind what is built. */
const entriesOf = (folder: string): string[] => {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
  };
  return Object.values(exports).flatMap((target) => {
    const types = typeof target === 'object' ? target.types : undefined;
    return types === undefined ? [] : [join(folder, types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts'))];
  });
};

/**
 * What packages export, of whatever kind: `Group`, and what it has, `Group.id`.
 *
 * @param folders - Of the packages.
 */
export const exportedNames = (folders: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const entries = new Map(folders.map((folder) => [folder, entriesOf(folder)]));
  const program = ts.createProgram([...entries.values()].flat(), {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@iommu/source'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const namesOf = (symbol: ts.Symbol): string[] => {
    const actual = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const members = checker.getDeclaredTypeOfSymbol(actual).getProperties();
    return [symbol.name, ...members.map((member) => `${symbol.name}.${member.name}`)];
  };
  return new Map(
    [...entries].map(([folder, files]) => {
      const modules = files.map((file) => checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile));
      const symbols = modules.flatMap((module) => (module ? checker.getExportsOfModule(module) : []));
      return [folder, new Set(symbols.flatMap(namesOf))];
    }),
  );
};
