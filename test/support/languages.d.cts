export function pythonWithRedis(): string | null;
export function missingForBash(): string[];
