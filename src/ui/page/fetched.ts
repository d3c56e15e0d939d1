/** What the server gives, or in words why not. `what`: what it is called there. */
export async function fetched(url: string, what = url): Promise<Response> {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok)
    throw new Error(
      `the server does not give ${what}${response ? ` (${response.status})` : ""}: is kreel still running?`,
    );
  return response;
}
