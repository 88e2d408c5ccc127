import { DiscoveryService } from '@nestjs/core';
import type { Instant } from '../clock/clock';

/** What a healthy dependency reports. */
export interface Finding {
  /** A useful fact, or what an operator should do. */
  message: string;
  /** Whether an operator must decide or fix something, although the server itself is healthy. */
  needsAttention: boolean;
}

/** A problem to show to all users who look at runs. */
export interface Trouble {
  message: string;
  since: Instant | null;
  /** Whether no run can be started until it is fixed. */
  refusesRuns: boolean;
}

/** The health of one dependency. Each module provides the indicators of its own dependencies. */
export interface HealthIndicator {
  /** Checks the dependency now. @throws Error with the problem and how to fix it as its message */
  check(): Finding | Promise<Finding>;

  /** Returns known problems without checking, because it is called often. */
  troubles?(): Trouble[];

  /** Returns why the server cannot accept runs; null if this dependency does not prevent it. */
  whyNotReady?(): string | null | Promise<string | null>;
}

/** Marks a provider as the health indicator of the dependency with this name. */
export const IndicatorOf = DiscoveryService.createDecorator<string>();

export function healthy(message: string): Finding {
  return { message, needsAttention: false };
}

/** A finding of a healthy dependency that an operator should look at. */
export function attention(message: string): Finding {
  return { message, needsAttention: true };
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
