import type { ProjectChange } from './project-changes';
import type { RerunReason } from './rerun-reason';

/** Returns for example "Changed since the last completed run: step fit, parameters or their defaults". */
export function rerunReasonText(reason: RerunReason): string {
  return reason.kind === 'step-failed'
    ? `Step ${reason.step} failed and has not completed since`
    : `Changed since the last completed run: ${reason.changes.map(changeText).join(', ')}`;
}

function changeText(change: ProjectChange): string {
  switch (change.kind) {
    case 'executor':
      return 'executor';
    case 'params':
      return 'parameters or their defaults';
    case 'inputs':
      return 'queries or allow-lists';
    case 'watched-files':
      return 'watched files';
    case 'step-added':
      return `step ${change.step} added`;
    case 'step-removed':
      return `step ${change.step} removed`;
    case 'step-command':
      return `step ${change.step}`;
    case 'step-order':
      return `order of step ${change.step}`;
    case 'step-folder':
      return `folder of step ${change.step}`;
  }
}
