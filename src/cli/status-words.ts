import type { RunStatus, StepStatus } from '../runs/run';
import type { Cell } from './table';
import type { Style, Terminal } from './terminal';

const LOOKS: Record<RunStatus | StepStatus, { icon: string; style: Style }> = {
  pending: { icon: '○', style: 'dim' },
  running: { icon: '●', style: 'cyan' },
  completed: { icon: '✓', style: 'green' },
  partial: { icon: '◐', style: 'yellow' },
  failed: { icon: '✗', style: 'red' },
  cancelled: { icon: '■', style: 'yellow' },
  skipped: { icon: '–', style: 'dim' },
};

/** Returns an icon and the word, so that the meaning never depends on colour or icon alone. */
export function statusWord(terminal: Terminal, status: RunStatus | StepStatus, width = 0): string {
  const { icon, style } = LOOKS[status];
  return terminal.styled(style, `${icon} ${status}`.padEnd(width));
}

/** The same for a table. Programs get only the word. @param word another word with the same look */
export function statusCell(status: RunStatus | StepStatus, word: string = status): Cell {
  const { icon, style } = LOOKS[status];
  return { text: `${icon} ${word}`, style, plain: word };
}
