import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartUpError } from './start-up-error';

/** @throws StartUpError if no server can use this certificate with this key */
export function assertCertificate({ certFile, keyFile }: { certFile: string; keyFile: string }): void {
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  } catch (error) {
    throw new StartUpError(
      `TLS_CERT_FILE ${certFile} and TLS_KEY_FILE ${keyFile} cannot be used together: ${(error as Error).message}. ` +
        'Both files must be in PEM format, and the key must match the certificate.',
      { cause: error },
    );
  }
}
