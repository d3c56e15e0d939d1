/**
 * Fetches from the server.
 *
 * @throws {Error} If the server does not answer or refuses. `what` is its name there.
 */
export async function fetched(url: string, what = url): Promise<Response> {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok)
    throw new Error(
      `the server does not give ${what}${response ? ` (${response.status})` : ""}: is kreel still running?`,
    );
  return response;
}
