/** The commands of `tapelake`, in the order of its help, each with its summary. */
export const SUMMARIES = {
  demo: 'Records a simulated market day, builds its files, and shows them.',
  record: 'Records trades and order-book snapshots into chunks of one minute.',
  build: 'Builds the daily files of every closed day, proves them, and archives the chunks.',
  execute: 'Starts an execution of the deployed job on Cloud Run and follows it to its end.',
  simulate: 'A local exchange: plays recorded traffic, or a random market.',
  completions: 'Prints completions for a shell.',
} as const;

export type CommandName = keyof typeof SUMMARIES;
