import type { RunningApp } from './jobato';

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> };
}

export interface Route {
  method: string;
  path: string;
}

/** Returns every route of the server, read from its router. */
export function registeredRoutes({ app }: RunningApp): Route[] {
  const { router } = app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
  return router.stack.flatMap(({ route }) =>
    route
      ? Object.keys(route.methods).flatMap((method) =>
          [route.path].flat().map((path) => ({ method: method.toUpperCase(), path })),
        )
      : [],
  );
}
