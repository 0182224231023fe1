import { SUMMARIES } from '../../shared/program/commands.ts';
import { setting } from '../../shared/program/setting.ts';
import { text } from '../../shared/program/values.ts';

/** `tapelake demo`. */
export const DEMO = {
  name: 'tapelake demo',
  summary: SUMMARIES.demo,
  usage: '[--folder FOLDER]',
  example: 'tapelake demo',
  settings: {
    folder: setting({
      help: 'where the lake is made; one made by an earlier demo is replaced, nothing else is touched',
      value: 'FOLDER',
      read: text,
      fallback: 'lake',
    }),
  },
};
