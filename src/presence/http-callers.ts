/** Stands for the workers that claim over HTTP in lists of the stream's consumer groups. */
export const HTTP_CALLERS = 'HTTP';
