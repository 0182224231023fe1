import { kebab } from './flags.ts';
import type { Command, Operands, Setting, Settings } from './setting.ts';

const WIDTH = 100;
const ASKED: [string, string][] = [
  ['-h, --help', 'show this'],
  ['--version', 'show the version'],
];

/** What a person sees who asks a command for help. */
export function usage({ name, summary, usage, example, settings, operands }: Command<Settings>): string {
  const rows: Group[] = [
    ...(operands ? [{ title: 'What', rows: [[operands.value, withChoices(operands)]] as Row[] }] : []),
    ...groupsOf(settings),
    { title: 'Help', rows: ASKED },
  ];
  const width = Math.max(...rows.flatMap(({ rows }) => rows.map(([left]) => left.length)));
  const sections = rows.map(({ title, rows }) =>
    [title, ...rows.flatMap((row) => lines(row, width))].join('\n'),
  );
  return `${[summary, `Usage:   ${name} ${usage}\nExample: ${example}`, ...sections].join('\n\n')}\n`;
}

/** The settings as a table of the documentation (Markdown). */
export function settingsTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([field, setting]) => [
    `\`--${kebab(field)}\``,
    setting.env === undefined ? '' : `\`${setting.env}\``,
    setting.required === undefined ? (shownFallback(setting) ?? '') : 'required',
    withChoices(setting),
  ]);
  return [['flag', 'variable', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

type Row = [left: string, right: string];
type Group = { title: string; rows: Row[] };

function groupsOf(settings: Settings): Group[] {
  const groups = new Map<string, Row[]>();
  for (const [field, setting] of Object.entries(settings)) {
    const { value, group = 'Settings' } = setting;
    const rows = groups.get(group) ?? [];
    rows.push([`--${kebab(field)}${value === undefined ? '' : ` ${value}`}`, rightText(setting)]);
    groups.set(group, rows);
  }
  return [...groups].map(([title, rows]) => ({ title, rows }));
}

function rightText(setting: Setting<unknown>): string {
  const fallback = shownFallback(setting);
  const notes = [
    ...(setting.required === undefined ? [] : ['required']),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(setting.env === undefined ? [] : [`variable ${setting.env}`]),
  ];
  return `${withChoices(setting)}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

const withChoices = ({ help, choices }: Pick<Operands, 'help' | 'choices'>): string =>
  choices === undefined ? help : `${help}: ${choices.join(', ')}`;

/** A switch is off unless given: nobody needs to be told. */
const shownFallback = ({ value, fallback }: Setting<unknown>): string | undefined =>
  value === undefined ? undefined : fallback;

/** A row folded at {@link WIDTH}, the right column under itself. */
function lines([left, right]: Row, width: number): string[] {
  const room = WIDTH - width - 4;
  const folded: string[] = [];
  for (const word of right.split(' ')) {
    const last = folded.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room)
      folded[folded.length - 1] = `${last} ${word}`;
    else folded.push(word);
  }
  return folded.map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}  ${line}`);
}
