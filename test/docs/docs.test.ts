// What the documentation says of settings, commands and files is what there is.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EXECUTE } from '../../aggregate-job/execute/settings.ts';
import { BUILD } from '../../aggregate-job/settings.ts';
import { DEMO } from '../../examples/demo/settings.ts';
import { RECORD } from '../../ingest/settings.ts';
import { settingsTable } from '../../shared/program/help.ts';
import type { Command, Settings } from '../../shared/program/setting.ts';
import { switchesOf } from '../../shared/program/settings.ts';
import { SIMULATE } from '../../simulator/settings.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const pages = [
  ...readdirSync(REPOSITORY).filter((name) => name.endsWith('.md')),
  ...['docs', 'docs/decisions', 'bench', 'infra'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder)).map((name) => join(folder, name)),
  ),
].filter((name) => name.endsWith('.md'));
const textOf = (page: string): string => readFileSync(join(REPOSITORY, page), 'utf8');

const COMMANDS = new Map<string, Command<Settings>>(
  [DEMO, RECORD, BUILD, EXECUTE, SIMULATE].map((command) => [command.name, command]),
);

/** The command lines of a page, as the settings each names. */
function* linesOf(page: string): Generator<{ line: string; command: string; flags: string[] }> {
  for (const [, block = ''] of textOf(page).matchAll(/```sh\n(.*?)```/gs)) {
    for (const line of block.replaceAll(/\\\n\s*/g, ' ').split('\n')) {
      const [, command] = /(tapelake [a-z]+)/.exec(line.replace(/#.*/, '')) ?? [];
      if (command === undefined) continue;
      const flags = [...line.replace(/#.*/, '').matchAll(/ --([a-z-]+)/g)].map(([, flag = '']) => flag);
      yield { line, command, flags };
    }
  }
}

describe('the documentation', () => {
  it.each([
    ['docs/recorder.md', RECORD],
    ['docs/build.md', BUILD],
  ])('%s has the settings as they are', (page, { settings }) => {
    expect(textOf(page)).toContain(settingsTable(settings));
  });

  it.each(pages)('%s writes commands that exist', (page) => {
    const wrong = [...linesOf(page)].filter(({ command, flags }) => {
      const known = COMMANDS.get(command);
      return !known || flags.some((flag) => flag !== 'help' && !switchesOf(known.settings).has(flag));
    });
    expect(wrong).toEqual([]);
  });

  it.each(pages)('%s links to what there is', (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(REPOSITORY, dirname(page), link)))).toEqual([]);
  });

  const NOT_OURS = /models\.md$/; // it names files of other projects
  it.each(pages.filter((page) => !NOT_OURS.test(page)))('%s names files that are there', (page) => {
    const named = [
      ...textOf(page).matchAll(
        /`((?:shared|ingest|aggregate-job|simulator|test|examples|docs|infra)\/[\w./-]+)`/g,
      ),
    ].map(([, name = '']) => name);
    const made = /tfstate/; // by a person, never committed
    expect(named.filter((name) => !made.test(name) && !existsSync(join(REPOSITORY, name)))).toEqual([]);
  });
});
