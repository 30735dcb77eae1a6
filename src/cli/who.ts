/** Who is at the command line, as the system calls them: what is changed is recorded with a name. */
export const userName = (environment: { readonly [name: string]: string | undefined }): string =>
  environment.USER ?? environment.USERNAME ?? 'unknown';
