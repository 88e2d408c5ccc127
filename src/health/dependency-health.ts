export interface DependencyHealth {
  status: 'ok' | 'trouble';
  /** The problem and what to do, or a useful fact. */
  message: string;
  /** Whether an operator must decide or fix something, even where the server itself is healthy. */
  needsAttention: boolean;
}

export type Finding = Omit<DependencyHealth, 'status'>;

export function well(found: string | Finding): DependencyHealth {
  return {
    status: 'ok',
    ...(typeof found === 'string' ? { message: found, needsAttention: false } : found),
  };
}

export function inTrouble(message: string): DependencyHealth {
  return { status: 'trouble', message, needsAttention: true };
}

/** A finding of a healthy dependency that an operator should look at. */
export function attention(message: string): Finding {
  return { message, needsAttention: true };
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
