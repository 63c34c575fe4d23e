// What each package exports, as text that is committed: packages/NAME/api/ENTRY.api.md. Any change of it shows in review.
//
//   node scripts/api-reports.mjs            whether the reports are those of the built packages; 1 if not
//   node scripts/api-reports.mjs --update   write them anew
//
// Either way it is 1, too, where something in a report has no doc comment.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { root } from './workspace.mjs';

const update = process.argv.includes('--update');
const packages = join(root, 'packages');
const temporary = mkdtempSync(join(tmpdir(), 'iommu-api-'));

/** The entry points of a package that have types: `index`, `build`, `json`; and where those are. */
const entriesOf = (folder) => {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports).flatMap((target) =>
    target?.types ? [{ entry: basename(target.types, '.d.ts'), types: join(folder, target.types) }] : [],
  );
};

/** Types come from what is built, as others get it. */
const compiler = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  },
};

const configOf = (name, { entry, types }) => {
  const folder = join(packages, name);
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      compiler: { overrideTsconfig: { ...compiler, files: [types] } },
      apiReport: {
        enabled: true,
        reportFolder: join(temporary, name),
        reportTempFolder: join(temporary, 'temp', name),
        reportFileName: entry,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: join(folder, 'api-extractor.json'),
    packageJsonFullPath: join(folder, 'package.json'),
  });
};

const all = readdirSync(packages)
  .filter((name) => existsSync(join(packages, name, 'package.json')))
  .flatMap((name) =>
    entriesOf(join(packages, name)).map((one) => ({ name, entry: one.entry, config: configOf(name, one) })),
  );

/** The first line in which two texts differ. */
const firstDifference = (committed, found) => {
  const [one, other] = [committed.split('\n'), found.split('\n')];
  const at = other.findIndex((line, index) => line !== one[index]);
  const line = at < 0 ? other.length : at;
  return `line ${line + 1}: '${other[line] ?? ''}', committed '${one[line] ?? ''}'`;
};

/** What stands before the name in a line of a report that declares something. */
const WORDS =
  /^(?:(?:export|declare|abstract|static|readonly|protected|get|set|interface|class|type|const|let|function\*?|enum|namespace) )*/;
const UNDOCUMENTED = /^ *\/\/ .*\(undocumented\)$/;

const nameIn = (line) => {
  const bare = line.trim().replace(WORDS, '');
  return /^(?:\[[\w.]+\]|"[^"]*"|[\w$]+)/.exec(bare)?.[0] ?? bare;
};

/** What has no doc comment in a report: `Device`, `Device.name`. */
const undocumentedIn = (report) => {
  const lines = report.split('\n');
  let declared = '';
  return lines.flatMap((line, index) => {
    if (line.startsWith('export ')) declared = nameIn(line);
    if (!UNDOCUMENTED.test(line)) return [];
    const of = lines.slice(index).find((one) => !/^ *\/\//.test(one)) ?? '';
    return [of.startsWith(' ') ? `${declared}.${nameIn(of)}` : nameIn(of)];
  });
};

mkdirSync(join(temporary, 'temp'), { recursive: true });
// One compilation for all: reading the libraries' types takes most of the time.
const compilerState = CompilerState.create(all[0].config, {
  additionalEntryPoints: all.map(({ config }) => config.mainEntryPointFilePath),
});
let wrong = 0;
let untold = 0;
for (const { name, entry, config } of all) {
  mkdirSync(join(temporary, name), { recursive: true });
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  const found = readFileSync(join(temporary, name, `${entry}.api.md`), 'utf8');
  const path = join(packages, name, 'api', `${entry}.api.md`);
  const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
  for (const one of undocumentedIn(found)) {
    untold += 1;
    console.error(`${relative(root, path)}: ${one} has no doc comment`);
  }
  if (found === committed) continue;
  wrong += 1;
  if (update) {
    mkdirSync(join(packages, name, 'api'), { recursive: true });
    writeFileSync(path, found);
    console.log(`${relative(root, path)}: written`);
  } else {
    console.error(`${relative(root, path)}: is not what the package exports; ${firstDifference(committed, found)}`);
  }
}
rmSync(temporary, { recursive: true, force: true });
if (wrong > 0 && !update) {
  console.error('if that is meant: npm run api, and a changeset that says what it is (docs/driver-contract.md)');
  process.exitCode = 1;
}
if (untold > 0) {
  console.error('write one that says what the name does not (CONTRIBUTING.md), then: npm run build, npm run api');
  process.exitCode = 1;
}
