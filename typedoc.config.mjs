// The site: what every package exports, its README and the guides, as one folder of files. `npm run site` writes it.
import { bringMermaid } from './scripts/site/drawings.mjs';
import { showFiles } from './scripts/site/files.mjs';
import { plainWithoutLanguage } from './scripts/site/markdown.mjs';
import { arrangePages } from './scripts/site/pages.mjs';
import { root } from './scripts/workspace.mjs';

/** The same wherever it is built: no remote is asked for. The links that this template makes are taken out, as pages are arranged. */
const sources = { disableGit: true, sourceLinkTemplate: '{path}' };

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'IOMMU groups',
  out: 'site',
  readme: 'README.md',

  // Those that programs import. The other two are commands: their READMEs are pages of the guides.
  entryPointStrategy: 'packages',
  entryPoints: ['packages/*'],
  exclude: ['packages/cli', 'packages/create-iommu-driver'],
  packageOptions: {
    ...sources,
    // A README that leads to another package's is judged when all are there.
    validation: { invalidPath: false, notDocumented: true },
    displayBasePath: root,
    requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Variable', 'Function', 'Method', 'Accessor'],
  },
  projectDocuments: [
    'docs/*.md',
    'packages/{cli,create-iommu-driver}/README.md',
    'examples/*/README.md',
    'fixtures/*/SOURCE.md',
    'bench/README.md',
    'CONTRIBUTING.md',
  ],
  plugin: [arrangePages, showFiles, bringMermaid],
  markdownItLoader: plainWithoutLanguage,

  ...sources,

  highlightLanguages: ['bash', 'javascript', 'json', 'sql', 'typescript'],
  // It is drawn.
  ignoredHighlightLanguages: ['mermaid'],
  customCss: 'scripts/site/site.css',
  customJs: 'scripts/site/draw.js',
  groupOrder: ['Guides', 'Commands', 'Modules', 'Examples', 'The project', 'Files'],
  navigation: { includeGroups: true, excludeReferences: true },
  searchInDocuments: true,
  treatWarningsAsErrors: true,
};
