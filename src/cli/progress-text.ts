import type { RunView } from '../runs/run-view';
import { oneLine } from './terminal-text';

/** Returns the progress of a run, such as "step 2/4 provisional 37/200 Reading". Empty without any progress. */
export function progressText({ steps, progress }: RunView): string {
  const index = steps.findIndex(({ name, status }) =>
    progress.step === null ? status === 'running' : name === progress.step,
  );
  const parts = [
    index < 0 ? '' : `step ${index + 1}/${steps.length} ${oneLine(steps[index]!.name)}`,
    counted(progress),
    oneLine(progress.message ?? ''),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function counted({ current, total }: RunView['progress']): string {
  if (current === null) return '';
  if (total === null || total <= 0) return String(current);
  return `${current}/${total} (${Math.min(100, Math.floor((current / total) * 100))}%)`;
}
