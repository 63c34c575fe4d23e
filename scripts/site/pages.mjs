import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Application, Converter, ReflectionKind } from 'typedoc';
import { root } from '../workspace.mjs';

/** Under which heading of the contents a text stands, by its path. */
const GROUPS = [
  [/^docs\/(?:releasing|mutation)\.md$/, 'The project'],
  [/^docs\//, 'Guides'],
  [/^packages\//, 'Commands'],
  [/^examples\//, 'Examples'],
  [/./, 'The project'],
];

/** A text is called as it calls itself, and stands for its folder where it is the README of one. */
const nameText = (document) => {
  const { files } = document.project;
  const path = files.getReflectionPath(document);
  const [, title] = /^# (.+)$/m.exec(readFileSync(path, 'utf8')) ?? [];
  if (title === undefined) throw new Error(`${path}: no title`);
  document.name = title;
  document.frontmatter.group = GROUPS.find(([pattern]) => pattern.test(path.slice(root.length)))[1];
  if (basename(path) === 'README.md') files.registerReflectionPath(dirname(path), document);
};

/** What a package exports by its own name stands on the package's page, beside its other entry points. */
const liftMainEntry = ({ project }) => {
  const main = project.children?.find((child) => child.kindOf(ReflectionKind.Module) && child.name === '');
  if (!main) return;
  const path = project.files.getReflectionPath(main);
  project.mergeReflections(main, project);
  project.files.registerReflectionPath(path, project);
};

/** A README's title is that of its page, and is not said twice. */
const leaveOutTitle = ({ readme = [] }) => {
  const [first] = readme;
  if (first?.kind === 'text') first.text = first.text.replace(/^# .+\n+/, '');
};

/** Nothing says where the sources can be looked at: where something is defined is a path, and no link. */
const unlinkSources = (project) => {
  for (const { sources = [] } of Object.values(project.reflections)) for (const source of sources) delete source.url;
};

/**
 * A plugin of typedoc: how pages are called and where they stand.
 *
 * @param {Application} app
 */
export const arrangePages = (app) => {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => nameText(document));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, liftMainEntry, 10_000);
  // When the package's README has been read, and again for the workspace's own.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => leaveOutTitle(project), -10_000);
  app.on(Application.EVENT_PROJECT_REVIVE, leaveOutTitle, -10_000);
  app.on(Application.EVENT_PROJECT_REVIVE, unlinkSources, -10_000);
};
